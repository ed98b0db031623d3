"""One part of a plan: the receipt it ends with, and what many receipts are together."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any

import msgspec

from singer_rest.errors import ConfigError, Outcome
from singer_rest.records import key_ranges, timestamps
from singer_rest.records.digest import Digest
from singer_rest.run import plans
from singer_rest.run.plans import PartPlan, Piece
from singer_rest.sources.cuts import Border

if TYPE_CHECKING:
    from collections.abc import Sequence

    from singer_rest.run.contract import PartialWriter
    from singer_rest.run.outcomes import StreamResult
    from singer_rest.sources.base import Source

STATE_KEY = "part_receipt"
"""Where the receipt stands in the STATE that a part ends with."""


class StreamReceipt(msgspec.Struct, frozen=True):
    """How one stream of a part ended."""

    outcome: str
    accepted: bool
    proof: str
    rows: int
    expected: int | None
    received: int
    duplicates: int
    skipped: int
    sentence: str
    code: str
    bookmark: dict[str, Any]
    """What the part alone would leave in the STATE."""
    keys: int | None = None
    """How many keys of living rows were written; nothing where they have no digest."""
    digest: str | None = None
    """Theirs; spans have no key in common, so that the digests of all parts add up."""
    key_ranges: str | None = None
    """The keys themselves, where that is short; see :mod:`.key_ranges`."""
    parents: tuple[Border, ...] | None = None
    """The keys of the parents that were asked about; nothing where there are none."""

    @property
    def key_digest(self) -> Digest | None:
        """Return the digest of the keys; nothing where there is none that can be read."""
        if self.keys is None or self.digest is None:
            return None
        try:
            return Digest.read(self.keys, self.digest)
        except ValueError:
            return None

    @property
    def counts_as_complete(self) -> bool:
        """Whether the part of this stream is whole."""
        return self.outcome == Outcome.COMPLETE.value or self.accepted


class PartReceipt(msgspec.Struct, frozen=True):
    """What one part leaves behind.

    Attributes:
        receipt: The version of this format.
        plan: The id of the plan.
        part: Which of its parts.
        fingerprint: That of the plan.
        pieces: What was read.
        complete: Whether all of it is whole.
        began: By the clock of the machine that read it.
        ended: The same.
        requests: How many it took.
        streams: How each of them ended.
    """

    receipt: int
    plan: str
    part: int
    fingerprint: str
    pieces: tuple[Piece, ...]
    complete: bool
    began: dt.datetime
    ended: dt.datetime
    requests: int
    streams: dict[str, StreamReceipt]


def stream_receipt(
    result: StreamResult,
    bookmark: dict[str, Any],
    writer: PartialWriter | None,
    source: Source | None,
) -> StreamReceipt:
    """Return the receipt of a stream that has ended.

    Args:
        result: How it ended.
        bookmark: What it would leave alone.
        writer: What has written its rows, if it was begun.
        source: What they were read from.
    """
    digest = None if writer is None else writer.digest
    ranges = None if writer is None else writer.key_ranges
    parents = None if source is None else source.asked_parents
    return StreamReceipt(
        outcome=result.outcome.value,
        accepted=result.accepted,
        proof=result.proof,
        rows=result.rows,
        expected=result.expected,
        received=result.received,
        duplicates=result.duplicates,
        skipped=result.skipped,
        sentence=result.sentence,
        code=result.code,
        bookmark=bookmark,
        keys=None if digest is None else digest.keys,
        digest=None if digest is None else digest.text,
        key_ranges=None if ranges is None else key_ranges.pack(ranges),
        parents=None if parents is None else tuple(parents),
    )


def text(receipt: PartReceipt) -> str:
    """Return a receipt as one line of JSON."""
    return msgspec.json.encode(receipt).decode()


def read(path: str) -> PartReceipt:
    """Read a receipt: as a part writes it, or in the STATE that a target passed on.

    Raises:
        ConfigError: It is none.
    """
    lines = plans.read_file(path, "receipt").decode("utf-8", "replace").strip().split("\n")
    try:
        value = json.loads(lines[-1])
        if isinstance(value, dict) and value.get("type") == "STATE":
            value = value.get("value")
        if isinstance(value, dict) and STATE_KEY in value:
            value = value[STATE_KEY]
        return msgspec.convert(value, PartReceipt)
    except (ValueError, RecursionError, msgspec.MsgspecError):
        raise ConfigError(
            f"The file {path} is not the receipt of a part: its reading or its loading did not "
            "come to an end. Run that part again."
        ) from None


def check_receipts(plan: PartPlan, receipts: Sequence[PartReceipt]) -> list[PartReceipt]:
    """Prove that receipts are those of all parts of a plan, each once.

    Args:
        plan: Its pieces are the whole of their streams.
        receipts: In any order.

    Returns:
        The receipts in the order of the parts.

    Raises:
        ConfigError: One is of another plan, comes twice, is missing, or is not what was planned.
    """
    found: dict[int, PartReceipt] = {}
    for receipt in receipts:
        name = f"The receipt of part {receipt.part}"
        if receipt.plan != plan.id or receipt.receipt != plans.FORMAT:
            raise ConfigError(
                f"{name} is of another plan ({receipt.plan[:12]}), not of {plan.id[:12]}. Give the "
                "receipts of this plan only."
            )
        if receipt.fingerprint != plan.fingerprint:
            raise ConfigError(
                f"{name} was read with another configuration or catalog. Run that part again."
            )
        if receipt.part in found:
            raise ConfigError(
                f"Part {receipt.part} has two receipts. Give the one whose rows were loaded last."
            )
        if receipt.part >= len(plan.parts) or receipt.pieces != plan.parts[receipt.part]:
            raise ConfigError(f"{name} covers something else than was planned. Run it again.")
        if receipt.ended < plan.created - dt.timedelta(days=1):
            raise ConfigError(
                f"{name} is older than its plan: the clock of that machine is wrong, or the file. "
                "Set it right, and run that part again."
            )
        expected = {name for piece in receipt.pieces for name in piece.streams}
        if set(receipt.streams) != expected:
            raise ConfigError(f"{name} does not tell of all its streams. Run that part again.")
        found[receipt.part] = receipt
    missing = [str(index) for index in range(len(plan.parts)) if index not in found]
    if missing:
        these = ", ".join(missing[:10]) + (", ..." if missing[10:] else "")
        raise ConfigError(
            f"There is no receipt of {len(missing)} of {len(plan.parts)} parts ({these}). Run "
            "those parts, then join again; the others need not be read again."
        )
    ordered = [found[index] for index in sorted(found)]
    sentence = plans.flaws(piece for receipt in ordered for piece in receipt.pieces)
    if sentence:
        raise ConfigError(f"The parts are not the whole: {sentence}. Make a new plan.")
    return ordered


def joined_ranges(found: Sequence[StreamReceipt]) -> list[range] | None:
    """Return the keys that all parts of a stream have written, in order.

    Returns:
        Nothing where a part does not tell, or tells something else than its digest.
    """
    together: list[range] = []
    for one in found:
        digest = one.key_digest
        try:
            ranges = key_ranges.unpack(one.key_ranges) if one.key_ranges else None
        except ValueError:
            return None
        if ranges is None or digest is None or sum(map(len, ranges)) != digest.keys:
            return None
        together += ranges
    return key_ranges.merged(together)


def joined_parents(found: Sequence[StreamReceipt]) -> frozenset[Border] | None:
    """Return the parents that all parts have asked about; nothing where one does not tell."""
    if any(one.parents is None for one in found):
        return None
    return frozenset(parent for one in found for parent in one.parents or ())


def joined_bookmark(
    before: dict[str, Any], found: Sequence[dict[str, Any]], *, least: bool
) -> dict[str, Any]:
    """Return the bookmark that all parts of a stream leave together.

    Args:
        before: What the plan began with.
        found: What each part would leave, alone.
        least: Whether the least of their values holds for all, or the greatest, because each has
            read all there was in its own span.
    """
    joined: dict[str, Any] = {}
    for entry in (before, *found):
        joined |= {name: value for name, value in entry.items() if name != "partitions"}
    values = [
        entry["replication_key_value"]
        for entry in found
        if entry.get("replication_key_value") is not None
    ]
    if values:
        joined["replication_key_value"] = (min if least else max)(values, key=_moment)
    partitions = _joined_partitions(before, found)
    if partitions:
        joined["partitions"] = partitions
    return joined


def _joined_partitions(
    before: dict[str, Any], found: Sequence[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Return every partition as the one part left it that has read it."""
    known = {_context(part): part for part in before.get("partitions", [])}
    joined = dict(known)
    for entry in found:
        for part in entry.get("partitions", []):
            if part != known.get(_context(part)):
                joined[_context(part)] = part
    return list(joined.values())


def _moment(value: Any) -> tuple[dt.datetime, str]:
    """Return what a bookmark is compared by; a time without a zone is one of a clock on a wall."""
    moment = timestamps.parse(value)
    return moment or dt.datetime.min.replace(tzinfo=dt.UTC), str(value)


def _context(partition: dict[str, Any]) -> str:
    return json.dumps(partition.get("context"), sort_keys=True)
