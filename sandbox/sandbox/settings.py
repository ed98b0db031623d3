"""Options of a server written as ``NAME=VALUE`` on a command line."""

from __future__ import annotations

import typing
from typing import Any, TypeVar

OptionsT = TypeVar("OptionsT")

BOOLEANS = {"true": True, "false": False}


def set_options(options: OptionsT, settings: list[str]) -> OptionsT:
    """Set fields of an options object from ``name=value`` texts, and return it.

    Sets are written with commas; nothing (``page_cap=``) is None.

    Raises:
        ValueError: A field does not exist or cannot be set so, or a value it cannot take.
    """
    types = typing.get_type_hints(type(options))
    for setting in settings:
        name, _, value = setting.partition("=")
        if name not in types:
            raise ValueError(f"there is no option {name!r}")
        setattr(options, name, _read(name, value, types[name]))
    return options


def _read(name: str, value: str, wanted: Any) -> Any:
    parts = typing.get_args(wanted)
    if typing.get_origin(wanted) is frozenset:
        return frozenset(filter(None, value.split(",")))
    if typing.get_origin(wanted) is typing.Literal:
        if value not in parts:
            raise ValueError(f"option {name} takes one of {', '.join(parts)}, not {value!r}")
        return value
    if wanted is bool:
        if value not in BOOLEANS:
            raise ValueError(f"option {name} takes one of true, false, not {value!r}")
        return BOOLEANS[value]
    if value == "" and type(None) in parts:
        return None
    make = next((one for one in (wanted, *parts) if one in {int, float, str}), None)
    if make is None:
        raise ValueError(f"option {name} cannot be set by a text")
    try:
        return make(value)
    except ValueError:
        raise ValueError(f"option {name} takes a number, not {value!r}") from None
