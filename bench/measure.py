"""Run a command, or a pipeline of two, and say what it cost.

CPU is user and system seconds of the processes themselves, which a busy machine disturbs far less
than the clock on the wall. Memory is the highest resident size. Records are counted on the way
through a pipe, so that a contender that loses some cannot win.
"""

from __future__ import annotations

import dataclasses
import os
import subprocess
import tempfile
import threading
import time
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

CHUNK = 1 << 20
RECEIPT = b'{"type":"RECORD","stream":"singer_receipts"'
MARKS = (b'{"type":"RECORD"', b'{"type": "RECORD"')
KILOBYTES = 1024
LAST_WORDS = 2000


class ContenderError(RuntimeError):
    """A contender failed, so that nothing can be said about its speed."""


@dataclasses.dataclass(frozen=True)
class Cost:
    """What one run cost."""

    seconds: float
    cpu: float
    """User and system seconds, all processes together."""
    memory: float
    """Megabytes, all processes together."""
    records: int
    """RECORD messages written; 0 for contenders that write none."""


class _Counter(threading.Thread):
    """Counts the RECORD lines of a stream while it empties it."""

    def __init__(self, stream: IO[bytes]) -> None:
        super().__init__(daemon=True)
        self._stream = stream
        self.records = 0

    def run(self) -> None:
        """Read to the end."""
        rest = b""
        while chunk := os.read(self._stream.fileno(), CHUNK):
            text = rest + chunk
            end = text.rfind(b"\n") + 1
            self.records += sum(text.count(mark, 0, end) for mark in MARKS)
            self.records -= text.count(RECEIPT, 0, end)
            rest = text[end:]


def run(commands: Sequence[Sequence[str]], env: Mapping[str, str], cwd: str) -> Cost:
    """Run commands, the output of each going into the next one, and wait for all of them.

    Raises:
        ContenderError: One of them ended with an error; carries its last words.
    """
    with tempfile.TemporaryFile() as errors:
        began = time.monotonic()
        processes: list[subprocess.Popen[bytes]] = []
        for command in commands:
            source = processes[-1].stdout if processes else None
            processes.append(
                subprocess.Popen(
                    command,
                    stdin=source or subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=errors,
                    env=dict(env),
                    cwd=cwd,
                )
            )
            if source is not None:
                source.close()
        last = processes[-1].stdout
        assert last is not None  # noqa: S101  # it is a pipe
        counter = _Counter(last)
        counter.start()
        cpu = memory = 0.0
        for process in processes:
            _pid, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            cpu += usage.ru_utime + usage.ru_stime
            memory += usage.ru_maxrss / KILOBYTES
        seconds = time.monotonic() - began
        counter.join()
        if any(process.returncode for process in processes):
            errors.seek(max(0, errors.seek(0, os.SEEK_END) - LAST_WORDS))
            words = errors.read().decode("utf-8", "replace")
            raise ContenderError(f"{' | '.join(command[0] for command in commands)}:\n{words}")
    return Cost(seconds, cpu, memory, counter.records)


def minus(cost: Cost, start: Cost) -> Cost:
    """Return what remains of a cost when start-up is taken away; memory stays whole."""
    return dataclasses.replace(
        cost,
        seconds=max(cost.seconds - start.seconds, 0.0),
        cpu=max(cost.cpu - start.cpu, 0.0),
    )
