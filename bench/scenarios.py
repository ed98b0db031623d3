"""What is measured: worlds, and who reads them."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from bench import contenders as who
from bench.contenders import loading

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.contenders import Contender

COMMANDS = ("tap-cachet", "tap-cortex", "tap-cinchy", "target-dlt")
ONE_LOADED = "tap-cachet + target-dlt, one record"
CHILDREN = ("groups", "dependencies", "deploys")
LIMIT = 1000
"""Requests a minute that a server allows, and that our tap is told."""
FILE = "file"
"""The world of those who only load."""
DLT_EXTRACT = "dlt rest_api, extract"
DLT_PARALLEL = "dlt rest_api, parallelized"
DLT_AHEAD = "dlt rest_api, parallelized, 32 items"
DLT_LOAD, DLT_PARQUET = "dlt rest_api, defaults", "dlt rest_api, parquet files"
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
    side_by_side: bool = False
    """All contenders wait for the clock, not for each other: they run at the same time."""

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
        who.dlt_rest("extract", "list", DLT_EXTRACT),
        who.bare("copy", "cachet"),
        who.bare("download", "cachet"),
    )
    thousand = (
        who.tap_cortex(),
        who.plain("cortex", extra={"children": False}),
        who.dlt_rest("extract", "catalog", DLT_EXTRACT),
        who.bare("copy", "cortex"),
        who.bare("download", "cortex"),
    )
    return [
        Scenario("list-100", "A list, 100 a page", "cachet", size, hundred, page_size=100),
        Scenario("list-1000", "A list, 1 000 a page", "cortex-list", size, thousand),
    ]


def fan_out(size: int = 2000, far: int = 600) -> list[Scenario]:
    """Three requests for each of many entities."""
    found = []
    for latency, entities, share in ((0, size, 0.25), (50, size, 0.05), (200, far, 0.05)):
        readers = (
            who.tap_cortex(*CHILDREN),
            who.dlt_rest("extract", "fan-out", DLT_PARALLEL, workers=16),
            who.dlt_rest("extract", "fan-out", DLT_AHEAD, workers=16, items=32),
            who.plain("cortex", rows=who.ROWS_PER_ENTITY, share=share),
        )
        found.append(
            Scenario(
                f"fan-out-{latency}",
                f"Fan-out, three requests an entity, 16 workers, {latency} ms",
                "cortex",
                entities,
                readers,
                workers=16,
                latency_ms=latency,
                requests_each=len(CHILDREN),
                most_rounds=2,
            )
        )
    return found


def limited(size: int = 1000) -> list[Scenario]:
    """The same against servers that allow 1 000 requests a minute, each in its own way."""
    kinds = ("fixed", "bucket")
    readers = [who.tap_cortex_paced(*CHILDREN, per_minute=LIMIT, window=kind) for kind in kinds]
    readers += [
        who.dlt_rest("extract", "fan-out", f"{DLT_PARALLEL}, {kind}", workers=16, window=kind)
        for kind in kinds
    ]
    return [
        Scenario(
            "limit",
            "3 000 requests at 200 ms, 1 000 a minute allowed (fixed minutes or a token bucket)",
            "cortex",
            size,
            tuple(readers),
            workers=16,
            latency_ms=200,
            limit=LIMIT,
            requests_each=len(CHILDREN),
            most_rounds=1,
            side_by_side=True,
        )
    ]


def cinchy(size: int = 300_000, far: int = 200_000) -> list[Scenario]:
    """Rows of 30 columns in pages of 1 000, from nearby and from afar."""
    readers = (
        who.tap_cinchy(),
        who.plain("cinchy"),
        who.bare("copy", "cinchy"),
        who.bare("download", "cinchy"),
    )
    title = "Cinchy, 30 columns, 1 000 a page"
    over = (who.tap_cinchy_over(1), who.tap_cinchy_over(4))
    return [
        Scenario("cinchy", title, "cinchy", size, readers),
        Scenario(
            "cinchy-300", f"{title}, 300 ms", "cinchy", far, over, latency_ms=300, most_rounds=1
        ),
    ]


def parts(size: int = 200_000) -> list[Scenario]:
    """One read as one part and as four, from afar."""
    readers = (who.parts_on_dask(1), who.parts_on_dask(4))
    title = "Cinchy in parts on Dask, 30 columns, 500 a page, 300 ms"
    return [
        Scenario(
            "parts", title, "cinchy", size, readers, page_size=500, latency_ms=300, most_rounds=1
        )
    ]


def duckdb(size: int = 60_000) -> list[Scenario]:
    """From the wire into DuckDB."""
    readers = (
        loading.tap_into_duckdb(),
        loading.in_process_into_duckdb(),
        loading.bare_arrow(),
        loading.rest_into_duckdb("load", DLT_LOAD),
        loading.rest_into_duckdb("load-parquet", DLT_PARQUET),
    )
    title = "From the wire into DuckDB, 100 a page"
    return [
        Scenario("duckdb", title, "cachet", size, readers, page_size=100, most_rounds=2, least=200)
    ]


def wide(size: int = 200_000) -> list[Scenario]:
    """Wide rows in long pages from the wire into DuckDB: little but rows."""
    readers = (loading.wide_into_duckdb(), loading.wide_in_process())
    title = "From the wire into DuckDB, 30 columns, 1 000 a page"
    return [Scenario("wide", title, "cinchy", size, readers, least=200)]


def postgres(size: int = 60_000) -> list[Scenario]:
    """From the wire into PostgreSQL."""
    readers = (loading.tap_into_postgres(), loading.in_process_into_postgres())
    title = "From the wire into PostgreSQL, 100 a page"
    return [Scenario("postgres", title, "cachet", size, readers, page_size=100, least=200)]


def load(size: int = 1_000_000) -> list[Scenario]:
    """A file of Singer messages into a database."""
    readers = (
        loading.file_into_duckdb(),
        loading.dictionaries(share=0.1),
        loading.target_postgres(share=0.02),
    )
    title = "A file of Singer messages, 20 columns, into a database"
    return [Scenario("load", title, FILE, size, readers, most_rounds=2, least=1000)]


def start_up() -> list[Scenario]:
    """What every command costs before it does anything, and until its first record."""
    readers = (
        who.python("import singer_sdk", "-c", "import singer_sdk"),
        who.python("import dlt", "-c", "import dlt"),
        *(who.version(command) for command in COMMANDS),
        dataclasses.replace(who.tap_cachet(), name="tap-cachet, one record"),
        dataclasses.replace(loading.tap_into_duckdb(), name=ONE_LOADED),
        dataclasses.replace(who.plain("cachet"), name="plain SDK tap, one record"),
    )
    return [Scenario("start-up", "Start-up", "cachet", 1, readers, page_size=100, least=1)]


def receipts(size: int = 200_000) -> list[Scenario]:
    """The same with and without receipts, keys being integers and texts."""
    cachet_without, cortex_without = who.without_receipts()
    return [
        Scenario(
            "receipts-integers",
            "Receipts, integer keys",
            "cachet",
            size,
            (who.tap_cachet(), cachet_without),
            page_size=100,
        ),
        Scenario(
            "receipts-texts",
            "Receipts, text keys",
            "cortex-list",
            size,
            (who.tap_cortex(), cortex_without),
        ),
    ]


def memory() -> list[Scenario]:
    """Much more of the same."""
    found = []
    for size in (10_000, 1_000_000):
        title = f"Memory, {size:,} records".replace(",", " ")
        readers = (
            who.tap_cachet(),
            loading.in_process_into_duckdb(),
            loading.in_process_bounded(),
        )
        made = Scenario(f"memory-{size}", title, "cachet", size, readers, 100, most_rounds=1)
        found.append(dataclasses.replace(made, least=500))
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
        for size in (1000, 4000, 20_000)
    ]


WORLDS: dict[str, Callable[[], list[Scenario]]] = {
    "start-up": start_up,
    "lists": lists,
    "cinchy": cinchy,
    "parts": parts,
    "duckdb": duckdb,
    "wide": wide,
    "postgres": postgres,
    "load": load,
    "fan-out": fan_out,
    "limit": limited,
    "receipts": receipts,
    "memory": memory,
    "growth": growth,
}
"""By the names of the command line, in the order of the report."""
