"""The streams of a tap as its page shows them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from singer_rest.sdk.streams import SourceStream

LONGEST_VALUE = 60


def anchor(stream: SourceStream) -> str:
    """Return the link target of a stream's section."""
    return stream.name.lower().replace(" ", "-")


def replication(stream: SourceStream) -> str:
    """Return how a stream is replicated, in words."""
    if stream.daily_snapshot:
        return "one row per day"
    if stream.replication_key:
        return f"incremental on `{stream.replication_key}`"
    return "full table"


def overview(streams: list[SourceStream]) -> list[str]:
    """Return the table of all streams."""
    lines = [
        "| stream | key | replication | permission | requests |",
        "| --- | --- | --- | --- | --- |",
    ]
    for stream in streams:
        keys = ", ".join(f"`{key}`" for key in stream.primary_keys)
        opt_in = "" if stream.selected_by_default else " (opt-in)"
        lines.append(
            f"| [`{stream.name}`](#{anchor(stream)}){opt_in} | {keys} | {replication(stream)} | "
            f"{stream.permission or 'none'} | {stream.cost} |"
        )
    return lines


def section(stream: SourceStream, sample: dict[str, Any] | None) -> list[str]:
    """Return everything about one stream."""
    summary = (type(stream).__doc__ or "").strip().splitlines()[0]
    keys = ", ".join(f"`{key}`" for key in stream.primary_keys)
    lines = [
        f"### {stream.name}",
        "",
        summary,
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
        lines.append(f"| `{column.name}` | {column.kind.name} | {meaning} |")
    if sample is not None:
        lines += ["", "A row of generated data:", "", "```json"]
        lines += json.dumps(_short(sample), indent=2, ensure_ascii=False).splitlines()
        lines += ["```"]
    return [*lines, ""]


def _short(value: Any) -> Any:
    """Shorten what would make a sample unreadable."""
    if isinstance(value, str) and len(value) > LONGEST_VALUE:
        return value[: LONGEST_VALUE - 1] + "…"
    if isinstance(value, list):
        return [_short(item) for item in value[:2]]
    if isinstance(value, dict):
        return {key: _short(item) for key, item in list(value.items())[:40]}
    return value
