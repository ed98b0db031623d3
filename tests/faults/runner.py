"""Starts a tap as its users do, and looks at everything that comes out of it.

Every run is searched for secrets: each secret a test configures carries :data:`MARKER`, and no
run may show it on either stream. Every line of standard output must be strict JSON.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from support.tap_run import RECEIPTS
from support.warm import run_job

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ROOT = Path(__file__).resolve().parents[2]
MARKER = "sEcReT-m4Rk3R"
SECRET = f"7|{MARKER}+/%&="
"""With characters that look different in a URL, a header or a log."""
TAP_CACHET, TAP_CORTEX, TAP_CINCHY = (
    (str(Path(sys.executable).with_name(name)),)
    for name in ("tap-cachet", "tap-cortex", "tap-cinchy")
)
EXAMPLE = (sys.executable, "-m", "tests.faults.example_tap")
FAULT_TAP = (sys.executable, "-m", "tests.faults.fault_tap")
CURSOR_TAP = (sys.executable, "-m", "tests.faults.cursor_tap")
WIDE_TAP = (sys.executable, "-m", "tests.faults.wide_tap")
LIBRARY_TAP = (sys.executable, str(Path(__file__).parents[2] / "examples" / "library_tap.py"))
ENTRIES = {
    TAP_CACHET: "tap-cachet",
    TAP_CORTEX: "tap-cortex",
    TAP_CINCHY: "tap-cinchy",
    EXAMPLE: "faults.example_tap:TapExample.cli",
    FAULT_TAP: "faults.fault_tap:TapFaults.cli",
    LIBRARY_TAP: "faults.library:TapLibrary.cli",
    CURSOR_TAP: "faults.cursor_tap:TapCursors.cli",
    WIDE_TAP: "faults.wide_tap:TapWide.cli",
}
"""What a command calls, so that runs nobody interferes with need not import it anew."""
MAX_RUN = 100.0

Message = dict[str, Any]


@dataclasses.dataclass
class Run:
    """How a run ended and what it wrote."""

    code: int
    stdout: bytes
    stderr: str
    summary: dict[str, Any]
    """What the tap wrote into its summary file; empty if it came to none."""
    peak: int
    """Largest resident size in kilobytes."""

    @functools.cached_property
    def messages(self) -> list[Message]:
        """Every message but receipts."""
        sent = map(parse_strictly, self.stdout.splitlines())
        return [message for message in sent if message.get("stream") != RECEIPTS]

    def rows(self, stream: str) -> list[dict[str, Any]]:
        """Return the records of a stream, as written."""
        return [
            message["record"]
            for message in self.messages
            if message["type"] == "RECORD" and message["stream"] == stream
        ]

    def ids(self, stream: str, *key: str) -> list[Any]:
        """Return the keys of the records of a stream; ``id`` by default."""
        rows = self.rows(stream)
        if len(key) > 1:
            return [tuple(row[name] for name in key) for row in rows]
        return [row[key[0] if key else "id"] for row in rows]

    @property
    def states(self) -> list[dict[str, Any]]:
        return [message["value"] for message in self.messages if message["type"] == "STATE"]

    @property
    def state(self) -> dict[str, Any]:
        """The last state: what a target that has taken everything would keep."""
        return self.states[-1]

    @property
    def activated(self) -> list[str]:
        """Streams whose absent rows the target was told to retire."""
        return [m["stream"] for m in self.messages if m["type"] == "ACTIVATE_VERSION"]

    @property
    def lines(self) -> list[str]:
        return self.stderr.splitlines()

    @property
    def last(self) -> str:
        """The last line of standard error: what an orchestrator shows."""
        return self.lines[-1] if self.lines else ""

    @property
    def warnings(self) -> str:
        return "\n".join(line for line in self.lines if "| WARNING" in line)

    def outcome(self, stream: str) -> str:
        return str(self.result(stream)["outcome"])

    def result(self, stream: str) -> dict[str, Any]:
        """Return a stream's line of the summary."""
        found: dict[str, Any] = next(
            line for line in self.summary["streams"] if line["stream"] == stream
        )
        return found

    @property
    def outcomes(self) -> dict[str, str]:
        return {line["stream"]: line["outcome"] for line in self.summary.get("streams", [])}


