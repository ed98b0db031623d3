"""Holds tables against what came: batches before STATE is passed on, and receipts at the end.

A batch is known in its table by the numbers of its records, which no other load uses, so that loads
at the same time do not disturb one another. A receipt is the tap's own account of a stream: it is
held against all living rows of the table, those of one version, or those of this run.
"""

from __future__ import annotations

import json
import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import duckdb
import pyarrow.parquet as pq
from dlt.destinations.job_client_impl import SqlJobClientBase

from dlt_bridge.digest import DIALECTS, Digest, KeyColumn, digest_query, read_digest
from dlt_bridge.findings import Finding, Verdict, compare, make_finding, store
from dlt_bridge.load_batch import Batch, Disposition
from dlt_bridge.receipts import UNFINISHED, Receipt, read_receipt
from dlt_bridge.sequence import STEP
from dlt_bridge.values import differing_values

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import dlt

    from dlt_bridge.columns import TableLayout
    from dlt_bridge.stream_intake import StreamIntake

logger = logging.getLogger(__name__)

_KINDS: Final = {
    "bigint": "integer",
    "decimal": "integer",
    "text": "text",
    "bool": "boolean",
    "timestamp": "instant",
    "date": "date",
}
"""What keys of dlt's types are."""


class Verifier:
    """Compares what one run loaded.

    Args:
        pipeline: The pipeline.
        mode: `off`, `keys` or `values`.
        destination: dlt's name of the type of destination.
        began_after: The sequence number before the first of this run.
        unnested: Whether nested values are in tables of their own.
    """

    def __init__(
        self,
        pipeline: dlt.Pipeline,
        mode: str,
        destination: str,
        *,
        began_after: int,
        unnested: bool,
    ) -> None:
        self._pipeline = pipeline
        self._mode = mode
        self._destination = destination
        self._began_after = began_after
        self._unnested = unnested
        self._waiting: list[Receipt] = []
        self._dialect = DIALECTS.get(destination)
        self._others = 0
        self.own_loads = 0
        self.findings: list[Finding] = []

    @property
    def is_on(self) -> bool:
        """Whether anything is compared."""
        return self._mode != "off"

    @property
    def failures(self) -> list[Finding]:
        """The findings that say that a table is not what was sent."""
        return [finding for finding in self.findings if finding.verdict == Verdict.DIFFERS]

    def begin(self) -> None:
        """Note what others have loaded so far."""
        if self.is_on and self._dialect:
            self._others = self._count_loads()

    def check_batches(self, package: Iterable[Batch]) -> None:
        """Compare batches that were loaded with the files they were loaded from."""
        if not self.is_on or self._dialect is None:
            return
        for batch in package:
            if batch.rows:
                finding = self._check_batch(batch)
                if finding is not None:
                    self._note(finding)

    def take(self, record: bytes) -> None:
        """Take a receipt out of its record; the one that opens a stream says nothing yet."""
        receipt = read_receipt(json.loads(record))
        if receipt is not None and receipt.verdict != UNFINISHED:
            self._waiting.append(receipt)

    def check_receipts(
        self, streams: Mapping[str, StreamIntake], activated: Mapping[str, int]
    ) -> None:
        """Compare tables with the receipts of streams of which all rows are loaded.

        Args:
            streams: What came, by the name it was sent by.
            activated: The version of each stream that took the place of others.
        """
        waiting, self._waiting = self._waiting, []
        for receipt in waiting if self.is_on else ():
            stream = streams.get(receipt.table)
            is_open = stream is not None and stream.first_in_snapshot is not None
            if is_open or (stream is not None and not stream.has_table):
                self._waiting.append(receipt)
                continue
            is_newest = activated.get(receipt.table, -1) == receipt.version
            self._note(self._check_receipt(receipt, stream, is_newest=is_newest))

    def keep(self) -> None:
        """Write the findings about receipts, and those that are bad, into the table of proofs."""
        equal = sum(one.verdict == Verdict.EQUAL for one in self.findings)
        if equal:
            logger.info("%d tables hold what the tap sent.", equal)
        kept = [one for one in self.findings if one.run_id or one.verdict == Verdict.DIFFERS]
        if not kept or self._dialect is None:
            return
        with self._pipeline.sql_client() as client:
            store(kept, client)

    def _note(self, finding: Finding) -> None:
        self.findings.append(finding)
        if finding.verdict == Verdict.DIFFERS:
            logger.error("%s.", finding.sentence)
        elif finding.verdict == Verdict.NOT_COMPARABLE:
            logger.info("%s.", finding.sentence)

    # Batches

    def _check_batch(self, batch: Batch) -> Finding | None:
        layout, keys = batch.layout, _key_kinds(batch.layout)
        condition = _numbered(batch.first_sequence - 1, batch.last_sequence)
        if kept := _kept(batch):
            condition += f" AND {kept}"
        present = {name for file in batch.files for name in file.columns}
        deleted = layout.deleted_column if layout.deleted_column in present else None
        sent = read_files(batch, keys, deleted)
        found = self._ask(layout, keys, deleted, condition)
        reason = compare(sent, found)
        if not reason and self._mode == "values":
            with self._pipeline.sql_client() as client:
                reason = differing_values(batch, client, unnested=self._unnested)
        if not reason:
            return None
        verdict = Verdict.DIFFERS
        if self._others_loaded():
            verdict, reason = Verdict.NOT_COMPARABLE, f"another load was at work ({reason})"
        return Finding(layout.stream, layout.table, "batch", verdict, sent, found, reason)

    # Receipts

    def _check_receipt(
        self, receipt: Receipt, stream: StreamIntake | None, *, is_newest: bool
    ) -> Finding:
        if stream is None:
            verdict = Verdict.DIFFERS if receipt.written else Verdict.NOT_COMPARABLE
            reason = f"{receipt.written} rows of it were sent, and none came"
            return make_finding(receipt, receipt.table, verdict, reason)
        layout = stream.layout
        if stream.received != receipt.written:
            reason = f"{stream.received} records came of the {receipt.written} that were sent"
            return make_finding(receipt, layout.table, Verdict.DIFFERS, reason)
        kinds = matching_kinds(receipt, layout)
        scope = receipt.scope if is_newest or receipt.scope != "whole" else "version"
        reason = self._incomparable(receipt, layout, kinds, scope)
        if reason or kinds is None:
            return make_finding(receipt, layout.table, Verdict.NOT_COMPARABLE, reason)
        condition = {"version": f"{{1}} = {receipt.version}", "whole": ""}.get(
            scope, _numbered(self._began_after)
        )
        found = self._ask(layout, kinds, layout.deleted_column, condition)
        reason = compare(receipt.upserted, found)
        verdict = Verdict.DIFFERS if reason else Verdict.EQUAL
        if reason and self._others_loaded():
            verdict, reason = Verdict.NOT_COMPARABLE, f"another load was at work ({reason})"
        return make_finding(receipt, layout.table, verdict, reason, found=found, scope=scope)

    def _incomparable(
        self, receipt: Receipt, layout: TableLayout, kinds: Mapping[str, str] | None, scope: str
    ) -> str:
        """Say why a table cannot be compared with a receipt; nothing if it can."""
        if self._dialect is None:
            return f"tables in {self._destination} are not compared"
        if kinds is None:
            return "its key is not stored as what it was sent as"
        if not layout.keys and receipt.version is not None and scope == "run":
            return "it has no key, and was not read whole"
        newer = f"{{1}} > {receipt.version}"
        if scope == "whole" and self._ask(layout, {}, None, newer).rows:
            return "a newer read has taken its place"
        return ""

    def _ask(
        self, layout: TableLayout, kinds: Mapping[str, str], deleted: str | None, condition: str
    ) -> Digest:
        """Return the digest of the living rows of a table that meet a condition.

        Args:
            layout: The table.
            kinds: Its key columns.
            deleted: The column that marks deleted rows, if it has one.
            condition: SQL in which `{0}` is the column with the numbers, `{1}` that with versions.
        """
        assert self._dialect is not None  # noqa: S101  # for the type checker
        with self._pipeline.sql_client() as client:
            quote = client.escape_column_name
            keys = [KeyColumn(quote(name), kind) for name, kind in kinds.items()]
            wanted = [
                condition.format(quote(layout.sequence.name), quote(layout.table_version.name))
            ]
            if deleted:
                wanted.append(f"{quote(deleted)} IS NULL")
            query = digest_query(
                self._dialect,
                client.make_qualified_table_name(layout.table),
                keys,
                " AND ".join(filter(None, wanted)),
            )
            return read_digest(client.execute_sql, query)

    def _others_loaded(self) -> bool:
        """Whether somebody else loaded into the dataset since this run began."""
        return self._count_loads() - self._others > self.own_loads

    def _count_loads(self) -> int:
        with self._pipeline.destination_client() as client, suppress(Exception):
            if isinstance(client, SqlJobClientBase):
                table = client.sql_client.make_qualified_table_name(client.schema.loads_table_name)
                found = client.sql_client.execute_sql(f"SELECT count(*) FROM {table}")  # noqa: S608
                return int(found[0][0]) if found else 0
        return 0


