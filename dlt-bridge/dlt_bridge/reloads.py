"""Where a tap starts when dlt's user wants streams again from the beginning.

dlt's ways to ask for that (`refresh`, `write_disposition="replace"`) forget the state of single
resources, but leave the state of the source, where the STATE of the tap is kept: a tap has one
STATE for all its streams. So each resource has a mark that its rows are loaded; where the mark
is gone, what STATE says about the stream goes too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from dlt_bridge.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, MutableMapping

_RESOURCES: Final = "resources"
"""Where dlt keeps the states of a source's resources."""

_MARK: Final = "singer_read"
_STREAMS: Final = "singer_streams"
"""Where the source's state lists the streams that had a mark once."""


def mark_read(source_state: MutableMapping[str, Any], stream: str) -> None:
    """Note that what STATE says about a stream is true of its table."""
    source_state.setdefault(_RESOURCES, {}).setdefault(stream, {})[_MARK] = True
    if stream not in source_state.get(_STREAMS, ()):
        source_state[_STREAMS] = [*source_state.get(_STREAMS, ()), stream]


def is_forgotten(source_state: Mapping[str, Any], stream: str) -> bool:
    """Return whether that was noted, and dlt forgot it since."""
    return stream in source_state.get(_STREAMS, ()) and not _is_read(source_state, stream)


def state_for(
    state: Mapping[str, Any],
    reloaded: Collection[str],
    source_state: Mapping[str, Any],
    streams: Iterable[str],
) -> dict[str, Any] | None:
    """Return the STATE to start a tap with.

    Args:
        state: The STATE of its last run.
        reloaded: The streams to read from the beginning.
        source_state: dlt's state of the source.
        streams: All streams of the tap.

    Returns:
        The STATE without what it says about those streams; None to start without one.

    Raises:
        ConfigError: If it cannot be told what in it is about which stream, and others of its
            streams are loaded, which would come twice.
    """
    if not reloaded:
        return dict(state)
    names = set(streams)
    if "bookmarks" in state or names & state.keys():
        return _without(state, set(reloaded))
    others = [name for name in names - set(reloaded) if _is_read(source_state, name)]
    if others:
        raise ConfigError(
            f"{', '.join(sorted(reloaded))} cannot be read again alone: the STATE of this tap does "
            f"not say which part of it is about {', '.join(sorted(others))}. Nothing was dropped; "
            'reload the whole source with refresh="drop_sources".'
        )
    return None


def _is_read(source_state: Mapping[str, Any], stream: str) -> bool:
    return bool(source_state.get(_RESOURCES, {}).get(stream, {}).get(_MARK))


def _without(state: Mapping[str, Any], streams: set[str]) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for name, value in state.items():
        if name in streams or (name == "currently_syncing" and value in streams):
            continue
        kept[name] = _without(value, streams) if name == "bookmarks" else value
    return kept
