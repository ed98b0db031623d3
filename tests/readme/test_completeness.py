"""The tables of docs/completeness.md: every proof, what each costs, what a verdict does.

The numbers of the page are measured here again, over systems that do not change meanwhile.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from cachet.conftest import site as cachet_site
from cinchy.conftest import site as cinchy_site
from cortex.conftest import Site, outcomes
from cortex.conftest import site as cortex_site
from faults.answers import status
from faults.books import BookServer
from faults.runner import EXAMPLE, Runner
from support.tap_run import TapRun, select

from sandbox.cachet.generate import Size
from sandbox.cinchy import build_world
from sandbox.cortex.world import WorldSpec
from singer_rest.sources.evidence import ProofKind

from .checkout import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from faults.server import Exchange

PAGE = ROOT / "docs" / "completeness.md"
NOW = dt.datetime.now(dt.UTC).replace(minute=0, second=0, microsecond=0)
ROWS = 2000
TEN_PAGES = ROWS // 10
CARDS = 20


def cells(line: str) -> tuple[str, ...]:
    return tuple(cell.strip() for cell in line.strip().strip("|").split("|"))


def table(begin: str) -> list[tuple[str, ...]]:
    """Return the rows of the first table behind some words of the page, without its head."""
    text = PAGE.read_text(encoding="utf-8")
    lines = text[text.index(begin) :].splitlines()
    first = next(number for number, line in enumerate(lines) if line.startswith("|"))
    found = []
    for line in lines[first + 2 :]:
        if not line.startswith("|"):
            break
        found.append(cells(line))
    return found


PROOFS = table("<!-- proofs:")
PRICES = {proof: measured for proof, _more, measured in table("<!-- prices:")}
VERDICTS = table("## What a verdict does")


# Every proof


def test_every_proof_is_explained_and_has_its_price() -> None:
    known = [kind.value for kind in ProofKind]
    assert sorted(row[0] for row in PROOFS) == sorted(known)
    assert list(PRICES) == [row[0] for row in PROOFS]


# What each costs


def paths(running: Any, pattern: str) -> int:
    """Count the requests that arrived on the routes that match."""
    return sum(1 for one in running.server.requests if re.search(pattern, one.path))


def proof_of(run: TapRun, stream: str) -> str:
    """Return how a stream is known to be complete, as the summary on the screen says it."""
    assert run.exit_code == 0, run.stderr
    [line] = [line for line in run.stderr.splitlines() if re.match(rf"{stream} +complete ", line)]
    return line


def cortex_list(kind: ProofKind, stream: str, route: str, **order: str) -> int:
    spec = WorldSpec(now=NOW, entities=30, users=ROWS, logs=ROWS, deleted=0)
    with cortex_site(spec, **order) as running:
        run = running.run(stream, settings={"page_size": TEN_PAGES})
        assert kind.value in proof_of(run, stream)
        return paths(running, route)


def scores() -> int:
    with cortex_site(workspace(120)) as running:
        running.run("scorecard_scores", settings={"page_size": 1000})
        return paths(running, "/scores$")


def incidents() -> int:
    """Ten pages of a hundred; a tenth less is shown, for some are not published."""
    with cachet_site("2.4", Size(incidents=1000)) as running:
        run = running.run(streams=("incidents",))
        assert ProofKind.OVERLAPPING_PAGES.value in proof_of(run, "incidents")
        return paths(running, "/incidents$")


def tasks() -> int:
    with cinchy_site(build_world(rows=10 * 1000)) as running:
        catalog = select(running.discover(), "delivery_tasks")
        running.forget()
        run = running.run(catalog=catalog, settings={"page_size": 1000})
        assert ProofKind.KEYS_IN_ORDER.value in proof_of(run, "delivery_tasks")
        return len(running.queries) - 1  # the first one asks whether the token is good


def points() -> int:
    size = Size(incidents=5, metrics=4, metric_points=300)
    with cachet_site("3", size) as running:
        first = running.run(streams=("metric_points",))
        running.server.forget()
        second = running.run(streams=("metric_points",), state=first.states[-1])
        assert "3 of 3 answered" in proof_of(second, "metric_points")
        return paths(running, "/points$")


LOGS = "/notifications/logs$"
MEASURED: dict[ProofKind, tuple[tuple[str, Callable[[], int]], ...]] = {
    ProofKind.LEARNED_CAP: ((f"scores of {CARDS} scorecards: {{}} requests", scores),),
    ProofKind.OVERLAPPING_PAGES: (
        (
            "10 pages of Cortex: {} requests",
            lambda: cortex_list(ProofKind.OVERLAPPING_PAGES, "users", "/users$", order="by_key"),
        ),
        ("10 pages of Cachet: {} requests", incidents),
    ),
    ProofKind.TWO_PASSES: (
        (
            "10 pages of Cortex: {} requests",
            lambda: cortex_list(ProofKind.TWO_PASSES, "users", "/users$", order="as_made"),
        ),
    ),
    ProofKind.KEYS_IN_ORDER: (("10 pages of Cinchy: {} requests", tasks),),
    ProofKind.CLOSED_WINDOW: (
        (
            "10 pages of logs: {} requests",
            lambda: cortex_list(ProofKind.CLOSED_WINDOW, "notification_logs", LOGS),
        ),
    ),
    ProofKind.BACK_TO_BOOKMARK: (("3 metrics without a new page: {} requests", points),),
}


@pytest.mark.parametrize("kind", ProofKind, ids=lambda kind: kind.name)
def test_what_a_proof_costs_is_what_was_measured(kind: ProofKind) -> None:
    measured = [words.format(count()) for words, count in MEASURED.get(kind, ())]
    assert PRICES[kind.value] == "; ".join(measured)


def workspace(entities: int) -> WorldSpec:
    return WorldSpec(now=NOW, entities=entities, scorecards=CARDS, deleted=0)


def planned(running: Site) -> dict[str, Any]:
    run = running.run(arguments=("--plan", "json"), settings={"page_size": 1000})
    plan: dict[str, Any] = json.loads(run.stdout)
    running.server.forget()
    return plan


@cache
def default_run(entities: int) -> tuple[int, int, int]:
    """Return the fewest and the most requests that are planned, and those that a run took."""
    with cortex_site(workspace(entities)) as running:
        plan = planned(running)
        run = running.run(settings={"page_size": 1000})
        assert run.exit_code == 0, run.stderr
        assert set(outcomes(run).values()) == {"complete"}
        return plan["requests"], plan["most_requests"], len(running.server.requests)


def test_what_a_default_run_of_cortex_costs_is_what_was_measured() -> None:
    fewest, most, took = default_run(120)
    large = default_run(3000)[2]
    text = " ".join(PAGE.read_text(encoding="utf-8").split())
    front = " ".join((ROOT / "tap-cortex" / "README.md").read_text(encoding="utf-8").split())
    assert f"`{fewest} to {most}`" in text
    assert (
        f"with 120 entities and {CARDS} scorecards, takes {took} requests; without any proof it "
        f"would be {fewest}. With 3 000 entities it takes {large}" in text
    )
    assert (
        f"with 120 entities and {CARDS} scorecards it takes {took} requests, "
        f"with 3 000 entities {large}" in front
    )


@pytest.mark.parametrize("entities", [120, 3000])
def test_a_run_takes_no_fewer_and_no_more_requests_than_are_planned(entities: int) -> None:
    fewest, most, took = default_run(entities)
    assert fewest <= took <= most


# What a verdict does


def all_is_well(server: BookServer) -> None:
    """Leave the list as it was."""
    del server


def shrink(server: BookServer) -> None:
    del server.rows[10:]


def without_key(server: BookServer) -> None:
    server.rows[4] = {"title": "no id"}


def promise_more(server: BookServer) -> None:
    """Count a row that never comes."""
    promised = len(server.rows) + 1

    def answer(exchange: Exchange) -> None:
        query = exchange.seen.query
        exchange.reply(server.page(int(query["page"]), int(query["per_page"]), promised))

    server.script("/books", forever=answer)


def refuse(code: int) -> Callable[[BookServer], None]:
    return lambda server: server.script("/books", forever=status(code, {"message": "no"}))


ACCEPTED = '`accept_unproved` names the stream; the summary says "accepted"'
KEYLESS = "partial, because rows came without a key"
CASES: dict[tuple[str, str], tuple[Callable[[BookServer], None], dict[str, Any]]] = {
    ("complete", ""): (all_is_well, {}),
    ("complete, and less than half of the rows of the last time", ""): (shrink, {}),
    ("the same", "`accept_fewer_rows: true`"): (shrink, {"accept_fewer_rows": True}),
    ("unproved", ""): (promise_more, {}),
    ("unproved", ACCEPTED): (promise_more, {"accept_unproved": ["books"]}),
    ("partial", ""): (without_key, {}),
    (KEYLESS, "`allow_missing_keys: true`: it is complete then"): (
        without_key,
        {"allow_missing_keys": True},
    ),
    ("failed", ""): (refuse(500), {}),
    ("forbidden, unavailable", ""): (refuse(403), {}),
    ("forbidden, unavailable", "`on_stream_error: skip`"): (
        refuse(403),
        {"on_stream_error": "skip"},
    ),
}
NOT_READ = ("skipped", "")
"""Nothing of this list is ever skipped; tests/operators has the exit code."""


def test_every_verdict_of_the_table_is_tried() -> None:
    assert {row[:2] for row in VERDICTS} == CASES.keys() | {NOT_READ}


@pytest.mark.parametrize("case", CASES, ids=" ".join)
def test_what_a_verdict_does_is_so(tmp_path: Path, case: tuple[str, str]) -> None:
    """Exit code and retirement; the list has no bookmark."""
    [told] = [row[2:] for row in VERDICTS if row[:2] == case]
    make, settings = CASES[case]
    read = Runner(tmp_path, EXAMPLE)
    with BookServer(30) as server:
        state = read(server.config()).state
        make(server)
        run = read(server.config(max_retries=0, **settings), state=state, log="INFO")
    assert run.outcome("books") in case[0] or case[0] in {"the same", KEYLESS}, run.last
    assert str(run.code) == told[0], run.last
    assert told[2].startswith("are retired") is (run.activated == ["books"])
    if case[1] == ACCEPTED:
        assert "(accepted)" in run.stderr
