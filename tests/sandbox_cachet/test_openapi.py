"""Every answer of a generated 3.x world fits the description of the API, with nothing unknown."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from .captured import REFERENCE

if TYPE_CHECKING:
    from collections.abc import Callable

DOCUMENT = REFERENCE / "cachet-v3-read.openapi.json"
TOP = ("component-groups", "components", "incident-templates", "incidents", "metrics", "schedules")
INCLUDES = {
    "components": "group,incidents,meta",
    "component-groups": "components,meta",
    "incidents": "components,components.group,updates,user,meta,componentsCount",
    "metrics": "points",
    "schedules": "components,components.group,updates,meta",
    "subscribers": "components,meta",
}
TYPES = {
    "components": "Component",
    "componentGroups": "ComponentGroup",
    "incidents": "Incident",
    "updates": "Update",
    "incidentTemplates": "IncidentTemplate",
    "metrics": "Metric",
    "metricPoints": "MetricPoint",
    "schedules": "Schedule",
    "subscribers": "Subscriber",
    "users": "User",
}

pytestmark = pytest.mark.skipif(
    not DOCUMENT.exists(), reason="the OpenAPI document is not there (beside the repository)"
)


def closed(schema: Any) -> Any:
    """The same schema, with no key allowed that it does not name."""
    if isinstance(schema, list):
        return [closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    found = {key: closed(value) for key, value in schema.items()}
    if "properties" in found:
        found.setdefault("additionalProperties", False)
    return found


@pytest.fixture(scope="module")
def validators() -> dict[str, jsonschema.Draft202012Validator]:
    document = json.loads(DOCUMENT.read_text())
    components = closed(copy.deepcopy(document["components"]))
    return {
        name: jsonschema.Draft202012Validator(
            {"$ref": f"#/components/schemas/{name}", "components": components}
        )
        for name in components["schemas"]
    }


@pytest.mark.parametrize(
    ("api", "database"),
    [("3", "postgresql"), ("3", "sqlite"), ("3-2026-07-10", "mysql"), ("3-2025", "postgresql")],
)
def test_every_answer_is_described(
    start: Callable[..., Any],
    validators: dict[str, jsonschema.Draft202012Validator],
    api: str,
    database: str,
) -> None:
    client, world, options = start(api=api, database=database)

    def judge(body: dict[str, Any]) -> None:
        rows = body["data"] if isinstance(body["data"], list) else [body["data"]]
        for row in [*rows, *body.get("included", ())]:
            validators[TYPES[row["type"]]].validate(row)
        if "links" in body:
            validators["Links"].validate(body["links"])
            sent = body | {"meta": body["meta"] | {"per_page": int(body["meta"]["per_page"])}}
            validators["Meta"].validate(sent["meta"])

    names = [*TOP, "subscribers"] if options.build.reworked_api else TOP
    for name in names:
        include = INCLUDES.get(name, "")
        if not options.build.visibility:
            include = ",".join(
                word
                for word in include.split(",")
                if word in {"group", "components", "updates", "user", "incidents"}
            )
        body = client.get(name, f"per_page=100&include={include}").json
        judge(body)
        assert body["data"]
        for row in body["data"][:5]:
            judge(client.get(f"{name}/{row['id']}", f"include={include}").json)
    incident = next(row.parent_id for row in world.updates if row.parent_type == "incident")
    schedule = next(row.parent_id for row in world.updates if row.parent_type == "schedule")
    for path in (f"incidents/{incident}/updates", f"schedules/{schedule}/updates"):
        body = client.get(path, f"include={path.split('s/')[0]}").json
        judge(body)
        judge(client.get(f"{path}/{body['data'][0]['id']}").json)
    body = client.get("metrics/1/points", "include=metric").json
    judge(body)
    judge(client.get(f"metrics/1/points/{body['data'][0]['id']}").json)
