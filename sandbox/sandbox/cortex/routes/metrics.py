"""Engineering intelligence that is asked by POST: metrics over a window, and the events behind."""

from __future__ import annotations

import base64
import binascii
import json
from typing import TYPE_CHECKING, Any

from sandbox.cortex.answers import BAD_REQUEST, ApiError, ok
from sandbox.cortex.generate.engineering import ATTRIBUTES, TIME_ATTRIBUTES
from sandbox.cortex.keys import VIEW_DEV_METRICS
from sandbox.cortex.measures import MEASURES, check_range, columns_of, groups_of, measure
from sandbox.cortex.params import parse_instant
from sandbox.cortex.routing import Call, Routes

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable

    from sandbox.cortex.answers import Answer
    from sandbox.cortex.model import Row

routes = Routes()

ENG_METRICS = "ENG_METRICS"
MOST_EVENTS = 500
NEEDED_BY_METRICS = ("startTime", "endTime", "metrics", "groupBy", "filters", "orderBy", "limit")
NEEDED_BY_TRACE = ("source", "attributes", "filters", "startDate", "endDate", "orderBy", "limit")


def posted(call: Call, *needed: str) -> dict[str, Any]:
    """Return the body of a request.

    Raises:
        ApiError: It is no JSON object, or lacks something.
    """
    try:
        body = json.loads(call.body)
    except ValueError:
        raise ApiError(BAD_REQUEST, "The request body is not JSON") from None
    if not isinstance(body, dict):
        raise ApiError(BAD_REQUEST, "The request body is not an object")
    missing = [name for name in needed if name not in body]
    if missing:
        raise ApiError(BAD_REQUEST, f"Missing: {', '.join(missing)}")
    return body


def _window(body: dict[str, Any], names: tuple[str, str]) -> tuple[dt.datetime, dt.datetime]:
    try:
        start, end = (parse_instant(str(body[name])) for name in names)
    except ValueError:
        raise ApiError(BAD_REQUEST, f"{' and '.join(names)} must be date-times") from None
    check_range(start, end)
    return start, end


@routes.post(
    "/api/v1/eng-intel/metrics/point-in-time",
    permission=VIEW_DEV_METRICS,
    product=ENG_METRICS,
)
def query_metrics(call: Call) -> Answer:
    """Answer a metric query: columns, and one row per group or one in all."""
    body = posted(call, *NEEDED_BY_METRICS)
    window = _window(body, ("startTime", "endTime"))
    asked = list(body["metrics"])
    known = {row["key"] for row in call.world.metric_definitions} & MEASURES.keys()
    unknown = [metric["metric"] for metric in asked if metric["metric"] not in known]
    if unknown:
        raise ApiError(BAD_REQUEST, f"Invalid metric names: {', '.join(unknown)}")
    group_by = list(body["groupBy"])
    columns = columns_of(group_by, asked)
    sources = [MEASURES[metric["metric"]].source for metric in asked]
    groups = groups_of(call.world, group_by, sources)
    fits = _filter(body["filters"], sources)
    values = [measure(call.world, metric, window, group_by, fits) for metric in asked]
    rows = [[*group, *(found.get(group) for found in values)] for group in groups]
    rows = _sorted(rows, columns, body["orderBy"])
    chosen, token = _metric_page(call, body, rows)
    return ok(_answer(call, columns, chosen, token))


def _filter(filters: list[Row], sources: list[str]) -> Callable[[Row], bool]:
    """Read the filters of a metric query.

    Raises:
        ApiError: A source has no such attribute, or a predicate cannot be read.
    """
    for one in filters:
        if any(one["attribute"] not in ATTRIBUTES[source] for source in sources):
            raise ApiError(BAD_REQUEST, f"Invalid filter: {one['attribute']}")
    tests = [
        _test(one["attribute"], {"operator": one.get("operator"), **one["predicate"]})
        for one in filters
    ]
    return lambda row: all(test(row) for test in tests)


def _sorted(rows: list[list[Any]], columns: list[Row], order: list[Row]) -> list[list[Any]]:
    places = {name: c["ordinal"] for c in columns for name in (c["name"], c["alias"])}
    for one in reversed(order):
        place = places.get(one["attribute"])
        if place is None:
            raise ApiError(BAD_REQUEST, f"Unsupported orderBy attribute: {one['attribute']}")
        descending = one.get("direction", "ASC") == "DESC"
        rows = sorted(rows, key=lambda row: _comparable(row[place]), reverse=descending)
    return rows


def _comparable(value: Any) -> tuple[bool, Any]:
    return value is not None, "" if value is None else value


def _metric_page(
    call: Call, body: dict[str, Any], rows: list[list[Any]]
) -> tuple[list[list[Any]], str | None]:
    """Cut the rows at the limit; with further pages only where the server has them."""
    limit = max(0, int(body["limit"]))
    size = call.options.metric_page
    if size is None:
        return rows[:limit], None
    start = _place(body, 0) or 0
    end = min(start + min(size, limit), len(rows))
    return rows[start:end], _token(body, end) if end < len(rows) else None


