"""What a tap with receipts sends, in short; its digests are made by the taps' own library."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from singer_rest.records.digest import key_kinds
from singer_rest.records.tally import KeyTally
from singer_rest.sdk.receipts import TABLE

from .messages import activate, record, schema, state

RECEIPTS = "singer_receipts"
RECEIPTS_SCHEMA = {
    "type": "SCHEMA",
    "stream": RECEIPTS,
    "schema": TABLE.schema,
    "key_properties": list(TABLE.primary_keys),
}


def receipt(
    stream: str,
    properties: dict[str, Any],
    keys: Sequence[str],
    rows: Sequence[dict[str, Any]],
    **more: Any,
) -> Any:
    """The last receipt of a stream."""
    kinds = key_kinds({"properties": properties}, keys)
    tally = KeyTally(kinds)
    tally.add({name: [row.get(name) for row in rows] for name in tally.columns}, len(rows))
    values: dict[str, Any] = dict.fromkeys(column.name for column in TABLE.columns)
    values |= {
        "run_id": "run-1",
        "tap_name": "tap-t",
        "stream_name": stream,
        "table_name": stream,
        "source_system": "https://example.com",
        "verdict": "complete",
        "scope": "run",
        "rows_written": tally.rows,
        "tombstones": tally.tombstones,
        "started_at": "2026-11-20T10:00:00Z",
        "finished_at": "2026-11-20T10:01:00Z",
    }
    if kinds is not None and tally.digest is not None:
        values["key_columns"] = _json(kinds)
        values["key_count"], values["key_digest"] = tally.digest.keys, tally.digest.text
    return {"type": "RECORD", "stream": RECEIPTS, "record": values | more}


def opening(stream: str, **more: Any) -> Any:
    """The receipt that follows a SCHEMA."""
    return receipt(stream, {}, (), (), verdict="unfinished", scope=None, finished_at=None, **more)


def sent(
    stream: str,
    properties: dict[str, Any],
    keys: Sequence[str],
    rows: Sequence[dict[str, Any]],
    *,
    version: int | None = None,
    scope: str | None = None,
    **more: Any,
) -> list[Any]:
    """All messages of a run with one stream: a whole read if it has a version."""
    scope = scope or ("run" if version is None else "whole")
    found = [schema(stream, properties, tuple(keys)), RECEIPTS_SCHEMA, opening(stream, **more)]
    found += [record(stream, version, **row) for row in rows]
    if scope == "whole" and version is not None:
        found.append(activate(stream, version))
    told = receipt(stream, properties, keys, rows, scope=scope, table_version=version, **more)
    return [*found, told, state(bookmarks={stream: {"rows": len(rows)}})]


def _json(kinds: dict[str, str]) -> str:
    inner = ", ".join(f'"{name}": "{kind}"' for name, kind in kinds.items())
    return "{" + inner + "}"