def parse_strictly(line: bytes) -> Message:
    """Parse a message.

    Raises:
        ValueError: It is not strict JSON: NaN, a lone surrogate, a repeated key.
    """

    def refuse(constant: str) -> None:
        raise ValueError(f"{constant} is not JSON")

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        value = dict(pairs)
        if len(value) != len(pairs):
            raise ValueError("a key is repeated")
        return value

    text = line.decode("utf-8", "strict")
    message: Message = json.loads(text, parse_constant=refuse, object_pairs_hook=unique)
    json.dumps(message, ensure_ascii=False).encode("utf-8", "strict")
    return message


def environment(extra: Mapping[str, str] | None = None, *, log: str = "DEBUG") -> dict[str, str]:
    """Return a clean environment: no proxy, no authority, no setting of this machine."""
    kept = {name: os.environ[name] for name in ("PATH", "TMPDIR", "LANG") if name in os.environ}
    pythonpath = {"PYTHONPATH": str(ROOT)}
    return {**kept, **pythonpath, "HOME": tempfile.gettempdir(), "LOGLEVEL": log, **(extra or {})}


class Prepared:
    """What a run is made of, and what is true of every run."""

    def __init__(
        self,
        folder: Path,
        arguments: Sequence[str],
        *,
        command: Sequence[str],
        config: Mapping[str, Any],
        env: Mapping[str, str] | None = None,
        log: str = "DEBUG",
        secrets: Sequence[str] = (),
    ) -> None:
        self.folder = Path(tempfile.mkdtemp(dir=folder))
        self.secrets = (MARKER, *secrets)
        self.log = log
        self._syncs = set(arguments[::2]) <= {"--state", "--catalog"}
        self._summary = self.folder / "summary.json"
        file = self.folder / "config.json"
        file.write_text(json.dumps({"summary_file": str(self._summary), **config}))
        self.command = [*command]
        self.arguments = ["--config", str(file), *arguments]
        self.env = environment(env, log=log)
        self.stderr = self.folder / "stderr"

    def ended(self, code: int, stdout: bytes, peak: int) -> Run:
        """Return how the run ended, once it is searched for secrets."""
        stderr = self.stderr.read_text("utf-8", "replace")
        whole = json.loads(self._summary.read_text()) if self._summary.exists() else {}
        summary = whole.get("tap", {})
        run = Run(code, stdout, stderr, summary, peak)
        self._check(run)
        return run

    def _check(self, run: Run) -> None:
        for secret in self.secrets:
            assert secret not in run.stderr, (
                f"a secret is in the log: {_around(run.stderr, secret)}"
            )
            assert secret.encode() not in run.stdout, "a secret is in the messages"
            assert secret not in json.dumps(run.summary), "a secret is in the summary"
        if self.log != "DEBUG":
            assert "Traceback" not in run.stderr, run.stderr
        if self._syncs:
            for line in run.stdout.splitlines()[: -1 if run.code < 0 else None]:
                parse_strictly(line)


class Started:
    """A tap that runs: the installed command, in a process that a test may watch and disturb."""

    def __init__(self, *arguments: Any, stdout: Any = subprocess.PIPE, **options: Any) -> None:
        self._prepared = Prepared(*arguments, **options)
        self.folder = self._prepared.folder
        with self._prepared.stderr.open("wb") as stderr:
            self.process = subprocess.Popen(
                [*self._prepared.command, *self._prepared.arguments],
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
                env=self._prepared.env,
                cwd=self.folder,
            )

    def kill(self, signum: int = signal.SIGKILL) -> None:
        os.kill(self.process.pid, signum)  # Popen would reap it, if it has ended meanwhile

    def finish(self, already: bytes = b"", seconds: float = MAX_RUN) -> Run:
        """Wait for the end, and check what is true of every run.

        Args:
            already: What the test has read from standard output itself.
            seconds: After which it is killed.
        """
        guard = threading.Timer(seconds, self.kill)
        guard.start()
        try:
            rest = self.process.stdout.read() if self.process.stdout else b""
            _pid, ended, usage = os.wait4(self.process.pid, 0)
        finally:
            guard.cancel()
        code = os.waitstatus_to_exitcode(ended)
        self.process.returncode = code
        if self.process.stdout:
            self.process.stdout.close()
        return self._prepared.ended(code, already + rest, usage.ru_maxrss)


