"""What a vendor's document says, laid beside what the streams of a tap know."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from drift.known import CINCHY_PAGES

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping

    from drift.known import Known

PARAMETER = re.compile(r"{[^}]*}")
DEEPEST = 12
"""Levels of references that are followed; documents refer to themselves."""
DEEPEST_FIELD = 8
"""Levels of an answer in which names are looked for."""
DEEPEST_PART = 3
"""Levels of parts and forms; forms name the whole as one of their parts."""


class DocumentError(Exception):
    """A document is not there, or is not what it was."""


def moved_in_openapi(text: str, known: Known) -> list[str]:
    """Return a line for every route and field that only one side knows.

    Args:
        text: An OpenAPI document, as JSON.
        known: What the tap reads, and what is known to differ.

    Raises:
        DocumentError: The text is no such document.
    """
    try:
        document = json.loads(text)
        paths = document["paths"]
    except (ValueError, TypeError, KeyError):
        raise DocumentError(f"{known.address} is no OpenAPI document any more.") from None
    routes = {shape(path.removeprefix(known.prefix)): item for path, item in paths.items()}
    readable = {route for route, item in routes.items() if "get" in item}
    read = known.columns()
    lines = [
        f"`GET {route}` is new, and no stream reads it."
        for route in sorted(readable - set(read))
        if not known.expects_route(route) and not _is_single(route, read)
    ]
    for route, (streams, columns) in sorted(read.items()):
        names = ", ".join(sorted(streams))
        if route in readable:
            lines += _moved_fields(document, routes[route]["get"], route, columns, known)
        elif not known.expects_route(route):
            lines.append(f"`GET {route}` is read by {names} and is no longer documented.")
    asked = {route: item["post"] for route, item in routes.items() if "post" in item}
    for route, streams in sorted(known.asked().items()):
        if route in asked:
            lines += _moved_questions(document, asked[route], route, known)
        elif not known.expects_route(route):
            names = ", ".join(sorted(streams))
            lines.append(f"`POST {route}` is read by {names} and is no longer documented.")
    return lines


def _moved_questions(
    document: dict[str, Any], operation: Mapping[str, Any], route: str, known: Known
) -> Iterator[str]:
    """Yield a line for every field of a question that only one side knows."""
    body = resolved(document, operation.get("requestBody", {}))
    content = body.get("content", {}).values()
    schema = next((resolved(document, one["schema"]) for one in content if "schema" in one), None)
    if schema is None:
        return
    documented = set(properties(document, schema))
    fields = known.questions.get(route, ())
    for field in sorted(documented - {name.removeprefix("-") for name in fields}):
        yield f"`POST {route}`: `{field}` is new, and no question asks with it."
    for field in sorted(name for name in fields if name[0] != "-" and name not in documented):
        yield f"`POST {route}`: `{field}` is sent and is no longer documented."


def _is_single(route: str, read: Container[str]) -> bool:
    """Return whether a route gives one row of a list that is read."""
    return route.endswith("/{}") and route.removesuffix("/{}") in read


def _moved_fields(
    document: dict[str, Any],
    operation: Mapping[str, Any],
    route: str,
    columns: set[str],
    known: Known,
) -> Iterator[str]:
    schema = answer_schema(operation)
    if schema is None:
        return
    for field in sorted(row_fields(document, schema)):
        names = {field, *(f"{field}_{ending}" for ending in known.endings)}
        if not names & columns and not known.expects_field(route, field):
            yield f"`GET {route}`: `{field}` is new, and no column has it."
    anywhere = all_fields(document, schema)
    for name in sorted(known.vendors_own(columns) - anywhere):
        if not known.expects_column(route, name):
            yield f"`GET {route}`: `{name}` is a column and is no longer documented."


def shape(path: str) -> str:
    """Return a route with its parameters unnamed: two documents may call them differently."""
    return PARAMETER.sub("{}", path.rstrip("/")) or "/"


def answer_schema(operation: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the schema of a good answer, if the document has one."""
    content = operation.get("responses", {}).get("200", {}).get("content", {})
    return next((one["schema"] for one in content.values() if "schema" in one), None)


def row_fields(document: dict[str, Any], schema: dict[str, Any], level: int = 0) -> set[str]:
    """Return the names of the fields of a row; rows may stand in an envelope."""
    schema = resolved(document, schema)
    if "items" in schema:
        return row_fields(document, schema["items"], level + 1)
    fields = properties(document, schema)
    for envelope in ("data", "attributes"):
        if envelope in fields and level < DEEPEST:
            return row_fields(document, fields[envelope], level + 1)
    # An envelope is one list of objects, beside what describes the page or the list.
    lists = [
        items
        for part in (resolved(document, part) for part in fields.values())
        if (items := part.get("items")) and properties(document, resolved(document, items))
    ]
    if level == 0 and len(lists) == 1 and not {"id", "cid", "tag", "name"} & set(fields):
        return row_fields(document, lists[0], level + 1)
    return set(fields)


def all_fields(document: dict[str, Any], schema: Any, level: int = 0) -> set[str]:
    """Return the names of the fields anywhere in an answer."""
    schema = resolved(document, schema)
    found: set[str] = set()
    if level < DEEPEST_FIELD:
        for name, part in properties(document, schema).items():
            found |= {name} | all_fields(document, part, level + 1)
        if "items" in schema:
            found |= all_fields(document, schema["items"], level + 1)
    return found


def resolved(document: dict[str, Any], schema: Any) -> dict[str, Any]:
    """Follow references until there is a schema."""
    for _ in range(DEEPEST):
        if not isinstance(schema, dict) or "$ref" not in schema:
            break
        place: Any = document
        for part in schema["$ref"].removeprefix("#/").split("/"):
            place = place.get(part, {}) if isinstance(place, dict) else {}
        schema = place
    return schema if isinstance(schema, dict) else {}


def properties(document: dict[str, Any], schema: dict[str, Any], level: int = 0) -> dict[str, Any]:
    """Return the properties of an object, those of its parts and of its forms too."""
    found = dict(schema.get("properties", {}))
    if level < DEEPEST_PART:
        for key in ("allOf", "anyOf", "oneOf"):
            for part in schema.get(key, []):
                found |= properties(document, resolved(document, part), level + 1)
    return found


def moved_in_pages(pages: Mapping[str, str]) -> list[str]:
    """Return a line for every word the tap relies on that is gone from its page.

    Args:
        pages: Text of every page of :data:`drift.known.CINCHY_PAGES`, by address.
    """
    return [
        f"{address} does not mention `{word}` any more."
        for address, words in CINCHY_PAGES.items()
        for word in words
        if word.casefold() not in pages[address].casefold()
    ]
