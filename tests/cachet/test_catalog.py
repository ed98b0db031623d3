"""The catalog, its columns, and what the SDK checks of every tap."""

from __future__ import annotations

import atexit
import json
from pathlib import Path
from typing import Any

import pytest
from singer_sdk.testing import SuiteConfig, get_tap_test_class
from support.snapshots import check_catalog
from support.tap_run import discover, select

from sandbox.cachet.options import ADMIN_TOKEN
from tap_cachet.tap import TapCachet

from .conftest import VERSIONS, Site, site

SNAPSHOTS = Path(__file__).parent / "snapshots"

NEVER_FILLED = {
    # The reply of a route that no version has.
    ("dashboards", "me"),
    # Only where a value did not fit its column.
    *(
        (stream, "_sdc_unparsed")
        for stream in [s["stream"] for s in discover("tap-cachet")["streams"]]
    ),
}


def test_catalog_is_the_one_users_know() -> None:
    check_catalog(discover("tap-cachet"), SNAPSHOTS)


def test_every_column_is_seen_with_data_on_some_version() -> None:
    filled: set[tuple[str, str]] = set()
    declared: set[tuple[str, str]] = set()
    for api in VERSIONS:
        with site(api, language="fr" if api == "2.4" else "en", tags=True) as running:
            ids = {
                "incident_ids": sorted(running.truth().ids("incidents")),
                "component_ids": sorted(running.truth().ids("components")),
            }
            run = running.run(streams=(), settings=ids)
        for stream, schema in run.schemas.items():
            declared |= {(stream, name) for name in schema["schema"]["properties"]}
            for record in run.records[stream]:
                filled |= {
                    (stream, name) for name, value in record.items() if value not in (None, {}, [])
                }
        run.check_records()
    with site("2.4") as english:  # where verified_at can be read
        run = english.run(streams=("subscribers",))
        filled |= {
            ("subscribers", name)
            for record in run.records["subscribers"]
            for name, value in record.items()
            if value is not None
        }
    assert declared - filled - NEVER_FILLED == set()


_served = site("3")
_running = _served.__enter__()
atexit.register(_served.__exit__, None, None, None)

TestTapCachet = get_tap_test_class(
    TapCachet,
    config={
        "api_url": _running.server.url,
        "api_key": ADMIN_TOKEN,
        "requests_per_minute": 0,
        "incident_ids": [min(_running.truth().ids("incidents"))],
        "component_ids": [min(_running.truth().ids("components"))],
    },
    suite_config=SuiteConfig(max_records_limit=500),
    catalog=select(discover("tap-cachet")),
)


@pytest.mark.parametrize("stream", ["subscribers", "subscriptions", "incidents_by_id"])
def test_personal_and_configured_streams_are_opt_in(stream: str) -> None:
    entries: dict[str, Any] = {s["tap_stream_id"]: s for s in discover("tap-cachet")["streams"]}
    root = next(m for m in entries[stream]["metadata"] if m["breadcrumb"] == [])
    assert root["metadata"]["selected-by-default"] is False
    # What selects everything, as Meltano does, leaves this alone.
    assert root["metadata"]["inclusion"] == "unsupported"


def asked_for(choice: str, running: Site) -> set[str]:
    """Return the streams that are read when ``subscribers`` is asked for in one of the ways."""
    settings: dict[str, Any] = {"opt_in_streams": ["subscri[b]ers"]} if "setting" in choice else {}
    catalog = None
    if "catalog" in choice:
        found = running.run("--discover", settings=settings)
        catalog = json.loads(found.stdout)
        for entry in catalog["streams"]:
            [root] = [m["metadata"] for m in entry["metadata"] if m["breadcrumb"] == []]
            if "by hand" in choice:
                root["selected"] = entry["tap_stream_id"] in {"status", "subscribers"}
            elif "out" in choice and entry["tap_stream_id"] == "subscribers":
                root["selected"] = False
    run = running.run(settings=settings, catalog=catalog)
    assert run.exit_code == 0, run.stderr
    return set(run.schemas)


@pytest.mark.parametrize(
    ("choice", "read"),
    [
        ("nothing", False),
        ("catalog", False),
        ("setting", True),
        ("setting and catalog", True),
        ("catalog by hand", True),
        ("setting, but taken out of the catalog", False),
    ],
)
def test_an_opt_in_stream_is_read_when_it_is_asked_for(choice: str, *, read: bool) -> None:
    with site("3") as running:
        assert ("subscribers" in asked_for(choice, running)) is read


def test_an_opt_in_stream_that_does_not_exist_is_refused() -> None:
    with site("3") as running:
        run = running.run(settings={"opt_in_streams": ["subscriber"]})
    assert (run.exit_code, run.stdout) == (2, "")
    assert "opt_in_streams names subscriber, and there is no such stream." in run.last_line
