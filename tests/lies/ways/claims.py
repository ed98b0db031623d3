"""Lies in what an answer claims about its list: each claim wrong, in each of its types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lies.scene import EVERY, PAGES, Scene, Spot, Ways
from lies.shapes import ABSENT

if TYPE_CHECKING:
    from lies.wire import Answer

ways = Ways("claims")

COUNTS: dict[str, Any] = {
    "one_more": lambda value, _rows: value + 1,
    "one_less": lambda value, _rows: value - 1,
    "zero": lambda _value, _rows: 0,
    "negative": lambda _value, _rows: -1,
    "of_this_page": lambda _value, rows: rows,
    "huge": lambda _value, _rows: 10**9,
    "null": lambda _value, _rows: None,
    "missing": lambda _value, _rows: ABSENT,
    "a_text": lambda _value, _rows: "many",
    "digits": lambda value, _rows: str(value),
    "a_float": lambda value, _rows: float(value),
    "a_fraction": lambda value, _rows: value + 0.5,
    "true": lambda _value, _rows: True,
    "a_list": lambda value, _rows: [value],
    "an_object": lambda value, _rows: {"value": value},
}
WRONG = {
    "total": COUNTS,
    "pages": {k: COUNTS[k] for k in ("one_more", "one_less", "zero", "null", "missing", "a_text")},
    "page": {k: COUNTS[k] for k in ("one_more", "negative", "null", "missing", "a_text")},
    "size": {k: COUNTS[k] for k in ("one_less", "zero", "null", "missing", "a_text")},
    "count": {k: COUNTS[k] for k in ("one_more", "one_less", "zero", "missing")},
    "from": {k: COUNTS[k] for k in ("one_more", "null", "missing")},
    "to": {k: COUNTS[k] for k in ("one_more", "one_less", "missing")},
}


def _claim(name: str, scene: Scene, wrong: Any) -> Answer:
    value = scene.claim(name)
    if value is ABSENT or value is None:
        raise LookupError
    return scene.claiming(wrong(value, len(scene.rows)), name)


def _claimer(name: str) -> Any:
    return lambda scene, wrong: _claim(name, scene, wrong)


for _name, _values in WRONG.items():
    # A total is wrong on one page (it contradicts the others) or on all of them.
    _spots = (*PAGES, Spot.ALL) if _name == "total" else (Spot.FIRST, Spot.LAST, Spot.ALL)
    ways.many(_name, _values, _claimer(_name), *_spots, needs="paged")


@ways.way(*EVERY, needs="paged")
def no_claims(scene: Scene) -> Answer:
    """Claim nothing at all."""
    answer = scene.answer
    for name in scene.route.shape.claims:
        if scene.claim(name) is not ABSENT:
            rest = Scene(scene.route, scene.ask, answer, scene.index, scene.others, scene.call)
            answer = rest.claiming(ABSENT, name)
    return answer


NEXT: dict[str, Any] = {
    "null": None,
    "missing": ABSENT,
    "empty": "",
    "false": False,
    "a_number": 2,
    "a_list": [],
    "nowhere": "http://127.0.0.1:9/elsewhere",
    "garbage": "::next::",
}


def _next(scene: Scene, value: Any) -> Answer:
    if scene.claim("next") in (ABSENT, None):
        raise LookupError
    return scene.claiming(value, "next")


ways.many("next_is", NEXT, _next, Spot.FIRST, Spot.MIDDLE, Spot.ALL, needs="paged")


@ways.way(Spot.LAST, needs="paged")
def next_after_the_last(scene: Scene) -> Answer:
    """Name a next page although there is none."""
    if scene.claim("next") is not None:
        raise LookupError
    return scene.claiming(f"http://127.0.0.1{scene.ask.path}?page={scene.index + 2}", "next")


@ways.way(Spot.FIRST, Spot.MIDDLE, Spot.ALL, needs="paged")
def next_is_this_page(scene: Scene) -> Answer:
    """Name this page as the next."""
    if scene.claim("next") in (ABSENT, None):
        raise LookupError
    here = f"http://127.0.0.1{scene.ask.path}?page={scene.index + 1}"
    return scene.claiming(here, "next")


def _more(scene: Scene, value: Any) -> Answer:
    if scene.claim("more") is ABSENT:
        raise LookupError
    return scene.claiming(value, "more")


ways.many(
    "more_is", {"false": False, "true": True, "null": None, "a_text": "no"}, _more, *PAGES,
    needs="paged",
)  # fmt: skip


def _added(scene: Scene, claims: dict[str, Any]) -> Answer:
    if not isinstance(scene.body, dict) or not scene.has_list or claims.keys() & scene.body.keys():
        raise LookupError
    return scene.answer.with_json({**scene.body, **claims})


ways.many(
    "says_besides",
    {
        "more_pages": {"page": 0, "total": 600, "totalPages": 3},
        "has_more": {"hasMore": True},
        "next_page": {"next": "http://127.0.0.1:9/next"},
    },
    _added,
    Spot.ALL,
    needs="whole",
)
