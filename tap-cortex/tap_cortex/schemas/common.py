"""How tables are declared here, and the columns that several of them share."""

from __future__ import annotations

from singer_rest.records.columns import BOOLEAN, DATE, OBJECT, TEXT, Column, Kind, Table

OTHER_FIELDS = Column(
    "other_fields",
    OBJECT,
    "Fields that the server sent and that have no column here, by name; null if there were none.",
)

Columns = tuple[Column, ...]


def cols(kind: Kind, **descriptions: str) -> Columns:
    """Return columns of one kind, by name and description."""
    return tuple(Column(name, kind, text) for name, text in descriptions.items())


def table(keys: tuple[str, ...], *groups: Columns) -> Table:
    """Return a table that keeps unknown fields, too."""
    return Table([column for group in groups for column in group] + [OTHER_FIELDS], keys)


def flat_table(keys: tuple[str, ...], *groups: Columns) -> Table:
    """Return a table whose rows the tap puts together, so that nothing unknown can be in them."""
    return Table([column for group in groups for column in group], keys)


SNAPSHOT = cols(DATE, snapshot_date="Day of the snapshot, in UTC; the last read of a day stays.")
ENTITY = cols(
    TEXT,
    entity_id="Id (CID) of the entity the row belongs to: entities.id.",
    entity_tag="Its tag (x-cortex-tag), which can change; join by entity_id.",
)
SCORECARD = cols(
    TEXT,
    scorecard_tag="Scorecard that the row belongs to: scorecards.tag.",
    scorecard_name="Its display name, as in scorecards.name.",
)
SERVICE = cols(
    TEXT,
    service_id="Id (CID) of the entity that was judged, whatever its type: entities.id.",
    service_tag="Its tag (x-cortex-tag) when it was judged.",
    service_name="Its display name, as in entities.name.",
)
ARCHIVED = cols(
    BOOLEAN,
    isArchived="Whether it was taken out of use; include_archived decides if such are read.",
)