def matching_kinds(receipt: Receipt, layout: TableLayout) -> dict[str, str] | None:
    """The key columns and what they are; empty without a key, None where types have changed."""
    found = {}
    for name, kind in receipt.kinds.items():
        column = layout.columns.get(name)
        if column is None or _KINDS.get(column.type.data_type) != kind:
            return None
        found[column.name] = str(kind)
    return found


def _key_kinds(layout: TableLayout) -> dict[str, str]:
    """The key columns and what they are; empty where there is no key, or one without a digest."""
    found = {}
    for key in layout.keys:
        column = layout.columns[key]
        kind = _KINDS.get(column.type.data_type)
        if kind is None or (column.type.data_type == "decimal" and column.type.scale):
            return {}
        found[column.name] = kind
    return found


def _numbered(after: int, last: int | None = None) -> str:
    """SQL for the rows of one run after a number, in which `{0}` is the column with the numbers."""
    until, run = ("", after) if last is None else (f" AND {{0}} <= {last}", last)
    return f"{{0}} > {after}{until} AND {{0}} % {STEP} = {run % STEP}"


_NULL_TEXT: Final = "CAST(NULL AS VARCHAR)"
_NULLS: Final = {
    "integer": "CAST(NULL AS BIGINT)",
    "boolean": "CAST(NULL AS BOOLEAN)",
    "instant": "CAST(NULL AS TIMESTAMPTZ)",
    "date": "CAST(NULL AS DATE)",
}


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _kept(batch: Batch) -> str:
    """Return the condition for the rows that a batch leaves if it retires others of its own.

    A tap may send rows of an older version, and in the same breath activate a newer one.
    """
    others = batch.row_versions - {batch.activates, None}
    if batch.activates is None or not others:
        return ""
    return f"({{1}} = {batch.activates} OR {{1}} IS NULL)"


