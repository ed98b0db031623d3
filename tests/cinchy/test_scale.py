"""As many tables and rows as large platforms have, killed again and again: all of it comes.

``-m slow`` takes 40 tables, 40 000 rows and 5 kills; with ``SCALE=1`` as well 1 000 tables, a
million rows and 20 kills. What came behind the last STATE before a kill is read twice; how much
that was is printed (``-s``). A STATE comes once a second, and sooner behind twenty times its own
bytes of records: behind every page of one table, and seldom where it tells of a thousand.
"""

from __future__ import annotations

import dataclasses
import json
import os
import random
import signal
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from support.tap_run import command_line, select

from sandbox.cinchy import Account, World
from sandbox.cinchy.columns import number, text
from sandbox.cinchy.scale import DOMAIN, add_empty_tables, add_series

from .conftest import COMMAND, NO_BUNDLE, Site, incremental, select_tables, site, streams_of
from .target import versions_of

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

TABLES, ROWS, KILLS = (1000, 1_000_000, 20) if "SCALE" in os.environ else (40, 40_000, 5)
MAX_DISCOVERY = 10
"""Requests, whatever the number of tables."""
MAX_MEMORY = 300 * 1024
"""kB that the tap may hold."""
MAX_TWICE = 0.02
"""Of the rows, where 20 kills come among a million of them."""
LOOK_EVERY = 1000
DAY = 86_400
COLUMNS = {"Name", "Version", "Deleted", "Modified"}
PATTERN = f"{DOMAIN}.*"


MANY, ONE, ONE_OF_MANY = "some in every table", "all in the one table read", "all in one of many"


