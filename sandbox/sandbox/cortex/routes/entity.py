"""What hangs on one entity."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.cortex.answers import ApiError, not_found, ok
from sandbox.cortex.keys import EDIT_ENTITIES
from sandbox.cortex.paging import paged, part
from sandbox.cortex.params import parse_instant
from sandbox.cortex.routing import Call, Routes

from .catalog import living, one

if TYPE_CHECKING:
    from sandbox.cortex.answers import Answer
    from sandbox.cortex.model import Entity, Row

__all__ = ["between", "routes"]

routes = Routes()

ENTITY = "/api/v1/catalog/{tagOrId}"
GATEWAY_TIMEOUT = 504


def between(
    call: Call,
    rows: list[Row],
    field: str,
    names: tuple[str, str],
    *,
    zone_allowed: bool = True,
) -> list[Row]:
    """Return the rows whose date lies between two parameters; the first end is included.

    Raises:
        ApiError: One of the parameters is no date-time.
    """
    start, end = (call.query.moment(name, zone_allowed=zone_allowed) for name in names)
    closed = call.options.date_bounds == "closed"
    found = []
    for row in rows:
        moment = parse_instant(row[field])
        if start is not None and moment < start:
            continue
        if end is not None and (moment > end or (moment == end and not closed)):
            continue
        found.append(row)
    return found


@routes.get(ENTITY + "/groups")
def list_groups(call: Call) -> Answer:
    """List the groups, also those that were added by API."""
    return paged(call, "groups", living(call).all_groups(), lambda tag: {"tag": tag})


@routes.get(ENTITY + "/custom-data")
def list_custom_data(call: Call) -> Answer:
    """List custom data: a root array with pages and without totals."""
    return ok(part(call, living(call).custom_data))


@routes.get(ENTITY + "/custom-data/{key}")
def get_custom_data(call: Call) -> Answer:
    """Return custom data by its key."""
    return ok(one(living(call).custom_data, "key", call.names["key"]))


@routes.get(ENTITY + "/custom-events")
def list_events(call: Call) -> Answer:
    """List custom events; the dates of the filter have no zone."""
    rows = living(call).custom_events
    kind = call.query.text("type")
    if kind is not None:
        rows = [row for row in rows if row["type"] == kind]
    start = "startTime" if call.query.text("startTime") else "timestamp"
    return paged(
        call,
        "events",
        between(call, rows, "timestamp", (start, "endTime"), zone_allowed=False),
    )


@routes.get(ENTITY + "/custom-events/{uuid}")
def get_event(call: Call) -> Answer:
    """Return one custom event."""
    return ok(one(living(call).custom_events, "uuid", call.names["uuid"]))


@routes.get(ENTITY + "/deploys", permission=EDIT_ENTITIES)
def list_deploys(call: Call) -> Answer:
    """List deploys."""
    return paged(call, "deployments", living(call).deploys)


@routes.get(ENTITY + "/packages")
def list_packages(call: Call) -> Answer:
    """Return every package in one array; there are no pages."""
    return ok(living(call).packages)


@routes.get(ENTITY + "/documentation/openapi", permission=EDIT_ENTITIES)
def get_openapi(call: Call) -> Answer:
    """Return the text of one OpenAPI document, which may be no JSON; most entities have none."""
    specs = living(call).specs
    name = call.query.text("name") or next(iter(specs), "")
    if name not in specs:
        raise not_found()
    return ok({"spec": specs[name]})


@routes.get(ENTITY + "/gitops-logs")
def list_gitops(call: Call) -> Answer:
    """Return the newest GitOps log of an entity."""
    return ok(call.world.latest_gitops().get(living(call).tag, []))


@routes.get(ENTITY + "/integrations/oncall/current")
def get_oncall(call: Call) -> Answer:
    """Return who is on call, asked live of the provider, which may not answer."""
    entity = living(call)
    if entity.tag in call.options.oncall_failing:
        raise ApiError(
            GATEWAY_TIMEOUT,
            "The provider did not answer in time",
            "INTEGRATION_TIMED_OUT",
            gatewayHttpStatus=GATEWAY_TIMEOUT,
        )
    return ok(entity.oncall_current)


@routes.get(ENTITY + "/integrations/oncall/registration")
def get_registration(call: Call) -> Answer:
    """Return how an entity is registered with its on-call provider."""
    return ok(living(call).oncall_registrations)


@routes.get(ENTITY + "/scorecards")
def list_scores(call: Call) -> Answer:
    """Return the score of an entity on every scorecard, in one array."""
    entity = living(call)
    cards = call.world.cards_of().get(entity.id, [])
    return ok([call.world.scoring.entity_score(card, entity) for card in cards])


@routes.get(ENTITY + "/k8s")
def list_k8s(call: Call) -> Answer:
    """List cached Kubernetes resources."""
    return paged(call, "resources", living(call).k8s)


@routes.get("/api/v1/catalog/{callerTag}/dependencies")
def list_dependencies(call: Call) -> Answer:
    """List edges; the path takes the tag and no id."""
    caller = living(call, "callerTag", tag_only=True)
    rows: list[Row] = []
    if call.query.flag("includeOutgoing", default=True):
        rows += caller.dependencies
    if call.query.flag("includeIncoming"):
        rows += _incoming(call).get(caller.tag, [])
    return paged(call, "dependencies", rows)


def _incoming(call: Call) -> dict[str, list[Row]]:
    def build() -> dict[str, list[Row]]:
        found: dict[str, list[Row]] = {}
        for entity in call.world.entities:
            for row in entity.dependencies:
                found.setdefault(row["calleeTag"], []).append(row)
        return found

    return call.world.view("incoming", build)


@routes.get("/api/v1/catalog/{callerTag}/dependencies/{calleeTag}")
def get_dependency(call: Call) -> Answer:
    """Return one edge, told from others by method and path."""
    caller: Entity = living(call, "callerTag", tag_only=True)
    asked = (call.query.text("method"), call.query.text("path"))
    for row in caller.dependencies:
        same = row["calleeTag"] == call.names["calleeTag"]
        if same and (row.get("method"), row.get("path")) == asked:
            return ok(row)
    raise not_found()
