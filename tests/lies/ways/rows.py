"""Lies about rows: left out, doubled, moved, of another type, without their key."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from lies.scene import EVERY, Scene, Spot, Ways
from lies.shapes import ABSENT

if TYPE_CHECKING:
    from lies.wire import Answer

ways = Ways("rows")
way = ways.way


def _only_with(rows: list[Any], least: int) -> None:
    if len(rows) < least:
        raise LookupError


@way()
def drop_first_row(scene: Scene) -> Answer:
    """Leave out the first row, claims as they were."""
    _only_with(rows := scene.rows, 1)
    return scene.with_rows(rows[1:])


@way()
def drop_middle_row(scene: Scene) -> Answer:
    """Leave out a row in the middle."""
    _only_with(rows := scene.rows, 3)
    del rows[len(rows) // 2]
    return scene.with_rows(rows)


@way()
def drop_last_row(scene: Scene) -> Answer:
    """Leave out the last row."""
    _only_with(rows := scene.rows, 2)
    return scene.with_rows(rows[:-1])


@way()
def cut_page(scene: Scene) -> Answer:
    """Send half of the page."""
    _only_with(rows := scene.rows, 2)
    return scene.with_rows(rows[: len(rows) // 2])


@way(*EVERY)
def cut_every_page(scene: Scene) -> Answer:
    """Leave the last row out of every page with more than one."""
    _only_with(rows := scene.rows, 2)
    return scene.with_rows(rows[:-1])


@way()
def empty_page(scene: Scene) -> Answer:
    """Send no rows, claims as they were."""
    _only_with(scene.rows, 1)
    return scene.with_rows([])


@way(*EVERY)
def empty_every_page(scene: Scene) -> Answer:
    """Send no rows at all, claims as they were."""
    _only_with(scene.rows, 1)
    return scene.with_rows([])


@way(*EVERY)
def drop_row_and_count_it_out(scene: Scene) -> Answer:
    """Leave out a row of the first page, and claim one row less on every page."""
    total = scene.claim("total")
    answer = scene.answer if total is ABSENT else scene.claiming(total - 1, "total")
    if scene.index:
        return answer
    _only_with(rows := scene.rows, 1)
    less = Scene(scene.route, scene.ask, answer, 0, scene.others, scene.call)
    return less.with_rows(rows[:-1])


def _hide(scene: Scene, part: float) -> Answer:
    """Leave one row out of whatever is asked: no page ever shows it."""
    page = scene.others[round(part * (len(scene.others) - 1))][1]
    there = scene.route.shape.find(page.json) or []
    _only_with(there, 1)
    hidden = there[round(part * (len(there) - 1))]
    return scene.with_rows([row for row in scene.rows if row != hidden])


ways.many("never_show", {"the_first_row": 0, "a_row": 0.5, "the_last_row": 1}, _hide, *EVERY)


@way()
def double_row(scene: Scene) -> Answer:
    """Send the first row twice, one row more than there are."""
    _only_with(rows := scene.rows, 1)
    return scene.with_rows([rows[0], *rows])


@way()
def row_in_place_of_its_neighbour(scene: Scene) -> Answer:
    """Send one row twice and another not at all; the number is right."""
    _only_with(rows := scene.rows, 2)
    return scene.with_rows([rows[0], *rows[:1], *rows[2:]])


@way()
def last_row_in_place_of_the_first(scene: Scene) -> Answer:
    """Send the last row twice, far from each other, and the first not at all."""
    _only_with(rows := scene.rows, 3)
    return scene.with_rows([rows[-1], *rows[1:]])


@way()
def swap_rows(scene: Scene) -> Answer:
    """Change the order of the first two rows."""
    _only_with(rows := scene.rows, 2)
    return scene.with_rows([rows[1], rows[0], *rows[2:]])


@way()
def reverse_page(scene: Scene) -> Answer:
    """Send the page from back to front."""
    _only_with(rows := scene.rows, 2)
    return scene.with_rows(rows[::-1])


@way(*EVERY)
def shuffle_rows(scene: Scene) -> Answer:
    """Send the rows of every page in some order."""
    _only_with(rows := scene.rows, 2)
    random.Random(scene.index).shuffle(rows)
    return scene.with_rows(rows)


@way()
def row_of_another_page(scene: Scene) -> Answer:
    """Put a row of another page in the place of the last one."""
    _only_with(rows := scene.rows, 1)
    _ask, answer = scene.others[scene.index - 1 if scene.index else 1]
    other = scene.route.shape.find(answer.json) or []
    _only_with(other, 1)
    return scene.with_rows([*rows[:-1], other[0]])


@way()
def rows_moved_to_the_next_page(scene: Scene) -> Answer:
    """Answer with the page of one row later: all rows behind have moved up by one."""
    _only_with(rows := scene.rows, 1)
    later = scene.others[scene.index + 1][1]
    following = scene.route.shape.find(later.json) or []
    _only_with(following, 1)
    return scene.with_rows([*rows[1:], following[0]])


RETYPED: dict[str, Any] = {
    "null": None,
    "text": "row",
    "number": 7,
    "true": True,
    "list": [],
    "empty_object": {},
    "list_of_itself": ABSENT,
}


def _retype(scene: Scene, value: Any) -> Answer:
    _only_with(rows := scene.rows, 1)
    return scene.with_rows([*rows[:-1], [rows[-1]] if value is ABSENT else value])


ways.many("row_is", RETYPED, _retype)

KEYS: dict[str, Any] = {
    "missing": ABSENT,
    "null": None,
    "empty": "",
    "an_object": {"id": 1},
    "a_list": [1],
    "true": True,
    "a_fraction": 1.5,
    "negative": -1,
}


def _key(scene: Scene, value: Any) -> Answer:
    _only_with(rows := scene.rows, 1)
    scene.key_of(rows[-1])
    return scene.with_rows([*rows[:-1], scene.with_key(rows[-1], value)])


ways.many("key_is", KEYS, _key, Spot.FIRST, Spot.LAST, needs="keyed")


@way(Spot.FIRST, Spot.LAST, needs="keyed")
def key_is_of_its_neighbour(scene: Scene) -> Answer:
    """Give a row the key of the row before it."""
    _only_with(rows := scene.rows, 2)
    key = scene.key_of(rows[-2])
    return scene.with_rows([*rows[:-1], scene.with_key(rows[-1], key)])


def _place_of_rows(scene: Scene, value: Any) -> Answer:
    _only_with(rows := scene.rows, 1)
    if value == "object":
        value = {str(index): row for index, row in enumerate(rows)}
    elif value == "nested":
        value = [rows]
    elif value == "first":
        value = rows[0]
    return scene.with_rows(value)


ways.many(
    "rows_are",
    {
        "missing": ABSENT,
        "null": None,
        "false": False,
        "text": "none",
        "a_number": 0,
        "an_object": "object",
        "nested": "nested",
        "the_first_row": "first",
    },
    _place_of_rows,
    Spot.FIRST,
    Spot.LAST,
)


@way(Spot.FIRST, Spot.LAST)
def rows_under_another_name(scene: Scene) -> Answer:
    """Call the list something else."""
    _only_with(rows := scene.rows, 1)
    gone = scene.with_rows(ABSENT)
    return gone.with_json({**gone.json, "items": rows})
