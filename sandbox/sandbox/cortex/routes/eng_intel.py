"""Engineering intelligence, custom metrics, and CQL queries."""

from __future__ import annotations

import datetime as dt
import json
import re
from typing import TYPE_CHECKING, Any

from sandbox.cortex.answers import BAD_REQUEST, CONFLICT, ApiError, not_found, ok
from sandbox.cortex.generate.dice import instant
from sandbox.cortex.keys import VIEW_ENG_INTELLIGENCE
from sandbox.cortex.paging import paged
from sandbox.cortex.params import parse_instant
from sandbox.cortex.routing import Call, Routes
from sandbox.cortex.scoring import SIX_MONTHS, draw

from .catalog import living, one

if TYPE_CHECKING:
    from sandbox.cortex.answers import Answer
    from sandbox.cortex.model import Row

routes = Routes()

ENG_METRICS = "ENG_METRICS"
LONGEST_RANGE = dt.timedelta(days=180)
BASIC_FIELDS = ("key", "displayName", "description", "readiness")
QUERIED_TYPE = re.compile(r"type(?:\(\))?\s*==?\s*['\"]?([\w:.-]+)")


@routes.get(
    "/api/v1/eng-intel/custom-metrics/{customMetricKey}/entity/{tagOrId}",
    permission=VIEW_ENG_INTELLIGENCE,
    product=ENG_METRICS,
)
def list_points(call: Call) -> Answer:
    """List the points of one metric and entity; by default those of the last six months."""
    key = call.names["customMetricKey"]
    if key not in call.world.custom_metric_keys:
        raise not_found("CustomMetricKey not found")
    start = call.query.moment("startDate") or call.world.now - SIX_MONTHS
    end = call.query.moment("endDate")
    points = call.world.scoring.metric_points(key, living(call))
    rows = [
        {"timestamp": instant(moment), "value": value}
        for moment, value in points
        if moment.replace(microsecond=0) >= start and (end is None or moment <= end)
    ]
    rows.sort(key=lambda row: draw(row["timestamp"]))
    return paged(call, "data", rows)


@routes.get("/api/v1/eng-intel/labels", permission=VIEW_ENG_INTELLIGENCE, product=ENG_METRICS)
def list_labels(call: Call) -> Answer:
    """List user labels."""
    return paged(call, "labels", call.world.user_labels)


@routes.get("/api/v1/eng-intel/labels/{id}", permission=VIEW_ENG_INTELLIGENCE, product=ENG_METRICS)
def get_label(call: Call) -> Answer:
    """Return one user label."""
    return ok(one(call.world.user_labels, "id", call.names["id"]))


@routes.get(
    "/api/v1/eng-intel/registry/metrics/definitions",
    permission=VIEW_ENG_INTELLIGENCE,
    product=ENG_METRICS,
)
def list_definitions(call: Call) -> Answer:
    """Return metric definitions, all at once, in a basic or a full view."""
    view = call.query.text("view") or "basic"
    if view not in {"basic", "full"}:
        raise ApiError(BAD_REQUEST, f"Unknown view: {view}")
    keys = call.query.values("key")
    rows = [row for row in call.world.metric_definitions if not keys or row["key"] in keys]
    body: dict[str, Any] = {"view": view, "metrics": rows}
    if view == "basic":
        body["metrics"] = [{n: row[n] for n in BASIC_FIELDS if n in row} for row in rows]
    else:
        body["sources"] = {}
    return ok(body)


def _posted(call: Call) -> dict[str, Any]:
    try:
        body = json.loads(call.body)
    except ValueError:
        raise ApiError(BAD_REQUEST, "The request body is not JSON") from None
    if not isinstance(body, dict):
        raise ApiError(BAD_REQUEST, "The request body is not an object")
    return body


@routes.post(
    "/api/v1/eng-intel/metrics/point-in-time",
    permission=VIEW_ENG_INTELLIGENCE,
    product=ENG_METRICS,
)
def query_metrics(call: Call) -> Answer:
    """Answer a metric query: columns, and one row per group or one in all."""
    body = _posted(call)
    needed = ("startTime", "endTime", "metrics", "groupBy", "filters", "orderBy", "limit")
    missing = [name for name in needed if name not in body]
    if missing:
        raise ApiError(BAD_REQUEST, f"Missing: {', '.join(missing)}")
    start, end = (parse_instant(body[name]) for name in ("startTime", "endTime"))
    if end - start > LONGEST_RANGE:
        raise ApiError(BAD_REQUEST, "Date range exceeds 6 months")
    known = {row["key"] for row in call.world.metric_definitions}
    names = [metric["metric"] for metric in body["metrics"]]
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ApiError(BAD_REQUEST, f"Invalid metric names: {', '.join(unknown)}")
    groups = list(body["groupBy"])
    columns: list[Row] = [
        {"type": "ATTRIBUTE", "name": g, "alias": g, "ordinal": n, "attributeName": g}
        for n, g in enumerate(groups)
    ]
    for metric in body["metrics"]:
        alias = f"{metric['metric']}_{metric['aggregation']}".lower()
        columns.append(
            {
                "type": "METRIC_AGGREGATE",
                "name": metric["metric"],
                "alias": alias,
                "ordinal": len(columns),
                "metricKey": metric["metric"],
                "aggregationFunction": metric["aggregation"],
            }
        )
    values = [team["teamTag"] for team in call.world.teams] if groups else [""]
    rows = [
        {column["alias"]: value for column in columns[: len(groups)]}
        | {
            c["alias"]: draw(call.world.spec.seed, c["alias"], value)
            for c in columns[len(groups) :]
        }
        for value in values[: max(0, int(body["limit"]))]
    ]
    return ok({"metadata": {"columns": columns}, "rows": rows})


@routes.post("/api/v1/queries")
def start_query(call: Call) -> Answer:
    """Start a CQL job."""
    if call.options.query_conflict:
        raise ApiError(CONFLICT, "A query is already running", "CONFLICT")
    text = _posted(call).get("query")
    if not isinstance(text, str) or not text.strip():
        raise ApiError(BAD_REQUEST, "Invalid query")
    jobs = call.world.jobs
    job_id = f"job-{len(jobs) + 1:06d}"
    jobs[job_id] = {"query": text, "polls": 0}
    return ok(_job(call, job_id))


def _job(call: Call, job_id: str) -> Row:
    query = call.world.jobs[job_id]["query"]
    return {"jobId": job_id, "query": query, "initiatedAt": instant(call.world.now)}


@routes.get("/api/v1/queries/{jobId}")
def get_query(call: Call) -> Answer:
    """Return a CQL job: in progress for a while, then its result."""
    job = call.world.jobs.get(call.names["jobId"])
    if job is None:
        raise not_found()
    job["polls"] += 1
    body: Row = {"queryDetails": _job(call, call.names["jobId"]), "status": "IN_PROGRESS"}
    if job["polls"] <= call.options.query_polls:
        return ok({**body, "progress": job["polls"] / (call.options.query_polls + 1)})
    body["status"] = call.options.query_status
    if body["status"] == "DONE":
        kind = QUERIED_TYPE.search(job["query"])
        body["result"] = [
            {name: row[name] for name in ("tag", "name", "type", "description")}
            for row in (entity.reference() for entity in call.world.entities)
            if kind is None or row["type"] == kind[1]
        ]
    return ok(body)
