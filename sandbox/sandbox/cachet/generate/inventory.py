"""Groups, components, templates and subscribers of a generated world."""

from __future__ import annotations

import string
from typing import TYPE_CHECKING

from sandbox.cachet.clock import DAY, HOUR
from sandbox.cachet.generate import words
from sandbox.cachet.rows import Component, ComponentGroup, IncidentTemplate, Link, Subscriber

if TYPE_CHECKING:
    import random

    from sandbox.cachet.world import World

LETTERS = string.ascii_letters + string.digits
ORDERS = (("manual", None), ("name", "asc"), ("status", "desc"), (None, None), ("id", "desc"))


def add_groups(world: World, count: int, rng: random.Random) -> None:
    """Add component groups: each third for signed-in readers, each sixth for nobody."""
    born = world.clock.now() - 700 * DAY
    rows = []
    for number in range(1, count + 1):
        column, direction = ORDERS[number % len(ORDERS)]
        rows.append(
            ComponentGroup(
                id=number + number // 5,
                name=words.named(words.GROUPS, number),
                created_at=born + number * HOUR,
                updated_at=born + number * DAY,
                order=count - number,
                order_column=column,
                order_direction=direction,
                collapsed=number % 3,
                visible=2 if number % 6 == 0 else 0 if number % 3 == 0 else 1,
                meta=words.METAS[number % len(words.METAS)] if number % 4 == 0 else None,
            )
        )
    world.component_groups.load(rows, rng)


def add_components(world: World, count: int, rng: random.Random, api: str) -> None:
    """Add components: each sixth disabled, each seventh in no group, one deleted per twenty."""
    born = world.clock.now() - 690 * DAY
    groups = [row.id for row in world.component_groups]
    is_2 = api.startswith("2")
    statuses = (1, 1, 1, 2, 1, 3, 1, 0 if is_2 else 5, 1, 4, 1, 1 if is_2 else 6)
    links = ("https://api.example.com/a?b=c&d", None, "", "not a url")
    descriptions = ("Edge API, **all regions**.", None, "", words.ODD[0])
    rows = []
    row_id = 0
    for number in range(1, count + 1):
        row_id += 2 if number % 8 == 0 else 1
        tags = words.TAGS[:2] if number % 4 == 1 else ()
        row = Component(
            id=row_id,
            name=words.named(words.COMPONENTS, number),
            created_at=born + number * HOUR,
            updated_at=born + number * HOUR + rng.randrange(600 * DAY),
            description=descriptions[number % 4] or ("" if is_2 else descriptions[number % 4]),
            link=links[(number // 2) % 4],
            order=None if number % 10 == 0 and not is_2 else number % 5,
            status=statuses[number % len(statuses)],
            enabled=number % 6 != 0,
            group_id=rng.choice(groups) if groups and number % 7 else None,
            meta=words.METAS[number % len(words.METAS)] if number % 3 == 1 else None,
            tags=(("", ""),) if number % 11 == 0 else tags,
        )
        rows.append(row)
        if number % 20 == 5:  # noqa: PLR2004
            row_id += 1
            gone = born + number * DAY
            rows.append(row._replace(id=row_id, name=f"{row.name} (old)", deleted_at=gone))
    world.components.load(rows, rng)


def add_templates(world: World, count: int) -> None:
    """Add incident templates."""
    born = world.clock.now() - 680 * DAY
    rows = []
    for number in range(1, count + 1):
        name, slug, template, engine = words.TEMPLATES[(number - 1) % len(words.TEMPLATES)]
        again = "" if number <= len(words.TEMPLATES) else f"-{number}"
        dates = (born + number, born + number * DAY)
        row = IncidentTemplate(number, name + again, slug + again, template, *dates, engine)
        rows.append(row)
    world.incident_templates.load(rows)


def add_subscribers(world: World, count: int, rng: random.Random) -> None:
    """Add subscribers: each third global, each fourth unverified, each thirteenth without mail."""
    born = world.clock.now() - 500 * DAY
    components = [row.id for row in world.components.with_deleted()]
    rows = []
    link_id = 0
    for number in range(1, count + 1):
        at = born + number * (490 * DAY // (count + 1))
        links = []
        if number % 3:
            for component in rng.sample(components, min(len(components), number % 4)):
                link_id += 1
                links.append(Link(component, None, link_id, at + 5, at + 5))
        code = "".join(rng.choices(LETTERS, k=42))
        name = "jürgen+tag" if number % 9 == 0 else "reader"
        rows.append(
            Subscriber(
                id=number + number // 10,
                email=None if number % 13 == 0 else f"{name}{number}@example.com",
                created_at=at,
                updated_at=at + 120,
                verify_code=code,
                verified_at=None if number % 4 == 0 else at + 120,
                is_global=number % 3 == 0,
                phone_number=f"+4930{number:07}" if number % 7 == 0 else None,
                slack_webhook_url=(
                    f"https://hooks.chat.example/services/{code[:24]}" if number % 5 == 0 else None
                ),
                components=tuple(links),
                meta=words.METAS[1] if number % 6 == 0 else None,
            )
        )
    world.subscribers.load(rows, rng)
