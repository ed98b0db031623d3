"""The stream of receipts, as every catalog has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from singer_sdk.singerlib.catalog import Metadata

from singer_rest.records import timestamps
from singer_rest.records.columns import INSTANT, INTEGER, TEXT, UNPARSED, Column, Table
from singer_rest.run.receipts import UNFINISHED
from singer_rest.sdk import selection
from singer_rest.sdk.compat import CompatStream

if TYPE_CHECKING:
    from collections.abc import Iterable

    from singer_sdk.helpers.types import Context
    from singer_sdk.singerlib.catalog import Catalog, MetadataMapping

    from singer_rest.sdk.configured_tap import ConfiguredTap

NAME = selection.RECEIPTS
SETTING = "receipts"

TABLE = Table(
    [
        Column("run_id", TEXT, "Identifies the run of the tap."),
        Column("stream_name", TEXT, "What was to be read, by the name the catalog has for it."),
        Column("table_name", TEXT, "The name it was sent by, another one if stream_maps say so."),
        Column("tap_name", TEXT, "Which program read, such as tap-cachet."),
        Column("tap_version", TEXT, "Release of that program."),
        Column("source_system", TEXT, "The system that was read, without credentials."),
        Column(
            "verdict",
            TEXT,
            "What was proved: complete, unproved, unproved_accepted, partial, failed, forbidden, "
            "unavailable, skipped; unfinished while the run lasts, and if it never ended.",
        ),
        Column("proof", TEXT, "What proves that the stream is complete."),
        Column(
            "scope",
            TEXT,
            "Which rows of the table this is about: whole (all that are not deleted), version "
            "(those of table_version), day (a daily snapshot) or run (what this run wrote).",
        ),
        Column("reason", TEXT, "Why it is not complete, and what else there is to say."),
        Column("rows_expected", INTEGER, "Rows the server said there are."),
        Column("rows_received", INTEGER, "Rows that came."),
        Column("rows_written", INTEGER, "Records that were sent to the target."),
        Column("rows_duplicate", INTEGER, "Rows that came again."),
        Column("rows_skipped", INTEGER, "Parents that vanished while they were read."),
        Column("tombstones", INTEGER, "Records that say that a row was deleted."),
        Column(
            "key_columns",
            TEXT,
            "The parts of the key and their types, as a JSON object in order.",
        ),
        Column("key_count", INTEGER, "Distinct keys of the rows that were sent and not deleted."),
        Column(
            "key_digest",
            TEXT,
            "Sums over those keys: of the integers, of their squares, and of the hashes of others.",
        ),
        Column("table_version", INTEGER, "What the rows of a full table carry as their version."),
        Column("bookmark_before", TEXT, "Bookmark the run began with, as JSON or as its hash."),
        Column("bookmark_after", TEXT, "Bookmark it ended with."),
        Column("requests", INTEGER, "Requests it took, those of streams read with it included."),
        Column("started_at", INSTANT, "When the stream was begun, in UTC."),
        Column("finished_at", INSTANT, "When it ended, in UTC."),
    ],
    ("run_id", "stream_name", "table_name"),
)


def _schema() -> dict[str, Any]:
    schema = TABLE.schema
    del schema["properties"][UNPARSED]
    return schema


class ReceiptStream(CompatStream):
    """What was proved of every stream of a run; see ``run/receipts``.

    It is part of every run unless the setting says otherwise, whatever a catalog selects.
    """

    name = NAME
    selected_by_default = False

    def __init__(self, tap: ConfiguredTap) -> None:
        self.tap = tap
        super().__init__(tap, schema=_schema(), name=NAME)
        self.primary_keys = TABLE.primary_keys
        self.replication_key = "started_at"  # so that no loader replaces those of other runs
        self._opened = False

    def describe(self, metadata: MetadataMapping) -> None:
        """Mark stream and columns as what nobody selects."""
        for entry in metadata.values():
            entry.inclusion = Metadata.InclusionType.AUTOMATIC
        metadata.root.selected = None

    def apply_catalog(self, catalog: Catalog) -> None:
        """Leave the columns as they are: a catalog may be older than one of them."""

    def get_records(self, context: Context | None) -> Iterable[dict[str, Any]]:
        """Yield what the SDK's own walk over streams can prove: nothing, as of a run that began.

        Receipts proper are written while other streams are read.
        """
        del context
        now = timestamps.text(timestamps.now())
        begun = {"tap_name": self.tap_name, "run_id": "none", "verdict": UNFINISHED}
        begun["started_at"] = now
        names = dict.fromkeys(("stream_name", "table_name"), self.name)
        yield {column.name: None for column in TABLE.columns} | begun | names

    def write(self, receipt: dict[str, Any]) -> None:
        """Write one receipt, mapped as the settings say; SCHEMA before the first."""
        if not self._opened:
            self._opened = True
            if self.tap.mapper is not None:
                self.tap.mapper.register_raw_stream_schema(
                    self.name, self.schema, list(self.primary_keys)
                )
            self.write_schema()
        record = {column.name: receipt.get(column.name) for column in TABLE.columns}
        for message in self.record_messages(record):
            self.tap.write_message(message)