def platform(shape: str) -> World:
    """Return a platform whose rows are in all of its tables, or in one of them.

    Where each run reads what changed in all tables, changes lie further apart than the lookback:
    what such a run reads again on purpose is not the matter here.
    """
    world = World(3)
    world.add_account(Account(username="reader"), "R")
    names = {f"{DOMAIN}.Table {place:04d}": ROWS // TABLES for place in range(TABLES)}
    if shape != MANY:
        add_empty_tables(world, TABLES - 1)
        names = {f"{DOMAIN}.Events": ROWS}
    for name, count in names.items():
        columns, every = [text("Name"), number("Amount")], DAY if shape == MANY else 1
        add_series(
            world,
            name,
            count,
            columns=columns,
            values=lambda id_: (f"n{id_}", id_ / 4),
            every=every,
        )
    world.clock.advance(3 * DAY)
    return world


@dataclasses.dataclass
class Loader:
    """A target that has what came before the last STATE, and loses the rest when it is killed."""

    tables: dict[str, dict[int, tuple[int, bool]]] = dataclasses.field(default_factory=dict)
    state: dict[str, Any] | None = None
    records: int = 0
    activated: int = 0
    most_between: int = 0
    """Most rows between two STATEs."""
    lost: int = 0
    """Rows that came behind the last STATE of a run that was killed."""
    _pending: list[tuple[str, int, tuple[int, bool]]] = dataclasses.field(default_factory=list)

    def take(self, line: bytes) -> None:
        message = json.loads(line)
        kind = message["type"]
        if kind == "RECORD" and "Cinchy Id" in message["record"]:
            row = message["record"]
            self.records += 1
            seen = row["Version"], row["Deleted"] is not None
            self._pending.append((message["stream"], row["Cinchy Id"], seen))
        elif kind == "STATE":
            for stream, id_, seen in self._pending:
                self.tables.setdefault(stream, {})[id_] = seen
            self.most_between = max(self.most_between, len(self._pending))
            self._pending.clear()
            self.state = message["value"]
        elif kind == "ACTIVATE_VERSION":
            self.activated += 1

    def lose(self) -> None:
        self.lost += len(self._pending)
        self._pending.clear()

    @property
    def count(self) -> int:
        return sum(map(len, self.tables.values()))


def memory_of(pid: int) -> int:
    """Return the most kB that a process has held so far; 0 if it is over."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    lines = dict(line.split(":", 1) for line in status.splitlines())
    return int(lines.get("VmHWM", "0 kB").split()[0])


class Runs:
    """Runs of the tap into a loader."""

    def __init__(self, running: Site, folder: Path) -> None:
        self.running, self.folder, self.loader = running, folder, Loader()
        self.peak = 0
        self.log = folder / "tap.log"

    def __call__(self, catalog: dict[str, Any], config: dict[str, Any], kill_at: int | None) -> int:
        """Run once, and kill it behind so many lines; returns how it ended."""
        line = command_line(str(self.folder), COMMAND, config, self.loader.state, catalog)
        with self.log.open("w") as log:
            tap = subprocess.Popen(
                line, stdout=subprocess.PIPE, stderr=log, env={**os.environ, **NO_BUNDLE}
            )
            for count, message in enumerate(self._lines(tap)):
                self.loader.take(message)
                if count % LOOK_EVERY == 0 or count == kill_at:
                    self.peak = max(self.peak, memory_of(tap.pid))
                if count == kill_at:
                    tap.kill()
            code = tap.wait(60)
        if code:
            self.loader.lose()
        return code

    @staticmethod
    def _lines(tap: subprocess.Popen[bytes]) -> Iterator[bytes]:
        assert tap.stdout is not None
        return (line for line in tap.stdout if line.endswith(b"\n"))


def live(world: World, chance: random.Random) -> int:
    """Change, delete and add a few rows somewhere; returns how many rows that were."""
    names = [table.full_name for table in world.tables() if table.domain == DOMAIN and table.ids]
    for _ in range(5):
        name = chance.choice(names)
        table = world.table(name)
        living = [id_ for id_ in chance.sample(table.ids, 20) if table.rows[id_][9] is None]
        world.update(name, living[0], {"Name": "changed"})
        world.delete(name, living[1])
        world.insert(name, {"Name": "new"})
    world.clock.advance(60)
    return 15


@pytest.mark.parametrize("shape", [MANY, ONE, ONE_OF_MANY])
def test_killed_again_and_again(shape: str, tmp_path: Path, capsys: Any) -> None:
    chance = random.Random(shape)
    with site(platform(shape)) as running:
        settings: dict[str, Any] = {"tables_include": [PATTERN]}
        catalog = running.discover(**settings)
        discovered = len(running.server.requests)
        names = [
            name
            for name in select_tables(streams_of(catalog))
            if shape != ONE or name.endswith("_events")
        ]
        method = incremental if shape == MANY else select
        method(catalog, *names)
        for name in names:
            for entry in streams_of(catalog)[name]["metadata"]:
                if len(entry["breadcrumb"]) == 2 and entry["metadata"]["inclusion"] == "available":
                    entry["metadata"]["selected"] = entry["breadcrumb"][1] in COLUMNS
        runs, changed = Runs(running, tmp_path), 0
        loader, config = runs.loader, running.config(**settings)
        for kills_left in range(KILLS, 0, -1):
            mean = max(2, (ROWS - loader.count) // (kills_left + 1))
            code = runs(catalog, config, chance.randrange(1, 2 * mean))
            assert code == -signal.SIGKILL, runs.log.read_text()
            changed += live(running.world, chance)
        code = runs(catalog, config, None)
        assert code == 0, runs.log.read_text()
        # What was changed behind the place of a table that was complete comes with the next run.
        assert runs(catalog, config, None) == 0, runs.log.read_text()
        for table in running.world.tables():
            if table.domain == DOMAIN:
                found = loader.tables.get(_stream_of(catalog, table.full_name), {})
                assert found == versions_of(running.world, table.full_name), table.full_name
    assert discovered <= MAX_DISCOVERY
    assert runs.peak < MAX_MEMORY
    if "SCALE" in os.environ and shape != ONE_OF_MANY:
        assert loader.lost < MAX_TWICE * ROWS
    whole_again = 0 if shape == MANY else ROWS  # the last run, on purpose
    twice = loader.records - whole_again - loader.count
    with capsys.disabled():
        print(  # noqa: T201  # the measurement
            f"\n{shape}: {TABLES} tables, {loader.count} rows, {KILLS} kills, {discovered} "
            f"requests of discovery, {runs.peak // 1024} MB at most, {loader.lost} rows "
            f"read twice ({100 * loader.lost / ROWS:.2f} %) for the kills, {twice} in all, "
            f"{changed} changed; at most {loader.most_between} rows between two STATEs"
        )


def _stream_of(catalog: dict[str, Any], full_name: str) -> str:
    domain, table = full_name.split(".", 1)
    wanted = f"[{domain}].[{table}]"
    [name] = [n for n, s in streams_of(catalog).items() if s["schema"].get("title") == wanted]
    return name
