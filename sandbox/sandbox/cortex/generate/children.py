"""What hangs on one entity: custom data, events, deploys, packages, on-call and the rest."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING

from sandbox.cortex.model import SERVICE_TYPE

from .hostile import SHADOWED_TAG

if TYPE_CHECKING:
    from sandbox.cortex.model import Entity, Row
    from sandbox.cortex.world import WorldSpec

    from .dice import Dice

ENVIRONMENTS = ("production", "staging", "dev/eu", "Production")
VALUES = (
    "plain text",
    "",
    345,
    12345678901234567890,
    Decimal("0.12345678901234567890123"),
    1.5,
    True,
    None,
    ["a", 1, None],
    {"nested": {"deep": [1, {"x": None}]}},
)
"""Values of custom data: the document says object, the API stores any JSON."""
ONCALL_PROVIDERS = ("PAGERDUTY", "OPSGENIE", "VICTOROPS", "XMATTERS")
SPEC_SHARE = 0.1


def fill(spec: WorldSpec, dice: Dice, entities: list[Entity]) -> None:
    """Give every entity its children, the first few of them more than fit on one page."""
    living = [entity for entity in entities if not entity.deleted]
    crowded = {entity.id for entity in living[: spec.crowded_entities]}
    for number, entity in enumerate(entities):
        many = spec.crowd + number % 2 if entity.id in crowded else 0
        entity.custom_data = _custom_data(dice, many or dice.randint(0, 3))
        entity.custom_events = [_event(dice) for _ in range(many or dice.randint(0, 3))]
        entity.deploys = [_deploy(dice) for _ in range(many or _busy(dice, entity))]
        entity.packages = [_package(dice, n) for n in range(many or dice.randint(0, 2))]
        entity.k8s = [_workload(dice, n) for n in range(many or dice.choice((0, 0, 1)))]
        if entity.tag != SHADOWED_TAG:
            entity.dependencies = _dependencies(dice, entity, entities, many)
        if dice.happens(0.1):
            entity.api_groups = ["added-by-api"]
        if entity.type == SERVICE_TYPE:
            _oncall(dice, entity)
            _documents(dice, entity)
        if entity.type.startswith("AWS::"):
            entity.aws = [{"arn": f"arn:aws:x:eu-west-1:1:{dice.hex(8)}", "tags": {"a": None}}]


def _busy(dice: Dice, entity: Entity) -> int:
    return dice.randint(0, 4) if entity.type == SERVICE_TYPE else 0


def _custom_data(dice: Dice, count: int) -> list[Row]:
    rows = []
    for number in range(count):
        row: Row = {
            "key": f"key-{number // 2}" if number < len(VALUES) else f"key/{number}",
            "source": ("API", "YAML")[number % 2],
            "value": VALUES[(number + dice.randrange(len(VALUES))) % len(VALUES)],
            "dateUpdated": dice.stamp(),
        }
        dice.maybe(row, "id", dice.getrandbits(40))
        dice.maybe(row, "description", dice.title())
        rows.append(dice.unknown(row, 0.1))
    return rows


def _event(dice: Dice) -> Row:
    row: Row = {
        "uuid": dice.uuid(),
        "title": dice.title(),
        "type": dice.choice(("INCIDENT", "feature-flag", "config change")),
        "timestamp": dice.stamp(),
    }
    dice.maybe(row, "description", dice.title())
    dice.maybe(row, "url", "https://events.example.com/" + dice.hex(6))
    dice.maybe(row, "customData", dice.choice([{"test1": 345}, {"a": None, "b": ["c"]}, {}]))
    return dice.unknown(row, 0.1)


def _deploy(dice: Dice) -> Row:
    person = {"email": "ada@example.com", "name": "Ada Example"}
    row: Row = {
        "uuid": dice.uuid(),
        "title": f"Release {dice.randint(1, 99)}",
        "type": dice.choice(("DEPLOY", "DEPLOY", "SCALE", "ROLLBACK", "RESTART")),
        "timestamp": dice.stamp(),
    }
    dice.maybe(row, "environment", dice.choice(ENVIRONMENTS))
    dice.maybe(row, "sha", dice.hex(40))
    dice.maybe(row, "url", "https://deploys.example.com/" + dice.hex(6))
    dice.maybe(row, "deployer", person)
    if dice.happens(0.3):
        row |= {"deployerEmail": person["email"], "deployerName": person["name"]}
    dice.maybe(row, "customData", {"pipeline": dice.word(), "attempt": dice.randint(1, 3)})
    return row


def _package(dice: Dice, number: int) -> Row:
    row: Row = {
        "id": dice.getrandbits(30) * 1000 + number,
        "name": f"@example/{dice.word()}",
        "packageType": dice.choice(("NODE", "JAVA", "PYTHON", "GO", "NUGET")),
        "version": f"{dice.randint(0, 9)}.{dice.randint(0, 20)}.0-rc+{number}",
        "dateCreated": dice.stamp(),
    }
    return dice.unknown(row, 0.1)


def _workload(dice: Dice, number: int) -> Row:
    row: Row = {
        "namespace": dice.word(),
        "name": f"{dice.word()}-{number}",
        "cluster": dice.choice(("eu-1", "us-1")),
        "type": dice.choice(("DEPLOYMENT", "STATEFUL_SET", "CRON_JOB")),
        "lastUpdated": dice.stamp(5),
    }
    return dice.unknown(row)


def _dependencies(dice: Dice, entity: Entity, entities: list[Entity], many: int) -> list[Row]:
    rows: list[Row] = []
    for number in range(many or dice.choice((0, 0, 1, 2))):
        callee = entities[dice.randrange(len(entities))]
        edge: Row = {
            "callerTag": entity.tag,
            "callerType": entity.type,
            "calleeTag": callee.tag,
            "calleeType": callee.type,
        }
        if number:  # the first one is an edge between whole entities
            edge |= {"method": dice.choice(("GET", "POST")), "path": f"/api/{{id}}/{number}?x=1"}
        else:
            dice.maybe(edge, "method", None)
            dice.maybe(edge, "path", None)
        dice.maybe(edge, "description", dice.title())
        dice.maybe(edge, "metadata", dice.choice([{"sla": 0.999}, "text", 7, []]))
        rows.append(edge)
    return rows


def _oncall(dice: Dice, entity: Entity) -> None:
    if dice.happens(0.5):
        return
    provider = dice.choice(ONCALL_PROVIDERS)
    kinds = ("SERVICE_FILTER", "CQL_FILTER", "TEAM_FILTER")
    for _ in range(dice.randint(1, 2)):
        entity.oncall_registrations.append(
            {
                "id": dice.hex(6).upper(),
                "provider": provider,
                "source": dice.choice(("AUTO_MAPPED", "DEFINED")),
                "type": dice.choice(kinds),
            }
        )
    user: Row = {"name": "Grace Example"}
    dice.maybe(user, "email", "grace@example.com")
    level = {"escalationLevel": 1, "schedules": [{"user": user}]}
    entity.oncall_current.append({"current": [{"provider": provider, "escalations": [level]}]})


def _documents(dice: Dice, entity: Entity) -> None:
    if not dice.happens(SPEC_SHARE):
        return
    document = {"openapi": "3.0.1", "info": {"title": entity.name, "version": "1"}, "paths": {}}
    kind = dice.randrange(4)
    if kind == 0:
        text = str(document)  # single quotes: not JSON, and stored all the same
    elif kind == 1:
        paths: Row = {f"/{dice.hex(8)}": {"get": {"responses": {}}} for _ in range(200)}
        text = json.dumps({**document, "paths": paths})
    else:
        text = json.dumps(document)
    entity.specs["main"] = text
    if kind == 1:
        entity.specs["second/one"] = json.dumps(document)
