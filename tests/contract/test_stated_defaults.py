"""Tables of defaults that are written by hand: the sandbox's options, the models' variables."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from sandbox.__main__ import make_parser
from tap_cinchy.tap import TapCinchy

from .test_house_rules import ROOT

NOTHING = {"off": False, "none": None, "the newest read": None, "that of the target": None}
SYSTEMS = ("cachet", "cortex", "cinchy")


def told(page: str, begin: str) -> dict[str, Any]:
    """Return the names and defaults of a table, which are its first two columns.

    A row may have several names, and one default for all of them or one each.
    """
    text = (ROOT / page).read_text(encoding="utf-8")
    table = text[text.index(begin) :].partition("| --- ")[2]
    found: dict[str, Any] = {}
    for line in table.partition("\n\n")[0].splitlines()[1:]:
        first, second, _meaning = line.strip("| ").split(" | ", 2)
        names = [name.split()[0] for name in re.findall(r"`([^`]+)`", first)]
        values = re.findall(r"`([^`]+)`", second)
        read = [yaml.safe_load(value) for value in values] or [NOTHING[second]]
        found |= dict(
            zip(names, read * len(names) if len(read) == 1 else read, strict=len(read) > 1)
        )
    return found


@pytest.mark.parametrize("system", SYSTEMS)
def test_the_defaults_of_the_sandbox_are_its_commands(system: str) -> None:
    options = told("sandbox/README.md", "Options of every system:")
    parsed = vars(make_parser([system]).parse_args([system]))
    assert options == {name: parsed[name[2:].replace("-", "_")] for name in options}
    assert set(options) == {"--port", "--latency-ms", "--max-seconds", "--stop-with-parent"}


def test_the_defaults_of_the_models_are_their_variables() -> None:
    project = yaml.safe_load((ROOT / "analytics" / "dbt_project.yml").read_text("utf-8"))
    assert told("analytics/README.md", "## Variables") == project["vars"]["singer_analytics"]


def words(seconds: float) -> str:
    """Write a time as the README does."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    if seconds < 3600 * 0.97:
        return f"{seconds / 60:.0f} min"
    hours = seconds / 3600
    return f"{hours:.0f} h" if hours > 20 else f"{hours:.1f} h".replace(".0", "")


def test_the_times_of_a_first_load_are_those_of_the_formula() -> None:
    text = (ROOT / "tap-cinchy" / "README.md").read_text(encoding="utf-8")
    table = text[text.index("<!-- times:") : text.index("<!-- end of times -->")]
    head, _rule, *rows = [
        [cell.strip() for cell in line.strip("| ").split("|")]
        for line in table.splitlines()
        if line.startswith("|")
    ]
    settings = TapCinchy.config_jsonschema["properties"]
    size, at_once = settings["page_size"]["default"], settings["concurrency"]["default"]
    assert len(rows) == 3
    for millions, *told in rows:
        count = float(millions.split()[0]) * 1e6
        waiting, working = count / size, count * 0.00002
        for (seconds, connections), shown in zip(
            (column.split(" s, ") for column in head[1:]), told, strict=True
        ):
            wait = waiting * float(seconds)
            alone = wait + working
            assert shown == words(
                alone if connections == "one" else max(wait / at_once, working)
            ), (millions, seconds, connections)
