"""The routes of Cachet, today's and that of 2.4."""

from __future__ import annotations

from typing import Any

from lies.shapes import CACHET_2, CACHET_3, OBJECT

from .base import Route, Scenario, traits

BY_ID: dict[str, Any] = {"incident_ids": [1, 3, 5], "component_ids": [1, 3, 5]}
LISTS: dict[str, tuple[tuple[str, ...], str, str]] = {
    "components": (("components", "component_status_daily"), "components", "components"),
    "groups": (("components_groups",), "component-groups", "components/groups"),
    "incidents": (
        ("incidents", "incident_updates", "incident_components"),
        "incidents",
        "incidents",
    ),
    "schedules": (
        ("schedules", "schedule_updates", "schedule_components"),
        "schedules",
        "schedules",
    ),
    "templates": (("incident_templates",), "incident-templates", "incidents/templates"),
    "metrics": (("metrics",), "metrics", "metrics"),
    "subscribers": (("subscribers", "subscriptions"), "subscribers", "subscribers"),
}
"""Streams, and path in 3 and in 2."""


def _routes(system: str, root: str) -> list[Route]:
    new = system == "cachet-3"
    shape = CACHET_3 if new else CACHET_2
    found = []
    for name, (streams, path_3, path_2) in LISTS.items():
        scenario = Scenario(f"{system}.{name}", system, streams)
        path = path_3 if new else path_2
        related = " related" if new and name in {"incidents", "schedules", "subscribers"} else ""
        found.append(
            Route(
                f"{system}.{name}",
                scenario,
                f"{root}/{path}",
                shape,
                traits(f"paged keyed{related}"),
                wants="page",
            )
        )
        if new and name in {"incidents", "schedules"}:
            found.append(
                Route(
                    f"{system}.{name}.detail",
                    scenario,
                    rf"{root}/{path}/\d+",
                    OBJECT,
                    traits("object child related named"),
                    record_id=("data", "id"),
                )
            )
    points = Scenario(f"{system}.points", system, ("metric_points",))
    found += [
        Route(
            f"{system}.points.metrics",
            points,
            f"{root}/metrics",
            shape,
            traits("paged keyed"),
            wants="page",
        ),
        Route(
            f"{system}.points",
            points,
            rf"{root}/metrics/\d+/points",
            shape,
            traits("paged keyed child named"),
        ),
    ]
    for kind in ("incidents", "components"):
        scenario = Scenario(f"{system}.{kind}_by_id", system, (f"{kind}_by_id",), BY_ID)
        found.append(
            Route(
                f"{system}.{kind}_by_id",
                scenario,
                rf"{root}/{kind}/\d+",
                OBJECT,
                traits("object child named"),
                record_id=("data", "id"),
            )
        )
    page = Scenario(f"{system}.page", system, ("status", "dashboards"))
    setup = Scenario(f"{system}.setup", system, ("metrics",))
    found += [
        Route(f"{system}.status", page, f"{root}/status", OBJECT, traits("")),
        Route(f"{system}.version", page, f"{root}/version", OBJECT, traits("")),
        Route(f"{system}.setup.version", setup, "/api/version", OBJECT, traits("dated")),
        Route(f"{system}.setup.key", setup, f"{root}/subscribers", shape, traits("keyed")),
    ]
    return found


CACHET = [*_routes("cachet-3", "/api"), *_routes("cachet-2.4", "/api/v1")]
