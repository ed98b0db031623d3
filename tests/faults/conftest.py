from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest

from .runner import EXAMPLE, FAULT_TAP, TAP_CINCHY, TAP_CORTEX, Runner
from .stage import Stage
from .systems import SYSTEMS, System, system

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def tap(tmp_path: Path) -> Runner:
    """The installed tap-cachet."""
    return Runner(tmp_path)


@pytest.fixture
def tap_cortex(tmp_path: Path) -> Runner:
    """The installed tap-cortex."""
    return Runner(tmp_path, TAP_CORTEX)


@pytest.fixture
def tap_cinchy(tmp_path: Path) -> Runner:
    """The installed tap-cinchy."""
    return Runner(tmp_path, TAP_CINCHY)


@pytest.fixture
def example(tmp_path: Path) -> Runner:
    """The example of the README of singer-rest."""
    return Runner(tmp_path, EXAMPLE)


@pytest.fixture
def fault_tap(tmp_path: Path) -> Runner:
    """A tap for what no vendor of ours shows."""
    return Runner(tmp_path, FAULT_TAP)


@pytest.fixture(params=SYSTEMS)
def any_system(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[System]:
    """Each of the three taps, with a sandbox."""
    with system(request.param, tmp_path) as running:
        yield running


@pytest.fixture
def stage() -> Iterator[Stage]:
    """A whole Cachet, with a scriptable server before it."""
    with Stage() as running:
        yield running


@pytest.fixture
def servers() -> Iterator[contextlib.ExitStack]:
    """What a test starts, and ends with it."""
    with contextlib.ExitStack() as stack:
        yield stack
