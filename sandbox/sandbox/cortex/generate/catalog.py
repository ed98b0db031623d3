"""Entity types, entities, their hierarchy, owners, links and channels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.cortex.model import DOMAIN_TYPE, SERVICE_TYPE, Entity

from .hostile import HOSTILE_GROUP, HOSTILE_TAGS, HOSTILE_TYPE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sandbox.cortex.model import Row
    from sandbox.cortex.world import WorldSpec

    from .dice import Dice

GROUPS = ("tier-1", "tier-2", "tier-3", "pci", "public", "java", "go", HOSTILE_GROUP)
BUILT_IN_TYPES = (HOSTILE_TYPE, "AWS::Lambda::Function", "rds", "s3", "k8s-cluster")
CUSTOM_TYPES = ("mobile-app", "queue:fifo", "data_pipeline", "ML model")
DOMAIN_EVERY = 12
SMALL_WORLD = 2 * len(HOSTILE_TAGS)
INHERITANCE = ("APPEND", "FALLBACK", "NONE")
LINK_TYPES = ("DOCUMENTATION", "OPENAPI", "RUNBOOK", "DASHBOARD", "custom-link")


def entity_types(dice: Dice) -> list[Row]:
    """Return the rows of ``/catalog/definitions``; service, domain and team are never there."""
    rows = []
    for name in (*BUILT_IN_TYPES, *CUSTOM_TYPES):
        row: Row = {
            "type": name,
            "source": "CORTEX" if name in BUILT_IN_TYPES else "CUSTOM",
            "schema": {"type": "object", "properties": {"region": {"type": "string"}}},
        }
        dice.maybe(row, "name", name.replace("::", " ").title())
        dice.maybe(row, "description", f"Everything of type {name}")
        dice.maybe(row, "iconTag", dice.word())
        rows.append(row)
    return rows


def entities(
    spec: WorldSpec, dice: Dice, teams: Sequence[Entity], people: list[str]
) -> list[Entity]:
    """Return every entity of the catalog except teams, in the order the server hands them out."""
    found: list[Entity] = []
    tags = _tags(spec)
    for number, tag in enumerate(tags):
        kind = _type(dice, number)
        entity = Entity(
            id=dice.cid("en"),
            tag=tag,
            type=kind,
            name=tag if number % 3 else dice.title(),
            last_updated=dice.stamp(),
            description=dice.title() if dice.happens(0.8) else None,
            groups=dice.some(GROUPS, 3),
        )
        entity.is_archived = number >= len(HOSTILE_TAGS) and dice.happens(spec.archived_share)
        _decorate(entity, dice)
        _own(entity, dice, teams, people)
        found.append(entity)
    _vanish(spec, dice, found)
    _arrange(dice, found)
    dice.shuffle(found)
    return found


def _vanish(spec: WorldSpec, dice: Dice, found: list[Entity]) -> None:
    alive = [entity for entity in found if not entity.is_archived]
    for entity in dice.sample(alive, min(spec.deleted, len(alive))):
        entity.deleted = True


def _tags(spec: WorldSpec) -> list[str]:
    hostile = HOSTILE_TAGS[: max(0, spec.entities)] if spec.hostile else ()
    if spec.entities < SMALL_WORLD:
        hostile = hostile[: spec.entities // 2]
    plain = [f"entity-{number:05d}" for number in range(spec.entities - len(hostile))]
    return [*hostile, *plain]


def _type(dice: Dice, number: int) -> str:
    if number % DOMAIN_EVERY == 1:
        return DOMAIN_TYPE
    if dice.happens(0.3):
        return dice.choice((*BUILT_IN_TYPES, *CUSTOM_TYPES))
    return SERVICE_TYPE


def _decorate(entity: Entity, dice: Dice) -> None:
    if entity.type != SERVICE_TYPE:
        entity.definition = dice.choice(
            [{"region": "eu-west-1", "size": None}, "a scalar", 42, [1, "two"], None]
        )
    if entity.type == SERVICE_TYPE and dice.happens(0.8):
        repository = f"example/{dice.word()}-{dice.hex(4)}"
        entity.git = {
            "provider": dice.choice(("GITHUB", "GITLAB", "BITBUCKET", "AZURE_DEVOPS")),
            "repository": repository,
            "repositoryUrl": f"https://git.example.com/{repository}",
        }
        dice.maybe(entity.git, "alias", dice.word())
        dice.maybe(entity.git, "basepath", "services/" + dice.word())
    for number in range(dice.randint(0, 3)):
        kind = dice.choice(LINK_TYPES)
        link: Row = {
            "name": f"{kind.lower()} {number}",
            "type": kind,
            "url": f"https://docs.example.com/{dice.hex(6)}?q=a%20b#part",
        }
        dice.maybe(link, "description", dice.title())
        entity.links.append(link)
    for channel in dict.fromkeys(dice.word() for _ in range(dice.randint(0, 2))):
        entity.slack_channels.append(slack_channel(dice, channel))
    dice.unknown(entity.extra)


def slack_channel(dice: Dice, name: str) -> Row:
    """Return one Slack channel of an entity or a team."""
    row: Row = {"name": name, "notificationsEnabled": dice.happens(0.5)}
    dice.maybe(row, "description", f"Talk about {name}")
    return row


def _own(entity: Entity, dice: Dice, teams: Sequence[Entity], people: list[str]) -> None:
    if dice.happens(0.15):
        return
    for team in dice.some(teams, 2):
        row: Row = {
            "id": team.id,
            "tag": team.tag,
            "name": team.name,
            "isArchived": team.is_archived,
        }
        dice.maybe(row, "description", team.description)
        dice.maybe(row, "inheritance", dice.choice(INHERITANCE))
        dice.maybe(row, "provider", dice.choice(("CORTEX", "GITHUB", "OKTA", "WORKDAY")))
        entity.owner_teams.append(row)
    for email in dice.some(people, 2):
        person: Row = {"email": email}
        dice.maybe(person, "description", "Knows it best")
        entity.owner_people.append(person)


def _arrange(dice: Dice, found: list[Entity]) -> None:
    """Hang domains into trees of at most four floors, and everything else into domains."""
    domains = [entity for entity in found if entity.type == DOMAIN_TYPE]
    for number, domain in enumerate(domains):
        if number % 5:
            _hang(domain, domains[number // 5])
    if not domains:
        return
    for entity in found:
        if entity.type != DOMAIN_TYPE and dice.happens(0.8):
            for parent in dice.sample(domains, min(len(domains), dice.choice((1, 1, 1, 2)))):
                _hang(entity, parent)


def _hang(child: Entity, parent: Entity) -> None:
    child.parents.append(parent.id)
    parent.children.append(child.id)
