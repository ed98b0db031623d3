"""Texts of scorecards that hold other rules than the list, and texts that lack their end."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from sandbox.cortex.answers import Answer, ok
from sandbox.cortex.routing import Call
from sandbox.cortex.yaml_text import to_yaml

from .conftest import SMALL, Site, outcomes, site

STREAM = "scorecard_descriptors"
ROUTE = "/api/v1/scorecards/{tag}/descriptor"
FEW = dataclasses.replace(SMALL, entities=30, crowd=6, logs=40, scorecards=4)
Row = dict[str, Any]


def _written(row: Row, rules: list[Row] | None, **behind: Any) -> Row:
    """Return a descriptor with other rules, which stand last but for what is given."""
    head = {key: value for key, value in row.items() if key not in {"rules", *behind}}
    return {**head, **({} if rules is None else {"rules": rules}), **behind}


def _answering(running: Site, write: Callable[[Row], str], times: int | None = None) -> list[str]:
    """Let the first scorecard answer with another text; returns the tags that were asked for."""
    card, asked = running.world.scorecards[0], []

    def listener(call: Call) -> Answer | None:
        if call.route != ROUTE or call.names["tag"] != card.tag:
            return None
        asked.append(card.tag)
        return None if times is not None and len(asked) > times else ok(write(card.row))

    running.world.on_request(listener)
    return asked


def _folded(rule: Row) -> str:
    return f"- expression: >-\n    {rule['expression']}\n  title: the last\n"


OTHERWISE: dict[str, Callable[[Row], str]] = {
    "one rule more": lambda row: to_yaml(
        _written(row, [*row["rules"], {"expression": "entity.tag() != null"}])
    ),
    "one in the middle less": lambda row: to_yaml(
        _written(row, [row["rules"][0], *row["rules"][2:]])
    ),
    "the last less, and more behind": lambda row: to_yaml(
        _written(row, row["rules"][:-1], evaluation={"window": 4})
    ),
    "none, and more behind": lambda row: to_yaml(_written(row, [], evaluation={"window": 4})),
    "rules under another key": lambda row: to_yaml(
        _written(row, None, ladder={"levels": [{"name": "Gold", "rules": row["rules"]}]})
    ),
    "folded lines": lambda row: (
        to_yaml(_written(row, None)) + "rules:\n" + _folded(row["rules"][-1])
    ),
}
"""Texts that a healthy server may send, whatever of it is not documented."""


@pytest.mark.parametrize("text", OTHERWISE)
def test_a_descriptor_may_hold_other_rules_than_the_list(text: str) -> None:
    with site(FEW) as running:
        asked = _answering(running, OTHERWISE[text])
        wanted = OTHERWISE[text](running.world.scorecards[0].row)
        run = running.run(STREAM)
    assert run.exit_code == 0, run.stderr
    assert outcomes(run)[STREAM] == "complete"
    assert len(asked) == 1
    rows = {row["scorecard_tag"]: row["descriptor"] for row in run.records[STREAM]}
    assert rows[asked[0]] == wanted


CUT: dict[str, Callable[[Row], str]] = {
    "before the last rule": lambda row: to_yaml(_written(row, row["rules"][:-1])),
    "before the first rule": lambda row: to_yaml(_written(row, None)),
}


@pytest.mark.parametrize("place", CUT)
def test_a_text_that_ends_too_early_is_not_proved(place: str) -> None:
    with site(FEW) as running:
        asked = _answering(running, CUT[place])
        run = running.run(STREAM)
        questions = len(asked)
        accepted = running.run(STREAM, settings={"accept_unproved": [STREAM]})
    assert run.exit_code == 1
    assert outcomes(run)[STREAM] == "unproved"
    assert asked[0] in run.last_line
    assert "rules of the list" in run.last_line
    assert questions == 2  # asked once more, it might have been whole
    assert STREAM not in run.activated
    assert accepted.exit_code == 0, accepted.stderr
    assert STREAM in accepted.activated


def test_a_text_that_is_cut_once_is_read_whole() -> None:
    with site(FEW) as running:
        asked = _answering(running, CUT["before the last rule"], times=1)
        run = running.run(STREAM)
        last = running.world.scorecards[0].row["rules"][-1]
    assert run.exit_code == 0, run.stderr
    rows = {row["scorecard_tag"]: row["descriptor"] for row in run.records[STREAM]}
    assert last["expression"].split("'")[0].split('"')[0] in rows[asked[0]]
    assert len(asked) == 2


def test_a_text_that_ends_elsewhere_each_time_is_partial() -> None:
    with site(FEW) as running:
        left = iter([1, 2])
        _answering(running, lambda row: to_yaml(_written(row, row["rules"][: next(left)])))
        run = running.run(STREAM)
    assert run.exit_code == 1
    assert outcomes(run)[STREAM] == "partial"
    assert STREAM not in run.activated
