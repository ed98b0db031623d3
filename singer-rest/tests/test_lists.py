# mypy: disable-error-code="method-assign,assignment"
"""A list is complete by proof only, and no row that is there all the time is lost by then."""

from __future__ import annotations

import dataclasses
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from list_server import ListServer

from singer_rest.errors import Outcome
from singer_rest.sources.claims import Claims, read_claims
from singer_rest.sources.evidence import IncompleteError, LoopError, ProofKind
from singer_rest.sources.keys import LearnedCap, Order
from singer_rest.sources.pages import Page, overlapping_size

UNKNOWN, RISING, FALLING = Order.UNKNOWN, Order.RISING, Order.FALLING
ORDERS = st.sampled_from(list(Order))


@given(st.integers(1, 5000), st.integers(1, 120))
def test_an_overlapping_page_holds_the_row_before_and_new_ones(position: int, limit: int) -> None:
    size = overlapping_size(position, limit)
    number = (position - 1) // size
    assert number * size <= position - 1 < position < (number + 1) * size
    assert size <= max(limit, 11)  # no number up to 5000 is a multiple of everything up to 11


@settings(max_examples=100, deadline=None)
@given(
    count=st.integers(0, 300),
    size=st.integers(1, 40),
    served=ORDERS,
    asked=st.sampled_from([UNKNOWN, RISING]),
    totals=st.booleans(),
    more=st.booleans(),
    clamp=st.sampled_from([None, 1, 7, 25]),
)
def test_a_quiet_list_is_complete(
    *,
    count: int,
    size: int,
    served: Order,
    asked: Order,
    totals: bool,
    more: bool,
    clamp: int | None,
) -> None:
    server = ListServer(list(range(count)), served, totals=totals, more=more, clamp=clamp)
    read, evidence = server.read(size, order=asked)
    assert sorted(read) == list(range(count))
    assert evidence.verdict.outcome is Outcome.COMPLETE, evidence.verdict
    assert evidence.received == count


@settings(max_examples=300, deadline=None)
@given(
    count=st.integers(0, 200),
    size=st.integers(2, 40),
    served=ORDERS,
    asked=st.sampled_from([UNKNOWN, RISING]),
    totals=st.booleans(),
    changes=st.integers(1, 30),
    chance=st.randoms(use_true_random=False),
)
def test_what_is_complete_lacks_no_row_that_was_there_throughout(
    *,
    count: int,
    size: int,
    served: Order,
    asked: Order,
    totals: bool,
    changes: int,
    chance: random.Random,
) -> None:
    server = ListServer(
        list(range(0, count * 2, 2)), served, totals=totals, seed=chance.randrange(1_000)
    )
    stays = set(server.ids)
    left = changes
    newest = 2 * count + 1

    def change() -> None:
        nonlocal left, newest
        if not left or chance.random() < 0.5:
            return
        left -= 1
        if server.ids and chance.random() < 0.5:
            victim = chance.choice(server.ids)
            server.ids.remove(victim)
            stays.discard(victim)
        else:
            newest += 1
            server.ids.append(newest)

    server.before_answer = change
    try:
        read, evidence = server.read(size, order=asked)
    except IncompleteError:
        return
    assert evidence.received == len(set(read))
    if evidence.outcome is Outcome.COMPLETE:
        assert stays <= set(read), (stays - set(read), evidence.proof, server.asked)
    else:
        assert changes > 1 or evidence.reason


@pytest.mark.parametrize("served", [RISING, FALLING])
@pytest.mark.parametrize("totals", [True, False])
def test_lists_in_order_never_alarm_and_cost_little(served: Order, *, totals: bool) -> None:
    for seed in range(30):
        chance = random.Random(seed)
        server = ListServer(list(range(2_000)), served, totals=totals)
        stays = set(server.ids)

        def change(
            server: ListServer = server, chance: random.Random = chance, stays: set[int] = stays
        ) -> None:
            if chance.random() < 0.2:
                victim = chance.choice(server.ids)
                server.ids.remove(victim)
                stays.discard(victim)
            if chance.random() < 0.2:
                server.ids.append(max(server.ids) + 1)

        server.before_answer = change
        read, evidence = server.read(100, order=RISING)
        assert evidence.outcome is Outcome.COMPLETE, (seed, evidence.reason)
        assert stays <= set(read)
    quiet = ListServer(list(range(10_000)), served, totals=totals)
    quiet.read(100, order=RISING)
    assert len(quiet.asked) <= 117


