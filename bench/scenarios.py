"""What is measured: worlds, who reads them, and the numbers that must be reached."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Literal

from bench import contenders as who

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.contenders import Contender
    from bench.results import Outcome

CHILDREN = ("groups", "dependencies", "deploys")
LIMIT = 1000
PACE = 960
"""What our tap is told where the server allows 1000 a minute."""
SERIAL_SHARE = 0.05
QUICK = 0.01
"""Part of every world in a quick run."""


@dataclasses.dataclass(frozen=True)
class Scenario:
    """One world and its readers."""

    name: str
    title: str
    world: str
    size: int
    """Records or entities."""
    contenders: tuple[Contender, ...]
    page_size: int = 1000
    workers: int = 1
    latency_ms: int = 0
    limit: int = 0
    """Requests a minute."""
    window: str = "fixed"
    requests_each: int = 0
    """Requests for each entity, where requests are what counts."""
    most_rounds: int = 99
    """Long ones are not repeated as often."""
    least: int = 20
    """Size of a quick run at least."""

    def quick(self) -> Scenario:
        """Return the same with a world that is read in no time."""
        size = max(self.least, int(self.size * QUICK))
        readers = tuple(dataclasses.replace(one, share=1.0) for one in self.contenders)
        return dataclasses.replace(self, size=size, contenders=readers, most_rounds=1)


def lists(size: int = 200_000) -> list[Scenario]:
    """Long lists, in pages of 100 and of 1 000."""
    hundred = (
        who.tap_cachet(),
        who.plain("cachet"),
        who.dlt_rest("extract", "list", "dlt rest_api, extract"),
        who.bare("copy", "cachet"),
        who.bare("download", "cachet"),
    )
    thousand = (
        who.tap_cortex(),
        who.plain("cortex", extra={"children": False}),
        who.bare("copy", "cortex"),
        who.bare("download", "cortex"),
    )
    return [
        Scenario("list-100", "A list, 100 a page", "cachet", size, hundred, page_size=100),
        Scenario("list-1000", "A list, 1 000 a page", "cortex-list", size, thousand),
    ]


def fan_out(size: int = 2000) -> list[Scenario]:
    """Three requests for each of many entities."""
    found = []
    for latency in (0, 50, 200):
        readers = [
            who.tap_cortex(*CHILDREN),
            who.dlt_rest("extract", "fan-out", "dlt rest_api, parallelized", workers=16),
        ]
        share = SERIAL_SHARE if latency else 0.25
        readers.append(who.plain("cortex", rows=who.ROWS_PER_ENTITY, share=share))
        scenario = Scenario(
            f"fan-out-{latency}",
            f"Fan-out, 16 workers, {latency} ms",
            "cortex",
            size,
            tuple(readers),
            workers=16,
            latency_ms=latency,
            requests_each=len(CHILDREN),
            most_rounds=2,
        )
        found.append(scenario)
    return found


def limited(size: int = 1000) -> list[Scenario]:
    """The same against a server that allows 1 000 requests a minute."""
    readers = (
        who.tap_cortex_paced(*CHILDREN, per_minute=PACE),
        who.dlt_rest("extract", "fan-out", "dlt rest_api, parallelized", workers=16),
    )
    return [
        Scenario(
            f"limit-{window}",
            f"Fan-out, 50 ms, 1 000 requests a minute ({kind})",
            "cortex",
            size,
            readers,
            workers=16,
            latency_ms=50,
            limit=LIMIT,
            window=window,
            requests_each=len(CHILDREN),
            most_rounds=1,
        )
        for window, kind in (("fixed", "fixed minutes"), ("bucket", "token bucket"))
    ]


def cinchy(size: int = 300_000) -> list[Scenario]:
    """Rows of 30 columns in pages of 1 000."""
    readers = (
        who.tap_cinchy(),
        who.plain("cinchy"),
        who.bare("copy", "cinchy"),
        who.bare("download", "cinchy"),
    )
    return [Scenario("cinchy", "Cinchy, 30 columns, 1 000 a page", "cinchy", size, readers)]


def duckdb(size: int = 60_000) -> list[Scenario]:
    """From the wire into DuckDB."""
    readers = (
        who.tap_into_duckdb(),
        who.dlt_rest("load", "list", "dlt rest_api, defaults"),
        who.dlt_rest("load-parquet", "list", "dlt rest_api, parquet files"),
    )
    title = "Into DuckDB, 100 a page"
    return [
        Scenario("duckdb", title, "cachet", size, readers, page_size=100, most_rounds=2, least=200)
    ]


def start_up() -> list[Scenario]:
    """What every command costs before it does anything, and until its first record."""
    readers = (
        who.python("import singer_sdk", "-c", "import singer_sdk"),
        *(who.version(f"tap-{name}") for name in ("cachet", "cortex", "cinchy")),
        dataclasses.replace(who.tap_cachet(), name="tap-cachet, one record"),
        dataclasses.replace(who.plain("cachet"), name="plain SDK tap, one record"),
    )
    return [Scenario("start-up", "Start-up", "cachet", 1, readers, page_size=100, least=1)]


def memory() -> list[Scenario]:
    """Much more of the same."""
    found = []
    for size in (10_000, 1_000_000):
        title = f"Memory, {size:,} records".replace(",", " ")
        reader = (who.tap_cachet(),)
        found.append(
            Scenario(f"memory-{size}", title, "cachet", size, reader, 100, most_rounds=1, least=500)
        )
    return found


def growth() -> list[Scenario]:
    """More and more entities."""
    return [
        Scenario(
            f"growth-{size}",
            f"Growth, {size} entities, one request each",
            "cortex",
            size,
            (dataclasses.replace(who.tap_cortex("groups"), records=3),),
            workers=4,
            requests_each=1,
            most_rounds=3,
        )
        for size in (1000, 4000, 16_000)
    ]


def everything() -> list[Scenario]:
    """Return all scenarios, in the order of the report."""
    families = (start_up, lists, cinchy, duckdb, fan_out, limited, memory, growth)
    return [scenario for family in families for scenario in family()]


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


DLT_EXTRACT, DLT_PARALLEL = "dlt rest_api, extract", "dlt rest_api, parallelized"
DLT_LOAD, DLT_PARQUET = "dlt rest_api, defaults", "dlt rest_api, parquet files"
PIPE, PLAIN, BARE = "tap-cachet | target-dlt", "plain SDK tap", "bare loop"
SDK = "import singer_sdk"


def _start_up(command: str) -> Target:
    return Target(
        f"start-up of {command} against {SDK}, CPU",
        lambda found: found.ratio("start-up", command, SDK, "cpu"),
        1.3,
        "at most",
    )


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
    name = f"limit-{window}"
    return [
        Target(
            f"share of the limit that is used ({window})",
            lambda found: 100 * found.share_of_limit(name, "tap-cortex", LIMIT),
            95,
            "at least",
            "%",
        ),
        Target(
            f"answers 429 per 1 000 requests ({window})",
            lambda found: found.refused(name, "tap-cortex"),
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
        "list: dlt rest_api extract against ours, CPU",
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
    _start_up("tap-cachet --version"),
    _start_up("tap-cortex --version"),
    _start_up("tap-cinchy --version"),
    _start_up("tap-cachet, one record"),
    Target(
        "memory, 1 000 000 records more than 10 000",
        lambda found: found.growth_of_memory("memory-10000", "memory-1000000", "tap-cachet"),
        20,
        "at most",
        " MB",
    ),
    Target(
        "CPU per entity, 16 000 against 1 000",
        lambda found: found.per_size("growth-16000", "growth-1000", "tap-cortex"),
        1.1,
        "at most",
    ),
)
