"""Asking the platform's own tables which tables there are for this account."""

from __future__ import annotations

import logging
import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from singer_rest.errors import ConfigError, StatusError, StreamError, TapError
from singer_rest.http.exchange import Request
from singer_rest.records.columns import RejectedValues
from tap_cinchy.cql import ID, bracketed, is_safe, table_path
from tap_cinchy.discovery import COLUMN_FIELDS, TABLE_FIELDS, select_tables
from tap_cinchy.questions import DESELECT, Reading, is_refused
from tap_cinchy.registry import CREATED_AS_SHOWN
from tap_cinchy.shapes import Shape
from tap_cinchy.sources import TableSource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tap_cinchy.client import CinchyApi
    from tap_cinchy.discovery import DiscoveryOptions, Found
    from tap_cinchy.registry import Registry
    from tap_cinchy.shapes import Field

logger = logging.getLogger(__name__)

TABLES_A_PAGE = 500
"""The description of a table may be long."""
COLUMNS_A_PAGE = 20_000
ADVICE = (
    "Grant the right to view [Cinchy].[Tables] and [Cinchy].[Table Columns], or set tables_include "
    "to an empty list to read without tables."
)
USERS = "Cinchy.Users"
BLIND_BEFORE = (5, 7)
"""Before it, an account whose time zone is UTC gets no data."""


def api_version(api: CinchyApi) -> tuple[int, ...] | None:
    """Return the version of the platform, which its health check tells; nothing if it does not."""
    request = Request(
        f"{api.base}/healthcheck",
        authenticated=False,
        accept_statuses=frozenset({HTTPStatus.SERVICE_UNAVAILABLE}),
    )
    try:
        body = api.transport.send(request).body
    except TapError:
        return None
    if not isinstance(body, dict):
        return None
    fields = {str(name).lower(): value for name, value in body.items()}
    found = re.match(r"(\d+)\.(\d+)", str(fields.get("version") or ""))
    return (int(found[1]), int(found[2])) if found else None


def _blindness(api: CinchyApi) -> str:
    """Say what else may be the reason that nothing comes, on old platforms."""
    version = api_version(api)
    if version is None or version >= BLIND_BEFORE:
        return ""
    return (
        f" This platform is {version[0]}.{version[1]}: before 5.7 an account whose time zone is "
        "UTC gets no data at all; give it another one in its preferences."
    )


def find_tables(
    api: CinchyApi,
    registry: Registry,
    wishes: DiscoveryOptions,
    wanted: Callable[[str], bool],
    *,
    check_rights: bool,
) -> list[Found]:
    """Return the tables the account may see and the user wants.

    Args:
        api: The requests.
        registry: Told of every table that is listed.
        wishes: What is wanted of every table.
        wanted: Tells by ``Domain.Table``.
        check_rights: Ask for the rights on every table and leave out columns without.

    Raises:
        ConfigError: The account sees no table at all, not even the platform's.
        StreamError: The platform's tables cannot be read.
    """
    try:
        fields = (*TABLE_FIELDS, CREATED_AS_SHOWN)
        tables = list(_rows(api, "Tables", fields, ("[Deleted]",), TABLES_A_PAGE))
    except StatusError as error:
        if error.status in {HTTPStatus.BAD_REQUEST, HTTPStatus.FORBIDDEN}:
            raise ConfigError(f"{error.sentence.rstrip('.')}. {ADVICE}") from error
        raise
    if not tables:
        raise ConfigError(
            "The account sees no table: [Cinchy].[Tables] answers without rows, and entitlements "
            f"filter it silently. {ADVICE}{_blindness(api)}"
        )
    registry.take(tables)
    chosen = [table for table in tables if wanted(str(table["Full Name"] or ""))]
    if not chosen:
        logger.warning(
            "None of the %d tables the account sees is chosen by tables_include and "
            "tables_exclude.",
            len(tables),
        )
        return []
    ids = {table[ID] for table in chosen}
    alive = ("[Deleted]", "[Table].[Deleted]")
    columns = _rows(api, "Table Columns", COLUMN_FIELDS, alive, COLUMNS_A_PAGE)
    own = [column for column in columns if column["Table"] in ids]
    if check_rights:
        own = _viewable(api, chosen, own)
    own = _reachable(api, registry, chosen, own)
    return select_tables(chosen, own, wishes)


def _rows(
    api: CinchyApi, table: str, fields: tuple[Field, ...], blank: tuple[str, ...], size: int
) -> Iterator[dict[str, Any]]:
    reading = Reading(
        where=f"Cinchy.{table}",
        tables=(f"[Cinchy].[{table}]",),
        fields=fields,
        keys=1,
        size=size,
        blank=blank,
    )
    conform = Shape(fields).conformer()
    rejected = RejectedValues()
    try:
        for page in TableSource(api, reading).pages():
            yield from conform(page.rows, rejected)
    except StreamError as error:
        if error.code != "COLUMN-FORBIDDEN":
            raise
        # Nobody can deselect what discovery itself asks for.
        head = error.sentence.removesuffix(DESELECT).rstrip(".")
        raise ConfigError(f"{head}: discovery needs it. {ADVICE}") from error


def _reachable(
    api: CinchyApi,
    registry: Registry,
    tables: list[dict[str, Any]],
    columns: list[dict[str, Any]],
) -> list[dict[str, Any]]:
    """Leave out links to tables the account may not view; one of them would cost the whole table.

    Only links to tables that the platform does not list are asked for, those of the system once.
    """
    names = {table[ID]: str(table["Full Name"]) for table in tables}
    refused: dict[str, bool] = {}
    kept = []
    for column in columns:
        name, table = str(column["Name"] or ""), names[column["Table"]]
        system = bool(column["Is System Column"])
        target = column.get("Link Table") or (USERS if system else "")
        is_link = column["Type"] == "Link" or (system and name.endswith(" By"))
        if not is_link or registry.lists(target) or not is_safe(name):
            kept.append(column)
            continue
        place = name if system else f"{table} {name}"
        if place not in refused:
            refused[place] = is_refused(api, table_path(table), f"{bracketed(name)}.[{ID}]")
            if refused[place]:
                logger.warning(
                    "%s: %s is left out, because the account may not view %s, to which it links. "
                    "Grant the right to view it to have the link.",
                    "Every table" if system else table,
                    name,
                    target or "the table",
                )
        if not refused[place]:
            kept.append(column)
    return kept


def _viewable(
    api: CinchyApi, tables: list[dict[str, Any]], columns: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Leave out columns the account may not view; one request a table."""
    hidden: dict[int, set[str]] = {}
    for table in tables:
        rights = api.entitlements(table["Full Name"]).get("columnEntitlements") or []
        hidden[table[ID]] = {
            str(right.get("columnName")).lower()
            for right in rights
            if isinstance(right, dict) and right.get("canView") is False
        }
        if hidden[table[ID]]:
            names = ", ".join(sorted(hidden[table[ID]]))
            logger.info("%s: the account may not view %s.", table["Full Name"], names)
    return [
        column for column in columns if str(column["Name"]).lower() not in hidden[column["Table"]]
    ]
