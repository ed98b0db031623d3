"""What a check of a table found, where that is kept, and how it is said."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dlt_bridge.digest import Digest
    from dlt_bridge.receipts import Receipt

logger = logging.getLogger(__name__)

PROOFS: Final = "singer_proofs"
"""The table with what was found."""


class Verdict(StrEnum):
    """How a table compares with what was sent."""

    EQUAL = "equal"
    DIFFERS = "differs"
    NOT_COMPARABLE = "not_comparable"


@dataclass(frozen=True)
class Finding:
    """One comparison.

    Attributes:
        stream: The stream.
        table: The table.
        scope: Which rows were compared: those of a batch, of a run, of a version, or all.
        verdict: What came of it.
        expected: What was sent.
        found: What the table holds.
        reason: Why it differs or cannot be compared, in words.
        run_id: The run of the tap, where its receipt was compared.
        tap: The tap, likewise.
    """

    stream: str
    table: str
    scope: str
    verdict: Verdict
    expected: Digest | None = None
    found: Digest | None = None
    reason: str = ""
    run_id: str | None = None
    tap: str | None = None

    @property
    def sentence(self) -> str:
        """The finding in one sentence, without a full stop."""
        if self.verdict == Verdict.EQUAL:
            rows = self.found.rows if self.found else 0
            return f"{self.table}: {rows} rows, as they were sent ({self.scope})"
        if self.verdict == Verdict.NOT_COMPARABLE:
            return f"{self.table}: not comparable, {self.reason}"
        return f"{self.table}: {self.reason}"


def make_finding(
    receipt: Receipt,
    table: str,
    verdict: Verdict,
    reason: str = "",
    *,
    found: Digest | None = None,
    scope: str | None = None,
) -> Finding:
    """What came of holding a table against a receipt."""
    return Finding(
        receipt.stream,
        table,
        scope or receipt.scope,
        verdict,
        receipt.digest,
        found,
        reason,
        run_id=receipt.run_id,
        tap=receipt.tap,
    )


def compare(expected: Digest, found: Digest) -> str:
    """Say how a table differs from what was sent; nothing if it does not.

    Args:
        expected: What was sent: each key once.
        found: What the table holds.
    """
    lost, keys = found.rows - expected.rows, found.keys
    if keys is not None and expected.keys is not None:
        if keys != expected.keys:
            few = "are missing" if keys < expected.keys else "are too many"
            doubled = f", and {found.rows - keys} rows are there twice" if found.rows > keys else ""
            return (
                f"it has {keys} keys where {expected.keys} were sent: "
                f"{abs(keys - expected.keys)} {few}{doubled}"
            )
        if found.rows not in {keys, expected.rows}:
            return f"it has {found.rows} rows with {keys} keys: {found.rows - keys} are there twice"
        if expected.text != found.text:
            return (
                f"it has as many keys as were sent, {keys}, but not the same ones (digest "
                f"{found.text} where {expected.text} was sent)"
            )
        return ""
    if lost:
        few = "are missing" if lost < 0 else "are too many"
        return f"it has {found.rows} rows where {expected.rows} were sent: {abs(lost)} {few}"
    return ""


_COLUMNS: Final = {
    "checked_at": "TIMESTAMP WITH TIME ZONE",
    "run_id": "TEXT",
    "tap_name": "TEXT",
    "stream_name": "TEXT",
    "table_name": "TEXT",
    "scope": "TEXT",
    "verdict": "TEXT",
    "reason": "TEXT",
    "rows_expected": "BIGINT",
    "rows_found": "BIGINT",
    "keys_expected": "BIGINT",
    "keys_found": "BIGINT",
    "digest_expected": "TEXT",
    "digest_found": "TEXT",
}


def store(findings: Iterable[Finding], client: Any) -> None:
    """Add findings to the table of proofs.

    Args:
        findings: What was found.
        client: dlt's SQL client of the dataset, open.
    """
    table = client.make_qualified_table_name(PROOFS)
    columns = ", ".join(f"{name} {kind}" for name, kind in _COLUMNS.items())
    client.execute_sql(f"CREATE TABLE IF NOT EXISTS {table} ({columns})")
    marks = ", ".join(["%s"] * len(_COLUMNS))
    with client.begin_transaction():
        for one in findings:
            pairs = [
                (side.rows, side.keys, side.text) if side else (None, None, None)
                for side in (one.expected, one.found)
            ]
            client.execute_sql(
                f"INSERT INTO {table} ({', '.join(_COLUMNS)}) VALUES ({marks})",  # noqa: S608
                datetime.now(UTC),
                *(one.run_id, one.tap, one.stream, one.table, one.scope, str(one.verdict)),
                one.reason or None,
                *(value for pair in zip(*pairs, strict=True) for value in pair),
            )
