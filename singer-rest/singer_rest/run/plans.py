"""The plan of one read by many processes, as a file: what each part covers, and what all share.

It holds no secret: settings are in it as a hash, and of those that are secret only whether they
are set.
"""

from __future__ import annotations

import datetime as dt
import itertools
import json
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from singer_rest.errors import ConfigError
from singer_rest.sources.cuts import WHOLE, Span, flaw

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

FORMAT = 1
MAX_PARTS = 10_000


class Piece(msgspec.Struct, frozen=True, omit_defaults=True):
    """Streams that share their answers, or a span of them."""

    streams: tuple[str, ...]
    span: Span = WHOLE
    requests: int = 1
    """About how many it takes."""
    rows: int | None = None
    """About how many there are, where that is known."""
    why_whole: str = ""
    """Why it is not cut."""
    anchor: str = ""
    """From when on changes are read again when the parts are joined, as the source says it."""


class PartPlan(msgspec.Struct, frozen=True):
    """One read as parts.

    Attributes:
        plan: The version of this format.
        id: Tells plans apart.
        tap: Which command made it.
        tap_version: And in which version.
        system: The address that is read.
        created: When.
        fingerprint: A hash of all that decides which rows come: settings, selection, columns.
        version: What the rows of full tables are known by in the target.
        upper_bound: No bookmark passes this instant.
        state: What the read begins with.
        catalog: What was given with ``--catalog``; nothing if nothing was.
        parts: What each part reads; a part may have nothing to do.
    """

    plan: int
    id: str
    tap: str
    tap_version: str
    system: str
    created: dt.datetime
    fingerprint: str
    version: int
    upper_bound: dt.datetime
    state: dict[str, Any]
    catalog: dict[str, Any] | None
    parts: tuple[tuple[Piece, ...], ...]

    @property
    def pieces(self) -> Iterator[Piece]:
        """Return what all parts read."""
        return itertools.chain.from_iterable(self.parts)

    @property
    def streams(self) -> list[str]:
        """Return the streams that are read, each once."""
        return sorted({name for piece in self.pieces for name in piece.streams})


def new_id() -> str:
    """Return what tells a plan from all others."""
    return uuid.uuid4().hex


def text(plan: PartPlan) -> str:
    """Return a plan as JSON for people and machines."""
    return json.dumps(msgspec.to_builtins(plan), indent=1, ensure_ascii=False)


def read(path: str) -> PartPlan:
    """Read a plan, with suspicion.

    Raises:
        ConfigError: It is none, or its parts are not the whole.
    """
    content = read_file(path, "plan")
    try:
        plan = msgspec.json.decode(content, type=PartPlan)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ConfigError(
            f"The file {path} is not a plan of parts ({error}); write one with --parts."
        ) from None
    if plan.plan != FORMAT:
        raise ConfigError(
            f"The plan {path} has the format {plan.plan}, and this tap reads {FORMAT}; make a new "
            "one with --parts."
        )
    sentence = flaws(plan.pieces)
    if sentence or plan.created.tzinfo is None or plan.upper_bound.tzinfo is None:
        raise ConfigError(
            f"The plan {path} was changed by hand: {sentence or 'a time has no zone'}. Make a new "
            "one with --parts."
        )
    return plan


def read_file(path: str, what: str) -> bytes:
    """Return the content of a file of the command line.

    Raises:
        ConfigError: It cannot be read.
    """
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise ConfigError(f"The {what} {path} cannot be read: {error.strerror}.") from None


def flaws(pieces: Iterable[Piece]) -> str:
    """Say what keeps pieces from being the whole of their streams; nothing if they are.

    Args:
        pieces: Of all parts, in any order.
    """
    spans: dict[tuple[str, ...], list[Span]] = {}
    owners: dict[str, tuple[str, ...]] = {}
    for piece in pieces:
        if not piece.streams:
            return "a piece names no stream"
        spans.setdefault(piece.streams, []).append(piece.span)
        for name in piece.streams:
            if owners.setdefault(name, piece.streams) != piece.streams:
                return f"{name} is read with different other streams"
    for streams, found in spans.items():
        if sentence := flaw(found):
            return f"of {', '.join(streams)}: {sentence}"
    return ""


def spread(pieces: Sequence[Piece], count: int) -> tuple[tuple[Piece, ...], ...]:
    """Deal pieces to so many parts of about equal weight, no two of one stream to one part.

    Args:
        pieces: Of every stream at most ``count``.
        count: How many parts there are; some may stay without work.
    """
    parts: list[list[Piece]] = [[] for _ in range(count)]
    loads = [0] * count
    for piece in sorted(pieces, key=lambda one: (-one.requests, one.streams)):
        free = [
            index
            for index, part in enumerate(parts)
            if all(other.streams != piece.streams for other in part)
        ]
        index = min(free, key=lambda one: (loads[one], one))
        parts[index].append(piece)
        loads[index] += piece.requests
    return tuple(map(tuple, parts))


def of_part(argument: str) -> tuple[str, int]:
    """Return the file and the number of ``PLAN#i``.

    Raises:
        ConfigError: It is written in another way.
    """
    path, sign, number = argument.rpartition("#")
    if not sign or not path or not number.isascii() or not number.isdecimal():
        raise ConfigError(
            f"--part is {argument!r}; write the file of the plan, # and the number of the part, "
            "counted from 0: plan.json#0."
        )
    return path, int(number)


def check_age(plan: PartPlan, hours: float, now: dt.datetime) -> None:
    """Refuse a plan whose parts would be further apart in time than somebody wants.

    Raises:
        ConfigError: It is older.
    """
    age = (now - plan.created).total_seconds() / 3600
    if age > hours:
        raise ConfigError(
            f"The plan is {age:.1f} hours old, and max_plan_hours is {hours:g}: what its parts "
            "have read lies too far apart to be one table. Make a new one with --parts, or raise "
            "max_plan_hours."
        )


def check_same(plan: PartPlan, *, tap: str, version: str, system: str, fingerprint: str) -> None:
    """Refuse a plan of another tap, version, system, configuration or catalog.

    Raises:
        ConfigError: It is of another one.
    """
    for what, planned, here in (
        ("of the command", plan.tap, tap),
        ("of the version", plan.tap_version, version),
        ("of the system", plan.system, system),
    ):
        if planned != here:
            raise ConfigError(
                f"The plan is {what} {planned}, and this is {here}. Use what the plan was made "
                "with everywhere, or make a new one with --parts."
            )
    if plan.fingerprint != fingerprint:
        raise ConfigError(
            "The plan was made with another configuration or another catalog, or the tables of "
            "the server have other columns now: the parts would not be one table. Give every part "
            "the same settings and the same --catalog, or make a new plan with --parts."
        )
