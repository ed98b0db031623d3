"""Teams and people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from singer_rest.sources.parents import NamedParents
from singer_rest.sources.single import single
from tap_cortex.client import by_field, envelope_or_list
from tap_cortex.fanout import ChildRoute
from tap_cortex.schemas import people as tables
from tap_cortex.sources import DepartmentsSource, NamedFanOut, ScimSource
from tap_cortex.streams.base import CortexStream, ListStream, WholeStream
from tap_cortex.values import member, parts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from singer_rest.sources.base import Source
    from singer_rest.sources.pages import Page
    from tap_cortex.client import Record

LISTS = ("cortexTeam", "idpGroup")


class TeamFamily(WholeStream):
    """The list of teams that its streams share."""

    source_name = "teams"
    route = "GET /teams"
    filtered_by = ("include_memberless_teams",)
    path = "/teams"
    envelope = "teams"
    identity = ("id",)
    flags: ClassVar[dict[str, str]] = {"includeTeamsWithoutMembers": "include_memberless_teams"}


class Teams(TeamFamily):
    """Teams, those without members among them."""

    name = "teams"
    table = tables.TEAMS

    def row(self, record: Record) -> Record:
        """Return the team with its names lifted out."""
        details = record.get("metadata")
        names = {name: member(details, name) for name in ("name", "description", "summary")}
        return {**record, **names}


class TeamMembers(TeamFamily):
    """Who is in which team."""

    name = "team_members"
    table = tables.TEAM_MEMBERS
    cost = "shared with teams"

    def members(self, team: Record) -> Iterator[Record]:
        """Yield the members of a team of either kind."""
        for field in LISTS:
            for person in parts(member(team.get(field), "members")):
                origin = member(team.get(field), "provider") if field == "idpGroup" else "CORTEX"
                yield {
                    **person,
                    "team_id": team.get("id"),
                    "team_tag": team.get("teamTag"),
                    "origin": origin,
                    "member_key": person.get("email") or person.get("id") or person.get("name"),
                }

    def rows(self, page: Page) -> Iterable[Mapping[str, Any]]:
        """Return a row for every member; one that a team names twice is written once."""
        found: list[Record] = []
        for team in page.rows:
            found += {row["member_key"]: row for row in self.members(team)}.values()
        return self.move_unknown(found)


class TeamHierarchies(WholeStream):
    """Which team stands right below which."""

    name = "team_hierarchies"
    table = tables.TEAM_HIERARCHIES
    route = "GET /teams/relationships"
    path = "/teams/relationships"
    envelope = "edges"
    identity = ("parentTeamTag", "childTeamTag")


class Departments(CortexStream):
    """Departments, an older way to group people."""

    name = "departments"
    table = tables.DEPARTMENTS
    route = "GET /teams/departments"
    cost = "1; with department_tags 1 per tag"
    selected_by_default = False

    @property
    def is_full_table(self) -> bool:
        """Whether all departments are read, and not only those that a setting names."""
        return super().is_full_table and not self.config["department_tags"]

    def new_source(self) -> Source:
        """Return the list, or one request per configured tag."""
        path, tags = "/teams/departments", list(dict.fromkeys(self.config["department_tags"]))
        if not tags:
            request = self.api.request(path)
            rows = envelope_or_list("departments")
            return DepartmentsSource(self.api.transport, request, rows, key=by_field("id"))
        child = ChildRoute(
            lambda tag: self.api.request(path, {"departmentTag": tag}),
            single(None),
            record=by_field("departmentTag"),
            on_404="error",
        )
        return NamedFanOut(self.api, path, NamedParents(tags), child)


class Users(ListStream):
    """Everybody who has joined the workspace."""

    name = "users"
    table = tables.USERS
    route = "GET /users"
    permission = "View Roles"
    selected_by_default = False
    path = "/users"
    envelope = "users"
    identity = ("email",)
    undocumented = True


class UserRoles(ListStream):
    """Which roles everybody has."""

    name = "user_roles"
    table = tables.USER_ROLES
    route = "GET /users/roles"
    permission = "View Roles"
    selected_by_default = False
    path = "/users/roles"
    envelope = "users"
    identity = ("email",)
    undocumented = True


class ScimUsers(CortexStream):
    """Users as the identity provider keeps them."""

    name = "scim_users"
    table = tables.SCIM_USERS
    route = "GET /scim/v2/Users"
    permission = "SCIM set up, and a key that may use it"
    cost = "1 per page, whose size the server limits"
    selected_by_default = False

    def new_source(self) -> Source:
        """Return the walk over SCIM's own pages."""
        return ScimSource(self.api)
