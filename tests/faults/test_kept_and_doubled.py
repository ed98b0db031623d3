"""Answers that are of another time, and values of which nobody knows which is meant: F37, F38."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .answers import changed
from .test_body import INCIDENTS, TWO, assert_failed_aloud

if TYPE_CHECKING:
    from .runner import Runner
    from .stage import Stage


@pytest.mark.parametrize("twice", [b'"data": [], "data":', b'"data" : [], "data" :'])
def test_f37_a_list_under_a_name_that_comes_twice_is_asked_again_then_fails(
    stage: Stage, tap: Runner, twice: bytes
) -> None:
    stage.script(INCIDENTS, forever=changed(lambda body: body.replace(b'"data":', twice, 1)))
    run = tap(stage.config(), select=TWO, log="INFO")
    assert_failed_aloud(run, "an object has a name twice", requests=3, stage=stage)


def test_f37_a_value_under_a_name_that_comes_twice_is_not_chosen(stage: Stage, tap: Runner) -> None:
    twice = b'"name":"another","name":'
    stage.script(INCIDENTS, changed(lambda body: body.replace(b'"name":', twice, 1)))
    run = tap(stage.config(), select=TWO, log="INFO")
    assert run.code == 0, run.last
    assert "an object has a name twice" in run.stderr
    assert set(run.ids("incidents")) == stage.ids("incidents")


def test_f37_what_looks_like_a_name_in_a_text_is_none(stage: Stage, tap: Runner) -> None:
    text = '"data": "a" : \\":'
    stage.world.incidents.update(1, name=text)
    run = tap(stage.config(), select=TWO)
    assert run.code == 0, run.last
    assert text in [row["name"] for row in run.rows("incidents")]


KEPT: list[dict[str, str]] = [
    {"age": "86400"},
    {"warning": '110 proxy "Response is Stale"'},
]


@pytest.mark.parametrize("headers", KEPT)
def test_f38_what_a_cache_has_kept_is_asked_again_then_fails(
    stage: Stage, tap: Runner, headers: dict[str, str]
) -> None:
    stage.script(INCIDENTS, forever=changed(lambda body: body, **headers))
    run = tap(stage.config(), select=TWO, log="INFO")
    assert_failed_aloud(run, "kept from earlier", "STALE-ANSWER", requests=3, stage=stage)


@pytest.mark.parametrize("headers", [{"age": "600"}, {"age": "?"}, {"warning": '299 - "Slow"'}])
def test_f38_an_answer_that_is_hardly_old_is_one(
    stage: Stage, tap: Runner, headers: dict[str, str]
) -> None:
    stage.script(INCIDENTS, forever=changed(lambda body: body, **headers))
    run = tap(stage.config(), select=TWO)
    assert run.code == 0, run.last
    assert {seen.header("cache-control") for seen in stage.requests(INCIDENTS)} == {"no-cache"}
