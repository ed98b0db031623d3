"""Short ways to write Singer messages."""

from __future__ import annotations

from typing import Any


def schema(stream: str, properties: dict[str, Any], keys: tuple[str, ...] = (), **more: Any) -> Any:
    body = {"type": "object", "properties": properties, **more}
    return {"type": "SCHEMA", "stream": stream, "schema": body, "key_properties": list(keys)}


def record(stream: str, version: int | None = None, /, **values: Any) -> Any:
    message: dict[str, Any] = {"type": "RECORD", "stream": stream, "record": values}
    return message if version is None else message | {"version": version}


def state(**value: Any) -> Any:
    return {"type": "STATE", "value": value}


def activate(stream: str, version: int) -> Any:
    return {"type": "ACTIVATE_VERSION", "stream": stream, "version": version}


INTEGER = {"type": "integer"}
TEXT = {"type": ["string", "null"]}
