"""Which values tell rows apart, which have come, how passes differ, and what order a list has."""

from __future__ import annotations

import datetime as dt
import decimal
from typing import Any

import pytest

from singer_rest.sources.keys import (
    MAX_STRAYS,
    ROUND_CAPS,
    Comparison,
    KeyLedger,
    LearnedCap,
    Order,
    OrderTracker,
    can_be_key,
)

SAME_HASH = (1 << 61) - 1
"""Integers so far apart have the same hash: only a ledger that keeps the keys tells them apart."""


def rows(*keys: Any) -> list[dict[str, Any]]:
    return [{"id": key} for key in keys]


def ledger(*pages: list[Any]) -> KeyLedger:
    """Return a ledger that has taken these pages."""
    made = KeyLedger(lambda row: row["id"])
    for page in pages:
        made.take(rows(*page))
    return made


# What is a key


@pytest.mark.parametrize("key", [0, -7, "", "a", 1.5, decimal.Decimal(3), (1, "a"), ((1, 2), 3)])
def test_numbers_texts_and_several_of_them_tell_rows_apart(key: Any) -> None:
    assert can_be_key(key)


@pytest.mark.parametrize(
    "key", [None, True, [1], {"a": 1}, (1, None), ("a", False), dt.date(2026, 1, 1)]
)
def test_nothing_else_does(key: Any) -> None:
    assert not can_be_key(key)


# The ledger


def test_an_empty_ledger_knows_nothing() -> None:
    empty = ledger()
    assert empty.count == 0
    assert not any(empty.knows_key(key) for key in (-1, 0, 1, "a", (1, 2)))
    assert empty.unknown([3, 1, 2]) == [0, 1, 2]
    assert empty.unknown(["a", "b"]) == [0, 1]


def test_numbers_between_pages_and_beyond_them_are_not_known() -> None:
    for pages in ([[10, 20], [30], [50, 60]], [[50, 60], [30], [10, 20]], [[10, 60], [20, 30, 50]]):
        made = ledger(*pages)
        known = [key for key in range(70) if made.knows_key(key)]
        assert known == [10, 20, 30, 50, 60], pages
        assert made.count == 5
        assert not made.knows_key("30")
        assert made.knows({"id": 30})
        assert not made.knows({"id": 31})


def test_the_places_of_unknown_keys_whatever_their_order() -> None:
    made = ledger([1, 2, 3], [8, 9, 10])
    assert made.unknown([3, 8, 9, 10, 11, 12]) == [4, 5]
    assert made.unknown([2, 5, 9, 11]) == [1, 3]
    assert made.unknown([3, 12, 4, 2, 8]) == [1, 2]
    assert made.unknown([3, 12, 2]) == [1]
    assert made.unknown(["8", "9"]) == [0, 1]
    assert made.unknown([]) == []


def test_keys_that_came_after_texts_are_known_too() -> None:
    made = ledger([1, 2, 3], ["a"], [100, 7])
    assert made.unknown([3, 4, 7, 100, 101]) == [1, 4]
    assert made.unknown(["a", "b"]) == [1]
    assert made.count == 6


@pytest.mark.parametrize("far", [(1 << 63) - 1, -(1 << 63)])
def test_numbers_of_eight_bytes_are_remembered_exactly(far: int) -> None:
    near = far % SAME_HASH if far > 0 else -(-far % SAME_HASH)
    assert hash(near) == hash(far)
    made = ledger([near])
    assert made.take(rows(far)) == (rows(far), 0)
    assert made.count == 2
    assert made.knows_key(near)
    assert made.knows_key(far)


@pytest.mark.parametrize("far", [1 << 63, -(1 << 63) - 1, 10**40])
def test_longer_numbers_are_remembered_too(far: int) -> None:
    made = ledger([1, 2], [far, 3])
    assert made.unknown([far, far + 1, 1, 3]) == [1]
    assert made.count == 4


def test_a_list_in_order_is_remembered_exactly_however_long_it_is() -> None:
    pages = [list(range(start, start + 5)) for start in range(0, 100, 5)]
    for made in (ledger(*pages), ledger(*reversed(pages)), ledger([50], *pages)):
        assert made.count == 100
        assert not any(made.knows_key(key + SAME_HASH) for key in range(100))


