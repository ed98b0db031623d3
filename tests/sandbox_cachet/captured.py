"""The world behind the captured replies, rebuilt from the replies themselves.

The captures stand beside the repository and are no part of it; tests that need them are skipped
where they are absent.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sandbox.cachet import Clock, World
from sandbox.cachet.rows import (
    Component,
    ComponentGroup,
    Incident,
    IncidentTemplate,
    Link,
    Metric,
    MetricPoint,
    Schedule,
    Subscriber,
    Update,
)

REFERENCE = Path(__file__).parents[3] / "shared" / "reference" / "cachet"
FIXTURES = REFERENCE / "fixtures"
NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)


def reply(folder: str, name: str) -> Any:
    return json.loads((FIXTURES / folder / f"{name}.json").read_text())


def manifest(folder: str) -> list[dict[str, Any]]:
    path = FIXTURES / folder / "manifest.json"
    entries: list[dict[str, Any]] = json.loads(path.read_text()) if path.exists() else []
    return entries


def at(value: Any) -> int | None:
    """Seconds of a captured date: text, or ``{human, string}``."""
    text = value["string"] if isinstance(value, dict) else value
    return None if text is None else int(datetime.fromisoformat(f"{text}+00:00").timestamp())


def at_unless_now(text: str) -> int | None:
    """2.x shows the present time for a null date."""
    return None if at(text) == int(NOW.timestamp()) else at(text)


def world_of(folder: str) -> World:
    if folder == "v3":
        return _world_3()
    if folder == "v3-2025":
        return _world_2025()
    return _world_2(folder)


def _dates(attributes: dict[str, Any]) -> dict[str, Any]:
    return {"created_at": at(attributes["created"]), "updated_at": at(attributes["updated"])}


def _target(resource: dict[str, Any], relation: str) -> int | None:
    data = resource["relationships"][relation]["data"]
    return int(data["id"]) if data else None


def _component_3(resource: dict[str, Any], group_id: int | None) -> Component:
    plain = resource["attributes"]
    return Component(
        **{key: plain[key] for key in ("id", "name", "description", "link", "order", "enabled")},
        **_dates(plain),
        status=plain["status"]["value"],
        group_id=group_id,
        meta=plain.get("meta") or None,
    )


def _group_3(resource: dict[str, Any]) -> ComponentGroup:
    plain = dict(resource["attributes"])
    dates = _dates(plain)
    for name in ("created", "updated"):
        del plain[name]
    plain["meta"] = plain.get("meta") or None
    return ComponentGroup(**plain, **dates)


def _update_3(resource: dict[str, Any]) -> Update:
    plain = resource["attributes"]
    return Update(
        id=plain["id"],
        parent_type=plain["updateable_type"],
        parent_id=plain["updateable_id"],
        message=plain["message"],
        status=plain.get("status", {}).get("value"),
        **_dates(plain),
    )


def _links_3(document: dict[str, Any]) -> tuple[Link, ...]:
    """Components of the incident or schedule a reply is about, with their statuses."""
    included = {
        one["id"]: one for one in document.get("included", ()) if one["type"] == "components"
    }
    return tuple(
        Link(
            int(pointer["id"]),
            included[pointer["id"]]["attributes"]
            .get("pivot", {})
            .get("component_status", {})
            .get("value"),
        )
        for pointer in document["data"]["relationships"]["components"]["data"]
    )


def _world_3() -> World:
    world = World(Clock(NOW))
    components = [
        _component_3(one, _target(one, "group"))
        for page in ("components_page1", "components_page2")
        for one in reply("v3", page)["data"]
    ]
    groups = [_group_3(one) for one in reply("v3", "component_groups")["data"]]
    # The hidden group and its component show only on the old build.
    old = reply("v3-2025", "component_groups")
    known = {row.id for row in groups}
    for resource in old["data"]:
        if int(resource["id"]) not in known:
            groups.append(_group_3(resource))
            inside = {one["id"] for one in resource["relationships"]["components"]["data"]}
            components += [
                _component_3(one, int(resource["id"]))
                for one in old["included"]
                if one["id"] in inside
            ]
    world.components.load(components)
    world.component_groups.load(groups)
    _load_history_3(world)
    _load_metrics_3(world)
    world.incident_templates.load(
        IncidentTemplate(
            **{
                key: value
                for key, value in one["attributes"].items()
                if key not in {"created", "updated"}
            },
            **_dates(one["attributes"]),
        )
        for one in reply("v3", "incident_templates")["data"]
    )
    world.subscribers.load(
        Subscriber(
            id=one["attributes"]["id"],
            email=one["attributes"]["email"],
            is_global=one["attributes"]["global"],
            verified_at=at(one["attributes"]["verified_at"]),
            components=tuple(
                Link(int(pointer["id"])) for pointer in one["relationships"]["components"]["data"]
            ),
            **_dates(one["attributes"]),
        )
        for one in reply("v3", "subscribers")["data"]
    )
    return world


def _load_history_3(world: World) -> None:
    updates = {}
    incidents = []
    exact = {int(reply("v3", name)["data"]["id"]): name for name in ("incident_1", "incident_2")}
    for page in ("incidents_page1", "incidents_page2"):
        document = reply("v3", page)
        for one in document.get("included", ()):
            if one["type"] == "updates":
                updates[one["id"]] = _update_3(one)
        for one in document["data"]:
            plain = one["attributes"]
            named = ("id", "guid", "name", "message", "visible", "stickied")
            incidents.append(
                Incident(
                    **{key: plain[key] for key in named},
                    **_dates(plain),
                    status=plain["status"]["value"],
                    notifications=bool(plain["notifications"]),
                    user_id=_target(one, "user"),
                    occurred_at=at(plain["occurred"]),
                    published_at=at(plain["published"]),
                    components=_links_3(reply("v3", exact[plain["id"]]))
                    if plain["id"] in exact
                    else (),
                    meta=plain["meta"] or None,
                )
            )
    schedules = reply("v3", "schedules")
    for one in schedules["included"]:
        if one["type"] == "updates":
            updates[one["id"]] = _update_3(one)
    world.schedules.load(
        Schedule(
            id=one["attributes"]["id"],
            name=one["attributes"]["name"],
            message=one["attributes"]["message"],
            scheduled_at=at(one["attributes"]["scheduled"]) or 0,
            completed_at=at(one["attributes"]["completed"]),
            published_at=at(one["attributes"]["published"]),
            # Each component belongs to one schedule, so the list names every status.
            components=_links_3({"data": one, "included": schedules["included"]}),
            **_dates(one["attributes"]),
        )
        for one in schedules["data"]
    )
    world.incidents.load(incidents)
    world.updates.load(updates.values())


def _load_metrics_3(world: World) -> None:
    document = reply("v3", "metrics_include_points")
    metrics = []
    for one in document["data"]:
        plain = dict(one["attributes"])
        dates = _dates(plain)
        default = plain.pop("default_value")
        for name in ("created", "updated"):
            del plain[name]
        text = None if default is None else f"{default:.3f}"
        metrics.append(Metric(**plain, **dates, default_value=text))
    world.metrics.load(metrics)
    world.metric_points.load(
        MetricPoint(
            id=one["attributes"]["id"],
            metric_id=one["attributes"]["metric_id"],
            value=float(one["attributes"]["value"]),
            counter=one["attributes"]["counter"],
            **_dates(one["attributes"]),
        )
        for one in document["included"]
    )


def _world_2025() -> World:
    """The same data; meta was then a column of components, and empty."""
    world = _world_3()
    for component in list(world.components):
        world.components.update(component.id, meta=None)
    return world


def _flat_dates(record: dict[str, Any]) -> dict[str, Any]:
    return {"created_at": at(record["created_at"]), "updated_at": at(record["updated_at"])}


def _world_2(folder: str) -> World:
    world = World(Clock(NOW))
    is_24 = folder == "v2.4"
    pages = ("components_page1", "components_page2") if is_24 else ("components",)
    world.components.load(
        Component(
            **{
                key: one[key]
                for key in ("id", "name", "description", "link", "status", "order", "enabled")
            },
            **_flat_dates(one),
            group_id=one["group_id"] or None,
            meta=one.get("meta"),
            tags=tuple(one["tags"].items()) if one["tags"] else (),
        )
        for page in pages
        for one in reply(folder, page)["data"]
    )
    world.component_groups.load(
        ComponentGroup(
            **{key: one[key] for key in ("id", "name", "order", "collapsed")},
            **_flat_dates(one),
            visible=one.get("visible", 1),
        )
        for one in reply(folder, "component_groups")["data"]
    )
    _load_incidents_2(world, folder)
    world.metrics.load(
        Metric(
            **{
                key: one[key]
                for key in one
                if key in Metric._fields and key not in {"default_value", "description"}
            }
            | _flat_dates(one),
            description=one["description"] or None,
            default_value=str(one["default_value"]),
        )
        for one in reply(folder, "metrics")["data"]
    )
    names = ("metric_1_points_page1", "metric_1_points_page2") if is_24 else ("metric_1_points",)
    world.metric_points.load(
        MetricPoint(
            id=one["id"],
            metric_id=one["metric_id"],
            value=float(one["value"]),
            counter=one["counter"],
            **_flat_dates(one),
        )
        for name in names
        for one in reply(folder, name)["data"]
    )
    world.subscribers.load(_subscriber_2(one) for one in reply(folder, "subscribers")["data"])
    if is_24:
        _load_rest_24(world)
    return world


def _load_incidents_2(world: World, folder: str) -> None:
    pages = ("incidents_page1", "incidents_page2") if folder == "v2.4" else ("incidents",)
    found = [one for page in pages for one in reply(folder, page)["data"]]
    world.incidents.load(
        Incident(
            **{key: one[key] for key in ("id", "name", "message", "status", "visible")},
            **_flat_dates(one),
            guid="",
            component_id=one["component_id"],
            user_id=one.get("user_id"),
            stickied=one.get("stickied", False),
            notifications=one.get("notifications", False),
            occurred_at=at(one.get("occurred_at")),
            scheduled_at=at_unless_now(one["scheduled_at"]) if "scheduled_at" in one else None,
            meta=one.get("meta") or None,
        )
        for one in found
    )
    world.updates.load(
        Update(
            id=update["id"],
            parent_type="incident",
            parent_id=update["incident_id"],
            message=update["message"],
            status=update["status"],
            user_id=update["user_id"],
            **_flat_dates(update),
        )
        for one in found
        for update in one.get("updates", ())
    )


def _link_2(record: dict[str, Any]) -> Link:
    status = record.get("component_status")
    return Link(record["component_id"], status, record["id"], **_flat_dates(record))


def _subscriber_2(record: dict[str, Any]) -> Subscriber:
    words = record["verified_at"].split()
    words[1] = words[1].rstrip("stndrh")
    verified = datetime.strptime(" ".join(words), "%A %d %B %Y %H:%M:%S").replace(tzinfo=UTC)
    return Subscriber(
        id=record["id"],
        email=record["email"],
        verify_code=record["verify_code"],
        is_global=record["global"],
        verified_at=None if verified == NOW else int(verified.timestamp()),
        components=tuple(map(_link_2, record["subscriptions"])),
        **_flat_dates(record),
    )


def _load_rest_24(world: World) -> None:
    world.schedules.load(
        Schedule(
            **{key: one[key] for key in ("id", "name", "message", "status")},
            **_flat_dates(one),
            scheduled_at=at(one["scheduled_at"]) or 0,
            completed_at=at_unless_now(one["completed_at"]),
            components=tuple(map(_link_2, one["components"])),
        )
        for one in reply("v2.4", "schedules")["data"]
    )
    world.incident_templates.load(
        IncidentTemplate(
            **{key: one[key] for key in ("id", "name", "slug", "template")}, **_flat_dates(one)
        )
        for one in reply("v2.4", "incident_templates")["data"]
    )
