"""Ids that would change the path, and lists that do not page as they should: F47, F49 to F53."""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from .answers import data, edited, when
from .books import BookServer
from .runner import Runner
from .server import FaultServer
from .stage import SMALL, Stage
from .test_not_found import config, library

if TYPE_CHECKING:
    from .server import Exchange, Seen

INCIDENTS = "/api/incidents"
HOSTILE = [
    "a/b",
    "x?y=1",
    "x#f",
    "...",
    "%2e%2e",
    "a b",
    "a+b",
    "a;b",
    "\U0001f600",
    "line\nbreak",
    "tab\t",
    "{api_key}",
    "{id}",
    "a\\b",
    "a%",
    "~user",
    "'\"<>",
    "/",
    "//evil.example/x",
    "http://evil.example/",
    "\u00e9",
    "\u202e",
]


def test_f47_a_hostile_id_is_one_encoded_segment(fault_tap: Runner) -> None:
    with FaultServer() as server:
        library(server, HOSTILE)
        server.script("*/notes", forever=data({"rows": [{"id": 1, "text": "n"}]}))
        run = fault_tap(config(server), select=["notes"])
    assert run.code == 0, run.last
    sent = {seen.target for seen in server.requests("*notes")}
    assert sent == {f"/things/{quote(name, safe='')}/notes" for name in HOSTILE}
    assert run.ids("notes", "parent") == HOSTILE, "the row keeps the id as it is"


@pytest.mark.parametrize("name", ["", ".", ".."])
def test_f47_an_id_that_cannot_be_encoded_is_refused(fault_tap: Runner, name: str) -> None:
    with FaultServer() as server:
        library(server, ["good", name, "fine"])
        server.script("*/notes", forever=data({"rows": [{"id": 1, "text": "n"}]}))
        run = fault_tap(config(server), select=["notes"], log="INFO")
    assert run.code == 1
    assert run.ids("notes", "parent") == ["good", "fine"]
    assert run.outcome("notes") == "partial"
    assert f"The id {name!r} cannot be asked for" in run.warnings
    assert f"The id {name!r} cannot be asked for" in run.last
    assert len(server.requests("/things/*")) == 2
    assert run.activated == []


def test_f47_also_of_numbers_that_are_none(stage: Stage, tap: Runner) -> None:
    settings = stage.config(incident_ids=["../users", 1])
    run = tap(settings, select=["incidents_by_id"], log="INFO")
    assert run.code == 2, "the setting wants integers"
    assert not stage.seen


def with_page(seen: Seen, page: int) -> Seen:
    """Return the request as if it had asked for another page."""
    head = re.sub(rb"([?&]page=)\d+", b"\\g<1>%d" % page, seen.head)
    return dataclasses.replace(seen, head=head)


def always_page(stage: FaultServer, *pages: int) -> Any:
    """Answer these pages in turn, whatever page is asked for; the last one for ever."""
    left = list(pages)

    def answer(exchange: Exchange) -> None:
        page = left.pop(0) if len(left) > 1 else left[0]
        exchange.reply(stage.fallback(with_page(exchange.seen, page)))

    return answer


@pytest.mark.parametrize("pages", [(1,), (1, 2, 1), (1, 2, 3, 2)])
def test_f49_a_page_that_comes_again_fails(tap: Runner, pages: tuple[int, ...]) -> None:
    with Stage(size=dataclasses.replace(SMALL, incidents=60)) as stage:
        stage.script(INCIDENTS, forever=always_page(stage, *pages))
        settings = stage.config(page_size=10)
        run = tap(settings, select=["incidents", "metrics"], log="INFO")
    assert run.code == 1
    assert run.outcome("incidents") == "failed"
    assert run.outcome("metrics") == "complete"
    assert run.activated == ["metrics"]
    assert "PAGE-LOOP" in run.last
    assert len(stage.requests(INCIDENTS)) < 12, "seen soon"


@pytest.mark.parametrize("pages", [(1,), (1, 2, 1), (1, 2, 3, 2)])
def test_f49_also_where_a_total_is_told(example: Runner, pages: tuple[int, ...]) -> None:
    with BookServer(100) as server:
        server.script("/books", forever=always_page(server, *pages))
        run = example(server.config(), log="INFO")
    assert run.code == 1
    assert run.outcome("books") == "failed"
    assert run.activated == []
    assert "gives the same page again" in run.last


def test_f50_an_empty_page_in_the_middle_is_not_the_end(tap: Runner) -> None:
    with Stage(size=dataclasses.replace(SMALL, incidents=60)) as stage:

        def empty(body: Any) -> None:
            body["data"] = []

        stage.script(INCIDENTS, forever=edited(lambda body: body))
        stage.script(INCIDENTS, edited(lambda body: body), edited(empty))
        run = tap(stage.config(page_size=10), select=["incidents"])
        assert run.code == 0, run.last
        assert set(run.ids("incidents")) == stage.ids("incidents")


