"""What holds for the tests of every package: signals as at a terminal, slow tests by request."""

from __future__ import annotations

import signal

import pytest

LEFT_OUT = {
    "integration": "installs or starts other programs; run by make test-integration",
    "slow": "slow; run with -m slow",
    "targets": "needs other people's targets; run by make targets",
    "engines": "needs other people's engines; run by make engines",
}


def pytest_configure() -> None:
    """Let signals through that nohup and background jobs of a shell hand down as ignored."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip what takes minutes or other people's programs, unless it is asked for."""
    asked = {mark for mark in LEFT_OUT if mark in config.option.markexpr}
    for item in items:
        marks = [mark for mark in LEFT_OUT if item.get_closest_marker(mark)]
        left_out = [mark for mark in marks if mark not in asked]
        if left_out == ["integration"] and len(marks) > 1:
            continue  # asked for by the heavier of its marks
        for mark in left_out:
            item.add_marker(pytest.mark.skip(reason=LEFT_OUT[mark]))
