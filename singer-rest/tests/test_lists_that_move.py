# mypy: disable-error-code="method-assign,assignment"
"""Lists that change while they are read: nothing is lost, and nobody is alarmed in vain."""

from __future__ import annotations

import pytest
from list_server import ListServer

from singer_rest.errors import Outcome
from singer_rest.sources.claims import read_claims
from singer_rest.sources.keys import Order

UNKNOWN, RISING, FALLING = Order.UNKNOWN, Order.RISING, Order.FALLING


def test_one_row_deleted_and_one_added_are_noticed() -> None:
    server = ListServer(list(range(300)), UNKNOWN, totals=True, seed=3)
    victim = server.served()[5]
    pending = [victim]

    def change() -> None:
        if pending:
            server.ids.remove(pending.pop())
            server.ids.append(1_000)

    server.before_answer = change
    read, evidence = server.read(100)
    assert set(range(300)) - {victim} <= set(read)
    assert evidence.outcome is Outcome.COMPLETE


def test_a_row_that_comes_while_the_second_pass_is_read_raises_no_alarm() -> None:
    """It stands on a page already read and shows in the total alone, so one pass more is read."""
    server = ListServer(list(range(300)), UNKNOWN, totals=True)
    served = server.served()

    def change() -> None:
        if len(server.asked) == 5:
            server.ids.append(1_000)

    server.before_answer = change
    server.served = lambda: [1_000, *served] if 1_000 in server.ids else served
    read, evidence = server.read(100)
    assert evidence.outcome is Outcome.COMPLETE
    assert set(read) == {*range(300), 1_000}


@pytest.mark.parametrize("count", [5, 40])
@pytest.mark.parametrize("order", [UNKNOWN, RISING])
def test_a_list_that_seems_empty_is_asked_for_again(order: Order, count: int) -> None:
    """Even where it counts no rows; a list that has none costs one request more."""
    server = ListServer(list(range(count)), totals=True)
    none = ListServer([], totals=True)
    server.fetch = lambda number, size: ListServer.fetch(
        server if server.asked or none.asked else none, number, size
    )
    read, evidence = server.read(10, order=order)
    assert evidence.outcome is Outcome.COMPLETE
    assert len(read) == count
    none.asked.clear()
    assert none.read(10, order=order)[1].outcome is Outcome.COMPLETE
    assert len(none.asked) == 2


def test_two_passes_alike_prove_nothing_while_the_count_changes() -> None:
    """Pages of two machines: the row that one of them has on a later page is never shown."""
    more, fewer = (ListServer(ids, totals=True) for ids in ([0, 1, 2, 3, 4], [0, 2, 3, 4]))
    more.fetch = lambda number, size: ListServer.fetch(fewer if number > 1 else more, number, size)
    more.claims = lambda page: read_claims(page.reply.body)
    _read, evidence = more.read(4)
    assert evidence.outcome is Outcome.PARTIAL
    assert "the server counts 4 rows, and 5 in the last of 5 passes" in evidence.reason


def test_a_list_that_never_stands_still_is_partial() -> None:
    server = ListServer(list(range(300)), UNKNOWN, totals=True)
    server.before_answer = lambda: server.ids.pop(0)
    _read, evidence = server.read(100)
    assert evidence.outcome is Outcome.PARTIAL
    assert "faster than it can be read" in evidence.reason