def test_f50_empty_pages_for_ever_are_not_success(tap: Runner) -> None:
    with Stage(size=dataclasses.replace(SMALL, incidents=60)) as stage:

        def empty(body: Any) -> None:
            body["data"] = []

        late = when(lambda seen: int(seen.query["page"]) > 3, edited(empty))
        stage.script(INCIDENTS, forever=late)
        run = tap(stage.config(page_size=10), select=["incidents"], log="INFO")
    assert run.code == 1
    assert run.outcome("incidents") in {"partial", "failed"}
    assert run.activated == []
    assert len(stage.requests(INCIDENTS)) < 300


def test_f50_short_pages_are_not_the_end(tap: Runner) -> None:
    with Stage(size=dataclasses.replace(SMALL, incidents=40)) as stage:

        def short(body: Any) -> None:
            if "next" in body["links"]:  # of a last page nobody could tell
                del body["data"][7:]
                body["meta"]["to"] = body["meta"]["from"] + len(body["data"]) - 1
                body["included"] = []
                for row in body["data"]:
                    del row["relationships"]["tags"]  # which come with the list or not at all

        stage.script(INCIDENTS, forever=edited(short))
        run = tap(stage.config(page_size=10), select=["incidents"])
        assert run.code == 0, run.last
        assert set(run.ids("incidents")) == stage.ids("incidents")


@pytest.mark.parametrize("block", [None, [], {"total": 5}, {"total": "many", "current_page": 1}])
def test_f50_a_list_that_hides_its_length_fails(tap: Runner, block: Any) -> None:
    with Stage(api="2.4") as stage:

        def edit(body: Any) -> None:
            body["meta"]["pagination"] = block

        stage.script("/api/v1/components", forever=edited(edit))
        run = tap(stage.config(), select=["components"])
    assert run.code == 1
    assert run.activated == []
    assert run.outcome("components") in {"failed", "partial"}


def test_f50_a_total_that_promises_more_is_not_believed(example: Runner) -> None:
    with BookServer(25) as server:
        server.script("/books", forever=lambda exchange: exchange.reply(promise(exchange, 30)))

        def promise(exchange: Exchange, total: int) -> Any:
            query = exchange.seen.query
            return server.page(int(query["page"]), int(query["per_page"]), total)

        run = example(server.config(), log="INFO")
    assert run.code == 1
    assert run.outcome("books") == "unproved"
    assert len(set(run.ids("books"))) == 25
    assert run.activated == []
    assert "the server counts 30 rows, 25 came in two passes" in run.last
    assert run.result("books")["expected"] == 30


def test_f50_a_total_that_shrinks_is_read_again(example: Runner) -> None:
    with BookServer(45) as server:
        totals = [45, 45, 35]

        def shrink(exchange: Exchange) -> None:
            query = exchange.seen.query
            page, size = int(query["page"]), int(query["per_page"])
            total = totals.pop(0) if totals else 45
            exchange.reply(server.page(page, size, total))

        server.script("/books", forever=shrink)
        run = example(server.config())
    assert run.code == 0, run.last
    assert set(run.ids("books")) == set(range(45))


def test_f51_links_of_the_server_are_not_followed(tap: Runner) -> None:
    with FaultServer() as stranger, Stage(size=dataclasses.replace(SMALL, incidents=40)) as stage:

        def mislead(body: Any) -> None:
            if body["links"].get("next"):
                body["links"]["next"] = f"{stranger.url}/api/incidents?page=7"

        stage.script(INCIDENTS, forever=edited(mislead))
        run = tap(stage.config(page_size=10), select=["incidents"])
        assert run.code == 0, run.last
        assert set(run.ids("incidents")) == stage.ids("incidents")
        assert not stranger.seen
        for seen in stage.requests(INCIDENTS):
            assert seen.query["sort"] == "id"
            assert "include" in seen.query
            assert int(seen.query["per_page"]) <= 10


def test_f52_a_server_that_ignores_paging_altogether(example: Runner) -> None:
    with BookServer(50) as server:
        server.script("/books", forever=lambda exchange: exchange.reply(server.page(1, 10, 50)))
        run = example(server.config(concurrency=1), log="INFO")
    assert run.code == 1
    assert run.outcome("books") == "unproved"
    assert "the server counts 50 rows, 10 came" in run.last
    assert len(server.requests("/books")) < 20
    assert len(run.rows("books")) == 10


def test_f53_the_last_of_two_rows_with_one_key_wins(example: Runner) -> None:
    with BookServer(20) as server:
        server.rows[13] = {"id": 3, "title": "newer"}
        server.rows[14] = {"id": 4, "title": "T4"}
        run = example(server.config())
    titles = {row["id"]: row["title"] for row in run.rows("books")}
    assert titles[3] == "newer"
    assert [row["title"] for row in run.rows("books") if row["id"] == 3] == ["T3", "newer"]
    # Two rows of twenty are missing by the server's own count.
    assert run.code == 1
    assert run.outcome("books") == "unproved"


@pytest.mark.parametrize("row", [{"id": None, "title": "a"}, {"title": "a"}, {"id": "x"}])
def test_f53_a_row_without_a_key_is_left_out_aloud(example: Runner, row: dict[str, Any]) -> None:
    with BookServer(20) as server:
        server.rows[4] = row
        run = example(server.config(), log="INFO")
    assert run.code == 1
    assert run.outcome("books") == "partial"
    assert set(run.ids("books")) == set(range(20)) - {4}
    assert run.activated == []
    assert "1 row came without a key (id) and was left out. Mend it at" in run.last
    most = 5  # twice at the most, and once behind the last page, which is full
    assert len(server.requests("/books")) <= most


