"""A generated Cortex workspace: the same seed gives the same workspace, of any size.

A world is mutable while it is served. Whoever changes its lists directly calls
:meth:`World.touch` afterwards, because the server remembers which rows a filter selects.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar, cast

from .generate import admin, catalog, children, engineering, logs, scorecards, teams, workspace
from .generate.dice import Dice, instant
from .model import SERVICE_TYPE, Entity, Row, Scorecard
from .scoring import Scoring
from .truth import Truth

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator

    from .answers import Answer
    from .routing import Call

T = TypeVar("T")

COUNTS = ("entities", "scorecards", "teams", "users", "logs", "deleted", "crowd", "identical_logs")
DEFAULT_NOW = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)


@dataclasses.dataclass(frozen=True, kw_only=True)
class WorldSpec:
    """How large and how nasty a world is.

    Attributes:
        seed: Decides every value.
        entities: Catalog entities, teams not counted.
        scorecards: Scorecards, drafts included.
        teams: Teams, member-less and archived ones included.
        users: Users of the workspace.
        logs: Rows of each log; notification runs, workflow runs and verifications follow.
        deleted: Entities that are listed and answer 404 on every route of their own.
        archived_share: Share of the entities and teams that are archived.
        crowd: Rows that each crowded entity has in each of its lists; every second one has one
            more. The default is one page of the server's default size.
        crowded_entities: How many entities are crowded.
        hostile: Whether names are chosen to break clients.
        sparse: Whether optional fields are sometimes null and sometimes absent.
        extras: Whether rows carry fields that no document mentions.
        identical_logs: Audit logs that repeat another one in all six fields.
        odd_rules: Whether scorecards have a rule of weight 0 (without a ladder), one that comes
            into force in a month, and one that half of the entities are exempt from.
        now: The latest moment anything in the world happened.

    Raises:
        ValueError: A size is negative, or a share is not between 0 and 1.
    """

    seed: int = 1
    entities: int = 120
    scorecards: int = 8
    teams: int = 12
    users: int = 30
    logs: int = 300
    deleted: int = 0
    archived_share: float = 0.05
    crowd: int = 250
    crowded_entities: int = 2
    hostile: bool = True
    sparse: bool = True
    extras: bool = True
    identical_logs: int = 0
    odd_rules: bool = False
    now: dt.datetime = DEFAULT_NOW

    def __post_init__(self) -> None:
        """Refuse sizes that no world can have.

        Raises:
            ValueError: A number of things is negative, or a share is not between 0 and 1.
        """
        for name in COUNTS:
            if getattr(self, name) < 0:
                raise ValueError(f"The number of {name} cannot be negative.")
        if not 0 <= self.archived_share <= 1:
            raise ValueError("archived_share is a share: between 0 and 1.")


class World:
    """One workspace.

    Args:
        spec: Size and nastiness; the defaults make a small, nasty world.
    """

    def __init__(self, spec: WorldSpec | None = None) -> None:
        self.spec = spec = spec or WorldSpec()
        self.now = spec.now
        self.version = 0
        self.truth = Truth(self)
        """Which keys a complete read of every stream finds."""
        self.scoring = Scoring(spec.seed, spec.now, odd_rules=spec.odd_rules)
        self.listeners: list[Callable[[Call], Answer | None]] = []
        self.jobs: dict[str, Row] = {}
        """CQL jobs that were started, by id."""
        self.asked: dict[str, int] = {}
        """How often each list without an order was asked for."""
        self._views: dict[Hashable, Any] = {}
        self._make_catalog()
        self._make_scorecards()
        self._make_logs()
        self._make_workspace()

    def _dice(self, topic: str) -> Dice:
        spec = self.spec
        return Dice(f"{spec.seed}:{topic}", spec.now, sparse=spec.sparse, extras=spec.extras)

    def _make_catalog(self) -> None:
        spec = self.spec
        self.users: list[Row] = teams.users(spec, self._dice("users"))
        self.user_roles: list[Row] = teams.user_roles(self._dice("roles"), self.users)
        self.scim_users: list[Row] = teams.scim_users(self._dice("scim"), self.users)
        self.teams: list[Row]
        self.team_entities: list[Entity]
        self.teams, self.team_entities = teams.teams(spec, self._dice("teams"), self.users)
        self.team_edges: list[Row] = teams.edges(self._dice("edges"), self.team_entities)
        self.departments: list[Row] = teams.departments(self._dice("departments"), self.users)
        self.entity_types: list[Row] = catalog.entity_types(self._dice("types"))
        people = [row["email"] for row in self.users]
        self.entities: list[Entity] = catalog.entities(
            spec, self._dice("entities"), self.team_entities, people
        )
        children.fill(spec, self._dice("children"), self.entities)

    def _make_scorecards(self) -> None:
        spec = self.spec
        self.scorecards: list[Scorecard] = scorecards.scorecards(
            spec, self._dice("scorecards"), self.entities
        )
        self.initiatives: list[Row] = scorecards.initiatives(
            self._dice("initiatives"), self.scorecards
        )
        dice = self._dice("verifications")
        self.verification_periods: list[Row] = scorecards.verification_periods(dice)
        self.verifications: list[Row] = scorecards.verifications(
            spec, dice, self.verification_periods, self.entities
        )

    def _make_logs(self) -> None:
        spec = self.spec
        self.audit_logs: list[Row] = logs.audit_logs(spec, self._dice("audit"), self.entities)
        self.audit_logs += [dict(row) for row in self.audit_logs[: spec.identical_logs]]
        self.gitops_logs: list[Row] = logs.gitops_logs(spec, self._dice("gitops"), self.entities)
        self.discovery_events: list[Row] = logs.discovery(
            spec, self._dice("discovery"), self.entities
        )
        dice = self._dice("notifications")
        self.notification_runs: list[Row] = logs.notification_runs(spec, dice, self.scorecards)
        self.notification_logs: list[Row] = logs.notification_logs(
            spec, dice, self.notification_runs
        )

    def _make_workspace(self) -> None:
        dice = self._dice("workspace")
        self.relationship_types: list[Row] = workspace.relationship_types(dice)
        self.relationships: dict[str, list[Row]] = workspace.relationships(
            dice, self.relationship_types, self.entities
        )
        self.plugins: list[Row] = workspace.plugins(dice)
        self.workflows: list[Row] = workspace.workflows(dice)
        self.workflow_runs: list[Row] = workspace.workflow_runs(self.spec, dice, self.workflows)
        self.catalog_pages: list[Row] = workspace.catalog_pages(dice)
        self.scaffolders: list[Row] = workspace.scaffolders(dice)
        self.user_labels: list[Row] = workspace.user_labels(dice)
        self.metric_definitions: list[Row] = workspace.metric_definitions(dice)
        self.custom_metric_keys: list[str] = list(workspace.CUSTOM_METRIC_KEYS)
        self.aws_types: list[Row] = workspace.resource_types(dice, "AWS::Thing::", 270)
        self.azure_types: list[Row] = workspace.resource_types(dice, "Microsoft.Thing/", 30)
        dice = self._dice("admin")
        self.api_keys: list[Row] = admin.api_keys(dice)
        self.secrets: list[Row] = admin.secrets(dice)
        self.ip_allowlist: list[Row] = admin.ip_allowlist(dice)
        self.integrations: dict[str, list[Row]] = admin.integrations(dice)

    @cached_property
    def trace(self) -> dict[str, list[Row]]:
        """The raw engineering events by source; made when they are first asked for."""
        return engineering.trace(self._dice("engineering"), list(self.everything()))

    # Reading ------------------------------------------------------------------------------

    def view(self, key: Hashable, build: Callable[[], T]) -> T:
        """Return what ``build`` makes, remembered under the key until the world changes."""
        views = self._views
        if key not in views:
            views[key] = build()
        return cast("T", views[key])

    def everything(self) -> Iterator[Entity]:
        """Yield every entity, teams included."""
        yield from self.entities
        yield from self.team_entities

    def by_id(self) -> dict[str, Entity]:
        """Return every entity by its id."""
        return self.view("by id", lambda: {entity.id: entity for entity in self.everything()})

    def by_tag(self) -> dict[str, Entity]:
        """Return every entity by its tag."""
        return self.view("by tag", lambda: {entity.tag: entity for entity in self.everything()})

    def find(self, tag_or_id: str) -> Entity | None:
        """Return the entity with this tag or id, also one that vanished, or nothing."""
        return self.by_tag().get(tag_or_id) or self.by_id().get(tag_or_id)

    def entity(self, tag_or_id: str) -> Entity:
        """Return the entity with this tag or id.

        Raises:
            KeyError: There is none.
        """
        found = self.find(tag_or_id)
        if found is None:
            raise KeyError(tag_or_id)
        return found

    def scorecard(self, tag: str) -> Scorecard | None:
        """Return the scorecard with this tag, or nothing."""
        return self.view("cards", lambda: {card.tag: card for card in self.scorecards}).get(tag)

    def cards_of(self) -> dict[str, list[Scorecard]]:
        """Return, by entity id, the scorecards that judged the entity."""

        def build() -> dict[str, list[Scorecard]]:
            found: dict[str, list[Scorecard]] = {}
            for card in self.scorecards:
                for entity_id in card.judged:
                    found.setdefault(entity_id, []).append(card)
            return found

        return self.view("cards of", build)

    def latest_gitops(self) -> dict[str, list[Row]]:
        """Return, by entity tag, the newest GitOps log that names the entity."""

        def build() -> dict[str, list[Row]]:
            found: dict[str, list[Row]] = {}
            for log in sorted(self.gitops_logs, key=lambda row: row["dateCreated"]):
                for file in log["files"]:
                    if file.get("entity"):
                        row = {
                            "commit": log["commit"],
                            "dateCreated": log["dateCreated"],
                            "repository": log["repository"],
                            "fileName": file["fileName"],
                        }
                        found[file["entity"]["tag"]] = [row]
            return found

        return self.view("gitops", build)

    # Changing -----------------------------------------------------------------------------

    def touch(self) -> None:
        """Tell the server that the world changed."""
        self.version += 1
        self._views = {}

    def on_request(
        self, listener: Callable[[Call], Answer | None]
    ) -> Callable[[Call], Answer | None]:
        """Call a listener before each request is answered, in the thread of the server.

        It is called before the key is checked, but not for what the rate limit refuses.
        It may change the world. When it returns an answer, that is sent instead of the real one.
        Returns the listener, so that this can stand above a function as a decorator.
        """
        self.listeners.append(listener)
        return listener

    def add_entity(self, tag: str, kind: str = SERVICE_TYPE, *, at: int = 0) -> Entity:
        """Add an entity at a position of the list, by default at its head, and return it."""
        dice = self._dice(f"added {self.version} {tag}")
        entity = Entity(dice.cid("en"), tag, kind, tag, instant(self.now))
        self.entities.insert(at, entity)
        self.touch()
        return entity

    def remove_entity(self, tag_or_id: str) -> None:
        """Take an entity out of the list and of everything below it."""
        entity = self.entity(tag_or_id)
        self.entities.remove(entity)
        for card in self.scorecards:
            card.judged = [found for found in card.judged if found != entity.id]
        for other in self.entities:
            if entity.id in other.parents:
                other.parents.remove(entity.id)
            if entity.id in other.children:
                other.children.remove(entity.id)
        self.touch()

    def vanish(self, tag_or_id: str) -> None:
        """Let an entity answer 404 on its own routes while it is still listed."""
        self.entity(tag_or_id).deleted = True
        self.touch()

    def add_audit_log(self, moment: dt.datetime, **fields: Any) -> Row:
        """Add an audit log at the head of the list, which moves every page after it."""
        row: Row = {
            "action": "UPDATE",
            "objectIdentifier": f"object-{self.version}",
            "objectType": "CATALOG",
            "timestamp": instant(moment, 6),
            **fields,
        }
        self.audit_logs.insert(0, row)
        self.touch()
        return row

    def reevaluate(self) -> None:
        """Evaluate every scorecard again: some results move, every ``lastEvaluated`` does."""
        self.scoring.evaluation += 1
        self.touch()
