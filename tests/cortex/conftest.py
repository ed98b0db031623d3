from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from support.tap_run import RECEIPTS, TapRun, discover, run_tap, select
from support.warm import run_warm

from sandbox.cortex.app import create_app
from sandbox.cortex.options import DEFAULT_TOKEN, Options
from sandbox.cortex.world import World, WorldSpec
from sandbox.serve import Running, serve
from singer_rest.errors import Outcome
from tap_cortex.values import digest

NOW = dt.datetime.now(dt.UTC).replace(minute=0, second=0, microsecond=0)
SMALL = WorldSpec(now=NOW, entities=60, crowd=104, logs=210, deleted=0)
"""Of every stream some rows, and for two entities more than fit on a page of 100."""

DEFAULT_STREAMS = {
    "catalogs",
    "discovery_audit",
    "entities",
    "entity_descriptors",
    "entity_hierarchy",
    "entity_links",
    "entity_metadata",
    "entity_owners",
    "entity_types",
    "gitops_logs",
    "initiatives",
    "relationship_types",
    "relationships",
    "scorecard_levels",
    "scorecard_rule_exemptions",
    "scorecard_rule_results",
    "scorecard_rules",
    "scorecard_scores",
    "scorecard_scores_daily",
    "scorecards",
    "team_hierarchies",
    "team_members",
    "teams",
    "workflows",
}
INCREMENTAL = {
    "audit_logs",
    "custom_events",
    "custom_metrics",
    "notification_logs",
    "notification_runs",
}
UNASKABLE = {".", "..", "definitions"}
DAILY = {
    "entity_owners_daily": "entity_owners",
    "scorecard_scores_daily": "scorecard_scores",
    "scorecard_rule_results_daily": "scorecard_rule_results",
}


def all_streams() -> set[str]:
    """Every stream of the catalog but that of receipts, which nobody selects."""
    names = {stream["tap_stream_id"] for stream in discover("tap-cortex")["streams"]}
    return names - {RECEIPTS}


@dataclasses.dataclass
class Site:
    """A served workspace, and the tap pointed at it."""

    world: World
    options: Options
    server: Running

    def config(self, **settings: Any) -> dict[str, Any]:
        return {
            "api_url": self.server.url,
            "api_key": DEFAULT_TOKEN,
            "requests_per_minute": 0,
            "page_size": 100,
            "retry_pause": 0,
            "wide_lookback_days": 0,  # not in every week's first run of the tests
            "custom_metric_keys": self.world.custom_metric_keys,
            **settings,
        }

    def run(self, *streams: str, arguments: tuple[str, ...] = (), **more: Any) -> TapRun:
        """Run the tap on some streams; on those selected by default if none is named.

        That is the installed command, without importing the tap anew for every run; ``cold``
        starts it as a user does.
        """
        start = run_tap if more.pop("cold", False) else run_warm
        settings = more.pop("settings", {})
        if streams:
            more["catalog"] = select(discover("tap-cortex"), *streams)
        return start("tap-cortex", self.config(**settings), *arguments, **more)

    def keys(self, stream: str) -> set[tuple[Any, ...]]:
        """Return the keys of a complete read, in the form of the tap's rows."""
        truth = self.world.truth
        if stream in DAILY:
            today = dt.datetime.now(dt.UTC).date().isoformat()
            return {(today, *key) for key in truth(DAILY[stream])}
        if stream == "audit_logs":
            return {(digest(*(key[0], key[1], *key[2:])),) for key in truth(stream)}
        found = truth(stream, teams=self.options.teams_in_catalog)
        if stream == "dependencies":
            # Edges of an entity whose tag cannot be asked for are read at the other end, unless
            # that is gone or cannot be asked for either.
            answering = {entity.tag for entity in self.world.truth.living()} - UNASKABLE
            return {key for key in truth(stream) if {key[0], key[1]} & answering}
        if stream in {"gitops_logs", "scorecard_rule_exemptions", "custom_metrics"}:
            return {(*key[:-1], instant(key[-1])) for key in found}
        return found

    def asked(self, ending: str) -> list[str]:
        """Return the paths of the requests that end in this way."""
        return [r.path for r in self.server.requests if r.path.endswith(ending)]


def instant(text: str) -> str:
    """Write an instant as rows have it."""
    moment = dt.datetime.fromisoformat(text).astimezone(dt.UTC)
    return moment.isoformat().removesuffix("+00:00") + "Z"


def outcomes(run: TapRun) -> dict[str, str]:
    """Return what the summary says of every stream."""
    lines = [line.split() for line in run.stderr.splitlines() if line[:1].strip()]
    verdicts = {outcome.value for outcome in Outcome}
    return {words[0]: words[1] for words in lines if words[1:2] and words[1] in verdicts}


@contextlib.contextmanager
def site(spec: WorldSpec = SMALL, **options: Any) -> Iterator[Site]:
    world = World(spec)
    settings = Options(**options)
    with serve(create_app(world, settings)) as server:
        yield Site(world, settings, server)


@pytest.fixture(scope="module")
def workspace() -> Iterator[Site]:
    """A workspace that no test changes."""
    with site() as running:
        yield running
