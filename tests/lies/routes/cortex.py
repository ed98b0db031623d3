"""The routes of Cortex."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

from lies.shapes import CORTEX as PAGED
from lies.shapes import OBJECT, SCIM, SCORES, Shape

from .base import HEALTH, Route, Scenario, traits

SYSTEM = "cortex"
API = "/api/v1"
ROWS = dataclasses.replace(
    PAGED, rows=("rows",), claims={**PAGED.claims, "next": ("nextPage",)}, page="nextPage", size=""
)
"""Answers of engineering intelligence."""
ENTITY = r"/api/v1/catalog/(?!definitions|descriptors)[^/]+"

LISTS: dict[str, tuple[str, str]] = {
    "api_keys": ("auth/key", "cid"),
    "aws_types": ("aws/types", "type"),
    "azure_resource_types": ("azure-resources/types", "type"),
    "catalogs": ("catalog-pages", "slug"),
    "deploy_environments": ("deploys/environments", "environment"),
    "deploys_search": ("deploys/search", "uuid"),
    "discovery_audit": ("discovery-audit", ""),
    "entity_types": ("catalog/definitions", "type"),
    "gitops_logs": ("gitops-logs", ""),
    "initiatives": ("initiatives", "cid"),
    "ip_allowlist": ("ip-allowlist", "address"),
    "plugins": ("plugins", "tag"),
    "relationship_types": ("relationship-types", "tag"),
    "scaffolders": ("scaffolders", "tag"),
    "secrets": ("secrets", "id"),
    "user_labels": ("eng-intel/labels", "id"),
    "user_roles": ("users/roles", "email"),
    "users": ("users", "email"),
    "verification_periods": ("verification-periods", "cid"),
    "verifications": ("verifications", ""),
    "workflow_runs": ("workflows/runs", "id"),
    "workflows": ("workflows", "tag"),
}
"""Lists of one stream: path and key of a row."""
LOGS = {
    "audit_logs": ("audit-logs", ""),
    "notification_logs": ("notifications/logs", "id"),
    "notification_runs": ("notifications/logs/run", "id"),
}
LARGE: dict[str, dict[str, Any]] = {
    "aws_types": {"page_size": 100},
    "azure_resource_types": {"page_size": 12},
    "audit_logs": {"page_size": 12},
    "notification_logs": {"page_size": 12},
    "discovery_audit": {"page_size": 12},
    "gitops_logs": {"page_size": 12},
    "verifications": {"page_size": 25},
    "deploys_search": {"page_size": 25},
}
CHILDREN: dict[str, tuple[str, str, str]] = {
    "aws_resources": ("aws", "paged child numbered", ""),
    "catalog_entity": ("", "object child nested named", ""),
    "custom_data": ("custom-data", "paged child keyed part", "key"),
    "custom_events": ("custom-events", "paged child keyed", "uuid"),
    "dependencies": ("dependencies", "paged child named", ""),
    "deploys": ("deploys", "paged child keyed", "uuid"),
    "docs_list": ("documentation", "whole child none", ""),
    "documentation_openapi": ("documentation/openapi", "text child none", ""),
    "entity_gitops_logs": ("gitops-logs", "whole child keyed part", "commit"),
    "entity_scorecards": ("scorecards", "whole child keyed", "scorecardId"),
    "groups": ("groups", "paged child keyed", "tag"),
    "k8s_resources": ("k8s", "paged child keyed part", "name"),
    "oncall_current": ("integrations/oncall/current", "whole child", ""),
    "oncall_registrations": ("integrations/oncall/registration", "whole child", ""),
    "packages": ("packages", "whole child keyed", "id"),
}
"""Streams of one request per entity: path below it, traits, key of a row."""


WITH = {"oncall_current": ("oncall_daily",)}
"""Streams that are made of the answers of another one."""


def _scenario(name: str, *streams: str, **settings: Any) -> Scenario:
    return Scenario(f"{SYSTEM}.{name}", SYSTEM, streams or (name,), settings)


def _list(name: str, scenario: Scenario, path: str, key: str, **more: Any) -> Route:
    kind = "paged keyed" if key else "paged"
    return Route(
        f"{SYSTEM}.{name}",
        scenario,
        path,
        more.pop("shape", PAGED),
        traits(f"{kind} {more.pop('more', '')}"),
        key=(key,),
        wants="page",
        **more,
    )


def _lists() -> list[Route]:
    found = []
    for name, (path, key) in LISTS.items():
        scenario = _scenario(name, **LARGE.get(name, {}))
        more = "nested" if name == "gitops_logs" else ""
        found.append(_list(name, scenario, f"{API}/{path}", key, more=more))
    for name, (path, key) in LOGS.items():
        scenario = _scenario(name, **LARGE.get(name, {}))
        found.append(_list(name, scenario, f"{API}/{path}", key, more="dated log"))
    return found


def _catalog() -> list[Route]:
    whole = _scenario(
        "entities", "entities", "entity_owners", "entity_links", "entity_metadata",
        "entity_hierarchy", "entity_owners_daily",
    )  # fmt: skip
    parents = _scenario("parents", "groups", "catalog_entity")
    descriptors = _scenario("entity_descriptors")
    teams = _scenario("teams", "teams", "team_members")
    relationships = _scenario("relationships")
    return [
        _list("entities", whole, f"{API}/catalog", "id", more="nested"),
        _list("entities.types", whole, f"{API}/catalog/definitions", "type"),
        _list("parents", parents, f"{API}/catalog", "id"),
        _list("parents.types", parents, f"{API}/catalog/definitions", "type"),
        _list(
            "entity_descriptors", descriptors, f"{API}/catalog/descriptors", "",
            shape=Shape(("descriptors",), PAGED.claims, "page", "pageSize", 0),
        ),
        _list(
            "relationships", relationships, rf"{API}/relationships/[^/]+", "", more="child named"
        ),
        _list("relationships.types", relationships, f"{API}/relationship-types", "tag"),
        _whole("teams", teams, f"{API}/teams", "id", more="nested"),
        _whole("team_hierarchies", _scenario("team_hierarchies"), f"{API}/teams/relationships", ""),
        _whole("departments", _scenario("departments"), f"{API}/teams/departments", "id"),
        _whole(
            "metric_definitions", _scenario("metric_definitions"),
            f"{API}/eng-intel/registry/metrics/definitions", "key",
        ),
    ]  # fmt: skip


def _whole(name: str, scenario: Scenario, path: str, key: str, more: str = "") -> Route:
    kind = "whole keyed" if key else "whole"
    return Route(f"{SYSTEM}.{name}", scenario, path, PAGED, traits(f"{kind} {more}"), key=(key,))


def _children() -> list[Route]:
    found = []
    for name, (below, kinds, key) in CHILDREN.items():
        path = f"{ENTITY}/{below}" if below else ENTITY
        shape = OBJECT if {"object", "text"} & set(kinds.split()) else PAGED
        record_id = ("id",) if "object" in kinds else ()
        found.append(
            Route(
                f"{SYSTEM}.{name}", _scenario(name, name, *WITH.get(name, ())), path, shape,
                traits(kinds), key=(key,), record_id=record_id,
            )
        )  # fmt: skip
    metrics = _scenario("custom_metrics", custom_metric_keys=["deploy-frequency"], page_size=12)
    below = rf"{API}/eng-intel/custom-metrics/[^/]+/entity/[^/]+"
    found.append(_list("custom_metrics", metrics, below, "", more="child dated"))
    return found


def _scorecards() -> list[Route]:
    cards = _scenario(
        "scorecards", "scorecards", "scorecard_levels", "scorecard_rules", "scorecard_scores",
        "scorecard_rule_results", "scorecard_rule_exemptions", "scorecard_scores_daily",
    )  # fmt: skip
    texts = _scenario("scorecard_descriptors")
    steps = _scenario("scorecard_next_steps")
    return [
        _list("scorecards", cards, f"{API}/scorecards", "tag", more="nested"),
        _list(
            "scores", cards, rf"{API}/scorecards/[^/]+/scores", "", shape=SCORES, more="child named"
        ),
        Route(
            f"{SYSTEM}.scorecard_descriptors", texts, rf"{API}/scorecards/[^/]+/descriptor",
            OBJECT, traits("text child named"),
        ),
        Route(
            f"{SYSTEM}.scorecard_next_steps", steps, rf"{API}/scorecards/[^/]+/next-steps",
            PAGED, traits("whole child"),
        ),
    ]  # fmt: skip


def days_ago(count: int) -> str:
    """Return the instant so many days ago, as settings write it."""
    return (dt.datetime.now(dt.UTC) - dt.timedelta(days=count)).strftime("%Y-%m-%dT00:00:00Z")


def _others() -> list[Route]:
    setup = _scenario("setup", "initiatives")
    queries = _scenario(
        "cql_queries", cql_queries=[{"name": "services", "query": "type == service"}]
    )
    query = {
        "name": "cycle time",
        "metrics": [{"metric": "pr-cycle-time", "aggregation": "AVG"}],
        "group_by": ["team"],
        "days": 7,
    }
    engineering = _scenario("engineering_metrics", engineering_metric_queries=[query])
    by_period = _scenario(
        "engineering_metrics_by_period",
        engineering_metric_queries=[{**query, "period": "month"}],
        start_date=days_ago(100),
    )
    events = {"name": "prs", "source": "pull_requests", "time_attribute": "createdAt"}
    trace = _scenario("eng_intel_trace", trace_queries=[events], start_date=days_ago(100))
    integrations = _scenario("integration_configurations")
    return [
        Route(
            f"{SYSTEM}.scim_users", _scenario("scim_users"), "/scim/v2/Users", SCIM,
            traits("paged keyed"), key=("id",),
        ),
        Route(
            f"{SYSTEM}.integrations", integrations, rf"{API}/[a-z-]+/configurations", PAGED,
            traits("whole child none"),
        ),
        Route(
            f"{SYSTEM}.integrations.default", integrations,
            rf"{API}/[a-z-]+(/[a-z]+)?/default-configuration", OBJECT, traits("child none"),
        ),
        Route(
            f"{SYSTEM}.cql_queries", queries, rf"{API}/queries/[^/]+", PAGED, traits("whole"),
        ),
        Route(
            f"{SYSTEM}.cql_queries.start", queries, f"{API}/queries", OBJECT, traits(""),
            method="POST", spared="status_409",
        ),
        Route(
            f"{SYSTEM}.engineering_metrics", engineering,
            f"{API}/eng-intel/metrics/point-in-time", ROWS, traits("whole numbered"),
            method="POST",
        ),
        Route(
            f"{SYSTEM}.engineering_metrics_by_period", by_period,
            f"{API}/eng-intel/metrics/point-in-time", ROWS, traits("whole child"), method="POST",
        ),
        Route(
            f"{SYSTEM}.eng_intel_trace", trace, f"{API}/eng-intel/trace", ROWS,
            traits("whole child"), method="POST",
        ),
        Route(
            f"{SYSTEM}.health", _scenario("health"), f"{API}/health", OBJECT, traits(""),
            spared=HEALTH,
        ),
        _list("setup.catalog", setup, f"{API}/catalog", "id", more="dated"),
    ]  # fmt: skip


CORTEX = [*_lists(), *_catalog(), *_children(), *_scorecards(), *_others()]
