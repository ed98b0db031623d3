"""Health checks of the platform and its companions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.responses import RedirectResponse, Response

from .pages import as_json, not_found, page

if TYPE_CHECKING:
    from .options import Health
    from .request import SandboxRequest
    from .world import World

CHECK = {
    "name": "Database Connectivity",
    "description": "Validates that the application can connect to the database",
}
BUILD_SINCE = (5, 0)


def healthcheck(request: SandboxRequest, health: Health, world: World) -> Response:
    """Answer one component's health check; it needs no credentials."""
    if not health.installed:
        return not_found()
    if health.starting == "redirect":
        return RedirectResponse("/initializing", 302)
    if health.starting == "html":
        return page("Initializing", "The platform is starting.")
    now = world.now()
    body: dict[str, Any] = {
        "component": health.component,
        "version": world.version,
        "ipAddress": ["172.31.14.171", "172.19.64.1"],
        "systemTime": f"{now:%Y-%m-%dT%H:%M:%S}.{now.microsecond:06d}2Z",
        "status": health.status,
    }
    if world.release >= BUILD_SINCE:
        body["buildIdentifier"] = f"release/v{world.version}"
    if health.checks != "missing":
        present = health.checks == "present"
        body["healthChecks"] = [{**CHECK, "status": health.status}] if present else []
    wants_503 = request.parameter("return503OnFailure").lower() == "true"
    failed = health.status != "Green"
    return as_json(_cased(body, health.field_case), 503 if failed and wants_503 else 200)


def forms_healthcheck(world: World) -> Response:
    """Answer the health check of Meta-Forms, which lists no checks."""
    return as_json({"component": "Meta-Forms", "version": world.version, "buildIdentifier": ""})


def _cased(value: Any, case: str) -> Any:
    if isinstance(value, list):
        return [_cased(one, case) for one in value]
    if not isinstance(value, dict) or case == "camel":
        return value
    return {
        (name.lower() if case == "lower" else name[0].upper() + name[1:]): _cased(inner, case)
        for name, inner in value.items()
    }
