# mypy: disable-error-code="method-assign"
"""What is said of a list that passes do not agree on, or that contradicts itself."""

from __future__ import annotations

from typing import Any

import pytest
from test_passes import MIXED, TWICE, proof, walks

from singer_rest.errors import Outcome

TOO_FEW = {"total": 9}
DENIED = "list contradicts itself: it counts 9 rows, and 10 different ones came"


# Contradictions


def test_what_cannot_be_is_asked_again_once_and_then_said() -> None:
    server = walks(MIXED, said=[TOO_FEW])
    _read, evidence = server.read(4)
    assert (evidence.outcome, evidence.reason) == (Outcome.PARTIAL, DENIED)
    assert (evidence.rereads, evidence.expected) == (1, 9)


def test_the_first_of_several_contradictions_is_said() -> None:
    server = walks([7, 7, 3], said=[{"total": -1}])
    _read, evidence = server.read(4)
    assert evidence.reason == "list contradicts itself: total: -1 is no number of rows"


def test_where_nothing_may_be_asked_again_it_is_said_at_once() -> None:
    server = walks(MIXED, said=[TOO_FEW])
    _read, evidence = server.read(4, repeatable=False)
    assert (evidence.outcome, evidence.reason) == (Outcome.PARTIAL, DENIED)
    assert evidence.rereads == 0


@pytest.mark.parametrize(("said", "rereads"), [([TOO_FEW, {}], 1), ([{}, TOO_FEW, {}], 2)])
def test_what_was_met_in_one_pass_alone_is_forgiven(
    said: list[dict[str, Any]], rereads: int
) -> None:
    server = walks(MIXED, said=said)
    _read, evidence = server.read(4)
    assert proof(evidence) == TWICE
    assert evidence.rereads == rereads


def test_a_row_that_came_and_is_not_counted_yet_is_no_contradiction_of_two_passes() -> None:
    """The pass before had as many rows as it counted."""
    server = walks(MIXED, [99, *MIXED], said=[{"total": 10}, {"total": 10}, {"total": 11}])
    _read, evidence = server.read(4)
    assert proof(evidence) == f"{TWICE}: total 11"
    assert evidence.rereads == 2


@pytest.mark.parametrize(("first", "second"), [(True, True), (True, False), (False, True)])
def test_a_row_at_two_places_is_a_contradiction_in_both_passes_only(
    *, first: bool, second: bool
) -> None:
    moved = [7, 3, 9, 1, 8, 3, 2, 6, 4, 5, 0]
    server = walks(*(moved if one else MIXED for one in (first, second)))
    _read, evidence = server.read(4)
    alike = "list contradicts itself: 1 rows stood at two places, in two passes alike"
    assert proof(evidence) == (alike if first and second else TWICE)
    assert evidence.rereads == 1


# Fewer rows than are counted


def test_fewer_rows_than_counted_are_a_doubt_where_two_passes_show_the_same() -> None:
    server = walks(MIXED, said=[{"total": 11}])
    _read, evidence = server.read(4)
    assert evidence.outcome is Outcome.UNPROVED
    assert evidence.reason == "the server counts 11 rows, 10 came in two passes alike"
    assert evidence.rereads == 1


def test_fewer_rows_than_counted_are_a_doubt_at_once_where_nothing_may_be_asked_again() -> None:
    server = walks(MIXED, said=[{"total": 11}])
    _read, evidence = server.read(4, repeatable=False)
    assert evidence.outcome is Outcome.UNPROVED
    assert evidence.reason == "the server counts 11 rows, 10 came"
    assert evidence.rereads == 0


def test_fewer_rows_than_counted_in_one_pass_alone_are_read_again() -> None:
    server = walks(MIXED[:9], MIXED, said=[{"total": 10}])
    _read, evidence = server.read(4)
    assert proof(evidence) == f"{TWICE}: total 10"
    assert evidence.rereads == 2


# Routes that may not be asked again


def test_several_pages_in_no_order_are_not_proved_by_one_pass() -> None:
    _read, evidence = walks(MIXED).read(4, repeatable=False)
    assert evidence.outcome is Outcome.UNPROVED
    assert evidence.reason == "list came in 4 pages whose order is not known"
    assert evidence.rereads == 0


@pytest.mark.parametrize(
    ("options", "said", "rereads"),
    [
        ({}, "one answer: total 3", 0),
        ({"confirm": True}, f"{TWICE}: total 3", 1),
        ({"repeatable": False}, "one answer: total 3", 0),
        ({"confirm": True, "repeatable": False}, "one answer: total 3", 0),
    ],
)
def test_a_proof_is_confirmed_where_that_is_wanted_and_allowed(
    options: dict[str, Any], said: str, rereads: int
) -> None:
    _read, evidence = walks([3, 1, 2], totals=True).read(10, **options)
    assert proof(evidence) == said
    assert evidence.rereads == rereads


# Lists that do not stand still


def test_five_passes_that_differ_say_by_how_much() -> None:
    server = walks(*([*MIXED[walk:], *range(20, 20 + 2 * walk)] for walk in range(7)))
    _read, evidence = server.read(4)
    assert evidence.outcome is Outcome.PARTIAL
    assert evidence.reason == (
        "list changes faster than it can be read: the last of 5 passes showed 2 rows that the one "
        "before had not, and lacked 1"
    )
    assert evidence.rereads == 4


def test_five_passes_that_counted_more_rows_than_came_say_so() -> None:
    server = walks(MIXED)
    server.before_answer = lambda: server.walks.append([100 + len(server.asked), *server.served()])
    server.served = lambda: server.walks[-1]
    server.totals = True
    _read, evidence = server.read(4)
    assert evidence.outcome is Outcome.PARTIAL
    assert evidence.reason == (
        "list changes faster than it can be read: the server counts 43 rows, 33 came in the last "
        "of 5 passes"
    )
    assert evidence.rereads == 4


# Keys that can be asked for one by one


@pytest.mark.parametrize(
    ("second", "exists", "rereads"),
    [
        ([99, *MIXED], [99, *MIXED], 1),
        ([99, *MIXED], MIXED, 2),
        (MIXED[1:], MIXED, 2),
        (MIXED[1:], MIXED[1:], 1),
        ([99, *MIXED[1:]], [99, *MIXED[1:]], 1),
        ([99, *MIXED[1:]], [99, *MIXED], 2),
        ([99, 98, *MIXED], [99, *MIXED], 2),
        (MIXED[2:], MIXED[1:], 2),
    ],
)
def test_passes_agree_where_the_server_confirms_each_difference(
    second: list[int], exists: list[int], rereads: int
) -> None:
    server = walks(MIXED, second)
    _read, evidence = server.read(4, lookup=exists.__contains__)
    assert proof(evidence) == TWICE
    assert evidence.rereads == rereads
