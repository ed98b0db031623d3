"""Who runs: commands over one server, and how many records each must bring."""

from __future__ import annotations

import dataclasses
import functools
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq

from bench.worlds.cinchy import KEY, TABLE, TYPES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

BIN = Path(sys.executable).parent
HERE = Path(__file__).parent
PARTS = "parts"
"""The folder that a read in parts leaves."""
ROWS_PER_ENTITY = 8
"""One entity, two groups, two dependencies, three deploys."""


@dataclasses.dataclass(frozen=True)
class Job:
    """One run to be made."""

    url: str
    folder: Path
    """Empty, and thrown away afterwards."""
    page_size: int
    workers: int


@dataclasses.dataclass(frozen=True)
class Contender:
    """Something that reads a whole world."""

    name: str
    commands: Callable[[Job], list[list[str]]]
    """The output of each goes into the next."""
    records: int | None = None
    """RECORD messages for each record or entity of the world; nothing if it writes none."""
    share: float = 1.0
    """Part of the world it is given: readers that wait for one answer at a time would take hours
    for all of it. What it needs for a request is compared then."""
    env: Mapping[str, str] = dataclasses.field(default_factory=dict)
    counted: Callable[[Job], int] | None = None
    """Counts the rows that have arrived, for those that load."""
    window: str = ""
    """The kind of limit its server has, if not that of the scenario."""
    missing: str = ""
    """Why it cannot run here, if it cannot."""
    start: Callable[[Job], list[list[str]]] | None = None
    """What starts it and reads nothing, if that is not to be a read of one row."""


# Ours, as installed


def written(job: Job, name: str, content: Any) -> str:
    """Write a configuration into the job's folder and return its path."""
    path = job.folder / f"{name}.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    return str(path)


@functools.cache
def _catalog_text(command: str) -> str:
    """Return what discovery finds without asking anybody: the streams of the tap itself."""
    config = {
        "api_url": "http://127.0.0.1:9",
        "api_key": "none",
        "access_token": "none",
        "allow_insecure_http": True,
        "tables_include": [],
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "config.json")
        path.write_text(json.dumps(config), encoding="utf-8")
        line = [command, "--config", str(path), "--discover"]
        return subprocess.run(line, capture_output=True, check=True, text=True).stdout


def _tap(job: Job, name: str, config: Mapping[str, Any], *streams: str) -> list[str]:
    """Return the command of an installed tap that reads the named streams and no others."""
    command = str(BIN / name)
    catalog = json.loads(_catalog_text(command))
    if name == "tap-cinchy":
        catalog["streams"].append(_orders())
    for stream in catalog["streams"]:
        stream["metadata"] = [entry for entry in stream["metadata"] if entry["breadcrumb"]]
        chosen = stream["tap_stream_id"] in streams
        stream["metadata"].append({"breadcrumb": [], "metadata": {"selected": chosen}})
    settings = ("--config", written(job, "config", config))
    return [command, *settings, "--catalog", written(job, "catalog", catalog)]


def _orders() -> dict[str, Any]:
    """Return the catalog entry of Cinchy's table, as discovery would write it."""
    kinds = {"Int64": "integer", "Double": "number", "Boolean": "boolean"}
    properties: dict[str, Any] = {}
    for name, kind in TYPES.items():
        form = {"format": "date-time"} if kind == "DateTime" else {}
        properties[name] = {"type": [kinds.get(kind, "string"), "null"], "title": f"[{name}]"}
        properties[name] |= form
    properties[KEY]["type"] = "integer"
    schema = {"type": "object", "title": TABLE, "properties": properties}
    return {
        "tap_stream_id": "orders",
        "stream": "orders",
        "schema": schema,
        "key_properties": [KEY],
        "replication_method": "FULL_TABLE",
        "metadata": [],
    }


def cachet(job: Job, *, receipts: bool = True) -> list[str]:
    """Return the command of our tap over Cachet's list."""
    config = {
        "api_url": job.url,
        "page_size": job.page_size,
        "requests_per_minute": 0,
        "receipts": receipts,
    }
    return _tap(job, "tap-cachet", config, "incidents")


def _cortex(job: Job, *streams: str, per_minute: int = 0, receipts: bool = True) -> list[str]:
    config = {
        "receipts": receipts,
        "api_url": job.url,
        "api_key": "benchmark",
        "page_size": job.page_size,
        "concurrency": job.workers,
        "requests_per_minute": per_minute,
    }
    return _tap(job, "tap-cortex", config, "entities", *streams)


def cinchy(job: Job, **settings: Any) -> list[str]:
    """Return the command of our tap over Cinchy's table."""
    config = {
        "api_url": job.url,
        "access_token": "benchmark",
        "allow_insecure_http": True,
        "page_size": job.page_size,
        "requests_per_minute": 0,
        "tables_include": ["Sales.*"],
        **settings,
    }
    return _tap(job, "tap-cinchy", config, "orders")


