"""The streams of tap-cinchy, one module a family."""

from __future__ import annotations

from tap_cinchy.streams.health import ConnectionsHealth, LoginHealth, PlatformHealth
from tap_cinchy.streams.jobs import Jobs
from tap_cinchy.streams.queries import QueryStream
from tap_cinchy.streams.secrets import SecretsManager
from tap_cinchy.streams.system import (
    Domains,
    ExecutionErrors,
    ExecutionLog,
    SavedQueriesCatalog,
    TableColumns,
    Tables,
)
from tap_cinchy.streams.tables import TableStream

HEALTH_STREAMS = (PlatformHealth, LoginHealth, ConnectionsHealth)
"""Need no credential."""
SYSTEM_STREAMS = (
    Domains,
    ExecutionErrors,
    ExecutionLog,
    SavedQueriesCatalog,
    TableColumns,
    Tables,
)
"""Are read by CQL, which Basic cannot run."""
OPT_IN_STREAMS = (Jobs, SecretsManager)
"""Exist only where the configuration switches them on."""

__all__ = [
    "HEALTH_STREAMS",
    "OPT_IN_STREAMS",
    "SYSTEM_STREAMS",
    "Jobs",
    "QueryStream",
    "SecretsManager",
    "TableStream",
]
