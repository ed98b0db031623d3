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
    entity_id="Id (CID) of the entity the row belongs to.",
    entity_tag="Tag of that entity.",
)
SCORECARD = cols(
    TEXT,
    scorecard_tag="Tag of the scorecard.",
    scorecard_name="Name of the scorecard.",
)
SERVICE = cols(
    TEXT,
    service_id="Id (CID) of the entity that was judged, whatever its type.",
    service_tag="Tag of that entity.",
    service_name="Name of that entity.",
)
ARCHIVED = cols(BOOLEAN, isArchived="Whether it is archived.")
