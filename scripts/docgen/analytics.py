"""The staging of the dbt package: sources, models and their documentation, from the taps' schemas.

What the marts stand on is then what the taps declare: a column that is renamed or dropped in a tap
changes these files, and ``make docs-check`` fails until they are written anew.
"""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Any

import yaml

from docgen.project import ROOT, TAPS
from docgen.samples import SYSTEMS
from singer_rest.sdk.streams import SourceStream

if TYPE_CHECKING:
    from pathlib import Path

    from docgen.project import TapInfo

STAGING = ROOT / "analytics" / "models" / "staging"
WRITTEN = "Written by `make docs` from the tap's schema; edit the tap instead."
OPT_IN = {"tap-cortex": ("deploys", "scorecard_rule_results_daily")}
"""Opt-in streams that marts are made of, beside the default ones."""
EXAMPLE_TABLES = "hr_"
"""Streams of the generated domain that stands for a user's own tables: nobody else has them."""

KINDS = {
    "text": "text",
    "binary": "text",
    "integer": "integer",
    "number": "number",
    "boolean": "boolean",
    "date": "date",
    "instant": "instant",
    "moment": "instant",
    "local_time": "instant",
    "wall_clock": "instant",
}
"""Kinds of the taps and what staging makes of them; every other kind is JSON."""
READ_AT = "When the row was read, in UTC, as far as the loader keeps it."


def files() -> dict[Path, str]:
    """Return every file of the staging with its content."""
    found: dict[Path, str] = {}
    for tap in TAPS:
        with SYSTEMS[tap.name]() as config:
            found |= _system(tap, _streams(tap, config))
    return found


def _streams(tap: TapInfo, config: dict[str, Any]) -> list[SourceStream]:
    """Return the streams that are staged, by name."""
    logging.disable(logging.CRITICAL)
    instance = tap.load()(config=config, setup_mapper=False)
    found = [one for one in instance.streams.values() if isinstance(one, SourceStream)]
    logging.disable(logging.NOTSET)
    wanted = OPT_IN.get(tap.name, ())
    return sorted(
        (
            one
            for one in found
            if (one.selected_by_default or one.name in wanted)
            and not (tap.load().dynamic_catalog and one.name.startswith(EXAMPLE_TABLES))
        ),
        key=lambda one: one.name,
    )


def _system(tap: TapInfo, streams: list[SourceStream]) -> dict[Path, str]:
    system = tap.name.removeprefix("tap-")
    folder = STAGING / system
    opt_in = OPT_IN.get(tap.name, ())
    source = {
        "name": system,
        "description": f"What {tap.name} loaded.",
        "database": "{{ var('raw_database') or target.database }}",
        "schema": f"{{{{ var('{system}_schema') }}}}",
        "tables": [_source_table(one, optional=one.name in opt_in) for one in streams],
    }
    models = [_model(system, one) for one in streams]
    found = {
        folder / f"_{system}__sources.yml": _yaml({"version": 2, "sources": [source]}),
        folder / f"_{system}__models.yml": _yaml({"version": 2, "models": models}),
    }
    for one in streams:
        found[folder / f"stg_{system}__{one.name}.sql"] = _sql(system, one)
    return found


def columns(stream: SourceStream) -> dict[str, tuple[str, str]]:
    """Return kind and description of the columns of a stream by their name in staging.

    Where two names become one in snake case, the first one stands.
    """
    found: dict[str, tuple[str, str]] = {}
    for column in stream.table.columns:
        kind = KINDS.get(column.kind.name, "json")
        found.setdefault(snake_case(column.name), (kind, column.description))
    return found


def snake_case(name: str) -> str:
    """Return a column's name in lower case with underscores, as loaders write it."""
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    snake = re.sub(r"[^A-Za-z0-9_]+", "_", parted).lower()
    return snake if name.startswith("_") else snake.strip("_")


def _source_table(stream: SourceStream, *, optional: bool) -> dict[str, Any]:
    table: dict[str, Any] = {"name": stream.name, "description": _summary(stream)}
    if optional:
        table["config"] = {"meta": {"optional": True}}
    return table


def _model(system: str, stream: SourceStream) -> dict[str, Any]:
    keys = [snake_case(key) for key in stream.primary_keys]
    described = [
        {"name": name, "description": description}
        for name, (_kind, description) in columns(stream).items()
    ]
    model: dict[str, Any] = {
        "name": f"stg_{system}__{stream.name}",
        "description": _summary(stream),
        "columns": [*described, {"name": "read_at", "description": READ_AT}],
    }
    if keys:
        model["data_tests"] = [{"is_key": {"arguments": {"columns": keys}}}]
    return model


def _sql(system: str, stream: SourceStream) -> str:
    lines = [f"-- {WRITTEN}", f"{{{{ stage('{system}', '{stream.name}', {{"]
    lines += [f"    '{name}': '{kind}'," for name, (kind, _about) in columns(stream).items()]
    return "\n".join([*lines, "}) }}"]) + "\n"


def _summary(stream: SourceStream) -> str:
    return (type(stream).__doc__ or "").strip().splitlines()[0].replace("``", "`")


def _yaml(content: dict[str, Any]) -> str:
    text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=100)
    return f"# {WRITTEN}\n{text}"
