"""Nights against a healthy platform that is in use: no false alarm, and nothing lost.

The seed in the name of a test draws the release, how the platform shows and takes what it does,
what happens between two requests, and how the tap is set. A few nights are in the default run.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from sandbox.cinchy import SandboxRequest, World, build_world, story

from .conftest import Site, incremental
from .target import Target, versions_of

Start = Callable[..., Site]
QUICK = 3
NIGHTS = [pytest.param(seed, marks=() if seed < QUICK else pytest.mark.slow) for seed in range(50)]
TABLES = {story.TASKS: "delivery_tasks", story.PROJECTS: "delivery_projects"}
INCLUDE = [*TABLES, story.EMPLOYEES, story.INVOICES]
RELEASES = ("5.4.2", "5.6.1", "5.7.0", "5.9.3", "5.11.0", "6.0.0")
WITHOUT_TOKENS, WITHOUT_UTC = ("5.4.2",), ("5.4.2", "5.6.1")
"""Releases that know no personal access tokens, and that give an account in UTC nothing."""
ZONES = ("UTC", "America/New_York", "Asia/Kolkata", "Pacific/Kiritimati")
WAYS: dict[str, tuple[Any, ...]] = {
    "backend": ("sqlserver", "postgres"),
    "filter_zone": (None, *ZONES),
    "ambiguous_hour": ("first", "second"),
    "literal_digits": (0, 3, 7),
    "literal_offset": ("ignored", "honoured", "refused"),
    "shuffle_unordered": (False, True),
    "shuffle_ties": (False, True),
    "page_cap": (None, 7, 40),
    "error_form": ("header", "page", "json"),
    "unauthorized": ("page", "login_page", "redirect"),
    "dates_in_zone": (False, True),
    "fraction_digits": (None, 0, 3, 7),
    "show_offset": (False, True),
    "schema_when_empty": (True, False),
    "always_expanded": (False, True),
    "single_link_as_number": (True, False),
    "quote_labels": (False, True),
    "booleans": ("json", "number", "text"),
    "spatial": ("wkt", "object"),
    "base_path": ("", "/Cinchy"),
    "link_to_deleted": ("value", "null"),
}


class Use:
    """What people do between two requests."""

    def __init__(self, world: World, chance: random.Random, *, erases: bool) -> None:
        self.world, self.chance = world, chance
        self.kinds = ("add", "change", "delete", *(("erase",) if erases else ()))
        self.changes = 0

    def begin(self) -> None:
        """Let a night begin: so many changes, most of them early."""
        self.changes = self.chance.randint(0, 4)

    def __call__(self, request: SandboxRequest) -> None:
        if self.changes and "FROM [Cinchy]" not in request.cql and self.chance.random() < 0.3:
            self.changes -= 1
            self.happen()

    def happen(self) -> None:
        world, table = self.world, self.chance.choice(sorted(TABLES))
        world.clock.advance(60)
        name = "Title" if table == story.TASKS else "Name"
        alive = [row["Cinchy Id"] for row in world.truth(table, deleted=False)]
        kind = self.chance.choice(self.kinds)
        if kind == "add":
            world.insert(table, {name: "new"})
        elif kind == "change":
            world.update(table, self.chance.choice(alive), {name: "changed"})
        elif kind == "delete":
            world.delete(table, self.chance.choice(alive))
        else:
            world.erase(table, self.chance.choice(alive))


def draw(chance: random.Random) -> tuple[World, dict[str, Any], dict[str, Any]]:
    """Return a world, the options of its server, and settings of the tap."""
    release = chance.choice(RELEASES)
    world = build_world(
        seed=chance.randrange(1000),
        rows=30,
        version=release,
        delete_moves_modified=chance.random() < 0.7,
        domains_renamed=release >= "6" and chance.random() < 0.5,
        first_id=chance.choice((1, 1, -20, 10**12)),
        id_step=chance.choice((1, 3)),
    )
    options = {name: chance.choice(ways) for name, ways in WAYS.items()}
    zones = [zone for zone in ZONES if zone != "UTC" or release not in WITHOUT_UTC]
    options["output_zone"] = chance.choice(zones)
    settings: dict[str, Any] = {
        "tables_include": INCLUDE,
        "page_size": chance.choice((5, 20, 5000)),
        "concurrency": chance.choice((1, 4)),
        "link_output": chance.choice(("id", "id_and_label")),
        "include_history": chance.random() < 0.3,
        "timezone": chance.choice((None, options["output_zone"])),
    }
    return world, options, {name: value for name, value in settings.items() if value is not None}


@pytest.mark.parametrize("seed", NIGHTS)
def test_a_week_of_nights(start: Start, seed: int) -> None:
    chance = random.Random(seed)
    world, options, settings = draw(chance)
    running = start(world, **options)
    config = running.config(**settings)
    if world.version in WITHOUT_TOKENS or chance.random() < 0.3:
        config = running.password(**settings)
        running.app.options.token_requests = chance.choice((None, 40))
    by_changes = chance.random() < 0.5
    catalog = None
    if by_changes:
        found = running.discover(**settings) if "access_token" in config else None
        catalog = incremental(found, *TABLES.values()) if found else None
    use = Use(world, chance, erases=catalog is None)
    world.on_request(use)
    target = Target()
    for night in range(3):
        if night == 2:
            use.changes = 0  # so that the target can be compared with what is there
        else:
            use.begin()
        run = running.run(config=config, catalog=catalog, state=target.state or None)
        said = f"seed {seed}, night {night}, {options}, {settings}: {run.stderr}"
        assert run.exit_code == 0, said
        run.check_records()
        assert {one["verdict"] for one in run.receipts.values()} <= {"complete", "skipped"}, said
        target.load(run.messages)
        world.clock.advance(20 * 60)
    for table, stream in TABLES.items():
        assert target.versions(stream) == versions_of(world, table), (seed, stream)