def run_warm(*arguments: Any, **options: Any) -> Run:
    """Run a tap of :data:`ENTRIES` to its end, in a process forked from one that has imported it.

    It calls what the installed command calls, at a third of the price.
    """
    prepared = Prepared(*arguments, **options)
    stdout = prepared.folder / "stdout"
    job = {
        "argv": [prepared.command[-1], *prepared.arguments],
        "env": prepared.env,
        "stdout": str(stdout),
        "stderr": str(prepared.stderr),
        "cwd": str(prepared.folder),
    }
    code, peak = run_job(ENTRIES[tuple(options["command"])], job, MAX_RUN)
    return prepared.ended(code, stdout.read_bytes(), peak)


def _around(text: str, secret: str) -> str:
    place = text.index(secret)
    return text[max(0, place - 200) : place + 200]


class Runner:
    """Runs one command again and again; each run has a folder of its own."""

    def __init__(self, folder: Path, command: Sequence[str] = TAP_CACHET) -> None:
        self.folder = folder
        self.command = command

    def start(self, config: Mapping[str, Any], *arguments: str, **options: Any) -> Started:
        """Start the installed command, to be watched or disturbed; see :meth:`__call__`."""
        more, rest = self._files(*arguments, **options)
        return Started(self.folder, more, command=self.command, config=config, **rest)

    def __call__(self, config: Mapping[str, Any], *arguments: str, **options: Any) -> Run:
        """Run the tap to its end.

        Args:
            config: Its settings.
            arguments: More of the command line.
            options: Of :meth:`_files` and :class:`Prepared`.
        """
        more, rest = self._files(*arguments, **options)
        return run_warm(self.folder, more, command=self.command, config=config, **rest)

    def _files(
        self,
        *arguments: str,
        select: Sequence[str] | None = None,
        state: object = None,
        catalog: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> tuple[list[str], dict[str, Any]]:
        """Write the files of a run.

        Args:
            arguments: Of the command line.
            select: Streams to read; the default selection without it.
            state: A state, or the text of a state file.
            catalog: A catalog instead of the one of ``--discover``.
            options: Handed back.
        """
        more = list(arguments)
        if state is not None:
            file = Path(tempfile.mkstemp(".json", "state", self.folder)[1])
            text = state if isinstance(state, str) else json.dumps(state)
            file.write_bytes(text.encode("utf-8", "surrogateescape"))
            more += ["--state", str(file)]
        if select is not None:
            catalog = selecting(catalog or discover(tuple(self.command)), select)
        if catalog is not None:
            file = Path(tempfile.mkstemp(".json", "catalog", self.folder)[1])
            file.write_text(json.dumps(catalog))
            more += ["--catalog", str(file)]
        return more, options


@functools.cache
def discover(command: tuple[str, ...]) -> dict[str, Any]:
    """Return the catalog of a tap."""
    config = {"api_url": "http://127.0.0.1:9", "api_key": SECRET}
    with tempfile.TemporaryDirectory() as folder:
        run = run_warm(Path(folder), ["--discover"], command=command, config=config)
    assert run.code == 0, run.stderr
    catalog: dict[str, Any] = json.loads(run.stdout)
    return catalog


def selecting(catalog: Mapping[str, Any], streams: Sequence[str]) -> dict[str, Any]:
    """Return the catalog with exactly these streams selected."""
    copy: dict[str, Any] = json.loads(json.dumps(catalog))
    assert set(streams) <= {stream["stream"] for stream in copy["streams"]}, streams
    for stream in copy["streams"]:
        for entry in stream["metadata"]:
            if not entry["breadcrumb"]:
                entry["metadata"]["selected"] = stream["stream"] in streams
    return copy
