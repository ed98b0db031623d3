"""A newcomer copies the commands of the README and of the guides, in order, as they stand."""

from __future__ import annotations

import gzip
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import duckdb
import psycopg
import pytest

from sandbox import cachet, cinchy, cortex

from .blocks import OTHERS, blocks, script
from .checkout import ADDRESS, ROOT, environment, publish

SECONDS = 800
pytestmark = [pytest.mark.integration, pytest.mark.timeout(SECONDS + 60)]
SYSTEMS = ("cachet", "cortex", "cinchy")
Rows = dict[str, int]
PREPARED = re.compile(r"first block of\s+the\s+\[README\]\(")
"""A page that says so goes on in the shell of the README's first block; another one begins anew."""


class Newcomer:
    """A shell in an empty folder, on a machine where the project is published."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clone = folder / "singer-taps"
        (folder / "home").mkdir()
        (folder / "remote").mkdir()
        hooks = folder / "hooks"
        hooks.mkdir()
        self.env = environment(folder / "home", publish(folder / "remote"))
        # `git clone` ends with this hook, which lends the clone what `make` would have to fetch.
        furnishing = hooks / "post-checkout"
        furnishing.write_text(
            f'#!/bin/sh\nexec {sys.executable} {Path(__file__).with_name("checkout.py")} "$PWD"\n'
        )
        furnishing.chmod(0o755)
        self.env |= {
            "GIT_CONFIG_COUNT": "2",
            "GIT_CONFIG_KEY_1": "core.hooksPath",
            "GIT_CONFIG_VALUE_1": str(hooks),
        }

    def start(self, commands: str, cwd: Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "-c", commands],
            cwd=cwd,
            env=self.env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS,
        )

    def run(self, commands: str, cwd: Path) -> None:
        done = self.start(commands, cwd)
        said = done.stdout[-4000:] + done.stderr[-8000:]
        assert done.returncode == 0, said
        assert "Traceback" not in done.stdout + done.stderr, said


@pytest.fixture(scope="module")
def newcomer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newcomer]:
    one = Newcomer(tmp_path_factory.mktemp("newcomer"))
    yield one
    # The servers in the background end when this file goes.
    (one.clone / ".env").unlink(missing_ok=True)


def settings(clone: Path) -> dict[str, str]:
    lines = (clone / ".env").read_text(encoding="utf-8").splitlines()[1:]
    return {name: value.strip("'") for name, _, value in (line.partition("=") for line in lines)}


def in_duckdb(path: Path, schema: str) -> Rows:
    with duckdb.connect(str(path), read_only=True) as file:
        names = file.execute(
            "select table_name from information_schema.tables where table_schema = ?", [schema]
        ).fetchall()
        counts = {
            name: file.execute(f'select count(*) from "{schema}"."{name}"').fetchall()[0][0]
            for (name,) in names
        }
    return own(counts)


def in_postgres(env: dict[str, str], schema: str) -> Rows:
    address = {
        "host": env["TARGET_POSTGRES_HOST"],
        "port": env["TARGET_POSTGRES_PORT"],
        "user": env["TARGET_POSTGRES_USER"],
        "password": env["TARGET_POSTGRES_PASSWORD"],
        "dbname": env["TARGET_POSTGRES_DATABASE"],
    }
    with psycopg.connect(" ".join(f"{k}={v}" for k, v in address.items())) as server:
        names = server.execute(
            "select table_name from information_schema.tables where table_schema = %s", [schema]
        ).fetchall()
        counts = {}
        for (name,) in names:
            query = f'select count(*) from "{schema}"."{name}"'.encode()
            counts[name] = next(server.execute(query))[0]
    return own(counts)


def own(counts: Rows) -> Rows:
    """Return what is neither a loader's own nor about the loads themselves."""
    return {n: count for n, count in counts.items() if not n.startswith(("_", "singer_"))}


def in_files(paths: Iterable[Path], table: Callable[[Path], str]) -> Rows:
    found: Rows = Counter()
    for path in paths:
        data = path.read_bytes()
        text = gzip.decompress(data) if path.suffix == ".gz" else data
        found[table(path).replace("-", "_")] += text.count(b"\n") + (not text.endswith(b"\n"))
    return own(dict(found))


def in_files_of_streams(folder: Path) -> Rows:
    """Count the lines of what target-jsonl writes."""
    return in_files(folder.glob("*.jsonl"), lambda path: path.stem)


def in_folders_of_tables(folder: Path) -> Rows:
    """Count the lines of what dlt writes."""
    return in_files(folder.glob("*/*.jsonl*"), lambda path: path.parent.name)