@pytest.mark.parametrize(("late", "exact"), [(MAX_STRAYS, True), (MAX_STRAYS + 1, False)])
def test_hashes_alone_are_kept_of_a_list_with_more_than_ten_late_pages(
    late: int, *, exact: bool
) -> None:
    assert MAX_STRAYS == 10
    made = ledger([0, 1000], *([500 + number] for number in range(late)))
    assert made.count == late + 2
    assert made.knows_key(500 + late - 1)
    assert made.knows_key(500 + SAME_HASH) is not exact


def test_an_empty_page_changes_nothing() -> None:
    for made in (ledger(), ledger([1, 2])):
        before = made.count
        assert made.take([]) == ([], 0)
        assert made.count == before
        assert made.take(rows(3)) == (rows(3), 0)
        assert not made.knows_key(3 + SAME_HASH)


@pytest.mark.parametrize("page", [[5, 1], [1, 2, 3], [1], [5], [3, 4], [0, 3, 9]])
@pytest.mark.parametrize("as_text", [False, True])
def test_rows_of_an_earlier_page_came_again(page: list[int], *, as_text: bool) -> None:
    """They may have changed since, so they are worth writing."""
    known = [[1, 3, 5], [7]]
    keys: list[list[Any]] = [*known, page]
    if as_text:
        keys = [[str(key) for key in one] for one in keys]
    made = ledger(*keys[:-1])
    came = [key for one in known for key in one]
    assert made.take(rows(*keys[-1])) == (rows(*keys[-1]), sum(key in came for key in page))
    assert made.count == len({*came, *page})


def test_new_rows_among_known_ones_are_none_that_came_again() -> None:
    made = ledger([10, 20])
    assert made.take(rows(15, 18)) == (rows(15, 18), 0)
    assert made.take(rows(25, 12)) == (rows(25, 12), 0)
    assert made.take(rows(5, 6), [5, 6]) == (rows(5, 6), 0)
    assert made.count == 8


def test_a_row_that_stands_twice_on_a_page_is_written_again_if_it_differs() -> None:
    first, second = {"id": 1, "v": 1}, {"id": 1, "v": 2}
    other = {"id": 2, "v": 1}
    assert ledger().take([first, dict(first), other]) == ([first, other], 1)
    assert ledger().take([first, second, other]) == ([first, second, other], 1)
    assert ledger().take([first, dict(first), dict(first)]) == ([first], 2)


def test_a_row_like_its_copy_on_the_page_before_is_left_out_and_the_rest_is_not() -> None:
    one, two, three = ({"id": key, "v": 1} for key in (1, 2, 3))
    for start in ([one, two], [two, dict(two), one]):
        made = ledger()
        made.take(start)
        assert made.take([dict(one), three, dict(two)]) == ([three], 2)
        assert made.count == 3


# Two passes


def compared(before: list[int], *pages: list[int]) -> Comparison:
    comparison = Comparison(ledger(before))
    for page in pages:
        comparison.note(rows(*page), page)
    return comparison


@pytest.mark.parametrize(
    ("pages", "added", "gone"),
    [
        ([[1, 2, 3]], [], 0),
        ([[3], [2, 1]], [], 0),
        ([[1, 2], [2, 3]], [], 0),
        ([[1, 2, 3, 4]], [4], 0),
        ([[1, 2]], [], 1),
        ([[5, 1], [5, 4]], [5, 4], 2),
        ([[7, 7, 8], [7]], [7, 8], 3),
        ([], [], 3),
    ],
)
def test_two_passes_differ_by_what_was_added_and_what_is_gone(
    pages: list[list[int]], added: list[int], gone: int
) -> None:
    comparison = compared([1, 2, 3], *pages)
    assert comparison.new_keys == added
    assert comparison.added == len(added)
    assert comparison.gone == gone
    assert comparison.same is (not added and not gone)
    assert comparison.seen.count == len({key for page in pages for key in page})


def test_a_comparison_is_with_what_the_pass_before_had_at_its_end() -> None:
    before = ledger([1, 2, 3])
    comparison = Comparison(before)
    comparison.note(rows(1, 2, 3, 4), [1, 2, 3, 4])
    before.take(rows(4))
    assert (comparison.added, comparison.gone) == (1, 0)


# Order


def tracked(*pages: list[Any]) -> OrderTracker:
    tracker = OrderTracker()
    for page in pages:
        tracker.add(page)
    return tracker


