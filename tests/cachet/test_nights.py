"""Nights against a healthy status page that is in use: no false alarm, and nothing lost.

The seed in the name of a test draws the version, how the installation is set up, whose key is
used, what happens between two requests, and how the tap is set. A few seeds are in the default run.
"""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Iterator
from typing import Any

import pytest
from support.target import Target

from sandbox.cachet.churn import TABLES, Churn
from sandbox.cachet.generate import Size
from sandbox.cachet.options import ADMIN_TOKEN, Options, Token
from sandbox.cachet.truth import truth

from .conftest import Site, site

QUICK = 3
SEEDS = [pytest.param(seed, marks=() if seed < QUICK else pytest.mark.slow) for seed in range(50)]
SMALL = Size(
    components=14,
    component_groups=3,
    incidents=24,
    incident_templates=3,
    metrics=3,
    metric_points=25,
    schedules=4,
    subscribers=8,
)
BUILDS = ("2024-12-20", "2025-01-20", "2025-12-02", "2026-01-06", "2026-07-10", "2026-07-20")
"""Beside the oldest and newest: the days on which 3.x learned what a reader can see."""
APIS = ("2.3", "2.4", "2.4", "3", "3", "3-2025", *(f"3-{day}" for day in BUILDS))
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata")
ORDERED_2 = ("components", "component_groups", "incident_templates")
"""Lists of 2.x that are sorted by id when asked to; so are all lists of 3.x."""
SELDOM = 50
"""A list in no order may change once in so many requests (it is read twice, and held together)."""
WAYS: dict[str, tuple[Any, ...]] = {
    "database": ("postgresql", "mysql", "sqlite"),
    "scrambled": (True, False),
    "prefix": ("", "/status"),
    "timezone": ZONES,
    "link_root": (None, "http://status.internal"),
}
WAYS_2: dict[str, tuple[Any, ...]] = {
    "app_timezone": ZONES,
    "date_format": ("l jS F Y H:i:s", "Y-m-d H:i", "jS M Y"),
    "language": ("en", "fr", "de"),
    "native_types": (True, False),
    "release_feed": (True, False),
}
WAYS_3: dict[str, tuple[Any, ...]] = {
    "current_page_url": (True, False),
    "stale_host_config": (False, False, True),
    "tags": (False, True),
    "rate_limit": (None, 60),
}
KEYS = (
    Token(ADMIN_TOKEN),
    Token(ADMIN_TOKEN),
    Token("2|reads-nothing-special", abilities=()),
    Token("3|reads-hidden", abilities=("incidents.manage", "schedules.manage")),
    None,
)
SUBSCRIBERS = ("subscribers", "subscriptions")


@dataclasses.dataclass
class Nights:
    """What a seed has drawn."""

    site: Site
    settings: dict[str, Any]
    churn: Churn
    key: Token | None
    said: str


def listed(api: str, key: Token | None) -> bool:
    """Tell whether a server lists its subscribers to the owner of a key."""
    options = Options(api=api)
    if key is None or options.family != 3:
        return key is not None
    return options.build.reworked_api and key.can("subscribers.manage")


def draw(chance: random.Random) -> Iterator[Nights]:
    """Serve a page in use, whose changes wait for the first night."""
    api, key = chance.choice(APIS), chance.choice(KEYS)
    family = 3 if api.startswith("3") else 2
    ways = WAYS | (WAYS_3 if family == 3 else WAYS_2)
    options = {name: chance.choice(choice) for name, choice in ways.items()}
    if options.get("rate_limit"):
        options["rate_window"] = 1.0
    tokens = tuple({one.text: one for one in KEYS if one}.values())
    closed = "always_authenticate" if api == "2.4" else "api_protected" if family == 3 else ""
    if key and closed:
        options[closed] = chance.random() < 0.3
    settings: dict[str, Any] = {
        "api_key": key.text if key else None,
        "timezone": options["timezone"],
        "page_size": chance.choice((7, 20, 100)),
        "concurrency": chance.choice((1, 4)),
        "opt_in_streams": ["component_status_daily", *(SUBSCRIBERS if listed(api, key) else ())],
    }
    with site(api, SMALL, chance.randrange(1000), tokens=tokens, **options) as running:
        settings["api_url"] = running.server.url + options["prefix"]
        ordered = chance.random() < 0.5
        lists = TABLES if family == 3 else ORDERED_2 if ordered else TABLES
        every = chance.choice((1, 3)) if ordered else SELDOM
        churn = Churn(running.world, every=every, seed=chance.randrange(1000), tables=lists)
        said = f"{api}, {options}, {settings}, a change in {every} requests"
        yield Nights(running, settings, churn, key, said)


@pytest.fixture
def nights(request: pytest.FixtureRequest) -> Iterator[Nights]:
    """What the seed of a test draws."""
    yield from draw(random.Random(request.param))


@pytest.mark.parametrize("nights", SEEDS, indirect=True)
def test_a_week_of_nights(nights: Nights) -> None:
    target, resting = Target(), False
    nights.site.world.on_request(lambda request: None if resting else nights.churn(request))
    for night in range(3):
        resting = night == 2  # so that the target can be compared with what is there
        run = nights.site.run(settings=nights.settings, state=target.state or None)
        summary = run.stderr[run.stderr.rfind("\nstream ") :]
        said = f"night {night}, {nights.said}: {summary}"
        assert run.exit_code == 0, said
        run.check_records()
        verdicts = {stream: one["verdict"] for stream, one in run.receipts.items()}
        assert set(verdicts.values()) <= {"complete", "skipped"}, (verdicts, said)
        target.load(run.messages)
    keys = truth(nights.site.world, nights.site.options, nights.key).keys
    for stream in keys.keys() & run.schemas.keys():
        held, there = set(target.tables[stream]), keys[stream]
        if stream == "metric_points":  # read from a bookmark: what was deleted stays
            assert held >= there, (stream, nights.said)
        else:
            assert held == there, (stream, nights.said)
