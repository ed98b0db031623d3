"""Routes whose answers are documented nowhere, in every shape they might have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.cortex.answers import OK, Answer, ApiError, not_found, ok
from sandbox.cortex.generate.dice import instant
from sandbox.cortex.keys import CONFIGURE_SETTINGS, VIEW_WORKFLOW_RUNS
from sandbox.cortex.order import arranged
from sandbox.cortex.paging import paged, part
from sandbox.cortex.routing import Call, Routes
from sandbox.cortex.truth import environments

from .catalog import living

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sandbox.cortex.model import Row

routes = Routes()


def _shaped(call: Call, key: str, rows: Sequence[Any]) -> Answer:
    """Answer in the shape that the options choose."""
    shape = call.options.uncertain
    if shape == "absent":
        raise not_found("No such endpoint")
    if shape == "array":
        return ok(part(call, rows))
    if shape == "unpaged":
        return ok(list(rows))
    if shape == "other_key":
        return ok({"someOtherName": part(call, rows), "generatedAt": instant(call.world.now)})
    return paged(call, key, rows)


@routes.get("/api/v1/deploys/search")
def search_deploys(call: Call) -> Answer:
    """List the deploys of the tenant; rows do not say which entity they belong to."""

    def build() -> list[Row]:
        return [row for entity in call.world.entities for row in entity.deploys]

    found = call.world.view("all deploys", build)
    rows = arranged(call, "deploys", found, lambda row: row["uuid"], lambda row: row["timestamp"])
    return _shaped(call, "deployments", rows)


@routes.get("/api/v1/deploys/environments")
def list_environments(call: Call) -> Answer:
    """List the distinct environments of deploys: texts, or objects in the odd shape."""
    names = environments(call.world)
    rows: list[Any] = list(names)
    if call.options.uncertain == "other_key":
        rows = [{"name": name} for name in names]
    return _shaped(call, "environments", rows)


@routes.get("/api/v1/workflows/runs", permission=VIEW_WORKFLOW_RUNS, product="WORKFLOW_RUNS")
def list_runs(call: Call) -> Answer:
    """List the runs of all workflows."""
    return _shaped(call, "runs", call.world.workflow_runs)


@routes.get("/api/v1/catalog/{tagOrId}/aws")
def list_aws(call: Call) -> Answer:
    """List the AWS resources of one entity."""
    return _shaped(call, "resources", living(call).aws)


@routes.get("/api/v1/sso/configurations", permission=CONFIGURE_SETTINGS)
def list_sso(call: Call) -> Answer:
    """List SSO connections."""
    return _shaped(call, "configurations", [{"alias": "okta", "enabled": True}])


@routes.get("/api/v1/catalog/{tagOrId}/documentation")
def list_documentation(call: Call) -> Answer:
    """List documentation, if the server has such a route at all."""
    shape = call.options.documentation
    if shape == "absent":
        raise _absent(call)
    links = living(call).links
    if shape == "array":
        return ok(links)
    if shape == "single":
        return ok({"title": "Documentation", "links": None, "count": len(links)})
    return ok({"documents": links, "page": 0})


@routes.get("/api/v1/health")
def health(call: Call) -> Answer:
    """Say that all is well, if the server has such a route at all."""
    shape = call.options.health
    if shape == "absent":
        raise _absent(call)
    if shape == "text":
        return Answer(status=OK, body=b"OK", content_type="text/plain")
    return ok({"status": "UP"})


def _absent(call: Call) -> ApiError:
    return ApiError(call.options.absent_status, "No such endpoint", "NOT_FOUND")
