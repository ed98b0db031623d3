"""A read of a whole table that is killed, wherever it stands, is taken up and ends as its source.

Rows are changed, added and deleted all the time. The place of each kill is drawn with the seed in
the name of the test. One kill of the tap stands for all in the default run; the others are slow.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import duckdb
import pytest
from cinchy.conftest import Site, site
from cinchy.target import versions_of
from cinchy.test_resume import STREAM, TABLE, Life, lab, merged
from support.tap_run import select

from sandbox.cinchy import SandboxRequest

from .conftest import MELTANO, ROOT

pytestmark = pytest.mark.timeout(900)

ROWS, SIZE, LATENCY = 6000, 50, 0.3
PAGES = ROWS // SIZE
"""Over four connections a read takes longer than the second after which a STATE may come."""
BATCH = 400
STATE_ID = "dev:tap-cinchy-to-target-dlt"
NO_BYTECODE = "PYTHONDONTWRITEBYTECODE"
BIN = Path(sys.executable).parent


class Killer(Life):
    """Life that kills processes before a page is answered."""

    def __init__(self, running: Site, seed: int) -> None:
        super().__init__(running.world, seed)
        self.running = running
        self.victims: list[int] = []
        """Groups of processes."""
        self.at: int | None = None
        """Pages until they are killed; nothing for never."""
        self.rests = False
        """Whether nothing changes: what does behind a read from the start comes with the next."""

    def __call__(self, request: SandboxRequest) -> Any:
        answer = None if self.rests else super().__call__(request)
        if self.at is not None and "Name" in request.cql and "Samples" in request.cql:
            self.at -= 1
            if self.at < 0:
                self.at = None
                for group in self.victims:
                    os.killpg(group, signal.SIGKILL)
        return answer


@pytest.fixture
def life(request: pytest.FixtureRequest) -> Iterator[Killer]:
    seed = request.node.callspec.params.get("seed", 1) if hasattr(request.node, "callspec") else 1
    with ExitStack() as stack:
        running = stack.enter_context(site(lab(ROWS), latency=LATENCY))
        killer = Killer(running, seed)
        running.world.on_request(killer)
        yield killer


def loaded(file: Path, dataset: str) -> dict[int, tuple[int, bool]]:
    """Return version and whether it is deleted, by Cinchy Id."""
    with duckdb.connect(str(file), read_only=True) as database:
        rows = database.execute(
            f"SELECT cinchy_id, version, deleted IS NOT NULL FROM {dataset}.{STREAM}"
        ).fetchall()
    assert len(rows) == len({row[0] for row in rows}), "a row came twice"
    return {id_: (version, gone) for id_, version, gone in rows}


class Pipe:
    """``tap-cinchy | target-dlt``, with the state that came out last."""

    def __init__(self, life: Killer, folder: Path, batch: int = BATCH) -> None:
        self.life, self.folder, self.batch = life, folder, batch
        self.file = folder / "warehouse.duckdb"
        self.state: dict[str, Any] | None = None
        self.said = ""
        self.catalog = select(life.running.discover(tables_include=[TABLE]), STREAM)

    def run(self, kills: str = "", at: int = 0, **state: Any) -> tuple[int, int]:
        """Run both, and kill ``tap``, ``target`` or ``both`` before a page; returns their codes."""
        config = self.life.running.config(tables_include=[TABLE], page_size=SIZE)
        line = [str(BIN / "tap-cinchy"), *self._file("config", config)]
        line += self._file("catalog", self.catalog)
        before = state.get("state", self.state)
        line += self._file("state", before) if before else []
        target = {
            "credentials": str(self.file),
            "dataset_name": "lab",
            "batch_size_rows": self.batch,
            "pipelines_dir": str(self.folder / "pipelines"),
        }
        tap_log, target_log = self.folder / "tap.log", self.folder / "target.log"
        with tap_log.open("w") as log, target_log.open("w") as err:
            tap = subprocess.Popen(line, stdout=subprocess.PIPE, stderr=log, start_new_session=True)
            loader = subprocess.Popen(
                [str(BIN / "target-dlt"), *self._file("config", target, "target")],
                stdin=tap.stdout,
                stdout=subprocess.PIPE,
                stderr=err,
                start_new_session=True,
            )
            assert tap.stdout is not None
            tap.stdout.close()
            victims = {"tap": [tap.pid], "target": [loader.pid], "both": [tap.pid, loader.pid]}
            self.life.victims = victims.get(kills, [])
            self.life.at = at if kills else None
            output, _ = loader.communicate(timeout=280)
            codes = tap.wait(60), loader.returncode
        self.said = tap_log.read_text() + target_log.read_text()
        states = [line for line in output.decode().splitlines() if line.endswith("}")]
        if states:
            self.state = json.loads(states[-1])
        return codes

    def _file(self, option: str, content: Any, name: str = "") -> list[str]:
        path = self.folder / f"{name or 'tap'}.{option}.json"
        path.write_text(json.dumps(content))
        return [f"--{option}", str(path)]

    def check_equal(self) -> None:
        assert loaded(self.file, "lab") == versions_of(self.life.world, TABLE)


def test_a_tap_that_is_killed_once_over_a_pipe(life: Killer, tmp_path: Path) -> None:
    pipe = Pipe(life, tmp_path, batch=ROWS)
    codes = pipe.run("tap", life.chance.randrange(PAGES * 2 // 3, PAGES))
    assert codes == (-signal.SIGKILL, 0), pipe.said
    life.live()
    codes = pipe.run()
    assert codes == (0, 0), pipe.said
    assert "goes on behind the row" in pipe.said
    pipe.check_equal()


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6))
def test_killed_at_several_places_over_a_pipe(life: Killer, tmp_path: Path, seed: int) -> None:
    pipe, taken_up = Pipe(life, tmp_path), 0
    for kills in life.chance.sample(["tap", "target", "both", "tap", "both"], 4):
        codes = pipe.run(kills, life.chance.randrange(3, PAGES))
        taken_up += "goes on behind the row" in pipe.said
        life.live()
    life.rests = True
    codes = pipe.run()
    assert codes == (0, 0), pipe.said
    taken_up += "goes on behind the row" in pipe.said
    assert taken_up, f"with seed {seed} nothing was taken up"
    pipe.check_equal()
    # A read in full begins at the start, and an older mark is not used again.
    codes = pipe.run(state=None)
    assert codes == (0, 0), pipe.said
    pipe.check_equal()


class MeltanoRuns:
    """``meltano run tap-cinchy target-dlt`` with state and warehouse of its own."""

    def __init__(self, life: Killer, folder: Path) -> None:
        self.life = life
        self.file = folder / "warehouse.duckdb"
        config = life.running.config()
        self.env = {
            **{
                name: value
                for name, value in os.environ.items()
                if name != "PYTHONDONTWRITEBYTECODE"
            },
            "MELTANO_DATABASE_URI": f"sqlite:///{folder}/meltano.db",
            "TAP_CINCHY_API_URL": config["api_url"],
            "TAP_CINCHY_ACCESS_TOKEN": config["access_token"],
            "TAP_CINCHY_ALLOW_INSECURE_HTTP": "true",
            "TAP_CINCHY_TABLES_INCLUDE": json.dumps([TABLE]),
            "TAP_CINCHY_PAGE_SIZE": str(SIZE),
            "TAP_CINCHY_RETRY_PAUSE": "0",
            "TAP_CINCHY__SELECT": json.dumps([f"{STREAM}.*"]),
            "TARGET_DLT_CREDENTIALS": str(self.file),
            "TARGET_DLT_BATCH_SIZE_ROWS": str(BATCH),
            "TARGET_DLT_PIPELINES_DIR": str(folder / "pipelines"),
        }
        self.said = ""

    def __call__(self, *arguments: str, at: int | None = None) -> int:
        started = subprocess.Popen(
            [str(MELTANO), *arguments],
            cwd=ROOT,
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self.life.victims, self.life.at = [started.pid], at
        output, _ = started.communicate(timeout=280)
        self.said = output.decode()
        return started.returncode

    def read(self, *options: str, at: int | None = None) -> int:
        # After a kill Meltano takes the job for running, for some minutes or until it is forced.
        return self("run", "--force", *options, "tap-cinchy", "target-dlt", at=at)

    @property
    def state(self) -> dict[str, Any]:
        assert self("state", "get", STATE_ID) == 0, self.said
        found: dict[str, Any] = json.loads(self.said.strip().splitlines()[-1])
        return found

    def check_equal(self) -> None:
        assert loaded(self.file, "tap_cinchy") == versions_of(self.life.world, TABLE)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_meltano_run_killed_and_run_again(life: Killer, tmp_path: Path, seed: int) -> None:
    runs = MeltanoRuns(life, tmp_path)
    for place in ((PAGES // 3, PAGES // 2), (3, PAGES // 3)):
        assert runs.read(at=life.chance.randrange(*place)) != 0, runs.said
        life.live()
    life.rests = True
    assert runs.read() == 0, (seed, runs.said)
    runs.check_equal()


@pytest.mark.slow
def test_a_full_refresh_that_is_killed(life: Killer, tmp_path: Path) -> None:
    runs = MeltanoRuns(life, tmp_path)
    assert runs.read() == 0, runs.said
    life.live()
    assert runs.read("--full-refresh", at=PAGES * 3 // 4) != 0, runs.said
    life.live()
    life.rests = True
    assert runs.read() == 0, runs.said
    runs.check_equal()


@pytest.mark.slow
@pytest.mark.parametrize("order", ["older over newer", "newer over older"])
def test_states_that_are_merged_by_meltano(life: Killer, tmp_path: Path, order: str) -> None:
    runs = MeltanoRuns(life, tmp_path)
    life.left = PAGES * 3 // 4
    assert runs.read() != 0, runs.said
    life.left = None
    ended = runs.state
    assert ended["singer_state"]["bookmarks"][STREAM]["resume"]
    life.live()
    assert runs.read() == 0, runs.said
    complete = runs.state
    first, over = (complete, ended) if order == "older over newer" else (ended, complete)
    assert runs("state", "set", "--force", STATE_ID, json.dumps(first)) == 0, runs.said
    assert runs("state", "merge", STATE_ID, json.dumps(over)) == 0, runs.said
    assert runs.state == merged(first, over)
    life.live()
    life.rests = True
    assert runs.read() == 0, runs.said
    runs.check_equal()
