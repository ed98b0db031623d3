"""The numbers that must be reached."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Literal

from bench.contenders.loading import DUCKDB_MEMORY
from bench.scenarios import (
    DLT_EXTRACT,
    DLT_LOAD,
    DLT_PARALLEL,
    DLT_PARQUET,
    LIMIT,
    ONE_LOADED,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.results import Outcome


@dataclasses.dataclass(frozen=True)
class Target:
    """A number that must be reached."""

    what: str
    value: Callable[[Outcome], float]
    bound: float
    sense: Literal["at most", "at least"]
    unit: str = "x"

    def met(self, value: float) -> bool:
        """Whether the number is good enough."""
        return value <= self.bound if self.sense == "at most" else value >= self.bound


PIPE, PLAIN, BARE = "tap-cachet + target-dlt", "plain SDK tap", "bare loop"
OURS = "target-dlt, DuckDB"
IN_PROCESS, BARE_ARROW = "cachet_source, in process", "bare loop to Arrow and DuckDB"
BOUNDED = f"{IN_PROCESS}, {DUCKDB_MEMORY} for DuckDB"
WIDE_PIPE, WIDE = "tap-cinchy + target-dlt", "tap-cinchy as a source, in process"
POSTGRES_PIPE, POSTGRES = f"{PIPE}, PostgreSQL", f"{IN_PROCESS}, PostgreSQL"
SDK = "import singer_sdk"


def _start_up(command: str) -> Target:
    return Target(
        f"start-up of {command} against {SDK}, CPU",
        lambda found: found.ratio("start-up", command, SDK, "cpu"),
        1.3,
        "at most",
    )


def _pair_start_up(found: Outcome) -> float:
    imports = sum(found.entry("start-up", name).median("cpu") for name in (SDK, "import dlt"))
    return found.entry("start-up", ONE_LOADED).median("cpu") / imports


def _fan_out(latency: int, to_ideal: float, to_dlt: float) -> list[Target]:
    name = f"fan-out-{latency}"
    return [
        Target(
            f"fan-out at {latency} ms, 16 workers, against the ideal, time",
            lambda found: found.to_ideal(name, "tap-cortex"),
            to_ideal,
            "at most",
        ),
        Target(
            f"fan-out at {latency} ms against dlt parallelized, time",
            lambda found: found.ratio(name, DLT_PARALLEL, "tap-cortex", "seconds"),
            to_dlt,
            "at least",
        ),
    ]


def _limited(window: str) -> list[Target]:
    name = f"tap-cortex, {window}"
    return [
        Target(
            f"share of 1 000 requests a minute that is used ({window})",
            lambda found: 100 * found.share_of_limit("limit", name, LIMIT),
            95,
            "at least",
            "%",
        ),
        Target(
            f"answers 429 per 1 000 requests ({window})",
            lambda found: found.refused("limit", name),
            5,
            "at most",
            "",
        ),
    ]


TARGETS = (
    Target(
        "list, 100 a page: plain SDK tap against ours, CPU",
        lambda found: found.ratio("list-100", PLAIN, "tap-cachet", "cpu"),
        6,
        "at least",
    ),
    Target(
        "list, 1 000 a page: plain SDK tap against ours, CPU",
        lambda found: found.ratio("list-1000", PLAIN, "tap-cortex", "cpu"),
        6,
        "at least",
    ),
    Target(
        "receipts, integer keys, CPU with them against without",
        lambda found: found.ratio(
            "receipts-integers", "tap-cachet", "tap-cachet, no receipts", "cpu"
        ),
        1.05,
        "at most",
    ),
    Target(
        "receipts, text keys, CPU with them against without",
        lambda found: found.ratio("receipts-texts", "tap-cortex", "tap-cortex, no receipts", "cpu"),
        1.10,
        "at most",
    ),
    Target(
        "list, 100 a page: ours against the bare loop, CPU",
        lambda found: found.ratio("list-100", "tap-cachet", BARE, "cpu"),
        1.5,
        "at most",
    ),
    Target(
        "list, 1 000 a page: ours against the bare loop, CPU",
        lambda found: found.ratio("list-1000", "tap-cortex", BARE, "cpu"),
        1.5,
        "at most",
    ),
    Target(
        "list, 1 000 a page: dlt rest_api extract against ours, CPU",
        lambda found: found.ratio("list-1000", DLT_EXTRACT, "tap-cortex", "cpu"),
        4,
        "at least",
    ),
    Target(
        "list, 100 a page: dlt rest_api extract against ours, CPU",
        lambda found: found.ratio("list-100", DLT_EXTRACT, "tap-cachet", "cpu"),
        4,
        "at least",
    ),
    Target(
        "into DuckDB: dlt defaults against ours, CPU",
        lambda found: found.ratio("duckdb", DLT_LOAD, PIPE, "cpu"),
        8,
        "at least",
    ),
    Target(
        "into DuckDB: dlt defaults against ours, memory",
        lambda found: found.ratio("duckdb", DLT_LOAD, PIPE, "memory"),
        10,
        "at least",
    ),
    Target(
        "into DuckDB: dlt with parquet files against ours, CPU",
        lambda found: found.ratio("duckdb", DLT_PARQUET, PIPE, "cpu"),
        2,
        "at least",
    ),
    Target(
        "into DuckDB: by pipe against in process, CPU",
        lambda found: found.ratio("duckdb", PIPE, IN_PROCESS, "cpu"),
        2,
        "at least",
    ),
    Target(
        "into DuckDB, 30 columns, 1 000 a page: by pipe against in process, CPU",
        lambda found: found.ratio("wide", WIDE_PIPE, WIDE, "cpu"),
        2,
        "at least",
    ),
    Target(
        "into PostgreSQL: by pipe against in process, CPU",
        lambda found: found.ratio("postgres", POSTGRES_PIPE, POSTGRES, "cpu"),
        2,
        "at least",
    ),
    Target(
        "into DuckDB: in process against the bare loop to Arrow, CPU",
        lambda found: found.ratio("duckdb", IN_PROCESS, BARE_ARROW, "cpu"),
        2,
        "at most",
    ),
    Target(
        "into DuckDB: dlt with parquet files against in process, CPU",
        lambda found: found.ratio("duckdb", DLT_PARQUET, IN_PROCESS, "cpu"),
        8,
        "at least",
    ),
    Target(
        "a file of messages: target-postgres against target-dlt, time",
        lambda found: found.ratio("load", "target-postgres, PostgreSQL", OURS, "seconds"),
        8,
        "at least",
    ),
    Target(
        "a file of messages: dlt from dictionaries against target-dlt, time",
        lambda found: found.ratio("load", "dlt from dictionaries, DuckDB", OURS, "seconds"),
        2.5,
        "at least",
    ),
    *_fan_out(50, 1.3, 1.4),
    *_fan_out(200, 1.1, 1.3),
    *_limited("fixed"),
    *_limited("bucket"),
    Target(
        "Cinchy: plain SDK tap against ours, CPU",
        lambda found: found.ratio("cinchy", PLAIN, "tap-cinchy", "cpu"),
        5,
        "at least",
    ),
    Target(
        "Cinchy at 300 ms: one connection against four, time",
        lambda found: found.ratio(
            "cinchy-300", "tap-cinchy, 1 connection", "tap-cinchy, 4 connections", "seconds"
        ),
        3,
        "at least",
    ),
    Target(
        "Cinchy at 300 ms on Dask: one part against four, time",
        lambda found: found.ratio("parts", "Dask, 1 part", "Dask, 4 parts", "seconds"),
        3,
        "at least",
    ),
    _start_up("tap-cachet --version"),
    _start_up("tap-cortex --version"),
    _start_up("tap-cinchy --version"),
    _start_up("tap-cachet, one record"),
    Target(
        "start-up of target-dlt --version, CPU",
        lambda found: found.entry("start-up", "target-dlt --version").median("cpu"),
        0.3,
        "at most",
        " s",
    ),
    Target(
        f"start-up of {ONE_LOADED}, against {SDK} and import dlt, CPU",
        _pair_start_up,
        1.2,
        "at most",
    ),
    Target(
        "memory, 1 000 000 records more than 10 000",
        lambda found: found.growth_of_memory("memory-10000", "memory-1000000", "tap-cachet"),
        20,
        "at most",
        " MB",
    ),
    Target(
        "memory in process, DuckDB bounded, 1 000 000 records more than 10 000",
        lambda found: found.growth_of_memory("memory-10000", "memory-1000000", BOUNDED),
        150,
        "at most",
        " MB",
    ),
    Target(
        "CPU per entity, 20 000 against 1 000",
        lambda found: found.per_size("growth-20000", "growth-1000", "tap-cortex"),
        1.1,
        "at most",
    ),
)
