"""Which tests a plain run leaves out, for every package of the house."""

from __future__ import annotations

import pytest

LEFT_OUT = {
    "slow": "slow; run with -m slow",
    "targets": "needs other people's targets; run by make targets",
}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip what takes minutes or other people's programs, unless it is asked for."""
    for mark, reason in LEFT_OUT.items():
        if mark in config.option.markexpr:
            continue
        for item in items:
            if item.get_closest_marker(mark):
                item.add_marker(pytest.mark.skip(reason=reason))
