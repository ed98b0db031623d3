"""The developer portal of Harbourline: a year without a name that is meant to break a reader.

Everything is dated back from one day. The same year may be looked at as it was some days before,
which is how a demo loads a history of scores and owners that the API itself does not keep.
"""

from __future__ import annotations

import datetime as dt
import random
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sandbox import company

from .generate import admin, engineering, teams, workspace
from .generate import hostile as names
from .generate.dice import instant
from .model import DOMAIN_TYPE, SERVICE_TYPE, Entity
from .plain_scores import PlainScoring, scorecards
from .plain_teams import edges, owner, roles, team_rows, user_rows
from .world import DEFAULT_NOW, World, WorldSpec

if TYPE_CHECKING:
    from .model import Row, Scorecard

DATABASES = (
    ("orders-db", "Orders database", "database", "checkout", "cart"),
    ("ledger-db", "Ledger database", "database", "billing", "ledger"),
    ("events-db", "Events database", "database", "tracking", "events"),
    ("warehouse", "Data warehouse", "database", "data", "warehouse-loads"),
    ("parcel-events", "Parcel events", "queue", "tracking", "events"),
    ("print-jobs", "Print jobs", "queue", "", "label-printer"),
)
"""Tag, name, type, owner, and the service that uses it."""
OWNER_CHANGES = {"partner-portal": (20, "partners", ""), "tariffs": (40, "partners", "billing")}
"""Services whose owner changed so many days before the day, from whom to whom."""
PULL_REQUEST_DAYS = 180
PLAIN_WORDS = {
    names.HOSTILE_WORKFLOW_TAG: "restart-a-service",
    names.HOSTILE_RELATIONSHIP_TAG: "stores-data-in",
    names.HOSTILE_GROUP: "critical",
    names.HOSTILE_TYPE: "database",
    "draft/view": "drafts",
    "se/cret": "deploy-token",
    "a/b": "web-shop",
    "main/eu": "main-eu",
    "never-show-this": "hidden",
    "rds": "database",
}
"""What other worlds name so that clients stumble, and what it is called here."""


def plain_world(seed: int = 1, *, now: dt.datetime | None = None, days_ago: int = 0) -> PlainWorld:
    """Make the workspace of a year.

    Args:
        seed: Different seeds give different years.
        now: Where the year ends.
        days_ago: Show the same year as it was so many days before its end.
    """
    return PlainWorld(seed, now or DEFAULT_NOW, days_ago)


