"""Starting a tap: to plan, to read a part, to join. What it logs is passed on when it fails."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

LAST_WORDS = 2000
"""Bytes of a tap's log that are looked at for its last line."""


class ReadError(Exception):
    """A tap could not do what it was asked; the sentence is its own where it has one."""


@dataclasses.dataclass(frozen=True)
class Tap:
    """A tap and its configuration, by reference: no setting passes through an engine.

    Attributes:
        name: Its command, installed on every worker.
        config: The path of its configuration file, the same on every worker, or ``ENV`` for
            variables of the environment.
    """

    name: str
    config: str = "ENV"

    def line(self, *arguments: str) -> list[str]:
        """Return a command line.

        Raises:
            ReadError: This machine has no such tap.
        """
        beside = Path(sys.executable).parent / self.name
        found = str(beside) if beside.exists() else shutil.which(self.name)
        if found is None:
            raise ReadError(
                f"There is no {self.name} on this worker: install it where {sys.executable} is."
            )
        return [found, "--config", self.config, *arguments]

    def text(self, *arguments: str) -> str:
        """Return what a command writes.

        Raises:
            ReadError: It failed.
        """
        done = subprocess.run(self.line(*arguments), capture_output=True, check=False)  # noqa: S603
        if done.returncode:
            raise ReadError(last_line(self.name, done.stderr))
        return done.stdout.decode()

    def messages(self, *arguments: str) -> Iterator[dict[str, Any]]:
        """Yield the messages that a command writes; they are all only if nothing is raised.

        Raises:
            ReadError: It failed.
        """
        with tempfile.TemporaryFile() as log:
            process = subprocess.Popen(  # noqa: S603
                self.line(*arguments), stdout=subprocess.PIPE, stderr=log, bufsize=1 << 20
            )
            try:
                assert process.stdout is not None  # noqa: S101  # a pipe was asked for
                yield from map(msgspec.json.decode, process.stdout)
                code = process.wait()
            finally:
                process.kill()
                process.wait()
            if code:
                raise ReadError(last_line(self.name, _read_end(log)))

    def select_stream(self, stream: str) -> dict[str, Any]:
        """Return the catalog, with one stream selected.

        Raises:
            ReadError: There is no such stream.
        """
        catalog: dict[str, Any] = json.loads(self.text("--discover"))
        names = [entry["tap_stream_id"] for entry in catalog["streams"]]
        if stream not in names:
            raise ReadError(f"{self.name} has no stream {stream}; it has {', '.join(names)}.")
        for entry in catalog["streams"]:
            for metadata in entry["metadata"]:
                if not metadata["breadcrumb"]:
                    metadata["metadata"]["selected"] = entry["tap_stream_id"] == stream
        return catalog

    def plan(self, parts: int, folder: Path, catalog: dict[str, Any] | None = None) -> Path:
        """Write a plan, and return its file.

        Raises:
            ReadError: The tap cannot plan.
        """
        folder.mkdir(parents=True, exist_ok=True)
        chosen: list[str] = []
        if catalog is not None:
            file = folder / "catalog.json"
            file.write_text(json.dumps(catalog), encoding="utf-8")
            chosen = ["--catalog", str(file)]
        plan = folder / "plan.json"
        plan.write_text(self.text("--parts", str(parts), *chosen), encoding="utf-8")
        return plan

    def part(self, plan: Path, index: int, receipt: Path) -> Iterator[dict[str, Any]]:
        """Yield the messages of one part; its receipt is there when nothing is raised."""
        yield from self.messages("--part", f"{plan}#{index}", "--receipt", str(receipt))

    def join(self, plan: Path, receipts: Sequence[Path]) -> list[dict[str, Any]]:
        """Return the messages that end a read: nothing else proves it.

        Raises:
            ReadError: The parts are not the whole.
        """
        return list(self.messages("--join", str(plan), *map(str, receipts)))


def count_parts(plan: Path) -> int:
    """Return how many parts a plan has."""
    return len(json.loads(plan.read_text(encoding="utf-8"))["parts"])


def catalog_in(plan: Path) -> dict[str, Any]:
    """Return the catalog that a plan was made with."""
    catalog: dict[str, Any] = json.loads(plan.read_text(encoding="utf-8"))["catalog"]
    return catalog


def last_line(name: str, log: bytes) -> str:
    """Return the sentence that a tap ended with."""
    lines = log.decode("utf-8", "replace").strip().splitlines()
    return f"{name}: {lines[-1] if lines else 'it ended without a word'}"


def _read_end(log: IO[bytes]) -> bytes:
    size = log.seek(0, os.SEEK_END)
    log.seek(max(0, size - LAST_WORDS))
    return log.read()