def truth(system: str) -> Rows:
    """Count what the generated systems hold, of streams that no other of them has."""
    if system == "cachet":
        world = cachet.generate(cachet.Size(incidents=60, metric_points=40))
        token = cachet.Token(cachet.ADMIN_TOKEN)
        keys = cachet.truth(world, cachet.Options(), token).keys
        return {name: len(keys[name]) for name in ("incidents", "components", "schedules")}
    if system == "cortex":
        workspace = cortex.World(cortex.WorldSpec(entities=60, scorecards=4, logs=60))
        return {name: workspace.truth.count(name) for name in ("entities", "scorecards", "teams")}
    platform = cinchy.build_world(rows=60)
    tables = {"hr_employees": "HR.Employees", "finance_invoices": "Finance.Invoices"}
    return {name: len(platform.truth(table, deleted=True)) for name, table in tables.items()}


def check(found: Rows, system: str, where: str) -> None:
    __tracebackhide__ = True
    expected = truth(system)
    assert {name: found.get(name) for name in expected} == expected, where
    assert sum(found.values()) > 100, where


@pytest.fixture(scope="module")
def loaded(newcomer: Newcomer) -> dict[str, str]:
    """Run the README in a clone; returns what its ``.env`` said. The last command is for a test."""
    *_first, last = [block for block in blocks(ROOT / "README.md") if block.runs]
    assert last.text == "make playground-stop\n"
    text = script(ROOT / "README.md")
    newcomer.run(f"git clone {ADDRESS}", newcomer.folder)
    newcomer.run(text[: text.rindex("echo '###")], newcomer.clone)
    return settings(newcomer.clone)


def test_the_first_screen_of_the_readme() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert text.count("\n") < 120
    first = "\n".join(text.splitlines()[:24])
    assert all(
        words in first for words in ("make demo", "make test", "docs/images/board-desktop.png")
    )
    assert "your-org" not in text
    begin, end = (text.index(f"<!-- bench: {mark} -->") for mark in ("begin", "end"))
    assert text[begin:end].count("\n| ") <= 8 + 2


@pytest.mark.parametrize("system", SYSTEMS)
def test_readme_loads_with_meltano(newcomer: Newcomer, loaded: dict[str, str], system: str) -> None:
    output = newcomer.clone / "output"
    check(in_duckdb(output / "warehouse.duckdb", f"tap_{system}"), system, "DuckDB")
    check(in_postgres(loaded, f"tap_{system}"), system, "PostgreSQL")
    check(in_files_of_streams(output), system, "JSON Lines")


@pytest.mark.parametrize("system", SYSTEMS)
def test_readme_loads_with_a_pipe(newcomer: Newcomer, loaded: dict[str, str], system: str) -> None:
    check(in_duckdb(newcomer.clone / "target_dlt.duckdb", system), system, "DuckDB")
    check(in_postgres(loaded, system), system, "PostgreSQL")


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.usefixtures("loaded")
def test_readme_loads_with_dlt(newcomer: Newcomer, system: str) -> None:
    check(in_duckdb(newcomer.clone / f"{system}.duckdb", f"{system}_data"), system, "DuckDB")


@pytest.mark.parametrize("name", OTHERS)
def test_other_commands_run(newcomer: Newcomer, loaded: dict[str, str], name: str) -> None:
    """They are copied in the clone, with no more preparation than the page itself asks for."""
    text = script(ROOT / name)
    assert "###" in text, "no block of this file runs"
    if PREPARED.search((ROOT / name).read_text(encoding="utf-8")):
        # What the README's first block leaves in the shell that it was copied into.
        first = next(block for block in blocks(ROOT / "README.md") if "export PATH" in block.text)
        exports = [line for line in first.text.splitlines() if line.startswith("export ")]
        text = "\n".join([*exports, text])
    newcomer.run(text, newcomer.clone)
    # Opt-in streams that the page selects.
    output = newcomer.clone / "output"
    if name == "docs/guides/meltano.md":
        assert in_files_of_streams(output)["component_status_daily"] > 0
    if name == "docs/guides/dlt.md":
        for system in SYSTEMS:
            data = f"{system}_data"
            check(in_postgres(loaded, data), system, "PostgreSQL")
            check(in_folders_of_tables(output / "dlt" / data), system, "JSON Lines")
    if name == "tap-cortex/README.md":
        assert in_duckdb(output / "warehouse.duckdb", "tap_cortex")["deploys"] > 0


@pytest.mark.usefixtures("loaded")
def test_last_command_ends_the_servers(newcomer: Newcomer) -> None:
    newcomer.run("make playground-stop", newcomer.clone)
    assert not (newcomer.clone / ".env").exists()
    assert not (newcomer.clone / ".dlt" / "secrets.toml").exists()


@pytest.mark.usefixtures("loaded")
def test_settings_of_the_user_are_not_overwritten(newcomer: Newcomer) -> None:
    mine = newcomer.clone / ".env"
    mine.write_text("TAP_CACHET_API_URL=https://status.example.com\n", encoding="utf-8")
    done = newcomer.start("make playground", newcomer.clone)
    assert done.returncode != 0
    assert ".env is yours and would be overwritten" in done.stderr
    assert mine.read_text(encoding="utf-8").startswith("TAP_CACHET_API_URL=https://status")
