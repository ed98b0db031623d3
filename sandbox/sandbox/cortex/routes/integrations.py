"""How integrations are configured: a list, one by its alias, or the default one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.cortex.answers import ApiError, method_not_allowed, ok
from sandbox.cortex.generate.admin import DEFAULT_ONLY_PROVIDERS, LIST_PROVIDERS
from sandbox.cortex.keys import CONFIGURE_INTEGRATIONS
from sandbox.cortex.routing import Call, Routes

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.cortex.answers import Answer
    from sandbox.cortex.model import Row

routes = Routes()

BY_KIND = {"github": (("app", "APP"), ("personal", "PERSONAL_ACCESS_TOKEN"))}
"""Providers whose single configurations are addressed by kind."""


def _configured(call: Call, provider: str) -> list[Row]:
    rows = call.world.integrations.get(provider, [])
    if not rows:
        raise _missing(call, provider)
    return rows


def _missing(call: Call, provider: str) -> ApiError:
    return ApiError(
        call.options.integration_missing,
        f"Integration {provider} is not configured",
        "INTEGRATION_MISSING",
    )


def _list(provider: str) -> Callable[[Call], Answer]:
    def handler(call: Call) -> Answer:
        if provider in call.options.configurations_unlisted:
            raise method_not_allowed()
        return ok({"configurations": _configured(call, provider)})

    return handler


def _default(provider: str) -> Callable[[Call], Answer]:
    def handler(call: Call) -> Answer:
        rows = _configured(call, provider)
        return ok(next((row for row in rows if row.get("isDefault")), rows[0]))

    return handler


def _single(provider: str, field: str, kind: str | None = None) -> Callable[[Call], Answer]:
    def handler(call: Call) -> Answer:
        for row in _configured(call, provider):
            if row.get(field) == call.names[field] and kind in {None, row.get("type")}:
                return ok(row)
        raise _missing(call, provider)

    return handler


def _register() -> None:
    for provider in (*LIST_PROVIDERS, *DEFAULT_ONLY_PROVIDERS):
        base = f"/api/v1/{provider}"
        handlers: dict[str, Callable[[Call], Answer]] = {}
        if provider == "aws":
            handlers["/configurations/{accountId}"] = _single(provider, "accountId")
        else:
            handlers["/default-configuration"] = _default(provider)
        if provider in LIST_PROVIDERS:
            handlers["/configurations"] = _list(provider)
            kinds = BY_KIND.get(provider, ())
            for name, kind in kinds:
                handlers[f"/configurations/{name}/{{alias}}"] = _single(provider, "alias", kind)
            if not kinds and provider != "aws":
                handlers["/configuration/{alias}"] = _single(provider, "alias")
        for path, handler in handlers.items():
            routes.get(base + path, permission=CONFIGURE_INTEGRATIONS)(handler)


_register()