def test_an_order_that_is_seen_spares_the_second_pass() -> None:
    server = ListServer(list(range(1_000)), totals=True)
    _read, evidence = server.read(100)
    assert evidence.proof is not None
    assert evidence.proof.kind is ProofKind.OVERLAPPING_PAGES
    assert len(server.asked) < 15


def test_a_list_without_order_is_read_twice() -> None:
    for count, requests in ((999, 20), (1_000, 21)):  # behind a last page that is full
        server = ListServer(list(range(count)), UNKNOWN, totals=True)
        _read, evidence = server.read(100)
        assert evidence.proof is not None
        assert evidence.proof.kind is ProofKind.TWO_PASSES
        assert len(server.asked) == requests


def test_what_may_not_be_repeated_is_unproved_over_several_pages() -> None:
    server = ListServer(list(range(299)), UNKNOWN, totals=True)
    _read, evidence = server.read(100, repeatable=False)
    assert evidence.outcome is Outcome.UNPROVED
    assert len(server.asked) == 3


def claiming(server: ListServer, **claims: Any) -> None:
    plain = server.body

    def body(number: int, size: int) -> dict[str, Any]:
        return {**plain(number, size), **claims}

    server.body = body


@pytest.mark.parametrize(
    ("claims", "outcome"),
    [
        ({"total": 31}, Outcome.UNPROVED),
        ({"total": -1}, Outcome.PARTIAL),
        ({"total": 0}, Outcome.PARTIAL),
        ({"total": 10}, Outcome.PARTIAL),
        ({"total": "ten"}, Outcome.PARTIAL),
        ({"total": 29.5}, Outcome.PARTIAL),
        ({"total": True}, Outcome.PARTIAL),
        ({"total": 10**30}, Outcome.UNPROVED),
        ({"total": 30, "hasMore": False}, Outcome.PARTIAL),
        ({"total": 30, "totalPages": 7}, Outcome.PARTIAL),
        ({"hasMore": True}, Outcome.PARTIAL),
        ({"partial": True}, Outcome.PARTIAL),
        ({"total": "30"}, Outcome.COMPLETE),
        ({"total": 30.0}, Outcome.COMPLETE),
        ({"total": None}, Outcome.COMPLETE),
    ],
)
@pytest.mark.parametrize("served", [RISING, UNKNOWN])
def test_claims_are_read_strictly(claims: dict[str, Any], outcome: Outcome, served: Order) -> None:
    server = ListServer(list(range(30)), served)
    claiming(server, **claims)
    read, evidence = server.read(10)
    assert evidence.outcome is outcome, evidence.verdict
    if outcome is Outcome.COMPLETE:
        assert sorted(read) == list(range(30))
    assert len(server.asked) < 40


def test_a_total_that_counts_the_page_only_is_asked_behind() -> None:
    server = ListServer(list(range(30)))
    claiming(server, total=10)
    _read, evidence = server.read(10)
    assert evidence.outcome is Outcome.PARTIAL


def test_rows_that_came_twice_do_not_fill_the_total() -> None:
    server = ListServer(list(range(30)), totals=True)
    plain = server.body

    def body(number: int, size: int) -> dict[str, Any]:
        found = plain(number, size)
        if len(found["rows"]) > 1:
            found["rows"][1] = found["rows"][0]
        return found

    server.body = body
    _read, evidence = server.read(50, key=lambda row: row["id"])
    assert evidence.outcome is Outcome.PARTIAL
    assert "1 rows came twice on one page" in evidence.reason
    _read, evidence = server.read(50, key=None)
    assert evidence.outcome is Outcome.UNPROVED
    assert "30" in evidence.reason


def test_a_page_cut_in_the_middle_is_read_on() -> None:
    server = ListServer(list(range(95)), UNKNOWN)
    plain = server.body

    def body(number: int, size: int) -> dict[str, Any]:
        found = plain(number, size)
        if number == 2 and size == 10:
            found["rows"] = found["rows"][:3]
        return found

    server.body = body
    read, evidence = server.read(10)
    assert sorted(read) == list(range(95))
    assert evidence.outcome is Outcome.COMPLETE


