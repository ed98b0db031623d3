"""Start a tap many times without importing it many times.

A process imports the tap once and forks for every run, so a run is a process of its own, with its
own environment, output and exit code, at a third of the price. The child calls what the installed
command calls; that the installed file itself works is for other tests to show.
"""

from __future__ import annotations

import atexit
import functools
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

from support.tap_run import SECONDS, TapRun, command_line


def run_warm(
    command: str,
    config: dict[str, Any],
    *arguments: str,
    state: dict[str, Any] | str | None = None,
    catalog: dict[str, Any] | None = None,
    env: dict[str, str] | None = None,
    timeout: float = SECONDS,
) -> TapRun:
    """Run a tap as :func:`support.tap_run.run_tap` does."""
    with tempfile.TemporaryDirectory() as folder:
        line = command_line(folder, command, config, state, catalog)
        output, errors = Path(folder, "stdout"), Path(folder, "stderr")
        job = {
            "argv": [*line, *arguments],
            "env": {**os.environ, **(env or {})},
            "stdout": str(output),
            "stderr": str(errors),
        }
        exit_code, _peak = run_job(command, job, timeout)
        return TapRun(
            exit_code, output.read_text(encoding="utf-8"), errors.read_text(encoding="utf-8")
        )


def run_job(command: str, job: dict[str, Any], timeout: float) -> tuple[int, int]:
    """Fork a process that does a job.

    Args:
        command: An installed command, or ``module:callable``.
        job: ``argv``, ``env``, the files ``stdout`` and ``stderr``, and ``cwd`` if it matters.
        timeout: Seconds.

    Returns:
        Exit code and largest resident size in kilobytes.
    """
    return _started(command).run(job, timeout)


class _Nursery:
    """The process that forks."""

    def __init__(self, command: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "support.warm", command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
            start_new_session=True,
        )

    def run(self, job: dict[str, Any], timeout: float) -> tuple[int, int]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(job).encode() + b"\n")
        self.process.stdin.flush()
        ready, _, _ = select.select([self.process.stdout], [], [], timeout)
        if not ready:
            os.killpg(self.process.pid, signal.SIGKILL)  # what it forked as well
            _started.cache_clear()
            raise subprocess.TimeoutExpired(job["argv"], timeout)
        exit_code, peak = map(int, self.process.stdout.readline().split())
        return exit_code, peak

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()


@functools.cache
def _started(command: str) -> _Nursery:
    nursery = _Nursery(command)
    atexit.register(nursery.close)
    return nursery


def _serve(command: str) -> None:
    if ":" in command:
        entry = EntryPoint(command, command, "console_scripts")
    else:
        [entry] = entry_points(group="console_scripts", name=command)
    import_module(entry.module)
    for line in sys.stdin:
        job = json.loads(line)
        child = os.fork()
        if not child:
            _become(entry, job)
        _, status, usage = os.wait4(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)} {usage.ru_maxrss}\n")
        sys.stdout.flush()


def _become(entry: EntryPoint, job: dict[str, Any]) -> None:
    """Be the command; never returns."""
    os.environ.clear()
    os.environ.update(job["env"])
    os.chdir(job.get("cwd", "."))
    for stream, name in ((0, os.devnull), (1, job["stdout"]), (2, job["stderr"])):
        flags = os.O_RDONLY if stream == 0 else os.O_WRONLY | os.O_CREAT
        os.dup2(os.open(name, flags, 0o600), stream)
    sys.argv = job["argv"]
    code: Any = 0
    try:
        entry.load()()
    except SystemExit as end:
        code = end.code
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else int(code is not None))


if __name__ == "__main__":
    _serve(sys.argv[1])