def test_f53_rows_without_a_key_may_be_allowed(example: Runner) -> None:
    with BookServer(20) as server:
        server.rows[4] = {"title": "a"}
        server.rows[15] = {"id": None}
        run = example(server.config(allow_missing_keys=True), log="INFO")
    assert run.code == 0, run.last
    assert set(run.ids("books")) == set(range(20)) - {4, 15}
    assert run.activated == ["books"]
    assert "2 rows came without a key (id) and were left out" in run.warnings


def test_f53_a_list_of_rows_without_keys_is_no_loop(example: Runner) -> None:
    with BookServer() as server:
        server.rows += [{"title": f"T{number}"} for number in range(25)]
        run = example(server.config(), log="INFO")
    assert run.code == 1
    assert run.rows("books") == []
    assert "25 rows came without a key" in run.last


def test_f53_a_parent_without_an_id_is_missed(stage: Stage, tap: Runner) -> None:
    lost, *others = sorted(stage.ids("metrics"))

    def edit(body: Any) -> None:
        for row in body["data"]:
            if row["id"] == str(lost):
                row["id"] = None

    stage.script("/api/metrics", edited(edit))
    run = tap(stage.config(), select=["metric_points"], log="INFO")
    assert run.code == 1
    assert run.outcome("metric_points") == "partial"
    assert "the list of parents: 1 row came without a key" in run.last
    assert {point["metric_id"] for point in run.rows("metric_points")} <= set(others)
    assert run.rows("metric_points")


def test_f53_an_incident_without_an_id_costs_no_other(stage: Stage, tap: Runner) -> None:
    def edit(body: Any) -> None:
        body["data"][0]["id"] = body["data"][0]["attributes"]["id"] = None

    stage.script(INCIDENTS, edited(edit))
    run = tap(stage.config(), select=["incidents", "incident_updates", "incident_components"])
    assert run.code == 1
    assert set(run.outcomes.values()) == {"partial"}
    assert len(run.rows("incidents")) == len(stage.ids("incidents")) - 1
    assert "bookmarks" not in run.state or not run.state["bookmarks"]


def test_f53_also_in_a_list_of_cachet(stage: Stage, tap: Runner) -> None:
    def edit(body: Any) -> None:
        body["data"][1]["id"] = None
        body["data"][1]["attributes"]["id"] = None

    stage.script("/api/metrics", edited(edit))
    run = tap(stage.config(), select=["metrics"], log="INFO")
    assert run.code == 1
    assert run.outcome("metrics") == "partial"
    assert len(run.ids("metrics")) == len(stage.ids("metrics")) - 1
    assert "without a key" in run.last


def test_confirm_complete_reads_until_two_passes_agree(tap: Runner) -> None:
    with Stage(size=dataclasses.replace(SMALL, incidents=30)) as stage:
        hidden = sorted(stage.ids("incidents"))[12]

        def hide(body: Any) -> None:
            body["data"] = [row for row in body["data"] if row["id"] != str(hidden)]
            body["meta"]["to"] = body["meta"]["from"] + len(body["data"]) - 1

        stage.script(INCIDENTS, *[edited(hide)] * 4)
        config_ = stage.config(page_size=10)
        assert hidden not in tap(config_, select=["incidents"]).ids("incidents")
        stage.script(INCIDENTS, *[edited(hide)] * 4)
        run = tap(stage.config(page_size=10, confirm_complete=True), select=["incidents"])
        assert run.code == 0, run.last
        assert set(run.ids("incidents")) == stage.ids("incidents")
        assert run.result("incidents")["proof"] == "two passes with the same keys"
        assert run.activated == ["incidents"]


def test_confirm_complete_refuses_what_does_not_stand_still(tap: Runner) -> None:
    with Stage(size=dataclasses.replace(SMALL, metrics=9)) as stage:
        ids = sorted(stage.ids("metrics"))
        turn = iter(range(100))

        def flicker(body: Any) -> None:
            gone = str(ids[next(turn) % len(ids)])
            body["data"] = [row for row in body["data"] if row["id"] != gone]
            body["meta"]["to"] = body["meta"]["from"] + len(body["data"]) - 1

        stage.script("/api/metrics", forever=edited(flicker))
        run = tap(stage.config(confirm_complete=True), select=["metrics"], log="INFO")
    assert run.code == 1
    assert run.outcome("metrics") == "partial"
    assert set(run.ids("metrics")) == set(ids)
    assert run.activated == []
    assert "changes faster than it can be read" in run.last


def test_confirm_complete_asks_twice_whatever_else_proves_it(tap: Runner) -> None:
    with Stage(api="2.4") as stage:
        run = tap(stage.config(confirm_complete=True), select=["components"])
        assert run.code == 0, run.last
        assert len(stage.requests("/api/v1/components")) == 2
