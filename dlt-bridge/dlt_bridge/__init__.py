"""Loads any Singer tap into any dlt destination, typed and transactional."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dlt_bridge.running import run
    from dlt_bridge.source import singer_source
    from dlt_bridge.sources import cachet_source, cinchy_source, cortex_source

__all__ = ["cachet_source", "cinchy_source", "cortex_source", "run", "singer_source"]

_HOMES = {"singer_source": "source", "run": "running"}


def __getattr__(name: str) -> Any:
    """Import what needs dlt when it is asked for: the command does without them."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = _HOMES.get(name, "sources")
    return getattr(importlib.import_module(f"{__name__}.{home}"), name)
