"""A run killed at any moment is gone on with from the last state that got out: F63.

The moment is random, and the seed stands in the name of the test: ``-k 'cinchy and 17'`` repeats
it, ``FAULT_SEEDS=100`` soaks. Between two runs rows are added, as they are in life.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import functools
import os
import random
from typing import TYPE_CHECKING, Any

import pytest
from support.tap_run import RECEIPTS

from .places import LOGS, CachetPlace, CortexPlace, Log, Target, instant
from .runner import Message, Runner, parse_strictly

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SEEDS = range(1, 1 + int(os.environ.get("FAULT_SEEDS", "4")))
MOST_KILLS = 2
LISTS: dict[str, tuple[str, Callable[[Any], set[Any]]]] = {
    "cachet": ("incidents", CachetPlace.keys),
    "cortex": ("entities", CortexPlace.keys),
}
"""Beside the log, a list that is read whole every time; and what it holds."""


class Loader:
    """A target behind a pipe, and what it was sent in all its runs."""

    def __init__(self) -> None:
        self.target = Target()
        self._seen: dict[str, dict[str, Any]] = {}
        self._names: dict[str, list[str]] = {}

    def load(self, output: bytes) -> list[Message]:
        """Take whole lines; returns them."""
        *lines, _cut_off = output.split(b"\n")
        messages = [parse_strictly(line) for line in lines]
        self.target.load(messages)
        for message in messages:
            if message["type"] == "SCHEMA":
                self._names[message["stream"]] = message["key_properties"]
            elif message["type"] == "RECORD" and message["stream"] != RECEIPTS:
                self._same_again(message["stream"], message["record"])
        return messages

    def _same_again(self, stream: str, record: dict[str, Any]) -> None:
        """Assert that a row that comes twice is the same row: nothing has changed any."""
        key = repr((stream, [record[name] for name in self._names[stream]]))
        assert self._seen.setdefault(key, record) == record, key


def catalog(name: str, place: Log, folder: Path) -> dict[str, Any]:
    """Return a catalog with the streams to read."""
    return place.catalog(folder, *(LISTS[name][:1] if name in LISTS else ()))


@functools.cache
def undisturbed(name: str, folder: Path) -> tuple[int, int]:
    """Return the bytes and the requests of a run that nothing happens to."""
    with LOGS[name]() as place:
        run = Runner(folder, place.command)(place.config(), catalog=catalog(name, place, folder))
        assert run.code == 0, run.last
        return len(run.stdout), len(place.requests())


def killed(place: Log, name: str, loader: Loader, chance: random.Random, folder: Path) -> None:
    """Start the tap and kill it, after so many bytes or when so many requests have arrived."""
    most_bytes, most_requests = undisturbed(name, folder)
    requests, size = chance.randint(1, most_requests), chance.randint(0, most_bytes)
    by_bytes = chance.random() < 0.6
    before = len(place.requests())
    started = Runner(folder, place.command).start(
        place.config(), catalog=catalog(name, place, folder), state=loader.target.state or None
    )
    pipe = started.process.stdout
    assert pipe is not None
    if by_bytes:
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, 4096)
    read = b""
    while by_bytes and len(read) < size and (bite := os.read(pipe.fileno(), size - len(read))):
        read += bite
    while not by_bytes and len(place.requests()) < before + requests:
        if not (bite := os.read(pipe.fileno(), 4096)):
            break  # a run that goes on where another ended needs fewer requests
        read += bite
    started.kill()
    output = read + pipe.read()
    held = {stream: loader.target.keys(stream) for stream in loader.target.rows}
    loader.load(output)
    for stream, keys in held.items():
        assert keys <= loader.target.keys(stream), "rows were retired too early"
    whole = output[: output.rfind(b"\n") + 1]
    run = started.finish(whole)
    assert run.code in {-9, 0}


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", LOGS)
def test_f63_killed_and_gone_on_with(tmp_path: Path, name: str, seed: int) -> None:
    chance = random.Random(f"{name} {seed}")
    loader = Loader()
    with LOGS[name]() as place:
        for _kill in range(chance.randint(1, MOST_KILLS)):
            killed(place, name, loader, chance, tmp_path)
            place.add(dt.datetime.now(dt.UTC) - dt.timedelta(seconds=3))
        run = Runner(tmp_path, place.command)(
            place.config(),
            catalog=catalog(name, place, tmp_path),
            state=loader.target.state or None,
        )
        loader.load(run.stdout)
        expected, newest = place.keys(), place.newest()
        assert run.code == 0, run.last
        assert place.found(loader.target) == expected
        if name in LISTS:
            stream, keys = LISTS[name]
            assert loader.target.keys(stream) == keys(place)
            assert stream in run.activated
    bookmarks = loader.target.state["bookmarks"][place.stream]
    parts = bookmarks.get("partitions", [bookmarks])
    assert max(instant(part["replication_key_value"]) for part in parts) == newest
    assert place.stream not in run.activated
