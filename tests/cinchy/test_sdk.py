"""What the SDK checks of every tap, and the columns of streams that no server decides on."""

from __future__ import annotations

import atexit
import json
from pathlib import Path

from singer_sdk.testing import SuiteConfig, get_tap_test_class
from support.snapshots import check_catalog
from support.tap_run import select

from tap_cinchy.tap import STATIC_NAMES, TapCinchy

from .conftest import site, streams_of

SNAPSHOTS = Path(__file__).parent / "snapshots"

_served = site()
_running = _served.__enter__()
atexit.register(_served.__exit__, None, None, None)
_settings = {
    "include_history": True,
    "saved_queries": [{"name": "saved_query", "domain": "Delivery", "query": "All Tasks"}],
    "cql_queries": [{"name": "execute_cql", "query": "SELECT [Title] FROM [Delivery].[Tasks]"}],
    "secrets": [{"domain": "HR", "name": "payroll api"}],
}

TestTapCinchy = get_tap_test_class(
    TapCinchy,
    config=_running.config(**_settings),
    suite_config=SuiteConfig(max_records_limit=500),
    catalog=select(_running.discover(**_settings)),
)


KEPT = {
    "hr_employees",
    "hr_employees__history",
    "delivery_projects",
    "execute_cql",
    "saved_query",
}


def test_the_catalog_is_the_one_users_know() -> None:
    """The streams that are always there, two tables with columns of every kind, and queries."""
    catalog = _running.discover(**_settings)
    kept = [s for name, s in streams_of(catalog).items() if name in STATIC_NAMES or name in KEPT]
    check_catalog({"streams": kept}, SNAPSHOTS)


def test_every_property_is_described() -> None:
    for stream in streams_of(_running.discover(**_settings)).values():
        for name, definition in stream["schema"]["properties"].items():
            assert definition["description"], (stream["tap_stream_id"], name)


def test_every_setting_is_described() -> None:
    schema = json.loads(json.dumps(TapCinchy.config_jsonschema))

    def check(properties: dict[str, dict[str, object]]) -> None:
        for name, definition in properties.items():
            assert definition.get("title"), name
            assert definition.get("description"), name
            items = definition.get("items")
            if isinstance(items, dict) and "properties" in items:
                check(items["properties"])

    ours = {
        name: definition
        for name, definition in schema["properties"].items()
        if not name.startswith(("stream_map", "faker", "flattening", "batch"))
    }
    check(ours)
