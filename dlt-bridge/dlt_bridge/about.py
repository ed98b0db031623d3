"""What `target-dlt --about` says, in the form the Meltano Hub's tools read."""

from __future__ import annotations

import json
from importlib.metadata import metadata
from typing import Any, Final

from dlt_bridge.settings import SCHEMA

NAME: Final = "target-dlt"
PACKAGE: Final = "dlt-bridge"

CAPABILITIES: Final = (
    "about",
    "activate-version",
    "batch",
    "hard-delete",
    "structured-logging",
    "target-schema",
)


def about() -> dict[str, Any]:
    """Collect name, version, capabilities and settings."""
    package = metadata(PACKAGE)
    prefix = "Programming Language :: Python :: 3."
    return {
        "name": NAME,
        "description": package["Summary"],
        "version": package["Version"],
        "supported_python_versions": [
            "3." + classifier.removeprefix(prefix)
            for classifier in package.get_all("Classifier") or ()
            if classifier.startswith(prefix)
        ],
        "capabilities": list(CAPABILITIES),
        "settings": SCHEMA,
    }


def as_json() -> str:
    """Return the facts as JSON."""
    return json.dumps(about(), indent=2)


def as_markdown() -> str:
    """Return the facts as a page, with a table of the settings."""
    facts = about()
    lines = [f"# `{facts['name']}`", "", facts["description"], ""]
    lines += ["## Capabilities", "", *(f"* `{name}`" for name in facts["capabilities"]), ""]
    lines += ["## Settings", "", *settings_table(), ""]
    return "\n".join(lines)


def as_text() -> str:
    """Return the facts for a terminal."""
    facts = about()
    lines = [f"{facts['name']} {facts['version']}: {facts['description']}", ""]
    lines += [f"Capabilities: {', '.join(facts['capabilities'])}", "", "Settings:"]
    for name, declaration in SCHEMA["properties"].items():
        lines.append(f"  {name} (default: {_default(declaration)})")
        lines.append(f"      {declaration['description']}")
    return "\n".join(lines)


def settings_table() -> list[str]:
    """Return the settings as the lines of a Markdown table."""
    lines = ["| Setting | Default | Meaning |", "| --- | --- | --- |"]
    for name, declaration in SCHEMA["properties"].items():
        lines.append(f"| `{name}` | {_default(declaration)} | {declaration['description']} |")
    return lines


def _default(declaration: dict[str, Any]) -> str:
    return json.dumps(declaration["default"]) if "default" in declaration else "none"
