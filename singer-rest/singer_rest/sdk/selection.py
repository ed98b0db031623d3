"""Streams that are read only when somebody asks for them.

Personal data, streams that cost a request for every row, and those that need more than the usual
permission. ``selected-by-default: false`` alone does not keep them out: Meltano's rule for
everything, ``*.*``, which it uses unless told otherwise, selects them all the same (measured with
Meltano 4.4). It leaves alone what discovery marks as unsupported, so that is what they are until
the setting names them.
"""

from __future__ import annotations

import fnmatch
from typing import TYPE_CHECKING, Any

from singer_sdk import typing as th
from singer_sdk.singerlib.catalog import Metadata

from singer_rest.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from singer_sdk.singerlib.catalog import Catalog

SETTING = "opt_in_streams"
NAMING = (SETTING, "accept_unproved")
"""Settings that name streams."""
AVAILABLE, UNSUPPORTED = Metadata.InclusionType.AVAILABLE, Metadata.InclusionType.UNSUPPORTED

RECEIPTS = "singer_receipts"
"""In every catalog, whether or not the setting lets it be sent now."""
METHODS = ("FULL_TABLE", "INCREMENTAL")


def setting() -> th.Property[list[str]]:
    """Return the setting, for taps that have such streams."""
    return th.Property(
        SETTING,
        th.ArrayType(th.StringType),
        default=[],
        title="Opt-in streams",
        description="Opt-in streams to read in addition to the default ones: their names, or "
        "patterns such as *. Selecting them in a catalog file has the same effect.",
    )


def is_named(config: Mapping[str, Any], stream: str) -> bool:
    """Tell whether the setting names a stream."""
    return any(fnmatch.fnmatchcase(stream, pattern) for pattern in config.get(SETTING) or ())


def check(config: Mapping[str, Any], streams: Iterable[str]) -> None:
    """Refuse a name that no stream has: what is misspelt would do nothing.

    Raises:
        ConfigError: A pattern matches nothing.
    """
    names = list(streams)
    for setting_name in NAMING:
        for pattern in config.get(setting_name) or ():
            if not fnmatch.filter(names, pattern):
                raise ConfigError(f"{setting_name} names {pattern}, and there is no such stream.")


def mark_opt_in(root: Metadata, *, named: bool) -> None:
    """Write into the discovered metadata of an opt-in stream whether it is read."""
    root.inclusion = AVAILABLE if named else UNSUPPORTED
    root.selected_by_default = named
    root.selected = named


def apply_catalog_selection(catalog: Catalog) -> None:
    """Open the opt-in streams that somebody selected in a catalog.

    Meltano never selects what is unsupported, so that was a person, or a tool that was told to.
    """
    for entry in catalog.streams:
        root = entry.metadata.root
        if root.inclusion == UNSUPPORTED and root.selected:
            root.inclusion = AVAILABLE


def leaves_out(catalog: Catalog) -> bool:
    """Tell whether a catalog deselects a stream that is there to be read."""
    return any(
        entry.metadata.root.inclusion == AVAILABLE and entry.metadata.root.selected is False
        for entry in catalog.streams
    )


def check_catalog(catalog: Catalog | None, streams: Iterable[str], selected: Iterable[str]) -> None:
    """Refuse a selection that would read nothing, or not what was asked for.

    Raises:
        ConfigError: The catalog selects a stream that the tap does not have, or none at all.
    """
    names = {*streams, RECEIPTS}
    if catalog is not None:
        unknown = sorted(
            entry.tap_stream_id
            for entry in catalog.streams
            if entry.metadata.root.selected and entry.tap_stream_id not in names
        )
        if unknown:
            raise ConfigError(
                f"The catalog selects {', '.join(unknown[:3])}, and there is no such stream: "
                "run discovery again, or take it out of the selection."
            )
        _check_methods(catalog)
    if not list(selected):
        raise ConfigError(
            "No stream is selected, so nothing would be read: select some in the catalog (with "
            "Meltano: meltano select)."
        )


def _check_methods(catalog: Catalog) -> None:
    """Refuse a way of reading that Singer does not know.

    Raises:
        ConfigError: A selected stream has one.
    """
    for entry in catalog.streams:
        root = entry.metadata.root
        for method in (entry.replication_method, root.forced_replication_method):
            if root.selected and method and method not in METHODS:
                raise ConfigError(
                    f"The catalog gives {entry.tap_stream_id} the replication method {method}; "
                    f"there are {' and '.join(METHODS)}. Correct it, or leave it out."
                )
