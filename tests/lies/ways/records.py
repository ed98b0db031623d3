"""Lies about single records, what hangs on them, and who is asking."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

from lies.scene import EVERY, PAGES, Scene, Spot, Ways
from lies.shapes import ABSENT, put

if TYPE_CHECKING:
    from lies.wire import Answer

ways = Ways("records")
way = ways.way


@way(needs="object")
def wrong_record(scene: Scene) -> Answer:
    """Send another record than the one asked for."""
    _ask, answer = scene.others[(scene.index + 1) % len(scene.others)]
    return answer


@way(needs="child")
def answer_of_another_parent(scene: Scene) -> Answer:
    """Send what another parent has."""
    for ask, answer in scene.others:
        if ask.path != scene.ask.path and answer.body != scene.answer.body:
            return answer
    raise LookupError


@way(needs="object")
def record_in_a_list(scene: Scene) -> Answer:
    """Wrap the record into a list."""
    return scene.answer.with_json([scene.body])


@way(needs="object")
def record_without_id(scene: Scene) -> Answer:
    """Leave out the id of the record."""
    path = scene.route.record_id
    if not path:
        raise LookupError
    return scene.answer.with_json(put(scene.body, path, ABSENT))


@way(needs="object")
def record_with_null_id(scene: Scene) -> Answer:
    """Say that the id of the record is null."""
    path = scene.route.record_id
    if not path:
        raise LookupError
    return scene.answer.with_json(put(scene.body, path, None))


@way(needs="object")
def record_is_bare(scene: Scene) -> Answer:
    """Send nothing of the record but its id."""
    if not scene.route.record_id or scene.route.record_id[0] != "data":
        raise LookupError
    kept = {name: scene.body["data"][name] for name in ("id", "type")}
    return scene.answer.with_json({"data": kept})


# Relationships


def _included(scene: Scene, keep: Any) -> Answer:
    found = scene.body["included"]
    if not found:
        raise LookupError
    return scene.answer.with_json(put(scene.body, ("included",), keep(found)))


ways.many(
    "included_is",
    {
        "missing": lambda _found: ABSENT,
        "null": lambda _found: None,
        "empty": lambda _found: [],
        "cut": lambda found: found[: len(found) // 2],
        "of_another_type": lambda found: [{**one, "type": "things"} for one in found],
        "without_ids": lambda found: [{**one, "id": None} for one in found],
        "without_attributes": lambda found: [{k: one[k] for k in ("id", "type")} for one in found],
    },
    _included,
    *PAGES,
    Spot.ALL,
    needs="related",
)


def _related(scene: Scene, change: Any) -> Answer:
    body = copy.deepcopy(scene.body)
    found = body["data"] if isinstance(body["data"], list) else [body["data"]]
    if not any(row.get("relationships") for row in found):
        raise LookupError
    for row in found:
        change(row)
    return scene.answer.with_json(body)


def _drop(row: dict[str, Any]) -> None:
    row.pop("relationships", None)


def _null(row: dict[str, Any]) -> None:
    row["relationships"] = {name: {"data": None} for name in row.get("relationships", {})}


def _empty(row: dict[str, Any]) -> None:
    row["relationships"] = {name: {"data": []} for name in row.get("relationships", {})}


def _cut(row: dict[str, Any]) -> None:
    for relation in row.get("relationships", {}).values():
        if isinstance(relation.get("data"), list):
            relation["data"] = relation["data"][:-1]


ways.many(
    "relationships_are",
    {"missing": _drop, "null": _null, "empty": _empty, "cut": _cut},
    _related,
    *PAGES,
    Spot.ALL,
    needs="related",
)


@way(*EVERY, needs="related")
async def include_ignored(scene: Scene) -> Answer:
    """Send nothing beside the rows."""
    if "include" not in scene.ask.parameters:
        raise LookupError
    return await scene.call(scene.ask.without(["include"]))


@way(*EVERY, needs="nested")
def nested_lists_are_empty(scene: Scene) -> Answer:
    """Send rows whose own lists are empty."""
    rows = scene.rows or [scene.body]
    changed = json.loads(json.dumps(rows))
    for row in changed:
        for name, value in row.items():
            if isinstance(value, list):
                row[name] = []
    if changed == rows:
        raise LookupError
    return scene.with_rows(changed) if scene.rows else scene.answer.with_json(changed[0])


# Who is asking


@way(Spot.LATER)
async def credential_dies(scene: Scene) -> Answer:
    """Take the client for a guest from here on, whatever it asks."""
    return await scene.call(scene.ask.without_credential())


@way(*PAGES, Spot.ALL)
async def credential_is_not_seen(scene: Scene) -> Answer:
    """Take the client for a guest here, and nowhere else."""
    return await scene.call(scene.ask.without_credential())
