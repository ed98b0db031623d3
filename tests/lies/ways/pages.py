"""Lies about pages: repeated, skipped, of another size, parameters ignored."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lies.scene import EVERY, Scene, Spot, Ways

if TYPE_CHECKING:
    from lies.wire import Answer, Ask

ways = Ways("pages")
way = ways.way
CLAMP = 3
"""Rows a page, where more are asked for."""
NOT_PAGING = re.compile(r"^(page|pageSize|per_page|startIndex|count)$")


def _page(scene: Scene, index: int) -> Answer:
    """Return another page of the same list."""
    if index < 0:
        raise LookupError
    ask, answer = scene.others[index]
    if ask.path != scene.ask.path:
        raise LookupError
    return answer


@way(Spot.MIDDLE, Spot.LAST, needs="paged")
def repeat_page_before(scene: Scene) -> Answer:
    """Send the page before once more, word for word."""
    return _page(scene, scene.index - 1)


@way(Spot.MIDDLE, Spot.LAST, needs="paged")
def repeat_rows_before(scene: Scene) -> Answer:
    """Send the rows of the page before, with the claims of this one."""
    rows = scene.route.shape.find(_page(scene, scene.index - 1).json)
    return scene.with_rows(rows) if rows else scene.answer


@way(Spot.FIRST, Spot.MIDDLE, needs="paged")
def next_page_instead(scene: Scene) -> Answer:
    """Send the page that comes after."""
    return _page(scene, scene.index + 1)


@way(Spot.FIRST, Spot.MIDDLE, needs="paged")
def last_page_instead(scene: Scene) -> Answer:
    """Send the last page."""
    return _page(scene, len(scene.others) - 1)


@way(*EVERY, needs="paged")
def first_page_always(scene: Scene) -> Answer:
    """Send the first page whichever is asked for."""
    return _page(scene, 0)


@way(*EVERY, needs="paged")
async def page_ignored(scene: Scene) -> Answer:
    """Ignore which page is asked for."""
    return await _without(scene, scene.route.shape.page)


@way(*EVERY, needs="paged")
async def size_ignored(scene: Scene) -> Answer:
    """Ignore the size that is asked for, and use the server's own."""
    return await _without(scene, scene.route.shape.size)


@way(*EVERY, needs="paged")
async def page_and_size_ignored(scene: Scene) -> Answer:
    """Ignore both."""
    return await _without(scene, scene.route.shape.page, scene.route.shape.size)


async def _without(scene: Scene, *names: str) -> Answer:
    wanted = scene.ask.parameters
    if not any(name in wanted for name in names):
        raise LookupError
    return await scene.call(scene.ask.without(names))


@way(*EVERY, needs="paged")
async def size_clamped(scene: Scene) -> Answer:
    """Never give more than three rows a page, and number the pages by that."""
    return await scene.call(_clamped(scene, CLAMP))


@way(*EVERY, needs="paged")
async def one_row_a_page(scene: Scene) -> Answer:
    """Give one row a page, and number the pages by that."""
    return await scene.call(_clamped(scene, 1))


def _clamped(scene: Scene, most: int) -> Ask:
    name = scene.route.shape.size
    if int(scene.ask.parameters[name]) <= most:
        raise LookupError
    return scene.ask.asking(**{name: str(most)})


@way(*EVERY, needs="paged")
async def all_rows_on_every_page(scene: Scene) -> Answer:
    """Ignore paging and send everything, again and again."""
    shape = scene.route.shape
    whole = await scene.call(scene.ask.asking(**{shape.page: str(shape.first), shape.size: "100"}))
    rows = shape.find(whole.json)
    if not rows:
        raise LookupError
    return scene.with_rows(rows)


@way(*EVERY)
async def order_ignored(scene: Scene) -> Answer:
    """Ignore the order that is asked for."""
    names = {"sort", "order", "orderBy", "sortBy"}
    if not names & set(scene.ask.parameters):
        raise LookupError
    return await scene.call(scene.ask.without(names))


@way(*EVERY)
async def order_reversed(scene: Scene) -> Answer:
    """Order the other way round."""
    sort = scene.ask.parameters["sort"]
    other = sort.removeprefix("-") if sort.startswith("-") else f"-{sort}"
    return await scene.call(scene.ask.asking(sort=other))


@way(*EVERY)
async def dates_ignored(scene: Scene) -> Answer:
    """Ignore from when and until when rows are asked for."""
    names = {"startTime", "endTime", "fromDate", "untilDate", "startDate", "endDate"}
    if not names & set(scene.ask.parameters):
        raise LookupError
    return await scene.call(scene.ask.without(names))


@way(*EVERY)
async def switches_ignored(scene: Scene) -> Answer:
    """Ignore what else is asked for: includes, filters, hidden rows."""
    names = [
        name
        for name in scene.ask.parameters
        if name.startswith(("include", "filter", "show", "types", "delivered"))
    ]
    if not names:
        raise LookupError
    return await scene.call(scene.ask.without(names))


@way(*EVERY)
async def parameters_ignored(scene: Scene) -> Answer:
    """Ignore every parameter."""
    if not scene.ask.query:
        raise LookupError
    return await scene.call(scene.ask.without(scene.ask.parameters))
