"""The settings of a tap as Meltano, the Hub, a table and an environment file want them."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

KINDS = {
    "string": "string",
    "integer": "integer",
    # Meltano has a kind for decimals, and cannot write one that a variable holds (4.4: TypeError).
    "number": "string",
    "boolean": "boolean",
    "object": "object",
    "array": "array",
}
BUILT_IN = (
    "stream_maps",
    "stream_map_config",
    "faker_config",
    "flattening_enabled",
    "flattening_max_depth",
    "flattening_max_key_length",
    "flattening_separator",
    "batch_config",
)
"""Settings every tap of the SDK has; they are documented there."""


@dataclasses.dataclass(frozen=True)
class Setting:
    """One setting."""

    name: str
    title: str
    description: str
    kind: str
    required: bool
    secret: bool
    default: Any
    options: tuple[str, ...]
    example: str = ""

    @property
    def default_text(self) -> str:
        """Return the default as a table shows it."""
        if self.required:
            return "required"
        if self.default is None:
            return ""
        if isinstance(self.default, bool):
            return f"`{str(self.default).lower()}`"
        return "empty" if self.default in ([], {}) else f"`{self.default}`"


def settings_of(schema: Mapping[str, Any]) -> list[Setting]:
    """Return the settings of a tap's configuration schema, in its order, without the SDK's."""
    required = schema.get("required", [])
    found = []
    for name, definition in schema["properties"].items():
        if name in BUILT_IN:
            continue
        types = definition.get("type", "object")
        first = types if isinstance(types, str) else next(t for t in types if t != "null")
        options = tuple(str(value) for value in definition.get("enum", ()) if value is not None)
        if definition.get("format") in {"date-time", "date"}:
            kind = "date_iso8601"
        else:
            kind = "options" if options else KINDS[first]
        found.append(
            Setting(
                name=name,
                title=definition["title"],
                description=definition["description"],
                kind=kind,
                required=name in required,
                secret=bool(definition.get("secret")),
                default=definition.get("default"),
                options=options,
                example=str(next(iter(definition.get("examples", ())), "")),
            )
        )
    return found


def as_plugin(setting: Setting) -> dict[str, Any]:
    """Return a setting of a plugin definition, for meltano.yml and for the Hub."""
    values: dict[str, Any] = {"name": setting.name, "kind": setting.kind}
    if setting.secret:
        values["sensitive"] = True
    values |= {"label": setting.title, "description": setting.description}
    if setting.options:
        values["options"] = [{"label": option, "value": option} for option in setting.options]
    if setting.default not in (None, [], {}):
        values["value"] = setting.default
    return values


def table(settings: list[Setting]) -> list[str]:
    """Return a Markdown table."""
    lines = ["| setting | default | what it does |", "| --- | --- | --- |"]
    for setting in settings:
        secret = " (secret)" if setting.secret else ""
        choice = (
            f" One of {', '.join(f'`{o}`' for o in setting.options)}." if setting.options else ""
        )
        lines.append(
            f"| `{setting.name}`{secret} | {setting.default_text} | {setting.description}{choice} |"
        )
    return lines
