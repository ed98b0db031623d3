"""The catalog, its columns, and what the SDK checks of every tap."""

from __future__ import annotations

import atexit
from pathlib import Path
from typing import Any

import pytest
from singer_sdk.testing import SuiteConfig, get_tap_test_class
from support.snapshots import check_catalog
from support.tap_run import discover, select

from sandbox.cachet.options import ADMIN_TOKEN
from tap_cachet.tap import TapCachet

from .conftest import VERSIONS, site

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
        with site(api, language="fr" if api == "2.4" else "en") as running:
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
