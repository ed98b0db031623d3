"""Workflows, plugins, catalogs, scaffolders, keys, secrets, addresses, cloud types."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.cortex.answers import Answer, negotiated, not_found, ok
from sandbox.cortex.keys import (
    CONFIGURE_SETTINGS,
    CREATE_SECRETS,
    EDIT_API_KEYS,
    VIEW_CATALOGS,
    VIEW_WORKFLOW_RUNS,
    VIEW_WORKFLOWS,
)
from sandbox.cortex.paging import paged, part, served, totals
from sandbox.cortex.routing import Call, Routes

from .catalog import one

if TYPE_CHECKING:
    from sandbox.cortex.model import Row

routes = Routes()

WORKFLOWS = "/api/v1/workflows"
RUNS = "WORKFLOW_RUNS"
SCAFFOLDERS = "SCAFFOLDERS"


@routes.get(WORKFLOWS, permission=VIEW_WORKFLOWS)
def list_workflows(call: Call) -> Answer:
    """List workflows, in YAML unless JSON is asked for; actions only when asked for."""
    actions = call.query.flag("includeActions")
    text = (call.query.text("searchQuery") or "").lower()
    found = [row for row in call.world.workflows if text in row["name"].lower()]
    rows = [row if actions else {**row, "actions": []} for row in found]
    return negotiated({"workflows": part(call, rows), **totals(call, len(rows))}, call.accept)


@routes.get(WORKFLOWS + "/{tagOrId}", permission=VIEW_WORKFLOWS)
def get_workflow(call: Call) -> Answer:
    """Return one workflow."""
    return negotiated(one(call.world.workflows, "tag", call.names["tagOrId"]), call.accept)


@routes.get(WORKFLOWS + "/{tagOrId}/runs/{runId}", permission=VIEW_WORKFLOW_RUNS, product=RUNS)
def get_run(call: Call) -> Answer:
    """Return one run of a workflow."""
    row = one(call.world.workflow_runs, "id", call.names["runId"])
    if row["workflow"]["tag"] != call.names["tagOrId"]:
        raise not_found()
    return ok(row)


@routes.get("/api/v1/plugins")
def list_plugins(call: Call) -> Answer:
    """List plugins; drafts only when asked for."""
    drafts = call.query.flag("includeDrafts")
    return paged(call, "plugins", [r for r in call.world.plugins if drafts or not r["isDraft"]])


@routes.get("/api/v1/plugins/{tag}")
def get_plugin(call: Call) -> Answer:
    """Return one plugin, with its code only when asked for."""
    row = one(call.world.plugins, "tag", call.names["tag"])
    if call.query.flag("includeBlob"):
        row = {**row, "blob": "<html><script>plugin()</script></html>"}
    return ok(row)


@routes.get("/api/v1/catalog-pages", permission=VIEW_CATALOGS)
def list_catalogs(call: Call) -> Answer:
    """List catalogs, under the envelope key of this version of the server."""
    return paged(call, call.options.catalogs_key, call.world.catalog_pages)


@routes.get("/api/v1/catalog-pages/{slug}", permission=VIEW_CATALOGS)
def get_catalog(call: Call) -> Answer:
    """Return one catalog."""
    return ok(one(call.world.catalog_pages, "slug", call.names["slug"]))


@routes.get("/api/v1/scaffolders", product=SCAFFOLDERS)
def list_scaffolders(call: Call) -> Answer:
    """List scaffolders."""
    return paged(call, "scaffolders", call.world.scaffolders)


@routes.get("/api/v1/scaffolders/{tag}", product=SCAFFOLDERS)
def get_scaffolder(call: Call) -> Answer:
    """Return one scaffolder."""
    return ok(one(call.world.scaffolders, "tag", call.names["tag"]))


@routes.get("/api/v1/auth/key", permission=EDIT_API_KEYS)
def list_keys(call: Call) -> Answer:
    """List API keys, in YAML unless JSON is asked for."""
    rows = call.world.api_keys
    return negotiated({"apiKeys": part(call, rows), **totals(call, len(rows))}, call.accept)


@routes.get("/api/v1/auth/key/{cid}", permission=EDIT_API_KEYS)
def get_key(call: Call) -> Answer:
    """Return one API key."""
    return negotiated(one(call.world.api_keys, "cid", call.names["cid"]), call.accept)


@routes.get("/api/v1/secrets", permission=CREATE_SECRETS)
def list_secrets(call: Call) -> Answer:
    """List secrets, never their values."""
    return paged(call, "secrets", call.world.secrets)


@routes.get("/api/v1/secrets/{tagOrId}", permission=CREATE_SECRETS)
def get_secret(call: Call) -> Answer:
    """Return one secret, without its value."""
    name = call.names["tagOrId"]
    for row in call.world.secrets:
        if name in {row["tag"], row["id"]}:
            return ok(row)
    raise not_found()


@routes.get("/api/v1/ip-allowlist", permission=CONFIGURE_SETTINGS)
def list_addresses(call: Call) -> Answer:
    """List the addresses that may use the workspace."""
    return paged(call, "entries", call.world.ip_allowlist)


@routes.get("/api/v1/aws/types")
def list_aws_types(call: Call) -> Answer:
    """List AWS types; disabled ones only when asked for."""
    return _types(call, call.world.aws_types)


@routes.get("/api/v1/azure-resources/types")
def list_azure_types(call: Call) -> Answer:
    """List Azure types; disabled ones only when asked for."""
    return _types(call, call.world.azure_types)


def _types(call: Call, rows: list[Row]) -> Answer:
    disabled = call.query.flag("includeDisabled")
    found = [row for row in rows if disabled or row["enabled"]]
    page, size = served(call)
    return paged(call, "types", found, hasMore=(page + 1) * size < len(found))
