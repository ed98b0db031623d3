"""The command `singer-prove`: are the tables what the tap proved, whatever loaded them?"""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final

from dlt_bridge.about import PACKAGE
from dlt_bridge.database import open_database, quoted
from dlt_bridge.digest import KeyColumn, digest_query, fits, read_digest
from dlt_bridge.errors import BridgeError, ConfigError
from dlt_bridge.findings import Finding, Verdict, compare, make_finding
from dlt_bridge.receipts import RECEIPTS, UNFINISHED, Receipt, read_receipt
from dlt_bridge.redact import Redactor

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from dlt_bridge.database import Database

NAME: Final = "singer-prove"
DATABASE: Final = "SINGER_PROVE_DATABASE"
_DELETED_AT: Final = "_sdc_deleted_at"
_VERSION: Final = "_sdc_table_version"
_PROVED: Final = frozenset({"complete", "unproved_accepted"})


@dataclass(frozen=True)
class Names:
    """What tables and columns are called where that is not what the tap called them.

    Attributes:
        tables: Tables by stream.
        keys: Columns by key property.
    """

    tables: Mapping[str, str] = field(default_factory=dict)
    keys: Mapping[str, str] = field(default_factory=dict)


class Prover:
    """Holds the tables of one schema against the newest receipts in it.

    Args:
        database: Where they are.
        schema: The schema.
        names: What is called otherwise.
    """

    def __init__(self, database: Database, schema: str, names: Names) -> None:
        self._database = database
        self._schema = schema
        self._names = names
        self._tables = database.tables(schema)

    def findings(self) -> list[Finding]:
        """One finding for every stream of which there is a receipt.

        Raises:
            ConfigError: If there are none.
        """
        table = _alike(RECEIPTS, self._tables)
        rows = [] if table is None else self._database.rows(self._schema, table)
        if not rows:
            raise ConfigError(
                f"The schema {self._schema} has no receipts (table {RECEIPTS}): load the stream "
                f"{RECEIPTS} of the tap into it, and see its setting receipts."
            )
        return [self._check(receipt) for receipt in newest(rows)]

    def _check(self, receipt: Receipt) -> Finding:
        table = self._names.tables.get(receipt.stream) or _alike(receipt.table, self._tables)
        named = table or receipt.table
        if receipt.verdict == UNFINISHED:
            reason = receipt.reason or "it has not ended, or was killed"
            return make_finding(
                receipt,
                named,
                Verdict.DIFFERS,
                f"the last run did not read it to its end: {reason}",
            )
        if receipt.verdict not in _PROVED:
            reason = f"the last run calls it {receipt.verdict} ({receipt.reason or 'no reason'})"
            return make_finding(receipt, named, Verdict.NOT_COMPARABLE, reason)
        if table is None or table not in self._tables:
            verdict = Verdict.DIFFERS if receipt.written else Verdict.NOT_COMPARABLE
            reason = f"there is no such table, and {receipt.written} rows were sent"
            return make_finding(receipt, named, verdict, reason)
        return self._compare(receipt, table)

    def _compare(self, receipt: Receipt, table: str) -> Finding:
        columns = self._database.columns(self._schema, table)
        keys, reason = self._keys(receipt, columns)
        versions = _alike(_VERSION, columns)
        if receipt.scope not in {"whole", "version"}:
            reason = f"the table may also keep rows of earlier runs (scope {receipt.scope})"
        elif receipt.scope == "version" and versions is None:
            reason = f"its rows do not tell of which read they are (no column {_VERSION})"
        if reason:
            return make_finding(receipt, table, Verdict.NOT_COMPARABLE, reason)
        conditions = []
        if deleted := _alike(_DELETED_AT, columns):
            conditions.append(f"{quoted(deleted)} IS NULL")
        if receipt.scope == "version" and versions:
            conditions.append(f"{quoted(versions)} = {receipt.version}")
        source = f"{quoted(self._schema)}.{quoted(table)}"
        query = digest_query(self._database.dialect, source, keys, " AND ".join(conditions))
        found = read_digest(self._database.ask, query)
        reason = compare(receipt.digest, found)
        verdict = Verdict.DIFFERS if reason else Verdict.EQUAL
        return make_finding(receipt, table, verdict, reason, found=found)

    def _keys(self, receipt: Receipt, columns: Mapping[str, str]) -> tuple[list[KeyColumn], str]:
        """The key columns, or why they cannot be compared."""
        keys = []
        for name, kind in receipt.kinds.items():
            column = self._names.keys.get(name) or _alike(name, columns)
            if column is None or column not in columns:
                return [], f"it has no column {name}: name the one that holds it with --key"
            if not fits(kind, columns[column]):
                return (
                    [],
                    f"its key {column} is stored as {columns[column]}, and was sent as {kind}",
                )
            keys.append(KeyColumn(quoted(column), kind))
        return keys, ""


