"""Nights against a healthy workspace that is in use: no false alarm, and nothing lost.

The seed in the name of a test draws the workspace, how the API answers what is documented nowhere,
whose key is used, what happens between two requests, and how the tap is set. A few seeds are in the
default run.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import random
from collections.abc import Iterator
from typing import Any

import pytest
from support.target import Target

from sandbox.cortex.churn import Churn
from sandbox.cortex.keys import ApiKey
from sandbox.cortex.options import DEFAULT_TOKEN

from .conftest import DAILY, SMALL, Site, all_streams, site

QUICK = 3
SEEDS = [pytest.param(seed, marks=() if seed < QUICK else pytest.mark.slow) for seed in range(50)]
SELDOM = 50
"""Lists in no order may change once in so many requests: they are read twice then."""
WAYS: dict[str, tuple[Any, ...]] = {
    "teams_in_catalog": (False, True),
    "scores_totals": (False, True),
    "catalogs_key": ("catalogPages", "catalogs"),
    "departments_listable": (True, False),
    "uncertain": ("envelope", "array", "absent"),
    "documentation": ("absent", "array", "object", "single"),
    "health": ("absent", "json"),
    "absent_status": (404, 405, 501),
    "date_bounds": ("closed", "half_open"),
    "notification_date": ("dateCreated", "dateUpdated"),
    "scim": (True, False),
    "scim_page": (100, 8),
    "integration_missing": (404, 400),
    "order": ("as_made", "by_key", "recent_first"),
    "totals": ("exact", "text", "float", "pages_only"),
    "page_cap": (None, None, 40),
    "descriptors_yaml": (False, True),
    "configurations_unlisted": (frozenset(), frozenset({"pagerduty"})),
    "unlicensed": (frozenset(), frozenset({"SCAFFOLDERS"}), frozenset({"WORKFLOW_RUNS"})),
}
ROLES = ("ADMIN", "ADMIN", "USER", "READ_ONLY", "CUSTOM")
ASKED_BY_SETTINGS = {
    "chat_completions",
    "cql_queries",
    "eng_intel_trace",
    "engineering_metrics",
    "engineering_metrics_by_period",
}
LOGS = {
    "audit_logs",
    "custom_events",
    "custom_metrics",
    "gitops_logs",
    "notification_logs",
    "notification_runs",
}
"""Read from a bookmark: what was deleted stays."""
CHANGING = ("entities", "deploys", "custom_events", "gitops_logs", "users")
"""What may change in any way; rows of an audit log only come."""
WITHOUT_TRUTH = {"discovery_audit", "docs_list", "health", "oncall_daily"}


@dataclasses.dataclass
class Nights:
    """What a seed has drawn."""

    site: Site
    streams: tuple[str, ...]
    settings: dict[str, Any]
    churns: tuple[Churn, ...]
    said: str

    def happen(self) -> None:
        """Let happen what may happen before a request."""
        for churn in self.churns:
            churn()


def draw(chance: random.Random) -> Iterator[Nights]:
    """Serve a workspace in use, whose changes wait for the first night."""
    spec = dataclasses.replace(
        SMALL,
        now=dt.datetime.now(dt.UTC) - dt.timedelta(minutes=1),
        seed=chance.randrange(1000),
        entities=30,
        crowd=9,
        logs=60,
        archived_share=chance.choice((0.05, 0.3)),
        identical_logs=chance.choice((0, 4)),
        odd_rules=chance.random() < 0.5,
    )
    role = chance.choice(ROLES)
    options = {name: chance.choice(ways) for name, ways in WAYS.items()}
    options["keys"] = [ApiKey(token=DEFAULT_TOKEN, role=role)]
    settings = {
        "page_size": chance.choice((10, 50, 1000)),
        "concurrency": chance.choice((1, 4)),
        "retire_history": True,
        "accept_fewer_rows": True,  # in so small a workspace one entity may have half of them
        "on_stream_error": "skip",  # what the account may not see, or the workspace has not
    }
    many = sorted(all_streams() - ASKED_BY_SETTINGS)
    streams = tuple(many if chance.random() < 0.2 else chance.sample(many, 14))
    with site(spec, **options) as running:
        churns = (
            Churn(running.world, every=SELDOM, seed=chance.randrange(1000), lists=CHANGING),
            Churn(running.world, every=SELDOM, actions=("add",), lists=("audit_logs",)),
        )
        said = f"{spec}, {options}, {settings}, {streams}"
        yield Nights(running, streams, settings, churns, said)


@pytest.fixture
def nights(request: pytest.FixtureRequest) -> Iterator[Nights]:
    """What the seed of a test draws."""
    yield from draw(random.Random(request.param))


@pytest.mark.parametrize("nights", SEEDS, indirect=True)
def test_a_week_of_nights(nights: Nights) -> None:
    target, resting = Target(), False
    nights.site.world.on_request(lambda _call: None if resting else nights.happen())
    for night in range(3):
        resting = night == 2  # so that the target can be compared with what is there
        run = nights.site.run(*nights.streams, settings=nights.settings, state=target.state or None)
        summary = run.stderr[run.stderr.rfind("\nstream ") :]
        said = f"night {night}, {nights.said}: {summary}"
        assert run.exit_code == 0, said
        run.check_records()
        target.load(run.messages)
    complete = {name for name, one in run.receipts.items() if one["verdict"] == "complete"}
    for stream in complete - WITHOUT_TRUTH:
        held, there = set(target.tables[stream]), nights.site.keys(stream)
        lost, kept = there - held, held - there
        assert not lost, (stream, lost, nights.said)
        assert not kept or stream in LOGS or stream in DAILY, (stream, kept, nights.said)
