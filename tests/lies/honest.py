"""Runs against healthy servers: no false alarm, and no loss of a row that was there throughout."""

from __future__ import annotations

import asyncio
import itertools
import multiprocessing
import random
import threading
from typing import TYPE_CHECKING, Any

from .matrix import Result, now
from .proxy import Proxy
from .renewing import RenewingTown
from .routes.base import Scenario
from .runs import Theatre
from .towns import CachetTown, CinchyTown, CortexTown, OldCachetTown
from .wire import Answer

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Sequence

    from .runs import Run
    from .towns import Keys, Town
    from .wire import Ask

TOWNS: tuple[type[Town], ...] = (
    CachetTown,
    OldCachetTown,
    CortexTown,
    CortexTown,
    CinchyTown,
    RenewingTown,
)
MAX_CHANGES = 3
"""A list that never rests cannot be read twice alike; so many changes are in one run."""
SPREAD = 16
"""Requests among which they are."""


class Life:
    """What happens between two requests, by chance; stands before the application."""

    def __init__(self, town: Town, streams: tuple[str, ...], chance: random.Random) -> None:
        self.town = town
        self.streams = streams
        self.chance = chance
        self.changes = {chance.randrange(1, SPREAD) for _ in range(chance.randint(0, MAX_CHANGES))}
        self.slow = chance.random() < 1 / 3
        self.refusals = 1 if chance.random() < 1 / 4 else 0
        self.happened: list[str] = []
        self.requests = 0
        self.lock = threading.Lock()
        self.always: Keys = town.keys(streams)
        """What was there all the time."""
        self.ever: Keys = {stream: set(keys) for stream, keys in self.always.items()}
        """What was there at any time."""

    async def before(self, ask: Ask) -> Answer | None:
        """Live on; sometimes refuse the request."""
        self.requests += 1
        if self.slow and self.chance.random() < 1 / 4:
            await asyncio.sleep(self.chance.random() / 20)
        if self.requests in self.changes:
            kind = self.chance.choice(self.town.kinds)
            getattr(self.town, kind)()
            self.happened.append(f"{kind} before request {self.requests} ({ask.path})")
            self._note()
        if self.refusals and self.requests > 2 and self.chance.random() < 1 / 5:
            self.refusals -= 1
            self.happened.append(f"429 to request {self.requests}")
            headers = (("retry-after", "1"), ("content-type", "application/json"))
            return Answer(429, headers, b'{"message": "Too Many Requests"}')
        return None

    def _note(self) -> None:
        current = self.town.keys(self.streams)
        for stream, keys in current.items():
            self.always[stream] &= keys
            self.ever[stream] |= keys


class LivingProxy(Proxy):
    """A proxy before a server that lives."""

    life: Life | None = None
    """Nothing happens before there is one."""

    async def call(self, ask: Ask) -> Answer:
        """Ask the server, after what happens before."""
        instead = await self.life.before(ask) if self.life else None
        return instead or await super().call(ask)


def complaints(run: Run, life: Life) -> list[str]:
    """Return what is wrong with a run against a healthy server."""
    found = []
    if run.hung or run.crashed:
        found.append(run.crashed or f"{run.requests} requests in {run.seconds:.0f} s")
    if run.exit_code:
        found.append(f"false alarm: {run.last_line}")
    for stream in life.streams:
        rows = run.rows.get(stream, {})
        if lost := life.always[stream] - rows.keys():
            found.append(f"{stream}: {len(lost)} lost that were always there: {sorted(lost)[:3]}")
        if ghosts := rows.keys() - life.ever[stream]:
            found.append(f"{stream}: {len(ghosts)} never existed: {sorted(ghosts)[:3]}")
        # A row that has changed meanwhile may be written again: a target keeps the last one.
        if twice := [key for key, same in rows.items() if _is_doubled(same)]:
            found.append(f"{stream}: {len(twice)} doubled: {sorted(twice)[:3]}")
    return found


def _is_doubled(same: Sequence[Any]) -> bool:
    return any(one == other for one, other in itertools.combinations(same, 2))


def run_seed(theatre: Theatre, seed: int) -> Result:
    """Read one living server."""
    chance = random.Random(seed)
    kind = chance.choice(TOWNS)
    with theatre.living(kind.system, LivingProxy) as server:
        town = kind(server, chance)
        streams = chance.choice(kind.scenarios)
        settings = town.settings()
        # The same settings always find the same tables, so catalogs are found once.
        scenario = Scenario(
            f"living.{kind.system}", kind.system, streams, settings, command=kind.tap
        )
        catalog = theatre.catalog(scenario, server)
        life = Life(town, streams, chance)
        server.proxy.life = life
        run = theatre.run(
            scenario,
            server=server,
            catalog=catalog,
            concurrency=town.concurrency(),
        )
        found = [*complaints(run, life), *town.complaints()]
    return Result(
        f"honest:{seed}", "+".join(streams), kind.system, "honest server", "honest",
        "FALSE" if found else "exact", [*found, *life.happened], run.last_line,
        round(run.seconds, 3), run.requests,
    )  # fmt: skip


_theatre: Theatre


def _open(moment: dt.datetime) -> None:
    global _theatre  # noqa: PLW0603  # one for every process of a pool
    _theatre = Theatre(moment)


def _work(seed: int) -> Result:
    try:
        return run_seed(_theatre, seed)
    except Exception as error:  # noqa: BLE001  # one seed that breaks must not hide the others
        why = f"{type(error).__name__}: {error}"
        return Result(
            f"honest:{seed}",
            "none",
            "none",
            "honest server",
            "honest",
            "BROKEN",
            [why],
            why,
            0.0,
            0,
        )


def run_seeds(seeds: Sequence[int], jobs: int) -> Iterator[Result]:
    """Run seeds in so many processes; results come as they are done."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(jobs, _open, (now(),)) as pool:
        yield from pool.imap_unordered(_work, seeds)
