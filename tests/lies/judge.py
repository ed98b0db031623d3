"""The judge: what a run lost, doubled or made up, and whether anybody hears of it."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from .runs import Rows, Run, Truth

UNFIT = "_sdc_unparsed"
"""Where a row itself says that a value did not fit its column."""
COMPLETE = frozenset({"complete", "accepted"})


@dataclasses.dataclass
class Damage:
    """How the rows of one stream differ from the truth.

    Attributes:
        lost: Keys that did not come.
        changed: Keys whose row has other values, and does not say so.
        made_up: Keys that do not exist.
        doubled: Keys that came more than once.
    """

    lost: list[Any]
    changed: list[Any]
    made_up: list[Any]
    doubled: list[Any]

    def __bool__(self) -> bool:
        """Whether there is any."""
        return bool(self.lost or self.changed or self.made_up or self.doubled)

    def __str__(self) -> str:
        """Say it in a few words."""
        parts = [
            f"{len(keys)} {word} (such as {', '.join(keys[0])})"
            for word, keys in (
                ("lost", self.lost),
                ("changed", self.changed),
                ("made up", self.made_up),
                ("doubled", self.doubled),
            )
            if keys
        ]
        return ", ".join(parts)


def damage(found: Rows, true: Rows, known: Rows) -> Damage:
    """Compare the rows of a stream with those of an honest run.

    Args:
        found: What came.
        true: What should have come.
        known: All rows there are; they may come without being due.
    """
    return Damage(
        lost=[key for key in true if key not in found],
        changed=[key for key in true if key in found and not _same(found[key][-1], true[key][-1])],
        made_up=[key for key in found if key not in true and key not in known],
        doubled=[key for key in found if len(found[key]) > len(true.get(key, [0]))],
    )


def _same(found: dict[str, Any], true: dict[str, Any]) -> bool:
    return found == true or UNFIT in found


@dataclasses.dataclass
class Judgement:
    """What is thought of one run.

    Attributes:
        verdict: exact, honest, SILENT, CRASH or HANG.
        what: Sentences on what happened.
    """

    verdict: str
    what: list[str]


def judge(run: Run, truth: Truth, heal: Callable[[Any], Run]) -> Judgement:
    """Judge one run.

    Args:
        run: What happened.
        truth: What should have.
        heal: Runs honestly from a state, to see whether what was lost comes after all.
    """
    if run.hung:
        return Judgement("HANG", [f"{run.requests} requests in {run.seconds:.0f} s"])
    if run.crashed:
        return Judgement("CRASH", [run.crashed])
    silent, heard, healed = [], [], None
    for stream, true in truth.run.rows.items():
        found = damage(run.rows.get(stream, {}), true, truth.known.get(stream, {}))
        outcome = run.outcomes.get(stream, "not mentioned")
        if not found:
            continue
        said = f"{stream} is {outcome}, exit code {run.exit_code}: {found} of {len(true)}"
        if outcome in COMPLETE or stream in run.activated or run.exit_code == 0:
            more = " and ACTIVATE_VERSION" if stream in run.activated else ""
            silent.append(said + more)
        elif found.lost and _moved(stream, run.state, truth.state):
            healed = healed or heal(run.state)
            gone = [key for key in found.lost if key not in healed.rows.get(stream, {})]
            if gone:
                silent.append(
                    f"{said}; the bookmark passed {len(gone)} of them: the next run does not "
                    "bring them"
                )
            else:
                heard.append(said)
        else:
            heard.append(said)
    if silent:
        return Judgement("SILENT", silent)
    if heard:
        return Judgement("honest", heard)
    bad = [f"{s} is {o}" for s, o in run.outcomes.items() if o not in COMPLETE]
    return Judgement("honest" if run.exit_code else "exact", bad)


def _moved(stream: str, after: Any, before: Any) -> bool:
    return _bookmark(stream, after) != _bookmark(stream, before)


def _bookmark(stream: str, state: Any) -> str:
    found = ((state or {}).get("bookmarks") or {}).get(stream)
    return json.dumps(found, sort_keys=True)
