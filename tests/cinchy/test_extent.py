"""How much is asked for at once, against servers that are nothing but a rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_cinchy.extent import Extent

if TYPE_CHECKING:
    from collections.abc import Callable

MEGABYTE = 1 << 20


def asked_for(
    extent: Extent, weights: list[int], trouble: Callable[[int, int, int], str]
) -> list[int]:
    """Read rows of these weights and return how many were asked for each time.

    Args:
        extent: What decides.
        weights: Bytes of each row.
        trouble: Says by number of the request, rows asked for and bytes what goes wrong.
    """
    position, asked = 0, []
    while position < len(weights):
        size = extent.value
        rows = weights[position : position + size]
        asked.append(size)
        wrong = trouble(len(asked), size, sum(rows))
        if wrong == "slow":
            assert extent.shrink_after_timeout(size)
        elif wrong == "heavy":
            assert extent.shrink_after_weight(size)
        else:
            extent.note(size, len(rows), sum(rows), 0.1)
            position += len(rows)
    return asked


def heavy(_number: int, _size: int, weight: int) -> str:
    return "heavy" if weight > 64 * MEGABYTE else ""


def test_heavy_rows_do_not_make_the_light_ones_cost_more() -> None:
    light = [100] * 60_000
    plain = asked_for(Extent(5000, ceiling=64 * MEGABYTE), light, heavy)
    mixed = asked_for(Extent(5000, ceiling=64 * MEGABYTE), [5 * MEGABYTE] * 30 + light, heavy)
    assert len(plain) == 12
    assert len(mixed) <= 2 * len(plain)
    assert mixed[-1] == 5000


def test_passing_time_outs_cost_one_request_each() -> None:
    troubled = {3, 8, 14, 15}
    asked = asked_for(
        Extent(1000), [100] * 100_000, lambda number, _s, _w: "slow" if number in troubled else ""
    )
    assert len(asked) <= 100 * 1.15
    assert asked[-1] == 1000


def test_a_limit_that_stays_is_tried_ever_more_seldom() -> None:
    asked = asked_for(
        Extent(1000), [100] * 50_000, lambda _n, size, _w: "slow" if size > 150 else ""
    )
    assert sum(size > 150 for size in asked) <= 25
    assert max(size for size in asked if size <= 150) > 100
    assert len(asked) < 50_000 / 100


def test_there_is_an_end_to_shrinking() -> None:
    extent = Extent(5000)
    tries = 0
    while extent.shrink_after_timeout(extent.value):
        tries += 1
    assert extent.value == 1
    assert tries <= 10
    while extent.shrink_after_weight(extent.value):
        pass
    assert extent.value == 1


def test_a_slow_answer_does_not_invite_to_ask_for_more() -> None:
    extent = Extent(1000)
    extent.shrink_after_timeout(1000)
    extent.note(500, 500, 1000, 50.0)
    assert extent.value == 500
    extent.note(500, 500, 1000, 0.5)
    assert extent.value == 1000


def test_the_trouble_of_one_thread_is_not_counted_twice() -> None:
    extent = Extent(1000)
    assert extent.shrink_after_timeout(1000)
    assert extent.shrink_after_timeout(1000)
    assert extent.value == 500