class PlainWorld(World):
    """A workspace whose every name is harmless.

    Args:
        seed: Different seeds give different years.
        day: Where the year ends.
        days_ago: How many days before that the workspace is looked at.
    """

    def __init__(self, seed: int, day: dt.datetime, days_ago: int = 0) -> None:
        self.day = day
        now = day - dt.timedelta(days=days_ago)
        spec = WorldSpec(
            seed=seed, now=now, hostile=False, sparse=False, extras=False, deleted=0, logs=400
        )
        super().__init__(spec)

    @cached_property
    def troubles(self) -> list[company.Trouble]:
        """The incidents of the year, those to come left out."""
        found = company.troubles(self.spec.seed, int(self.day.timestamp()))
        return company.seen(found, int(self.now.timestamp()))

    def _random(self, topic: str) -> random.Random:
        return random.Random(f"harbourline portal {self.spec.seed} {topic}")

    def _make_catalog(self) -> None:
        self.users = user_rows(self._random("users"), self.now)
        self.user_roles = roles(self.users)
        self.scim_users = teams.scim_users(self._dice("scim"), self.users)
        self.teams, self.team_entities = team_rows(self.now)
        self.team_edges = edges()
        self.departments = []
        self.entity_types = [
            {
                "type": name,
                "name": name.title(),
                "source": "CUSTOM",
                "description": f"A {name} that services use",
                "iconTag": name,
                "schema": {"type": "object", "properties": {"engine": {"type": "string"}}},
            }
            for name in ("database", "queue")
        ]
        domains = {tag: self._entity(tag, DOMAIN_TYPE, name, "platform")
                   for tag, name in company.DOMAINS.items()}  # fmt: skip
        services = {one.tag: self._service(one) for one in company.SERVICES}
        for one in company.SERVICES:
            _hang(services[one.tag], domains[one.domain])
        found = [*domains.values(), *services.values()]
        for tag, name, kind, team, user in DATABASES:
            entity = self._entity(tag, kind, name, team)
            entity.definition = {"engine": "postgresql" if kind == "database" else "kafka"}
            _hang(entity, services[user])
            found.append(entity)
        services["old-reports"].is_archived = True
        self._random("order").shuffle(found)
        self.entities = found
        self._add_deploys(services)

    def _entity(self, tag: str, kind: str, name: str, team: str) -> Entity:
        rng = self._random(f"entity {tag}")
        updated = self.day - dt.timedelta(hours=rng.randrange(200 * 24))
        entity = Entity(
            id=f"en{rng.getrandbits(64):016x}",
            tag=tag,
            type=kind,
            name=name,
            last_updated=instant(min(updated, self.now)),
            description=f"{name} of Harbourline." if rng.random() < 0.9 else None,  # noqa: PLR2004
        )
        if tag in OWNER_CHANGES:
            days, before, after = OWNER_CHANGES[tag]
            team = after if self.now > self.day - dt.timedelta(days=days) else before
        if team:
            entity.owner_teams.append(owner(self.team_entities, team))
        return entity

    def _service(self, service: company.Service) -> Entity:
        rng = self._random(f"service {service.tag}")
        entity = self._entity(service.tag, SERVICE_TYPE, service.name, service.team)
        entity.groups = [f"tier-{service.tier}", rng.choice(("java", "go", "typescript"))]
        repository = f"harbourline/{service.tag}"
        entity.git = {
            "provider": "GITHUB",
            "repository": repository,
            "repositoryUrl": f"https://git.harbourline.example/{repository}",
        }
        care = next((team.care for team in company.TEAMS if team.tag == service.team), 0.2)
        for kind, share in (("RUNBOOK", care), ("DASHBOARD", 0.8), ("DOCUMENTATION", care)):
            if rng.random() < share:
                url = f"https://docs.harbourline.example/{service.tag}/{kind.lower()}"
                link = {"name": kind.title(), "type": kind, "url": url, "description": None}
                entity.links.append(link)
        if service.team:
            channel = f"team-{service.team}"
            entity.slack_channels = [
                {"name": channel, "notificationsEnabled": True, "description": None}
            ]
            if rng.random() < 0.4 + care / 2:
                self._put_on_call(entity, service.team, rng)
        entity.dependencies = [
            {
                "callerTag": service.tag,
                "callerType": SERVICE_TYPE,
                "calleeTag": tag,
                "calleeType": SERVICE_TYPE,
                "description": f"{service.name} calls {company.BY_TAG[tag].name}",
            }
            for tag in service.needs
        ]
        changed = instant(self.now - dt.timedelta(days=rng.randrange(90)))
        values = {"tier": service.tier, "language": entity.groups[1]}
        entity.custom_data = [
            {"key": key, "source": "YAML", "value": value, "dateUpdated": changed, "id": None}
            for key, value in values.items()
        ]
        return entity

    @staticmethod
    def _put_on_call(entity: Entity, team: str, rng: random.Random) -> None:
        people = [person for person in company.PEOPLE if person.team == team]
        schedules = [
            {"user": {"name": person.name, "email": person.email}}
            for person in rng.sample(people, 2)
        ]
        entity.oncall_registrations = [
            {
                "id": f"P{rng.getrandbits(24):06X}",
                "provider": "PAGERDUTY",
                "source": "DEFINED",
                "type": "SERVICE_FILTER",
            }
        ]
        levels = [
            {"escalationLevel": number, "schedules": [one]}
            for number, one in enumerate(schedules, 1)
        ]
        entity.oncall_current = [{"current": [{"provider": "PAGERDUTY", "escalations": levels}]}]

    def _add_deploys(self, services: dict[str, Entity]) -> None:
        days = company.days_until(int(self.day.timestamp()))
        for service in company.SERVICES:
            rng = self._random(f"deploys {service.tag}")
            found = []
            for day in days:
                for _ in range(company.count_of(rng, service.deploys / 5 * company.pace(day))):
                    at = company.working(rng, day)
                    found.append(self._deploy(rng, service, at, "staging"))
                    found.append(self._deploy(rng, service, at + 1800, "production"))
            found += [
                self._deploy(rng, service, one.fixed, "production", "ROLLBACK")
                for one in self.troubles
                if service.tag == one.services[0] and one.fixed and "error rate" in one.title
            ]
            past = [(at, row) for at, row in found if at <= self.now.timestamp()]
            services[service.tag].deploys = [row for _, row in sorted(past, key=lambda p: p[0])]

    @staticmethod
    def _deploy(
        rng: random.Random,
        service: company.Service,
        at: int,
        environment: str,
        kind: str = "DEPLOY",
    ) -> tuple[int, Row]:
        team = [p for p in company.PEOPLE if p.team == service.team] or list(company.PEOPLE)
        person = rng.choice(team)
        sha = f"{rng.getrandbits(160):040x}"
        digits = f"{rng.getrandbits(128):032x}"
        moment = company.instant(at)
        return at, {
            "uuid": f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}",
            "title": f"{service.name} {moment:%Y.%m.%d}",
            "type": kind,
            "timestamp": instant(moment),
            "environment": environment,
            "sha": sha,
            "url": f"https://ci.harbourline.example/{service.tag}/{sha[:8]}",
            "deployer": {"name": person.name, "email": person.email},
            "customData": {"pipeline": "main"},
        }

    def _make_scorecards(self) -> None:
        self.scorecards: list[Scorecard] = scorecards(self.entities, self.now)
        self.scoring = PlainScoring(self.spec.seed, self.now, self.day)
        self.initiatives = [
            {
                "cid": "in0000000000000001",
                "name": "Everybody on call by the end of the quarter",
                "description": "Every service of tier 1 has somebody to wake.",
                "isDraft": False,
                "scorecardName": self.scorecards[0].row["name"],
                "scorecardTag": self.scorecards[0].tag,
                "targetDate": (self.day + dt.timedelta(days=45)).date().isoformat(),
                "emphasizedLevels": [{"name": "Bronze", "rank": 3, "color": "#cd7f32"}],
                "emphasizedRules": [],
            }
        ]
        self.verification_periods = []
        self.verifications = []

    def _make_logs(self) -> None:
        super()._make_logs()
        for name in ("audit_logs", "gitops_logs", "discovery_events"):
            setattr(self, name, _plain(getattr(self, name)))
        self.gitops_logs.sort(key=lambda row: row["dateCreated"])

    def _make_workspace(self) -> None:
        dice = self._dice("workspace")
        self.relationship_types = _plain(workspace.relationship_types(dice))[:2]
        reference = {entity.tag: entity.reference() for entity in self.entities}
        needs = [(one.tag, tag) for one in company.SERVICES for tag in one.needs]
        stores = [(user, tag) for tag, _, kind, _, user in DATABASES if kind == "database"]
        self.relationships = {
            kind: [
                {
                    "relationshipTypeTag": kind,
                    "sourceEntity": reference[source],
                    "destinationEntity": reference[target],
                }
                for source, target in pairs
            ]
            for kind, pairs in (("depends-on", needs), ("stores-data-in", stores))
        }
        self.plugins = _plain(workspace.plugins(dice))
        self.workflows = _plain(workspace.workflows(dice))
        self.workflow_runs = _plain(workspace.workflow_runs(self.spec, dice, self.workflows))
        self.catalog_pages = _plain(workspace.catalog_pages(dice))
        self.scaffolders = _plain(workspace.scaffolders(dice))
        self.user_labels = _plain(workspace.user_labels(dice))
        self.metric_definitions = _plain(workspace.metric_definitions(dice))
        self.custom_metric_keys = ["test-coverage", "page-load-ms"]
        self.aws_types = workspace.resource_types(dice, "AWS::Service::", 6)
        self.azure_types = workspace.resource_types(dice, "Microsoft.Service/", 3)
        self.api_keys = admin.api_keys(dice)
        self.secrets = _plain(admin.secrets(dice))
        self.ip_allowlist = admin.ip_allowlist(dice)
        self.integrations = _plain(admin.integrations(dice))

    @cached_property
    def trace(self) -> dict[str, list[Row]]:
        """The raw engineering events: pull requests, the deploys, and the incidents."""
        by_tag = {entity.tag: entity for entity in self.entities}
        found: dict[str, list[Row]] = {
            engineering.PULL_REQUESTS: self._pull_requests(by_tag),
            engineering.DEPLOYS: engineering.deploys(self.entities),
            engineering.INCIDENTS: [
                self._incident(one, by_tag[one.services[0]]) for one in self.troubles
            ],
        }
        return found

    def _pull_requests(self, by_tag: dict[str, Entity]) -> list[Row]:
        days = company.days_until(int(self.day.timestamp()), PULL_REQUEST_DAYS)
        rows = []
        for service in company.SERVICES:
            rng = self._random(f"pulls {service.tag}")
            people = [p for p in company.PEOPLE if p.team == service.team] or company.PEOPLE
            for day in days:
                for _ in range(company.count_of(rng, service.deploys / 4 * company.pace(day))):
                    created = company.instant(company.working(rng, day))
                    seconds = int(rng.lognormvariate(10.6, 0.9))
                    merged = created + dt.timedelta(seconds=seconds)
                    number, size = rng.randrange(10**9), int(rng.lognormvariate(4, 1)) + 1
                    author = rng.choice(people).email
                    if created > self.now:
                        continue
                    done = merged <= self.now
                    rows.append(
                        {
                            "id": f"pr-{number:09d}",
                            "title": f"Improve {service.name.lower()}",
                            "entity": service.tag,
                            "team": engineering.team_of(by_tag[service.tag]),
                            "repository": f"harbourline/{service.tag}",
                            "author": author,
                            "state": "MERGED" if done else "OPEN",
                            "createdAt": instant(created),
                            "mergedAt": instant(merged) if done else None,
                            "additions": size,
                            "cycleTimeSeconds": seconds if done else None,
                        }
                    )
        return rows

    def _incident(self, trouble: company.Trouble, entity: Entity) -> Row:
        fixed = trouble.fixed
        return {
            "id": f"inc-{trouble.number:05d}",
            "title": trouble.title,
            "entity": entity.tag,
            "team": engineering.team_of(entity),
            "severity": f"SEV{trouble.severity}",
            "openedAt": instant(company.instant(trouble.noticed)),
            "resolvedAt": instant(company.instant(fixed)) if fixed else None,
            "timeToResolveSeconds": fixed - trouble.noticed if fixed else None,
        }


def _hang(child: Entity, parent: Entity) -> None:
    child.parents.append(parent.id)
    parent.children.append(child.id)


def _plain(value: Any) -> Any:
    """Give everything its harmless name."""
    if isinstance(value, dict):
        return {PLAIN_WORDS.get(key, key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    if isinstance(value, str):
        for word, harmless in PLAIN_WORDS.items():
            if word in value and word != "rds":
                value = value.replace(word, harmless)
        return PLAIN_WORDS.get(value, value)
    return value
