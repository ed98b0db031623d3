"""Teams, departments, users, roles, and SCIM."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.cortex.answers import (
    NOT_IMPLEMENTED,
    Answer,
    ApiError,
    encode,
    forbidden,
    not_found,
    ok,
)
from sandbox.cortex.keys import VIEW_ROLES
from sandbox.cortex.order import arranged
from sandbox.cortex.paging import paged
from sandbox.cortex.routing import Call, Routes

from .catalog import one

if TYPE_CHECKING:
    from sandbox.cortex.model import Row

routes = Routes()

SCIM = "application/scim+json"
LIST_RESPONSE = "urn:ietf:params:scim:api:messages:2.0:ListResponse"


def has_members(row: Row) -> bool:
    """Whether a team has anyone in it."""
    part: Row = row.get("cortexTeam") or row.get("idpGroup") or {}
    return bool(part.get("members"))


@routes.get("/api/v1/teams")
def list_teams(call: Call) -> Answer:
    """Return all teams at once, member-less ones only when asked for; or one single team."""
    tag = call.query.text("teamTag")
    if tag is not None:
        return ok(one(call.world.teams, "teamTag", tag))
    everyone = call.query.flag("includeTeamsWithoutMembers")
    return ok({"teams": [row for row in call.world.teams if everyone or has_members(row)]})


@routes.get("/api/v1/teams/departments")
def list_departments(call: Call) -> Answer:
    """Return one department, or all of them where the server allows it."""
    tag = call.query.text("departmentTag")
    if tag is not None:
        return ok(one(call.world.departments, "departmentTag", tag))
    if not call.options.departments_listable:
        call.query.required("departmentTag")
    return ok({"departments": call.world.departments})


@routes.get("/api/v1/teams/relationships")
def list_edges(call: Call) -> Answer:
    """Return every edge between teams."""
    return ok({"edges": call.world.team_edges})


@routes.get("/api/v1/teams/{tagOrId}")
def get_team(call: Call) -> Answer:
    """Return one team."""
    name = call.names["tagOrId"]
    for row in call.world.teams:
        if name in {row["teamTag"], row["id"]}:
            return ok(row)
    raise not_found()


@routes.get("/api/v1/users", permission=VIEW_ROLES)
def list_users(call: Call) -> Answer:
    """List users."""
    rows = arranged(
        call,
        "users",
        call.world.users,
        lambda row: row["email"],
        lambda row: row["lastActiveAt"],
    )
    return paged(call, "users", rows)


@routes.get("/api/v1/users/roles", permission=VIEW_ROLES)
def list_roles(call: Call) -> Answer:
    """List users with their roles."""
    emails = call.query.values("email")
    rows = [row for row in call.world.user_roles if not emails or row["email"] in emails]
    return paged(call, "users", rows)


def _scim(value: Row) -> Answer:
    return Answer(body=encode(value), content_type=SCIM)


@routes.get("/scim/v2/Users", permission=VIEW_ROLES)
def list_scim(call: Call) -> Answer:
    """List SCIM users: counted from 1, and fewer per answer than may be asked for."""
    _check_scim(call)
    if call.query.text("sortBy") or call.query.text("sortOrder"):
        raise ApiError(NOT_IMPLEMENTED, "Sorting is not supported", "UNCATEGORIZED")
    start = max(1, call.query.integer("startIndex", 1))
    count = max(0, min(call.query.integer("count", call.options.scim_page), call.options.scim_page))
    found = call.world.scim_users
    rows = found[start - 1 : start - 1 + count]
    return _scim(
        {
            "schemas": [LIST_RESPONSE],
            "totalResults": len(found),
            "startIndex": start,
            "itemsPerPage": len(rows),
            "Resources": rows,
        }
    )


@routes.get("/scim/v2/Users/{id}", permission=VIEW_ROLES)
def get_scim(call: Call) -> Answer:
    """Return one SCIM user."""
    _check_scim(call)
    return _scim(one(call.world.scim_users, "id", call.names["id"]))


def _check_scim(call: Call) -> None:
    """Refuse when SCIM is not set up, with the status that a missing permission has too."""
    if not call.options.scim:
        raise forbidden()
