"""What every REST tap needs and the Singer SDK leaves to its authors.

These names are promised; everything else may move. They are imported when they are first used, so
that ``--version`` and a single helper do not cost the whole SDK.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from singer_rest.errors import ConfigError, CredentialError, StreamError, TapError
    from singer_rest.http.credentials import HeaderCredential
    from singer_rest.http.exchange import Reply, Request
    from singer_rest.http.urls import segment
    from singer_rest.records.columns import (
        BOOLEAN,
        DATE,
        INSTANT,
        INTEGER,
        NUMBER,
        OBJECT,
        TEXT,
        TEXTS,
        Column,
        Table,
    )
    from singer_rest.sdk import settings
    from singer_rest.sdk.settings import th
    from singer_rest.sdk.streams import SourceStream
    from singer_rest.sdk.tap import RestTap
    from singer_rest.sources.base import Source
    from singer_rest.sources.lists import ListSource, Paging
    from singer_rest.sources.pages import Meta, Page
    from singer_rest.sources.parents import PerParentSource
    from singer_rest.sources.single import SingleSource, envelope

__all__ = [
    "BOOLEAN",
    "DATE",
    "INSTANT",
    "INTEGER",
    "NUMBER",
    "OBJECT",
    "TEXT",
    "TEXTS",
    "Column",
    "ConfigError",
    "CredentialError",
    "HeaderCredential",
    "ListSource",
    "Meta",
    "Page",
    "Paging",
    "PerParentSource",
    "Reply",
    "Request",
    "RestTap",
    "SingleSource",
    "Source",
    "SourceStream",
    "StreamError",
    "Table",
    "TapError",
    "envelope",
    "segment",
    "settings",
    "th",
]

_MODULES = {
    "errors": ("ConfigError", "CredentialError", "StreamError", "TapError"),
    "http.credentials": ("HeaderCredential",),
    "http.exchange": ("Reply", "Request"),
    "http.urls": ("segment",),
    "records.columns": (
        *("BOOLEAN", "DATE", "INSTANT", "INTEGER", "NUMBER", "OBJECT", "TEXT", "TEXTS"),
        *("Column", "Table"),
    ),
    "sdk": ("settings",),
    "sdk.settings": ("th",),
    "sdk.streams": ("SourceStream",),
    "sdk.tap": ("RestTap",),
    "sources.base": ("Source",),
    "sources.lists": ("ListSource", "Paging"),
    "sources.pages": ("Meta", "Page"),
    "sources.parents": ("PerParentSource",),
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
