"""The catalog, its columns, and what the SDK checks of every tap.

``UPDATE_SNAPSHOTS=1 pytest tests/cortex/test_catalog.py`` accepts a changed catalog.
"""

from __future__ import annotations

import atexit
import dataclasses
from pathlib import Path
from typing import Any

from singer_sdk.testing import SuiteConfig, get_tap_test_class
from support.snapshots import check_catalog
from support.tap_run import TapRun, discover, select

from sandbox.cortex.snowflake import DEFAULT_TOKEN as SNOWFLAKE_TOKEN
from sandbox.cortex.snowflake import create_snowflake_app
from sandbox.serve import serve
from tap_cortex.tap import TapCortex

from .conftest import DEFAULT_STREAMS, SMALL, Site, all_streams, site

SNAPSHOTS = Path(__file__).parent / "snapshots"
QUESTIONS: dict[str, Any] = {
    "cql_queries": [{"name": "all", "query": "type == service"}],
    "engineering_metric_queries": [
        {"name": "all", "metrics": [{"metric": "pr-cycle-time", "aggregation": "AVG"}]},
        {
            "name": "monthly",
            "metrics": [{"metric": "pr-cycle-time", "aggregation": "AVG"}],
            "group_by": ["team"],
            "period": "month",
        },
    ],
    "trace_queries": [
        {"name": "all", "source": "pull_requests", "time_attribute": "createdAt"},
    ],
}
FLAT = dataclasses.replace(SMALL, entities=40, crowd=6, logs=60)

NEVER_FILLED = {
    # Only where a value did not fit its column.
    *((stream, "_sdc_unparsed") for stream in all_streams()),
    # SCIM attributes (RFC 7643) that the sandbox's identity provider does not send.
    *(
        ("scim_users", name)
        for name in (
            "nickName",
            "title",
            "userType",
            "locale",
            "timezone",
            "preferredLanguage",
            "profileUrl",
            "phoneNumbers",
            "addresses",
            "entitlements",
            "groups",
        )
    ),
    # Descriptors as text come from servers that ignore yaml=false.
    ("entity_descriptors", "descriptor_text"),
    # Documented, but sent by no row of the sandbox.
    ("integration_configurations", "environment"),
    ("verification_periods", "requiredCustomRoleTags"),
    ("verification_periods", "requiredTeamRoleTags"),
    ("metric_definitions", "orderByAttribute"),
    ("chat_completions", "system_fingerprint"),
}


def filled(run: TapRun) -> set[tuple[str, str]]:
    return {
        (stream, name)
        for stream, rows in run.records.items()
        for row in rows
        for name, value in row.items()
        if value not in (None, [], {})
    }


def test_catalog_is_the_one_users_know() -> None:
    catalog = discover("tap-cortex")
    check_catalog(catalog, SNAPSHOTS)
    selected = {
        stream["tap_stream_id"]
        for stream in catalog["streams"]
        for entry in stream["metadata"]
        if entry["breadcrumb"] == [] and entry["metadata"].get("selected-by-default", True)
    }
    assert selected == DEFAULT_STREAMS


def test_every_column_is_seen_with_data() -> None:
    with (
        site(
            dataclasses.replace(SMALL, logs=400), teams_in_catalog=True, metric_rows="keyed"
        ) as running,
        serve(create_snowflake_app()) as snowflake,
    ):
        asking = {
            **QUESTIONS,
            "snowflake_account_url": snowflake.url,
            "snowflake_token": SNOWFLAKE_TOKEN,
            "snowflake_prompts": ["Hello?"],
        }
        run = running.run(*all_streams(), settings=asking)
        declared = {
            (stream, name)
            for stream, schema in run.schemas.items()
            for name in schema["schema"]["properties"]
        }
    assert run.exit_code == 0, run.stderr
    unseen = declared - filled(run)
    # Where the server sends nothing unknown, there is nothing to keep.
    known = {(stream, name) for stream, name in unseen if name == "other_fields"}
    assert unseen - known - NEVER_FILLED == set()
    assert ("entities", "other_fields") not in unseen


def test_unknown_fields_are_kept_and_reported_once(workspace: Site) -> None:
    run = workspace.run("users", "entity_owners")
    strange = {row["email"]: row for row in workspace.world.users if "xUndocumented" in row}
    assert strange
    for row in run.records["users"]:
        expected = strange.get(row["email"])
        kept = {"xUndocumented": expected["xUndocumented"]} if expected else None
        assert row["other_fields"] == kept
    assert run.stderr.count("users: xUndocumented has no column") == 1


_served = site(FLAT, metric_rows="keyed")
_running = _served.__enter__()
atexit.register(_served.__exit__, None, None, None)

TestTapCortex = get_tap_test_class(
    TapCortex,
    config=_running.config(**QUESTIONS),
    suite_config=SuiteConfig(
        max_records_limit=2_000,
        ignore_no_records_for_streams=["chat_completions"],
    ),
    catalog=select(discover("tap-cortex")),
)


def _is_number(param: Any) -> bool:
    """The SDK takes every union of types with a number in it for a number."""
    stream, name = param.values.stream, param.values.attribute_name
    return "object" not in stream.schema["properties"][name]["type"]


NUMERIC = "test_tap_stream_attribute_is_numeric"
TestTapCortex.params[NUMERIC] = [p for p in TestTapCortex.params[NUMERIC] if _is_number(p)]
