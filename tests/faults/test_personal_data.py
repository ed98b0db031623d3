"""Personal data is written, hashed with a key, or left out, as the settings say."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from tap_cachet.tap import TapCachet
from tap_cortex.schemas.personal import OR_AN_ID, PERSONAL
from tap_cortex.tap import TapCortex

from .systems import CinchyStage, CortexStage

if TYPE_CHECKING:
    from .runner import Run, Runner
    from .stage import Stage

KEY = "a long enough text for the hashes"
OTHER_KEY = "another long text for the hashes"
ADDRESS = re.compile(r"[\w.+-]+@[\w-]+\.\w+")
HASH = re.compile("[0-9a-f]{32}")
STREAMS = ["entity_owners", "team_members", "entities", "teams", "scorecard_scores", "scorecards"]
HISTORY = ["custom_events"]


def read(tap: Runner, stage: CortexStage, state: dict[str, Any] | None = None, **more: Any) -> Run:
    run = tap(stage.config(**more), select=[*STREAMS, *HISTORY], state=state, log="INFO")
    assert run.code == 0, run.last
    return run


def written(run: Run) -> str:
    """Return what personal columns can hold of all rows."""
    rows = [run.rows(stream) for stream in STREAMS]
    return json.dumps(rows)


def test_every_column_of_the_list_is_a_column() -> None:
    for tap in (
        TapCortex(config={"api_key": "x"}, setup_mapper=False),
        TapCachet(config={"api_url": "https://status.example.com"}, setup_mapper=False),
    ):
        for stream in tap.streams.values():
            listed = PERSONAL.get(stream.name, frozenset())
            known = set(stream.schema["properties"])
            assert not (listed - known - {"other_fields"}), stream.name
    assert frozenset().union(*PERSONAL.values()) >= OR_AN_ID


def test_no_other_column_holds_an_address(tap_cortex: Runner) -> None:
    with CortexStage() as stage:
        run = tap_cortex(stage.config(opt_in_streams=["*"]), log="INFO")
    assert run.code == 0, run.last
    found = {
        (message["stream"], name)
        for message in run.messages
        if message["type"] == "RECORD"
        for name, value in message["record"].items()
        if ADDRESS.search(json.dumps(value))
    }
    assert len(found) > len(STREAMS)
    assert not {(stream, name) for stream, name in found if name not in PERSONAL.get(stream, ())}


def test_hashes_hide_people_and_still_join(tap_cortex: Runner) -> None:
    with CortexStage() as stage:
        plain = read(tap_cortex, stage)
        hashed = read(tap_cortex, stage, personal_data="hash", personal_data_key=KEY)
        again = read(tap_cortex, stage, personal_data="hash", personal_data_key=KEY)
        other = read(tap_cortex, stage, personal_data="hash", personal_data_key=OTHER_KEY)
    assert ADDRESS.search(written(plain))
    assert not ADDRESS.search(written(hashed))
    for stream in STREAMS:
        assert len(hashed.rows(stream)) == len(plain.rows(stream))
    assert hashed.rows("scorecards") == plain.rows("scorecards")
    people = [row["owner_key"] for row in hashed.rows("entity_owners") if row["email"]]
    assert people
    assert all(HASH.fullmatch(key) for key in people)
    assert people == [row["email"] for row in hashed.rows("entity_owners") if row["email"]]
    members = {row["email"] for row in plain.rows("team_members")}
    owners = {row["email"] for row in plain.rows("entity_owners")}
    hidden = {row["email"] for row in hashed.rows("team_members")}
    assert len(hidden & {row["email"] for row in hashed.rows("entity_owners")}) == len(
        members & owners
    )
    # A team that owns something is still the team of teams.
    teams = [row["owner_key"] for row in plain.rows("entity_owners") if row["owner_type"] == "team"]
    assert teams == [
        row["owner_key"] for row in hashed.rows("entity_owners") if row["owner_type"] == "team"
    ]
    assert hashed.rows("team_members") == again.rows("team_members")
    assert hashed.rows("team_members") != other.rows("team_members")


def test_what_is_left_out_is_in_no_schema(tap_cortex: Runner) -> None:
    with CortexStage() as stage:
        run = read(tap_cortex, stage, personal_data="exclude", personal_data_key=KEY)
        plain = read(tap_cortex, stage)
    assert not ADDRESS.search(written(run))
    schemas = {m["stream"]: m["schema"] for m in run.messages if m["type"] == "SCHEMA"}
    for stream in STREAMS:
        assert len(run.rows(stream)) == len(plain.rows(stream))
        columns = set(schemas[stream]["properties"])
        assert all(set(row) <= columns for row in run.rows(stream))
    assert "email" not in schemas["team_members"]["properties"]
    assert "Personal data." in schemas["team_members"]["properties"]["member_key"]["description"]
    assert all(HASH.fullmatch(row["member_key"]) for row in run.rows("team_members"))


@pytest.mark.parametrize("mode", ["hash", "exclude"])
@pytest.mark.parametrize("key", [None, "short"])
def test_without_a_key_nothing_is_read(tap_cortex: Runner, mode: str, key: str | None) -> None:
    with CortexStage() as stage:
        settings = stage.config(personal_data=mode, personal_data_key=key)
        run = tap_cortex(settings, select=["teams"], log="INFO")
    assert run.code == 2
    assert "personal_data_key has fewer than 16 characters" in run.last
    assert not stage.seen


def test_a_bookmark_covers_rows_of_one_way(tap_cortex: Runner) -> None:
    """Incremental streams without personal data go on; the others begin anew, and it is said."""
    with CortexStage() as stage:
        first = tap_cortex(stage.config(), select=["audit_logs", "custom_events"], log="INFO")
        state, rows = first.state, len(first.rows("audit_logs"))
        hashing = {"personal_data": "hash", "personal_data_key": KEY}
        chosen = ["audit_logs", "custom_events"]
        changed = tap_cortex(
            stage.config(**hashing, lookback_minutes=0), select=chosen, state=state, log="INFO"
        )
        after = tap_cortex(
            stage.config(**hashing, lookback_minutes=0),
            select=chosen,
            state=changed.state,
            log="INFO",
        )
    assert (first.code, changed.code, after.code) == (0, 0, 0), (changed.last, after.last)
    assert "audit_logs: personal_data or its key has changed" in changed.warnings
    assert "custom_events: personal_data" not in changed.warnings
    assert len(changed.rows("audit_logs")) == rows
    assert len(after.rows("audit_logs")) < rows
    assert "personal_data or its key" not in after.warnings


def test_cachets_subscribers(stage: Stage, tap: Runner) -> None:
    settings = stage.config(opt_in_streams=["subscribers"])
    plain = tap(settings, select=["subscribers"])
    assert plain.code == 0, plain.last
    hashed = tap(
        {**settings, "personal_data": "hash", "personal_data_key": KEY}, select=["subscribers"]
    )
    without = tap(
        {**settings, "personal_data": "exclude", "personal_data_key": KEY}, select=["subscribers"]
    )
    assert all(ADDRESS.fullmatch(row["email"]) for row in plain.rows("subscribers"))
    assert all(HASH.fullmatch(row["email"]) for row in hashed.rows("subscribers"))
    assert hashed.ids("subscribers") == plain.ids("subscribers") == without.ids("subscribers")
    assert not any("email" in row for row in without.rows("subscribers"))


def test_cinchys_own_classes_are_obeyed(tap_cinchy: Runner) -> None:
    hashing = {"personal_data": "hash", "personal_data_key": KEY}
    with CinchyStage() as stage:
        plain = tap_cinchy(stage.config(), log="INFO")
        hashed = tap_cinchy(stage.config(**hashing), log="INFO")
    assert (plain.code, hashed.code) == (0, 0), hashed.last
    [schema] = [
        m["schema"]["properties"]
        for m in hashed.messages
        if m["type"] == "SCHEMA" and m["stream"] == "hr_employees"
    ]
    personal = {name for name, one in schema.items() if "Personal data." in one["description"]}
    assert "Email" in personal
    assert "Cinchy Id" not in personal
    for before, now in zip(plain.rows("hr_employees"), hashed.rows("hr_employees"), strict=True):
        for name, value in before.items():
            if name in personal and isinstance(value, str) and value:
                assert HASH.fullmatch(now[name])
            else:
                assert now[name] == value
