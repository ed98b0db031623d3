"""Read in parts with the installed command, as a script does."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.tap_run import TapRun

MANY = [pytest.param(count, marks=pytest.mark.integration) for count in (8, 32)]
"""Numbers of parts that take long to read: each is a process."""


@dataclasses.dataclass
class Parted:
    """What a read in parts has left behind."""

    plan: dict[str, Any]
    runs: list[TapRun]
    receipts: list[Path]
    joined: TapRun

    @property
    def messages(self) -> list[dict[str, Any]]:
        """What a target got: of all parts, then of the join."""
        return [m for run in (*self.runs, self.joined) for m in run.messages]

    def keys(self, stream: str) -> list[tuple[Any, ...]]:
        """The keys of all records of a stream; those that the join has read again come once."""
        found = [key for run in self.runs for key in run.keys(stream)]
        known = set(found)
        return found + [key for key in self.joined.keys(stream) if key not in known]


def read_in_parts(run: Callable[..., TapRun], folder: Path, count: int, **more: Any) -> Parted:
    """Plan, read every part, and join.

    Args:
        run: Starts the tap with these arguments.
        folder: Where plan and receipts go.
        count: How many parts.
        more: What every start of the tap is given.
    """
    state = {"state": more.pop("state")} if "state" in more else {}
    planned = run("--parts", str(count), **more, **state)
    assert planned.exit_code == 0, planned.stderr
    plan = folder / "plan.json"
    plan.write_text(planned.stdout)
    more.pop("streams", None)
    more.pop("catalog", None)  # the plan has it
    runs, receipts = [], []
    for index in range(count):
        receipt = folder / f"receipt.{index}.json"
        part = run("--part", f"{plan}#{index}", "--receipt", str(receipt), **more)
        assert part.exit_code == 0, part.stderr
        assert not part.activated
        assert not part.states
        runs.append(part)
        receipts.append(receipt)
    joined = run("--join", str(plan), *map(str, receipts), **more)
    return Parted(json.loads(planned.stdout), runs, receipts, joined)


def file_of(folder: Path, name: str, content: Any) -> str:
    """Write a file and return its path."""
    path = folder / f"{name}.json"
    path.write_text(json.dumps(content))
    return str(path)
