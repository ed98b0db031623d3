"""Pairs of a way and a route, at every spot, with and without a bookmark; and how they are run."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
import multiprocessing
import random
import re
import zlib
from typing import TYPE_CHECKING, Any

from .excuses import EXCUSES
from .judge import judge
from .proxy import Lie
from .routes import ROUTES
from .runs import DishonestError, Theatre
from .scene import PAGES, Scene, Spot
from .ways import WAYS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from .proxy import Pages
    from .routes import Route
    from .runs import Truth
    from .scene import Way

FRESH, BOOKMARK = "fresh", "bookmark"
RETYPED = ("row_is_", "rows_are_", "key_is_")


@dataclasses.dataclass(frozen=True)
class Pair:
    """One run of the matrix."""

    route: Route
    way: Way
    spot: Spot
    bookmark: bool

    @property
    def id(self) -> str:
        """What ``--replay`` takes."""
        return ":".join(
            (self.route.name, self.way.name, self.spot.value, BOOKMARK if self.bookmark else FRESH)
        )


@dataclasses.dataclass(frozen=True)
class Unit:
    """What one process does in one go: a route, from the start or from a bookmark.

    Attributes:
        sample: How many pairs; all of them if nothing is said.
        seed: Of the sample.
        ways: Names; all if there are none.
        spots: Their names; all if there are none.
    """

    route: str
    bookmark: bool
    sample: int | None = None
    seed: int = 0
    ways: tuple[str, ...] = ()
    spots: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Result:
    """What came of a pair."""

    pair: str
    route: str
    system: str
    way: str
    group: str
    verdict: str
    what: Sequence[str]
    last_line: str
    seconds: float
    requests: int

    @property
    def bad(self) -> bool:
        """Whether it must not be."""
        return self.verdict in {"SILENT", "CRASH", "HANG", "BROKEN", "FALSE"}


def _chance(*parts: str) -> int:
    """Return a number that is the same in every process."""
    return zlib.crc32(":".join(parts).encode())


def half(route: Route, way: Way, spot: Spot) -> bool:
    """Whether a pair of a stream without a bookmark of its own is run with a state.

    There, a state only guards against shrinking; one of both runs is enough.
    """
    return bool(_chance(route.name, way.name, spot.value) & 1)


def thinned(route: Route, way: Way, spots: Sequence[Spot]) -> list[Spot]:
    """Return where a way is tried on a route.

    What carries the rows, and of what type a thing is, is read alike on every page; such a way is
    tried on one of them, another on every route. Where parents have children, some and all of them
    matter besides.
    """
    if way.group not in {"answers", "claims"} and not way.name.startswith(RETYPED):
        return list(spots)
    pages = [spot for spot in spots if spot in PAGES]
    one = pages[_chance(route.name, way.name) % len(pages) :][:1] if pages else []
    if pages and way.group == "answers" and "child" not in route.traits:
        return one
    return [*one, *(spot for spot in spots if spot not in PAGES)]


def pairs_of(theatre: Theatre, unit: Unit, truth: Truth) -> list[Pair]:
    """Return the pairs of a unit in which there is something to lie about."""
    route = ROUTES[unit.route]
    pages = truth.pages(route)
    server = theatre.server(route.system)
    incremental = any(
        found.get("replication_key")
        for found in ((truth.run.state or {}).get("bookmarks") or {}).values()
    )

    async def found() -> list[Pair]:
        pairs = []
        for way in WAYS.values():
            wanted = not unit.ways or way.name in unit.ways
            if not wanted or not way.needs <= route.traits or re.fullmatch(route.spared, way.name):
                continue
            spots = [spot for spot in pages.spots() if spot in way.spots]
            for spot in spots if unit.ways else thinned(route, way, spots):
                if unit.spots and spot.value not in unit.spots:
                    continue
                if not incremental and not unit.ways and half(route, way, spot) != unit.bookmark:
                    continue
                if await _lies(way, spot, route, pages, server.proxy.call):
                    pairs.append(Pair(route, way, spot, unit.bookmark))
        return pairs

    return asyncio.run(found())


async def _lies(way: Way, spot: Spot, route: Route, pages: Pages, call: Any) -> bool:
    """Whether a way has something to lie about."""
    chosen = list(enumerate(pages.main))
    if spot in {Spot.FIRST, Spot.MIDDLE, Spot.LAST}:
        chosen = chosen[pages.index(spot) : pages.index(spot) + 1]
    elif spot is Spot.SOME:
        chosen = list(enumerate(pages.every))[1::2]
    for index, (ask, answer) in chosen:
        if await way.lie(Scene(route, ask, answer, index, pages.main, call)) is not None:
            return True
    return False


def run_pair(theatre: Theatre, pair: Pair, truth: Truth) -> Result | None:
    """Run one pair and judge it; nothing if the lie never came up."""
    lie = Lie(pair.way, pair.route, pair.spot, truth.pages(pair.route))
    scenario = pair.route.scenario
    run = theatre.run(scenario, state=truth.state, lie=lie, budget=truth.budget)
    if not lie.told:
        return None
    found = judge(run, truth, heal=lambda state: theatre.run(scenario, state=state))
    verdict = found.verdict
    excuse = EXCUSES.get(pair.way.name)
    if verdict == "SILENT" and excuse is not None:
        claims = lie.pages.claims(pair.route)
        verdict = "excused" if excuse.where(pair, claims) else verdict
    return Result(
        pair.id, pair.route.name, pair.route.system, pair.way.name, pair.way.group, verdict,
        found.what, run.last_line, round(run.seconds, 3), run.requests,
    )  # fmt: skip


def run_unit(theatre: Theatre, unit: Unit) -> list[Result]:
    """Run the pairs of a unit."""
    route = ROUTES[unit.route]
    try:
        truth = theatre.truth(route.scenario, bookmark=unit.bookmark)
    except DishonestError as error:
        return [broken(unit, str(error))]
    if not (unit.bookmark or truth.pages(route).every):
        return [broken(unit, "nothing was asked on this route")]
    pairs = pairs_of(theatre, unit, truth)
    if unit.sample is not None and len(pairs) > unit.sample:
        pairs = random.Random(f"{unit.seed}:{unit.route}").sample(pairs, unit.sample)
    results = [run_pair(theatre, pair, truth) for pair in pairs]
    return [result for result in results if result is not None]


def broken(unit: Unit, why: str) -> Result:
    """Return the result of a unit that could not be run."""
    where = BOOKMARK if unit.bookmark else FRESH
    system = ROUTES[unit.route].system
    return Result(
        f"{unit.route}:honest:all:{where}", unit.route, system, "honest", "honest", "BROKEN",
        [why], why, 0.0, 0,
    )  # fmt: skip


# Many processes


_theatre: Theatre


def _open(moment: dt.datetime) -> None:
    global _theatre  # noqa: PLW0603  # one for every process of a pool
    _theatre = Theatre(moment)


def _work(unit: Unit) -> list[Result]:
    try:
        return run_unit(_theatre, unit)
    except Exception as error:  # noqa: BLE001  # one unit that breaks must not hide the others
        return [broken(unit, f"{type(error).__name__}: {error}")]


def now() -> dt.datetime:
    """Return the instant at which the clocks of all worlds stand."""
    return dt.datetime.now(dt.UTC).replace(minute=0, second=0, microsecond=0)


def run_units(units: Sequence[Unit], jobs: int) -> Iterator[Result]:
    """Run units in so many processes; results come as they are done, in no order."""
    shuffled = random.Random(len(units)).sample(units, len(units))
    context = multiprocessing.get_context("spawn")
    with context.Pool(jobs, _open, (now(),)) as pool:
        for results in pool.imap_unordered(_work, shuffled):
            yield from results


def units(routes: Sequence[str], **more: Any) -> list[Unit]:
    """Return the units of some routes, with and without a bookmark."""
    return [Unit(name, bookmark, **more) for name in routes for bookmark in (False, True)]


def sampled(count: int, seed: int, routes: Iterable[str] = ROUTES) -> list[Unit]:
    """Return units with so many pairs in all, of every route about as many."""
    chance = random.Random(seed)
    names = sorted(routes)
    shares = dict.fromkeys(names, count // len(names))
    for name in chance.sample(names, count % len(names)):
        shares[name] += 1
    return [
        Unit(name, chance.random() < 1 / 2, sample=share, seed=seed)
        for name, share in shares.items()
        if share
    ]


def parsed(pair_id: str) -> Unit:
    """Return the unit that holds a pair, from its id.

    Raises:
        ValueError: It is no id.
    """
    parts = pair_id.split(":")
    if len(parts) != 4 or parts[0] not in ROUTES or parts[1] not in WAYS:
        example = f"{next(iter(ROUTES))}:drop_first_row:first:fresh"
        raise ValueError(f"{pair_id} is no pair; one looks like {example}.")
    route, way, spot, bookmark = parts
    return Unit(route, bookmark == BOOKMARK, ways=(way,), spots=(spot,))