def newest(rows: Iterable[Mapping[str, Any]]) -> list[Receipt]:
    """The receipts of the newest run of each stream, in the order of their names.

    A target that appends keeps the receipt that opened a stream beside the last one.
    """
    receipts = [(receipt, row) for row in rows if (receipt := read_receipt(row)) is not None]
    begun: dict[str, str] = {}
    for receipt, row in receipts:
        if row.get("started_at") is not None:
            moment = str(row["started_at"])
            begun[receipt.run_id] = min(moment, begun.get(receipt.run_id, moment))
    chosen: dict[tuple[str, ...], tuple[tuple[str, bool], Receipt]] = {}
    for receipt, _row in receipts:
        # Of a table that was read from one address and then from another, the newest read counts.
        place = (receipt.tap, receipt.stream, receipt.table)
        rank = (begun.get(receipt.run_id, ""), receipt.verdict != UNFINISHED)
        if place not in chosen or rank > chosen[place][0]:
            chosen[place] = (rank, receipt)
    return [chosen[place][1] for place in sorted(chosen)]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Returns:
        0 if no table differs, 1 if one does or the database cannot be read, 2 for a mistake.
    """
    options = _parser().parse_args(arguments)
    if options.version:
        sys.stdout.write(f"{NAME} {version(PACKAGE)}\n")
        return 0
    address = options.database or os.environ.get(DATABASE, "")
    redactor = Redactor([address] if "://" in address else [])
    try:
        if not address:
            raise ConfigError(f"Name the database: {NAME} DATABASE, or in the variable {DATABASE}.")
        names = Names(_pairs(options.table, "--table"), _pairs(options.key, "--key"))
        with open_database(address) as database:
            schema = options.schema or _only_schema(database)
            findings = Prover(database, schema, names).findings()
    except BridgeError as error:
        sys.stderr.write(f"{redactor.text(str(error))} [{error.code}]\n")
        return error.exit_code
    for finding in findings:
        said = finding.sentence.replace(": not comparable, ", ": ", 1)
        sys.stdout.write(f"{finding.verdict.replace('_', ' '):15} {said}\n")
    counts = {verdict: sum(one.verdict == verdict for one in findings) for verdict in Verdict}
    sys.stdout.write(
        f"PROVED {counts[Verdict.EQUAL]} equal, {counts[Verdict.DIFFERS]} differ, "
        f"{counts[Verdict.NOT_COMPARABLE]} not comparable\n"
    )
    return 1 if counts[Verdict.DIFFERS] else 0


def cli() -> None:
    """The entry point of the installed command."""
    sys.exit(main())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=NAME,
        description="Compares loaded tables with what the tap proved (its receipts). Exit code 0 "
        "if none differs; a table that cannot be compared is said, and is no failure.",
    )
    parser.add_argument(
        "database",
        nargs="?",
        help=f"a DuckDB file or postgresql://... (or in the variable {DATABASE})",
    )
    parser.add_argument("--schema", help="the schema; by default the one that has receipts")
    parser.add_argument(
        "--table", action="append", default=[], metavar="STREAM=TABLE", help="another table's name"
    )
    parser.add_argument(
        "--key", action="append", default=[], metavar="COLUMN=COLUMN", help="a key's other name"
    )
    parser.add_argument("--version", action="store_true", help="show the version")
    return parser


def _pairs(given: Iterable[str], option: str) -> dict[str, str]:
    pairs = {}
    for text in given:
        left, sign, right = text.partition("=")
        if not (left and sign and right):
            raise ConfigError(f"{option} takes two names with = between them, not {text!r}.")
        pairs[left] = right
    return pairs


def _only_schema(database: Database) -> str:
    schemas = database.schemas_with(RECEIPTS)
    if len(schemas) == 1:
        return schemas[0]
    if not schemas:
        raise ConfigError(
            f"No schema has receipts (table {RECEIPTS}): load the stream {RECEIPTS} of the tap."
        )
    raise ConfigError(f"Several schemas have receipts: say --schema with one of {schemas}.")


def _alike(name: str, known: Iterable[str]) -> str | None:
    """Find a name that a loader may have written in another case or with other signs."""
    names = list(known)
    if name in names:
        return name
    wanted = _plain(name)
    found = [one for one in names if _plain(one) == wanted]
    return found[0] if len(found) == 1 else None


def _plain(name: str) -> str:
    return "".join(character for character in name.lower() if character.isalnum())
