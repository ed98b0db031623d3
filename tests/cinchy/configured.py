"""Queries of the configuration, and runs that read nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.cinchy import story

if TYPE_CHECKING:
    from support.tap_run import TapRun

    from .conftest import Site

ALL = {"name": "q", "domain": "Delivery", "query": "All Tasks", "primary_keys": ["Cinchy Id"]}
PAGED = {
    "name": "q",
    "query": "SELECT TOP {{top}} t.[Cinchy Id] AS 'id', t.[Title] FROM [Delivery].[Tasks] t "
    "WHERE t.[Cinchy Id] > {{after}} ORDER BY t.[Cinchy Id]",
    "primary_keys": ["id"],
    "paging": "keyset",
}


def saved(running: Site, query: dict[str, Any], *arguments: str, **more: Any) -> TapRun:
    settings = {"tables_include": [], "saved_queries": [query], **more.pop("settings", {})}
    return running.run(*arguments, settings=settings, **more)


def cql(running: Site, query: dict[str, Any], *arguments: str, **more: Any) -> TapRun:
    settings = {
        "tables_include": [],
        "cql_queries": [query],
        "accept_unproved": ["q"],
        **more.pop("settings", {}),
    }
    return running.run(*arguments, settings=settings, **more)


def ids(running: Site, table: str = story.TASKS) -> list[int]:
    return [row["Cinchy Id"] for row in running.world.truth(table)]
