"""What every REST tap needs and the Singer SDK leaves to its authors.

These names are promised; everything else may move. They are imported when they are first used, so
that ``--version`` and a single helper do not cost the whole SDK.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from singer_rest.errors import ConfigError, StreamError
    from singer_rest.http.credentials import HeaderCredential
    from singer_rest.http.exchange import Request
    from singer_rest.records.columns import (
        BOOLEAN,
        DATE,
        INSTANT,
        INTEGER,
        NUMBER,
        OBJECT,
        TEXT,
        Column,
        Table,
    )
    from singer_rest.sdk import settings
    from singer_rest.sdk.settings import th
    from singer_rest.sdk.streams import SourceStream
    from singer_rest.sdk.tap import RestTap
    from singer_rest.sources.base import Source
    from singer_rest.sources.cursors import (
        LinkHeaderSource,
        NextUrlSource,
        OffsetSource,
        TokenSource,
    )
    from singer_rest.sources.keys import Order
    from singer_rest.sources.lists import ListSource
    from singer_rest.sources.pages import Page, Paging
    from singer_rest.sources.parents import ListedParents, PerParentSource
    from singer_rest.sources.single import SingleSource, envelope

__all__ = [
    "BOOLEAN",
    "DATE",
    "INSTANT",
    "INTEGER",
    "NUMBER",
    "OBJECT",
    "TEXT",
    "Column",
    "ConfigError",
    "HeaderCredential",
    "LinkHeaderSource",
    "ListSource",
    "ListedParents",
    "NextUrlSource",
    "OffsetSource",
    "Order",
    "Page",
    "Paging",
    "PerParentSource",
    "Request",
    "RestTap",
    "SingleSource",
    "Source",
    "SourceStream",
    "StreamError",
    "Table",
    "TokenSource",
    "envelope",
    "settings",
    "th",
]

_MODULES = {
    "errors": ("ConfigError", "StreamError"),
    "http.credentials": ("HeaderCredential",),
    "http.exchange": ("Request",),
    "records.columns": (
        *("BOOLEAN", "DATE", "INSTANT", "INTEGER", "NUMBER", "OBJECT", "TEXT"),
        *("Column", "Table"),
    ),
    "sdk": ("settings",),
    "sdk.settings": ("th",),
    "sdk.streams": ("SourceStream",),
    "sdk.tap": ("RestTap",),
    "sources.base": ("Source",),
    "sources.cursors": ("LinkHeaderSource", "NextUrlSource", "OffsetSource", "TokenSource"),
    "sources.keys": ("Order",),
    "sources.lists": ("ListSource",),
    "sources.pages": ("Page", "Paging"),
    "sources.parents": ("ListedParents", "PerParentSource"),
    "sources.single": ("SingleSource", "envelope"),
}
_HOMES = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> Any:
    """Import a promised name from the module it lives in."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = f"{__name__}.{_HOMES[name]}"
    if name == "settings":
        value: Any = importlib.import_module(f"{module}.settings")
    else:
        value = getattr(importlib.import_module(module), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
