"""The tap's own account of a stream: what it sent, and what it proved of it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from dlt_bridge.digest import Digest

if TYPE_CHECKING:
    from collections.abc import Mapping

RECEIPTS: Final = "singer_receipts"
"""The stream of receipts, with one for each stream that a tap read."""

UNFINISHED: Final = "unfinished"
"""The verdict of the receipt that opens a stream; it stays if the run is killed."""

NEEDED: Final = frozenset(
    {"run_id", "tap_name", "stream_name", "table_name", "verdict", "scope", "rows_written"}
)
"""What a row has, at least, if it is a receipt."""


@dataclass(frozen=True)
class Receipt:
    """One receipt.

    Attributes:
        run_id: The run of the tap.
        tap: The tap.
        stream: The stream.
        table: The name it was sent by.
        verdict: What was proved.
        scope: Which rows of the table it is about: whole, version, day or run.
        written: Records that were sent.
        digest: The living rows that were sent.
        kinds: The parts of the key, as the stream calls them, and what they are.
        version: What the rows of a full table carry as their version.
        reason: Why it is not complete.
    """

    run_id: str
    tap: str
    stream: str
    table: str
    verdict: str
    scope: str
    written: int
    digest: Digest
    kinds: Mapping[str, str] = field(default_factory=dict)
    version: int | None = None
    reason: str = ""

    @property
    def upserted(self) -> Digest:
        """What a table holds in which a row takes the place of the one with its key."""
        keys = self.digest.keys
        return self.digest if keys is None else self.digest._replace(rows=keys)


def read_receipt(row: Mapping[str, Any]) -> Receipt | None:
    """Make a receipt of a row; None if it is none.

    Args:
        row: What was sent or loaded, by column.
    """
    if not row.keys() >= NEEDED:
        return None
    written = int(row["rows_written"] or 0)
    living = written - int(row.get("tombstones") or 0)
    keys, text, version = row.get("key_count"), row.get("key_digest"), row.get("table_version")
    digest = Digest(living)
    if keys is not None and text:
        digest = Digest(living, int(keys), *map(int, str(text).split(":")))
    return Receipt(
        run_id=str(row["run_id"]),
        tap=str(row["tap_name"]),
        stream=str(row["stream_name"]),
        table=str(row["table_name"]),
        verdict=str(row["verdict"]),
        scope=str(row["scope"] or "run"),
        written=written,
        digest=digest,
        kinds=json.loads(row.get("key_columns") or "{}"),
        version=None if version is None else int(version),
        reason=str(row.get("reason") or ""),
    )