@pytest.mark.parametrize(
    ("pages", "direction"),
    [
        ([], Order.UNKNOWN),
        ([[5]], Order.UNKNOWN),
        ([[1], [2]], Order.RISING),
        ([[1, 2, 3], [4, 5, 6], [], [7], [8, 9]], Order.RISING),
        ([[2], [1]], Order.FALLING),
        ([[9, 8, 7], [6, 5], [4]], Order.FALLING),
        ([["a", "b"], ["c"], ["d", "e"]], Order.RISING),
        ([["c"], ["b", "a"]], Order.FALLING),
        ([[10**30, 10**31], [10**32]], Order.RISING),
    ],
)
def test_keys_that_strictly_rise_or_fall_have_an_order(
    pages: list[list[Any]], direction: Order
) -> None:
    tracker = tracked(*pages)
    keys = [key for page in pages for key in page]
    assert (tracker.direction, tracker.broken) == (direction, False)
    assert tracker.count == len(keys)
    assert tracker.last == (keys[-1] if keys else None)


@pytest.mark.parametrize(
    "pages",
    [
        [[1, 2], [2]],
        [[1, 5], [5, 6]],
        [[1, 5], [2, 3]],
        [[1, 5], [3, 4, 6]],
        [[1, 5], [6, 8, 7, 9]],
        [[1, 5], [6, 7], [7, 8]],
        [[1, 2, 3], [4, 5, 6], [5]],
        [[5, 4], [6, 7]],
        [[5], [5]],
        [[3, 1, 2]],
        [[1, 2], ["a"]],
        [["a", "b"], [1]],
        [["a", "b"], [1, 2]],
        [[1], ["a"]],
        [[1.5, 2.5]],
        [[decimal.Decimal(1), decimal.Decimal(2)]],
        [[(1, 1), (1, 2)]],
    ],
)
def test_an_order_that_is_broken_once_stays_so(pages: list[list[Any]]) -> None:
    tracker = tracked(*pages)
    assert tracker.broken
    count, last = tracker.count, pages[-1][-1]
    assert (count, tracker.last) == (sum(map(len, pages)), last)
    for more in ([100, 101], [102]):
        tracker.add(more)
    assert tracker.broken
    assert (tracker.count, tracker.last) == (count + 3, 102)
    assert tracker.holds([3, 1, 2])
    assert not any(map(tracker.proves, Order))


@pytest.mark.parametrize(
    ("seen", "page", "holds"),
    [
        ([1, 2], [2, 3, 4], True),
        ([1, 2], [2, 4, 3], False),
        ([1, 2], [2, 2, 3], False),
        ([1, 2], [3, 2, 1], False),
        ([2, 1], [3, 2, 1], True),
        ([2, 1], [1, 2, 3], False),
        ([1], [3, 1, 2], True),
    ],
)
def test_whether_a_page_follows_the_order_that_was_seen(
    seen: list[int], page: list[int], *, holds: bool
) -> None:
    assert tracked(seen).holds(page) is holds


def test_an_order_is_proved_by_nothing_against_it() -> None:
    rising, unknown = tracked([1, 2]), tracked([1])
    assert rising.proves(Order.RISING)
    assert not rising.proves(Order.FALLING)
    assert unknown.proves(Order.RISING)
    assert unknown.proves(Order.FALLING)


# Caps


def test_a_page_shorter_than_another_was_not_cut() -> None:
    cap = LearnedCap()
    assert not cap.tells(0, 20)
    assert not cap.tells(7, 20)
    cap.note(10)
    cap.note(8)
    assert cap.tells(9, 20)
    assert cap.tells(0, 20)
    assert not cap.tells(10, 20)
    assert not cap.tells(11, 20)


def test_a_page_as_long_as_was_asked_for_may_have_been_cut_by_that() -> None:
    cap = LearnedCap()
    cap.note(20)
    assert cap.tells(9, 10)
    assert not cap.tells(10, 10)
    assert not cap.tells(11, 10)


def test_a_page_as_long_as_one_with_nothing_behind_it_was_not_cut() -> None:
    cap = LearnedCap()
    cap.note_end(12)
    assert cap.tells(12, 20)
    assert not cap.tells(13, 20)
    cap.note_continued(12)
    assert not cap.tells(12, 20)


@pytest.mark.parametrize("length", [50, 100, 250, 500, 1000])
def test_a_round_number_of_rows_is_the_end_of_no_page(length: int) -> None:
    assert length in ROUND_CAPS
    cap = LearnedCap()
    for count in (length - 1, length, length + 1):
        cap.note_end(count)
    assert cap.tells(length - 1, 5000)
    assert not cap.tells(length, 5000)
    assert cap.tells(length + 1, 5000)
