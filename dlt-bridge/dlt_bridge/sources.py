"""The three systems as dlt sources, with the names and secrets dlt users expect.

Each reads its settings from `[sources.<name>]` in `.dlt/secrets.toml` or `.dlt/config.toml`,
or from variables such as `SOURCES__CACHET_SOURCE__API_KEY`, and needs its tap installed beside
this package.
"""

from __future__ import annotations

import importlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import dlt
from dlt.common.typing import TSecretStrValue  # noqa: TC002  # dlt reads the annotations

from dlt_bridge.errors import ConfigError
from dlt_bridge.source import tap_resources
from dlt_bridge.source_options import SourceOptions
from dlt_bridge.taps import InProcessTap

if TYPE_CHECKING:
    from dlt.extract import DltResource

_REFERENCES: Final[dict[str, dict[str, tuple[str, str]]]] = {
    "cachet": {
        "incident_id": ("incidents", "id"),
        "component_id": ("components", "id"),
        "group_id": ("components_groups", "id"),
        "metric_id": ("metrics", "id"),
        "schedule_id": ("schedules", "id"),
        "subscriber_id": ("subscribers", "id"),
    },
    "cortex": {
        "entity_id": ("entities", "id"),
        "service_id": ("entities", "id"),
        "parent_id": ("entities", "id"),
        "source_entity_id": ("entities", "id"),
        "scorecard_tag": ("scorecards", "tag"),
        "team_id": ("teams", "id"),
        "workflow_tag": ("workflows", "tag"),
        "relationship_type_tag": ("relationship_types", "tag"),
        "period_cid": ("verification_periods", "cid"),
    },
}
"""Properties of the taps' streams that hold the key of a row of another stream."""


_DEMONSTRATION: Final = "https://v3.cachethq.io"


@dlt.source(name="cachet", section="cachet_source")
def cachet_source(
    api_url: str | None = None,
    api_key: TSecretStrValue | None = None,
    streams: list[str] | None = None,
    config: dict[str, Any] | None = None,
    nested: str = "json",
) -> list[DltResource]:
    """Read a Cachet status page: incidents, components, metrics and the rest.

    Args:
        api_url: Address of the status page; the demonstration of Cachet's makers if none is given.
        api_key: API key; without one, what a guest may see is read.
        streams: The streams to read; those the tap selects by default if None.
        config: Further settings of tap-cachet.
        nested: JSON columns (`json`) or child tables (`tables`).

    Returns:
        One resource for each stream.
    """
    settings = {"api_url": api_url, "api_key": api_key}
    config = {"api_url": _DEMONSTRATION, **(config or {})}
    return _resources("cachet", settings, config, SourceOptions(streams, "activated", nested))


@dlt.source(name="cortex", section="cortex_source")
def cortex_source(
    api_key: TSecretStrValue = dlt.secrets.value,
    api_url: str | None = None,
    streams: list[str] | None = None,
    config: dict[str, Any] | None = None,
    nested: str = "json",
) -> list[DltResource]:
    """Read a Cortex developer portal: catalog, scorecards, teams and the rest.

    Args:
        api_key: API key or personal access token.
        api_url: Address of the API, for a portal of one's own.
        streams: The streams to read; those the tap selects by default if None.
        config: Further settings of tap-cortex.
        nested: JSON columns (`json`) or child tables (`tables`).

    Returns:
        One resource for each stream.
    """
    settings = {"api_url": api_url, "api_key": api_key}
    return _resources("cortex", settings, config, SourceOptions(streams, "activated", nested))


@dlt.source(name="cinchy", section="cinchy_source")
def cinchy_source(
    api_url: str = dlt.config.value,
    access_token: TSecretStrValue | None = None,
    *,
    username: str | None = None,
    password: TSecretStrValue | None = None,
    client_id: str | None = None,
    client_secret: TSecretStrValue | None = None,
    streams: list[str] | None = None,
    config: dict[str, Any] | None = None,
    nested: str = "json",
) -> list[DltResource]:
    """Read a Cinchy data platform: its tables, saved queries and health.

    Give an access token, or the user and password, with the client they belong to if the
    platform asks for one.

    Args:
        api_url: Address of the platform.
        access_token: Personal access token.
        username: Name of a user.
        password: The user's password.
        client_id: Id of an integrated client.
        client_secret: The client's secret.
        streams: The streams to read; those the tap selects by default if None.
        config: Further settings of tap-cinchy.
        nested: JSON columns (`json`) or child tables (`tables`).

    Returns:
        One resource for each stream.
    """
    settings = {
        "api_url": api_url,
        "access_token": access_token,
        "username": username,
        "password": password,
        "client_id": client_id,
        "client_secret": client_secret,
    }
    return _resources("cinchy", settings, config, SourceOptions(streams, "activated", nested))


def _resources(
    system: str,
    settings: dict[str, Any],
    config: dict[str, Any] | None,
    options: SourceOptions,
) -> list[DltResource]:
    try:
        module = importlib.import_module(f"tap_{system}.tap")
    except ModuleNotFoundError as error:
        if error.name is None or not error.name.startswith(f"tap_{system}"):
            raise
        raise ConfigError(
            f"{system}_source needs tap-{system}, which is not installed here."
        ) from None
    options = replace(options, references=_REFERENCES.get(system, {}))
    given = {name: value for name, value in settings.items() if value is not None}
    tap_class = getattr(module, f"Tap{system.capitalize()}")
    return tap_resources(InProcessTap(tap_class, (config or {}) | given), options)