def _answer(
    call: Call, columns: list[Row], rows: list[list[Any]], token: str | None
) -> dict[str, Any]:
    listed = columns
    if call.options.columns_shuffled:
        listed = [*columns[1:], *columns[:1]]
    shown: list[Any] = rows
    if call.options.metric_rows == "keyed":
        names = [column["alias"] for column in columns]
        shown = [dict(zip(names, row, strict=True)) for row in rows]
    body: dict[str, Any] = {"metadata": {"columns": listed}, "rows": shown}
    if token is not None:
        body["nextPage"] = token
    return body


def _token(body: dict[str, Any], place: Any) -> str:
    """Write where the next page begins, and of which question."""
    text = json.dumps({"of": _question(body), "place": place})
    return base64.urlsafe_b64encode(text.encode()).decode()


def _place(body: dict[str, Any], first: Any) -> Any:
    """Read where the page begins.

    Raises:
        ApiError: The token is none, or that of another question.
    """
    token = body.get("nextPage")
    if not token:
        return first
    try:
        found = json.loads(base64.urlsafe_b64decode(str(token)))
    except (binascii.Error, ValueError):
        raise ApiError(BAD_REQUEST, "Invalid nextPage token") from None
    if found["of"] != _question(body):
        raise ApiError(BAD_REQUEST, "The nextPage token belongs to another query")
    return found["place"]


def _question(body: dict[str, Any]) -> str:
    rest = {name: value for name, value in body.items() if name != "nextPage"}
    return json.dumps(rest, sort_keys=True)


@routes.post("/api/v1/eng-intel/trace", permission=VIEW_DEV_METRICS, product=ENG_METRICS)
def query_events(call: Call) -> Answer:
    """List the raw events of one source in a window, 500 at most with each cursor."""
    body = posted(call, *NEEDED_BY_TRACE)
    source = str(body["source"])
    attributes = ATTRIBUTES.get(source)
    if attributes is None:
        raise ApiError(BAD_REQUEST, f"Unknown source: {source}")
    time = str(body.get("timeAttribute") or TIME_ATTRIBUTES[source])
    names = list(body["attributes"]) or list(attributes)
    order = [one["attribute"] for one in body["orderBy"]]
    filtered = [one["attribute"] for one in body["filters"]]
    unknown = [n for n in (*names, *order, *filtered, time) if n not in attributes]
    if unknown:
        raise ApiError(BAD_REQUEST, f"Unknown attributes: {', '.join(dict.fromkeys(unknown))}")
    limit = body["limit"]
    if not isinstance(limit, int) or not 1 <= limit <= MOST_EVENTS:
        raise ApiError(BAD_REQUEST, f"limit must be between 1 and {MOST_EVENTS}")
    rows = _ordered(body, _events(call, body, source, time), time)
    place = _place(body, None)
    start = 0
    if place is not None:
        start = _start(call, place, [key for key, _ in rows])
    chosen = rows[start : start + limit]
    token = None
    if start + limit < len(rows):
        place = [start + limit, list(chosen[-1][0])]
        token = _token(body, place)
    columns = [
        {
            "type": "ATTRIBUTE",
            "name": name,
            "alias": name,
            "ordinal": n,
            "attributeName": name,
        }
        for n, name in enumerate(names)
    ]
    return ok(_answer(call, columns, [[row[n] for n in names] for _, row in chosen], token))


def _start(call: Call, place: list[Any], keys: list[list[Any]]) -> int:
    """Return where the page begins: behind the last row that was given, or at a bare offset."""
    offset, last = place
    if call.options.trace_cursor == "offset":
        return int(offset)
    return next((n for n, key in enumerate(keys) if key > last), len(keys))


def _events(call: Call, body: dict[str, Any], source: str, time: str) -> list[Row]:
    start, end = _window(body, ("startDate", "endDate"))
    days = set(body.get("daysOfWeek") or range(1, 8))
    tests = [_test(one["attribute"], one["predicate"]) for one in body["filters"]]
    found = []
    for row in call.world.trace[source]:
        if row[time] is None:
            continue
        at = parse_instant(row[time])
        inside = start <= at < end and at.isoweekday() in days
        if inside and all(test(row) for test in tests):
            found.append(row)
    return found


def _test(attribute: str, predicate: Any) -> Callable[[Row], bool]:
    """Read a predicate: an operator and a value, or several values.

    Raises:
        ApiError: It cannot be read.
    """
    if isinstance(predicate, dict):
        operator = predicate.get("operator")
        if operator == "EQUAL":
            return lambda row: bool(row[attribute] == predicate.get("value"))
        if operator == "IN":
            values = list(predicate.get("values") or predicate.get("value") or [])
            return lambda row: row[attribute] in values
        if operator == "IS_NULL":
            return lambda row: row[attribute] is None
        if operator == "IS_NOT_NULL":
            return lambda row: row[attribute] is not None
    raise ApiError(BAD_REQUEST, f"Invalid predicate for {attribute}")


def _ordered(body: dict[str, Any], rows: list[Row], time: str) -> list[tuple[list[Any], Row]]:
    """Return rows in the order that was asked for, by date and id otherwise, with their keys."""
    names = [one["attribute"] for one in body["orderBy"]] or [time]
    keyed = [([[*_comparable(row[name])] for name in names] + [row["id"]], row) for row in rows]
    keyed.sort(key=lambda pair: pair[0])
    return keyed
