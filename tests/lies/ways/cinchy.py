"""Lies that only answers to queries can tell."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from lies.scene import EVERY, PAGES, Scene, Spot, Ways
from lies.shapes import ABSENT, put

if TYPE_CHECKING:
    from lies.wire import Answer

ways = Ways("queries")
way = ways.way
TOP = re.compile(r"(?i)\bTOP \d+ ?")
WHERE = re.compile(r"(?i) WHERE .*?(?= ORDER BY |$)")
ORDER = re.compile(r"(?i) ORDER BY .*$")


async def _asked(scene: Scene, text: str) -> Answer:
    if not scene.ask.cql or text == scene.ask.cql:
        raise LookupError
    return await scene.call(scene.ask.with_cql(text))


@way(*EVERY, needs="query")
async def top_ignored(scene: Scene) -> Answer:
    """Send all rows, however few are asked for."""
    return await _asked(scene, TOP.sub("", scene.ask.cql))


@way(*EVERY, needs="query")
async def top_clamped(scene: Scene) -> Answer:
    """Send three rows at most."""
    return await _asked(scene, re.sub(r"(?i)\bTOP ([4-9]|\d\d+)", "TOP 3", scene.ask.cql))


@way(*EVERY, needs="query")
async def condition_ignored(scene: Scene) -> Answer:
    """Ignore which rows are asked for."""
    return await _asked(scene, WHERE.sub("", scene.ask.cql))


@way(*EVERY, needs="query")
async def order_of_query_ignored(scene: Scene) -> Answer:
    """Ignore the order."""
    return await _asked(scene, ORDER.sub("", scene.ask.cql))


@way(*EVERY, needs="query")
async def order_of_query_reversed(scene: Scene) -> Answer:
    """Order the other way round."""
    text = scene.ask.cql
    if " DESC" in text:
        return await _asked(scene, text.replace(" DESC", ""))
    return await _asked(scene, ORDER.sub(lambda m: f"{m[0].removesuffix(' ASC')} DESC", text))


@way(*PAGES, needs="columnar")
def nothing_and_no_schema(scene: Scene) -> Answer:
    """Send neither rows nor names."""
    return scene.answer.with_json({"schema": [], "data": []})


@way(*PAGES, needs="columnar")
def nothing_but_nulls(scene: Scene) -> Answer:
    """Send null for both."""
    return scene.answer.with_json({"schema": None, "data": None})


@way(*PAGES, needs="columnar")
def nothing_but_a_message(scene: Scene) -> Answer:
    """Send no rows, and say why in a field."""
    return scene.answer.with_json({"schema": [], "data": [], "Message": "Execution Timeout"})


def _schema(scene: Scene, change: Any) -> Answer:
    schema = scene.body["schema"]
    return scene.answer.with_json(put(scene.body, ("schema",), change(schema)))


ways.many(
    "schema_is",
    {
        "missing": lambda _schema: ABSENT,
        "empty": lambda _schema: [],
        "reversed": lambda schema: schema[::-1],
        "cut": lambda schema: schema[:-1],
        "of_texts": lambda schema: [column["columnName"] for column in schema],
    },
    _schema,
    Spot.FIRST,
    Spot.LAST,
    needs="columnar",
)


@way(needs="columnar")
def row_is_short(scene: Scene) -> Answer:
    """Leave the last value out of a row."""
    rows = scene.rows
    return scene.with_rows([*rows[:-1], rows[-1][:-1]])


@way(needs="columnar")
def columns_are_swapped(scene: Scene) -> Answer:
    """Exchange the first two values of every row, not of the schema."""
    return scene.with_rows([[row[1], row[0], *row[2:]] for row in scene.rows])


@way(*EVERY, needs="columnar")
def rows_as_objects(scene: Scene) -> Answer:
    """Send the other shape of answer."""
    names = [column["columnName"] for column in scene.body["schema"]]
    return scene.answer.with_json([dict(zip(names, row, strict=True)) for row in scene.rows])


def _highest(scene: Scene, change: Any) -> Answer:
    rows = scene.rows
    if not rows:
        raise LookupError
    return scene.with_rows(change(rows))


def _first(key: Any) -> Any:
    return lambda rows: [[key(rows[0][0]), *rows[0][1:]], *rows[1:]]


ways.many(
    "highest_key",
    {
        "is_none": lambda _rows: [],
        "is_lower": lambda rows: rows[2:] or _first(lambda key: key - 2)(rows[:1]),
        "is_the_lowest": _first(lambda _key: 1),
        "is_zero": _first(lambda _key: 0),
        "is_higher": _first(lambda key: key + 50),
        "is_null": _first(lambda _key: None),
        "is_a_text": _first(str),
        "is_alone": lambda rows: rows[:1],
    },
    _highest,
    Spot.ALL,
    needs="highest",
)
