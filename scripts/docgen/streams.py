"""The streams of a tap as its page shows them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from singer_rest.sdk.streams import SourceStream

LONGEST_VALUE = 60
MAX_KEYS, MAX_INNER_KEYS, MAX_DEPTH = 40, 6, 3
UNPARSED = "_sdc_unparsed"
TYPES = {
    "text": "text",
    "binary": "text (base64)",
    "integer": "integer",
    "number": "number",
    "boolean": "boolean",
    "date": "date",
    "instant": "timestamp, UTC",
    "moment": "timestamp, UTC",
    "local_time": "timestamp without zone",
    "wall_clock": "timestamp without zone",
    "object": "JSON object",
    "array": "JSON array",
    "any": "any JSON",
    "texts": "list of text",
    "integers": "list of integers",
}
"""What a kind of column is in a database, by its name."""


def anchor(stream: SourceStream) -> str:
    """Return the link target of a stream's section."""
    return stream.name.lower().replace(" ", "-")


def summary(stream: SourceStream) -> str:
    """Return what a row of a stream is, in one sentence."""
    return (type(stream).__doc__ or "").strip().splitlines()[0].replace("``", "`")


def replication(stream: SourceStream) -> str:
    """Return how a stream is replicated, in words."""
    if stream.daily_snapshot:
        return "one row per day"
    if stream.replication_key:
        return f"incremental on `{stream.replication_key}`"
    return "full table"


def overview(streams: list[SourceStream], page: str = "") -> list[str]:
    """Return a table of streams, whose sections are on a page, or on this one."""
    lines = [
        "| stream | key | replication | permission | requests |",
        "| --- | --- | --- | --- | --- |",
    ]
    for stream in streams:
        keys = ", ".join(f"`{key}`" for key in stream.primary_keys)
        opt_in = "" if stream.selected_by_default else " (opt-in)"
        lines.append(
            f"| [`{stream.name}`]({page}#{anchor(stream)}){opt_in} | {keys} | "
            f"{replication(stream)} | {stream.permission or 'none'} | {stream.cost} |"
        )
    return lines


def section(stream: SourceStream, sample: dict[str, Any] | None) -> list[str]:
    """Return everything about one stream."""
    keys = ", ".join(f"`{key}`" for key in stream.primary_keys)
    lines = [
        f"### {stream.name}",
        "",
        summary(stream),
        "",
        f"* Route: `{stream.route}`",
        f"* Key: {keys}",
        f"* Replication: {replication(stream)}",
        f"* Permission: {stream.permission or 'none'}",
        f"* Requests: {stream.cost}",
        f"* Proof: {stream.new_source().expected_proof}",
        f"* Read: {'by default' if stream.selected_by_default else 'if opt_in_streams names it'}",
        "",
        "| column | type | meaning |",
        "| --- | --- | --- |",
    ]
    for column in stream.table.columns:
        meaning = column.description.replace("|", "\\|").replace("\n", " ")
        kind = TYPES[column.kind.name]
        lines.append(f"| `{column.name}` | {kind} | {meaning} |")
    unparsed = stream.table.schema["properties"].get(UNPARSED)
    if unparsed:
        lines.append(f"| `{UNPARSED}` | {TYPES['object']} | {unparsed['description']} |")
    if sample is not None:
        lines += ["", "<details><summary>A row of generated data</summary>", "", "```json"]
        lines += json.dumps(_short(sample), indent=2, ensure_ascii=False).splitlines()
        lines += ["```", "", "</details>"]
    return [*lines, ""]


def _short(value: Any, depth: int = 0) -> Any:
    """Shorten what would make a sample unreadable."""
    if isinstance(value, str) and len(value) > LONGEST_VALUE:
        return value[: LONGEST_VALUE - 1] + "…"
    if value and isinstance(value, dict | list) and depth == MAX_DEPTH:
        return "…"
    if isinstance(value, list):
        return [_short(item, depth + 1) for item in value[:2]]
    if isinstance(value, dict):
        first = list(value.items())[: MAX_INNER_KEYS if depth else MAX_KEYS]
        return {key: _short(item, depth + 1) for key, item in first}
    return value
