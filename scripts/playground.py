"""Three generated systems and a PostgreSQL on this machine, for the commands of the README.

``make playground`` starts them in the background and writes how to reach them where Meltano, the
taps and dlt look for it: into ``.env`` and ``.dlt/secrets.toml``. They end after an hour, with
``make playground-stop``, and when ``.env`` is removed.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from postgres import start_postgres

from sandbox.__main__ import load, make_parser
from sandbox.serve import serve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from postgres import Postgres

ROOT = Path(__file__).resolve().parent.parent
ENV, SECRETS = ROOT / ".env", ROOT / ".dlt" / "secrets.toml"
LOG = ROOT / "output" / "playground.log"
MARK = "# Written by `make playground`; it ends when this file goes."
SECONDS, LOOK_EVERY = 3600.0, 0.5

SYSTEMS = {
    "cachet": ["--incidents", "60", "--metric-points", "40"],
    "cortex": ["--entities", "60", "--scorecards", "4", "--logs", "60"],
    "cinchy": ["--rows", "60"],
}
"""Small enough for every command to take seconds."""
CREDENTIALS = {
    "cachet": {"api_key": "1|sandbox-admin"},
    "cortex": {"api_key": "cortex-sandbox-key"},
    "cinchy": {"access_token": "pat-reader"},
}


@contextlib.contextmanager
def systems() -> Iterator[dict[str, str]]:
    """Start the three systems; yields their addresses."""
    with contextlib.ExitStack() as stack:
        found = {}
        for system, options in SYSTEMS.items():
            args = make_parser([system]).parse_args([system, *options])
            found[system] = stack.enter_context(serve(load(system).build(args))).url
        yield found


def env_text(urls: dict[str, str], postgres: Postgres) -> str:
    """Return the file Meltano reads, and a shell."""
    lines = [MARK]
    for system, url in urls.items():
        prefix = f"TAP_{system.upper()}_"
        settings = {"api_url": url, **CREDENTIALS[system], "requests_per_minute": "0"}
        if system == "cinchy":
            settings["allow_insecure_http"] = "true"
        lines += [f"{prefix}{name.upper()}='{value}'" for name, value in settings.items()]
    lines.append(f"POSTGRES_URL='{postgres.url}'")
    for name in ("host", "port", "user", "password", "database"):
        lines.append(f"TARGET_POSTGRES_{name.upper()}={getattr(postgres, name)}")
    return "\n".join(lines) + "\n"


def secrets_text(urls: dict[str, str], postgres: Postgres) -> str:
    """Return the file dlt reads."""
    lines = [MARK]
    for system, url in urls.items():
        lines += ["", f"[sources.{system}_source]", f'api_url = "{url}"']
        lines += [f'{name} = "{value}"' for name, value in CREDENTIALS[system].items()]
        if system == "cinchy":
            lines.append("config = {allow_insecure_http = true}")
    lines += ["", "[destination.postgres]", f'credentials = "{postgres.url}"']
    lines += ["", "[destination.filesystem]", 'bucket_url = "output/dlt"']
    lines += ["", "[runtime]", "dlthub_telemetry = false", 'log_level = "ERROR"']
    return "\n".join(lines) + "\n"


def content(path: Path) -> str | None:
    """Return the text of a file, or nothing if it is not there."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None


def ours(path: Path) -> bool:
    """Return whether a file is there and is not somebody else's."""
    return (content(path) or "").startswith(MARK)


def serve_until_the_end() -> None:
    """Be the process in the background."""
    end = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: end.set())
    with systems() as urls, start_postgres() as postgres:
        mine = {SECRETS: secrets_text(urls, postgres), ENV: env_text(urls, postgres)}
        for path, text in mine.items():
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
            path.chmod(0o600)
        print("READY", flush=True)
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline and content(ENV) == mine[ENV]:
            if end.wait(LOOK_EVERY):
                break
    for path, text in mine.items():
        if content(path) == text:  # and not that of the next playground
            path.unlink()


def stop() -> None:
    """Take the files away, which ends the process in the background."""
    for path in (ENV, SECRETS):
        if ours(path):
            path.unlink()


def start() -> None:
    """Start the process in the background and wait until it is ready."""
    for path in (ENV, SECRETS):
        if path.exists() and not ours(path):
            raise SystemExit(
                f"{path.relative_to(ROOT)} is yours and would be overwritten: move it aside, "
                "then run `make playground` again."
            )
    stop()
    LOG.parent.mkdir(exist_ok=True)
    with LOG.open("w") as log:
        process = subprocess.Popen(
            [sys.executable, __file__, "serve"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,
            env={name: value for name, value in os.environ.items() if name != "MAKEFLAGS"},
        )
    if process.stdout is None or process.stdout.readline() != b"READY\n":
        raise SystemExit(f"The playground did not start:\n{LOG.read_text(encoding='utf-8')}")
    print(
        "A Cachet, a Cortex, a Cinchy and a PostgreSQL run on this machine for an hour; their "
        "addresses\nand keys are in .env and .dlt/secrets.toml. `make playground-stop` ends them."
    )


if __name__ == "__main__":
    {"start": start, "serve": serve_until_the_end, "stop": stop}[sys.argv[1]]()