def test_an_order_that_was_asked_for_and_not_given_proves_nothing() -> None:
    server = ListServer(list(range(250)), UNKNOWN)
    read, evidence = server.read(100, order=RISING)
    assert sorted(read) == list(range(250))
    assert evidence.proof is not None
    assert evidence.proof.kind is ProofKind.TWO_PASSES


def test_newest_first_back_to_the_bookmark() -> None:
    server = ListServer(list(range(500)), FALLING)
    read, evidence = server.read(
        20, order=FALLING, stop_when=lambda page: all(row["id"] < 450 for row in page.rows)
    )
    assert set(range(450, 500)) <= set(read)
    assert len(read) < 100
    assert evidence.proof is not None
    assert evidence.proof.kind is ProofKind.BACK_TO_BOOKMARK


@pytest.mark.parametrize("served", [RISING, UNKNOWN])
def test_where_newest_first_is_ignored_everything_is_read(served: Order) -> None:
    server = ListServer(list(range(500)), served)
    read, evidence = server.read(
        20, order=FALLING, stop_when=lambda page: all(row["id"] < 450 for row in page.rows)
    )
    assert sorted(read) == list(range(500))
    assert evidence.outcome is Outcome.COMPLETE


def test_caps_are_learned_from_the_lists_of_a_route() -> None:
    cap = LearnedCap()
    asked = []
    for count in (3, 5, 5, 2, 0, 5, 7, 7, 1):
        server = ListServer(list(range(count)))
        read, evidence = server.read(100, cap=cap)
        assert len(read) == count
        assert evidence.outcome is Outcome.COMPLETE
        asked.append(len(server.asked))
    assert asked == [2, 2, 1, 1, 1, 1, 2, 1, 1]


def test_a_capped_list_is_not_below_its_cap() -> None:
    cap = LearnedCap()
    for count in (300, 50, 300):
        server = ListServer(list(range(count)), UNKNOWN, clamp=50)
        read, evidence = server.read(100, cap=cap)
        assert len(read) == count, "a page as long as the cap has its next page asked for"
        assert evidence.outcome is Outcome.COMPLETE


@pytest.mark.parametrize(("count", "outcome"), [(73, Outcome.COMPLETE), (100, Outcome.UNPROVED)])
def test_a_route_without_pages_is_recognised(count: int, outcome: Outcome) -> None:
    server = ListServer(list(range(count)))
    whole = server.body(1, 10_000)
    server.body = lambda _number, _size: whole
    read, evidence = server.read(50)
    assert len(read) == count
    assert evidence.outcome is outcome


@pytest.mark.parametrize("order", [UNKNOWN, RISING])
def test_a_server_that_ignores_the_page_is_caught(order: Order) -> None:
    server = ListServer(list(range(100)))

    def fetch(_number: int, size: int) -> Page:
        return ListServer.fetch(server, 1, size)

    server.fetch = fetch
    server.claims = lambda _page: Claims(more=True)
    with pytest.raises(LoopError, match="same page again"):
        server.read(10, order=order)


@pytest.mark.parametrize("served", [UNKNOWN, RISING])
def test_answers_that_arrive_one_request_late_have_an_end(served: Order) -> None:
    """Each request gets the answer to the one before, as a connection gives that is out of step."""
    server = ListServer(list(range(270)), served, more=True)
    late: list[Page] = []

    def fetch(number: int, size: int) -> Page:
        late.append(ListServer.fetch(server, number, size))
        return late[-2] if len(late) > 1 else late[-1]

    server.fetch = fetch
    with pytest.raises(LoopError, match="pages again that it has given"):
        server.read(100)
    assert len(late) < 200


@pytest.mark.parametrize("served", [UNKNOWN, RISING, FALLING])
@pytest.mark.parametrize("asked", [UNKNOWN, RISING])
def test_a_total_that_is_one_too_low_is_asked_behind(served: Order, asked: Order) -> None:
    """It agrees with the pages where the last one is full: a count may be older than the rows."""
    server = ListServer(list(range(41)), served)
    server.claims = lambda page: dataclasses.replace(read_claims(page.reply.body), total=40)
    _found, evidence = server.read(10, order=asked)
    assert evidence.outcome is Outcome.PARTIAL, evidence.verdict
