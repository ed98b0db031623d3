"""Engineering intelligence, custom metrics, and CQL queries."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sandbox.cortex.answers import BAD_REQUEST, CONFLICT, ApiError, not_found, ok
from sandbox.cortex.generate.dice import instant
from sandbox.cortex.generate.engineering import ATTRIBUTES, source_row
from sandbox.cortex.keys import CONFIGURE_CUSTOM_METRICS, VIEW_DEV_METRICS, VIEW_ENG_INTELLIGENCE
from sandbox.cortex.paging import paged
from sandbox.cortex.routing import Call, Routes
from sandbox.cortex.scoring import SIX_MONTHS, draw

from .catalog import living, one
from .metrics import ENG_METRICS, posted

if TYPE_CHECKING:
    from sandbox.cortex.answers import Answer
    from sandbox.cortex.model import Row

routes = Routes()

BASIC_FIELDS = ("key", "displayName", "description", "readiness")
QUERIED_TYPE = re.compile(r"type(?:\(\))?\s*==?\s*['\"]?([\w:.-]+)")


@routes.get(
    "/api/v1/eng-intel/custom-metrics/{customMetricKey}/entity/{tagOrId}",
    permission=CONFIGURE_CUSTOM_METRICS,
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
    permission=VIEW_DEV_METRICS,
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
        refs = {row.get("sourceRef") for row in rows}
        body["sources"] = {name: source_row(name) for name in ATTRIBUTES if name in refs}
    return ok(body)


@routes.post("/api/v1/queries")
def start_query(call: Call) -> Answer:
    """Start a CQL job."""
    if call.options.query_conflict:
        raise ApiError(CONFLICT, "A query is already running", "CONFLICT")
    text = posted(call).get("query")
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
