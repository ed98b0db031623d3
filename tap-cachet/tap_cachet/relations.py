"""What the records of a 3.x answer name beside themselves, held against what came with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_cachet.client import id_or_none
from tap_cachet.normalise import all_related

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    Record = Mapping[str, Any]
    Check = Callable[[Any, Sequence[Record]], list[str]]

TO_MANY = frozenset({"components", "incidents", "tags", "updates"})
"""Relationships whose type has their own name, and which every record has, be it empty."""


OPTIONAL = frozenset({"tags"})
"""What a server may leave out of an answer altogether: it does not know it, and does not say so."""


def index_included(body: Any, kind: str) -> dict[int, dict[str, Any]]:
    """Return the included records of a type by their ids, as far as they are any."""
    return {
        number: item
        for item in _included(body)
        if item.get("type") == kind
        and isinstance(item.get("attributes"), dict)
        and (number := id_or_none(item)) is not None
    }


def _included(body: Any) -> list[dict[str, Any]]:
    found = body.get("included") if isinstance(body, dict) else None
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def check_related(body: Any, records: Sequence[Record], kinds: Iterable[str]) -> list[str]:
    """Return what an answer says against itself: nothing is brought that no record names.

    Args:
        body: The answer.
        records: That it is about.
        kinds: Relationships that were asked for and that the build knows.
    """
    wrong = []
    for kind in TO_MANY.intersection(kinds):
        named = all_related(records, kind, only_lists=True)
        if kind in OPTIONAL and set(map(type, named)) == {type(None)}:
            continue
        if None in named:
            wrong.append(f"it was asked for {kind} and names none")
            continue
        of_kind = [item for item in _included(body) if item.get("type") == kind]
        whole = index_included(body, kind)
        if len(whole) < len(of_kind):
            wrong.append(f"{len(of_kind) - len(whole)} of the {kind} that it brings are none")
        all_named = {item for ids in named for item in ids or ()}
        if unnamed := whole.keys() - all_named:
            wrong.append(f"it brings {len(unnamed)} {kind} that no record names")
        if kind in OPTIONAL and (lacking := all_named - whole.keys()):
            wrong.append(f"it names {len(all_named)} {kind} and lacks {len(lacking)} of them")
    return wrong


def tags_of(records: Sequence[Record], body: Any) -> list[dict[str, Any] | None]:
    """Return the tags of 3.x records as those of 2.x: names by slugs.

    Args:
        records: Of an answer.
        body: The answer; what it does not bring of what they name, a check has found.

    Returns:
        For every record its tags; nothing where the server has none to tell.
    """
    known = {
        number: (str(tag["attributes"].get("slug") or number), tag["attributes"].get("name"))
        for number, tag in index_included(body, "tags").items()
    }
    return [
        None if ids is None else dict(known[number] for number in ids if number in known)
        for ids in all_related(records, "tags")
    ]


def not_brought(body: Any, kinds: Iterable[str]) -> list[str]:
    """Return what a single record names and does not bring, of what its row is made of."""
    record = body["data"]
    if "attributes" not in record:
        return []
    wrong = check_related(body, [record], kinds)
    for kind in {"components", "updates"}.intersection(kinds):
        named = all_related([record], kind)[0] or []
        lacking = set(named) - index_included(body, kind).keys()
        if lacking:
            wrong.append(f"it names {len(named)} {kind} and lacks {len(lacking)} of them")
    return wrong


def naming(field: str, parent: int) -> Check:
    """Return a check that records which name their parent name the one that was asked about."""

    def check(_body: Any, records: Sequence[Record]) -> list[str]:
        told = {(record.get("attributes") or record).get(field) for record in records}
        others = {str(one) for one in told - {None}} - {str(parent)}
        return [f"asked about {parent}, it brings rows of {min(others)}"] if others else []

    return check