def read_files(batch: Batch, kinds: Mapping[str, str], deleted: str | None) -> Digest:
    """Return the digest of what a batch leaves of its rows: the last of each key, if it lives."""
    paths = ", ".join("'" + str(file.path).replace("'", "''") + "'" for file in batch.files)
    source = f"read_parquet([{paths}], union_by_name=true)"
    # A column that the table has and no row of this batch: all of them have null there.
    present = {name for file in batch.files for name in pq.read_schema(file.path).names}
    keys = [
        KeyColumn(_quoted(name) if name in present else _NULLS.get(kind, _NULL_TEXT), kind)
        for name, kind in kinds.items()
    ]
    layout = batch.layout
    kept = _kept(batch).format(_quoted(layout.sequence.name), _quoted(layout.table_version.name))
    lives = f"{_quoted(deleted)} IS NULL" if deleted and deleted in present else ""
    living = " AND ".join(filter(None, (kept, lives)))
    with duckdb.connect(config={"temp_directory": str(batch.files[0].path.parent)}) as connection:

        def read(rows: str) -> Digest:
            query = digest_query(DIALECTS["duckdb"], rows, keys, living)
            return read_digest(lambda text: connection.sql(text).fetchall(), query)

        if not batch.keys or batch.disposition == Disposition.APPEND:
            return read(source)
        if keys and not living and (found := read(source)).rows == found.keys:
            return found  # as ever, each key came once
        named = ", ".join(_quoted(name) for name in batch.keys)
        order = _quoted(batch.layout.sequence.name)
        last = f"row_number() OVER (PARTITION BY {named} ORDER BY {order} DESC) = 1"
        return read(f"(SELECT * FROM {source} QUALIFY {last}) AS latest")  # noqa: S608  # our own
