"""Loads any Singer tap into any dlt destination, typed and transactional."""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dlt_bridge.source import singer_source
    from dlt_bridge.sources import cachet_source, cinchy_source, cortex_source

__all__ = ["cachet_source", "cinchy_source", "cortex_source", "singer_source"]


def __getattr__(name: str) -> Any:
    """Imports the sources when they are asked for: the command does without them."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = "source" if name == "singer_source" else "sources"
    return getattr(importlib.import_module(f"{__name__}.{home}"), name)
