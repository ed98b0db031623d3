"""Lists that move while they are read, logs that ignore dates, and clocks that are wrong."""

from __future__ import annotations

import dataclasses

import pytest

from sandbox.cortex.answers import Answer
from sandbox.cortex.routing import Call

from .conftest import SMALL, Site, outcomes, site
from .saying import says

FEW = dataclasses.replace(SMALL, entities=30, crowd=6, logs=40)


def test_a_row_that_moves_to_a_page_already_read_is_not_lost(workspace: Site) -> None:
    """One entity is deleted and one added: the total agrees, and a row was never seen."""
    del workspace
    with site(dataclasses.replace(SMALL, entities=90)) as running:
        moved: list[str] = []

        def move(call: Call) -> None:
            if call.route == "/api/v1/catalog" and call.query.text("page") == "1" and not moved:
                moved.append(running.world.entities[1].id)
                running.world.remove_entity(moved[0])
                running.world.add_entity("added-last", at=len(running.world.entities))

        running.world.on_request(move)
        run = running.run("entities", settings={"page_size": 30})
    assert run.exit_code == 0, run.stderr
    assert moved
    assert set(run.keys("entities")) - {(moved[0],)} == running.keys("entities")


def test_a_scim_user_that_moves_is_not_lost() -> None:
    with site(dataclasses.replace(SMALL, users=35), scim_page=8) as running:
        people = running.world.scim_users
        moved: list[str] = []

        def move(call: Call) -> None:
            if (
                call.route == "/scim/v2/Users"
                and call.query.text("startIndex") == "9"
                and not moved
            ):
                moved.append(people.pop(0)["id"])

        running.world.on_request(move)
        run = running.run("scim_users")
        ids = {(row["id"],) for row in people}
    assert run.exit_code == 0, run.stderr
    assert moved
    assert set(run.keys("scim_users")) - {(moved[0],)} == ids


@pytest.mark.parametrize("start", ["1", "9"])
def test_scim_users_that_seem_to_be_gone_are_asked_for_again(start: str) -> None:
    """Once there is no user, or none behind the first page, and the total says so too."""
    with site(dataclasses.replace(SMALL, users=35), scim_page=8) as running:
        told: list[str] = []

        def none(call: Call) -> Answer | None:
            is_page = call.route == "/scim/v2/Users" and call.query.text("startIndex") == start
            if not is_page or told:
                return None
            told.append(start)
            return says({"totalResults": 0, "startIndex": 1, "itemsPerPage": 0, "Resources": []})

        running.world.on_request(none)
        run = running.run("scim_users")
        ids = {(row["id"],) for row in running.world.scim_users}
    assert told
    assert run.exit_code == 0, run.stderr
    assert set(run.keys("scim_users")) == ids


# Logs


def test_a_log_that_ignores_the_dates_ends_with_a_sentence() -> None:
    with site(FEW) as running:
        every = running.world.audit_logs

        def ignore(call: Call) -> Answer | None:
            if call.route != "/api/v1/audit-logs":
                return None
            page, size = call.query.integer("page", 0), call.query.integer("pageSize", 250)
            part = every[page * size : (page + 1) * size]
            pages = -(-len(every) // size)
            return says({"logs": part, "page": page, "total": len(every), "totalPages": pages})

        running.world.on_request(ignore)
        run = running.run("audit_logs", "teams", settings={"page_size": 10})
        asked = running.asked("/audit-logs")
    assert run.exit_code == 1
    assert outcomes(run)["teams"] == "complete"
    assert "ignores the dates" in run.last_line
    assert len(asked) < 10


def test_a_span_without_rows_is_not_believed_by_one_answer() -> None:
    """Its answer may be that to the span before, which has none: no bookmark passes its rows."""
    with site(FEW) as running:
        told: list[str] = []

        def out_of_step(call: Call) -> Answer | None:
            is_log = call.route == "/api/v1/notifications/logs"
            since = (call.query.text("fromDate") if is_log else "") or ""
            if not since or since.startswith("1970") or told:
                return None
            told.append(since)
            return says({"logs": [], "page": 0, "total": 0, "totalPages": 0})

        running.world.on_request(out_of_step)
        run = running.run("notification_logs", settings={"page_size": 12})
        expected = running.keys("notification_logs")
    assert told
    assert run.exit_code == 0, run.stderr
    assert set(run.keys("notification_logs")) == expected


@pytest.mark.parametrize("date", ["Thu, 01 Jan 1970 00:00:00 GMT", "Fri, 01 Jan 2100 00:00:00 GMT"])
def test_a_wrong_clock_is_told(date: str) -> None:
    """What is read up to the present is not; everything else is, and nothing is dated wrongly."""
    with site(FEW) as running:
        body = {"entities": [], "page": 0, "total": 0, "totalPages": 0}
        first = dataclasses.replace(says(body), headers=(("date", date),))

        def clock(call: Call) -> Answer | None:
            probing = call.route == "/api/v1/catalog" and not call.query.values("types")
            return first if probing else None

        running.world.on_request(clock)
        run = running.run("audit_logs", "custom_events", "teams", "scorecard_scores_daily")
    assert run.exit_code == 1
    found = outcomes(run)
    assert found["audit_logs"] == found["custom_events"] == "failed"
    assert found["teams"] == found["scorecard_scores_daily"] == "complete"
    assert set(run.keys("scorecard_scores_daily")) == running.keys("scorecard_scores_daily")
    assert "clock says" in run.last_line