def tap_cachet() -> Contender:
    """Return our tap over Cachet's list."""
    return Contender("tap-cachet", lambda job: [cachet(job)], records=1)


def tap_cortex(*children: str) -> Contender:
    """Return our tap over Cortex' list, and over children of every entity."""
    rows = ROWS_PER_ENTITY if children else 1
    return Contender("tap-cortex", lambda job: [_cortex(job, *children)], records=rows)


def tap_cortex_paced(*children: str, per_minute: int, window: str) -> Contender:
    """Return the same with a limit of its own, against a server with one of some kind."""
    return Contender(
        f"tap-cortex, {window}",
        lambda job: [_cortex(job, *children, per_minute=per_minute)],
        records=ROWS_PER_ENTITY,
        window=window,
    )


def tap_cinchy() -> Contender:
    """Return our tap over Cinchy's table."""
    return Contender("tap-cinchy", lambda job: [cinchy(job)], records=1)


def without_receipts() -> tuple[Contender, Contender]:
    """Return our taps over Cachet's list, whose keys are integers, and over Cortex' one."""
    return (
        Contender("tap-cachet, no receipts", lambda job: [cachet(job, receipts=False)], records=1),
        Contender("tap-cortex, no receipts", lambda job: [_cortex(job, receipts=False)], records=1),
    )


def tap_cinchy_over(connections: int) -> Contender:
    """Return the same with so many requests under way at once."""
    many = "connection" if connections == 1 else "connections"
    return Contender(
        f"tap-cinchy, {connections} {many}",
        lambda job: [cinchy(job, concurrency=connections)],
        records=1,
    )


def parts_on_dask(parts: int) -> Contender:
    """Return the same in parts on Dask, each with one request under way, into Parquet files."""

    def commands(job: Job) -> list[list[str]]:
        cinchy(job, concurrency=1)  # writes both files
        files = [str(job.folder / name) for name in ("config.json", "catalog.json")]
        return [script("dask_parts", str(parts), *files, str(job.folder / PARTS))]

    def start(_job: Job) -> list[list[str]]:
        return [script("dask_parts", str(parts))]

    many = "part" if parts == 1 else "parts"
    return Contender(f"Dask, {parts} {many}", commands, counted=_rows_of_parts, start=start)


def _rows_of_parts(job: Job) -> int:
    files = (job.folder / PARTS / "orders").glob("*.parquet")
    return sum(pq.read_metadata(file).num_rows for file in files)


# The others


def script(name: str, *arguments: str) -> list[str]:
    """Return the command of a contender's own program."""
    return [sys.executable, str(HERE / f"{name}.py"), *arguments]


def plain(
    system: str, *, rows: int = 1, share: float = 1.0, extra: Mapping[str, Any] | None = None
) -> Contender:
    """Return the plainest tap on the same SDK."""

    def commands(job: Job) -> list[list[str]]:
        config = {"api_url": job.url, "page_size": job.page_size, **(extra or {})}
        return [script(f"plain_{system}", "--config", written(job, "config", config))]

    return Contender("plain SDK tap", commands, records=rows, share=share)


def bare(task: str, system: str) -> Contender:
    """Return the bare loop, or only its download."""

    def commands(job: Job) -> list[list[str]]:
        return [script("bare", task, system, job.url, str(job.page_size))]

    name = "bare loop" if task == "copy" else "download only"
    return Contender(name, commands, records=1 if task == "copy" else None)


def dlt_rest(
    task: str, kind: str, name: str, *, workers: int = 0, items: int = 0, window: str = ""
) -> Contender:
    """Return dlt's REST source.

    Args:
        task: What to do: ``extract``, or one of the ways to ``load``.
        kind: ``list`` for Cachet's, ``catalog`` for Cortex', ``fan-out`` for that with children.
        name: In the tables.
        workers: For the resources it reads in parallel.
        items: How many it may have under way, if not its default.
        window: The kind of limit its server has.
    """

    def commands(job: Job) -> list[list[str]]:
        return [script("dlt_rest", task, kind, job.url, str(job.folder))]

    env = {"RUNTIME__DLTHUB_TELEMETRY": "false", "RUNTIME__LOG_LEVEL": "ERROR"}
    env |= {"EXTRACT__WORKERS": str(workers)} if workers else {}
    env |= {"EXTRACT__MAX_PARALLEL_ITEMS": str(items)} if items else {}
    return Contender(name, commands, env=env, window=window)


def python(name: str, *arguments: str) -> Contender:
    """Return an interpreter with arguments."""
    return Contender(name, lambda _job: [[sys.executable, *arguments]])


def version(command: str) -> Contender:
    """Return ``--version`` of an installed command."""
    return Contender(f"{command} --version", lambda _job: [[str(BIN / command), "--version"]])
