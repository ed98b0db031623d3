"""Three generated systems, loaded as users load them, and the dbt package run over the result."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from support.tap_run import run_tap

from sandbox import cinchy, cortex
from sandbox.cachet.app import create_app as cachet_app
from sandbox.cachet.clock import Clock
from sandbox.cachet.generate import Size, generate
from sandbox.cachet.options import ADMIN_TOKEN, Options
from sandbox.cachet.world import World as Cachet
from sandbox.serve import serve

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "analytics"
DBT = ROOT / ".tools" / "analytics" / "bin" / "dbt"
NOW = dt.datetime(2026, 11, 20, 10, tzinfo=dt.UTC)
SYSTEMS = ("cachet", "cortex", "cinchy")
OPT_IN = ["deploys", "scorecard_rule_results_daily"]


@dataclasses.dataclass
class Worlds:
    """What there is to read, and the messages of the taps that read it."""

    cachet: Cachet
    cachet_options: Options
    cortex: cortex.World
    cinchy: cinchy.World
    configs: dict[str, dict[str, Any]] = dataclasses.field(default_factory=dict)
    receipts: bool = False
    """Whether the taps send them; most tests write their own, or do without."""


@contextlib.contextmanager
def worlds(seed: int, *, hostile: bool) -> Iterator[Worlds]:
    """Serve three worlds of one seed, whose clocks stand still."""
    options = Options()
    made = Worlds(
        generate(Size(metric_points=20), seed=seed, clock=Clock(NOW)),
        options,
        cortex.World(
            cortex.WorldSpec(
                seed=seed, now=NOW, entities=60, logs=40, crowd=104, hostile=hostile, sparse=hostile
            )
        ),
        cinchy.build_world(seed=seed, rows=120)
        if hostile
        else cinchy.build_plain_world(seed, clock=cinchy.Clock(NOW)),
    )
    with contextlib.ExitStack() as stack:
        page = stack.enter_context(serve(cachet_app(made.cachet, options)))
        portal = stack.enter_context(serve(cortex.create_app(made.cortex, cortex.Options())))
        platform = cinchy.create_app(made.cinchy, cinchy.Options())
        data = stack.enter_context(serve(platform))
        made.configs = {
            "cachet": {"api_url": page.url, "api_key": ADMIN_TOKEN, "requests_per_minute": 0},
            "cortex": {
                "api_url": portal.url,
                "api_key": cortex.DEFAULT_TOKEN,
                "requests_per_minute": 0,
                "opt_in_streams": OPT_IN,
            },
            "cinchy": {
                "api_url": data.url + platform.options.base_path,
                "access_token": made.cinchy.accounts["admin"].token,
                "allow_insecure_http": True,
            },
        }
        yield made


def messages(found: Worlds, system: str) -> str:
    """Return what a tap writes when it reads one of the worlds."""
    run = run_tap(f"tap-{system}", found.configs[system] | {"receipts": found.receipts})
    assert run.exit_code == 0, run.stderr
    return run.stdout


def load(command: list[str], text: str, env: dict[str, str] | None = None) -> None:
    """Give messages to a loader's command."""
    done = subprocess.run(
        command,
        input=text,
        capture_output=True,
        text=True,
        check=False,
        timeout=1200,
        env={**os.environ, **(env or {})},
    )
    assert done.returncode == 0, done.stderr


def dbt(folder: Path, *arguments: str, variables: dict[str, Any], **env: str) -> str:
    """Run dbt over the package, with files of its own; returns what it prints.

    Raises:
        AssertionError: It failed.
    """
    done = subprocess.run(
        [
            str(DBT),
            "--no-use-colors",
            *arguments,
            "--profiles-dir",
            str(PACKAGE),
            "--project-dir",
            str(PACKAGE),
            "--target-path",
            str(folder / "target"),
            "--log-path",
            str(folder / "logs"),
            "--vars",
            json.dumps(variables),
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=1200,
        env={**os.environ, "DO_NOT_TRACK": "1", **env},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


Ask = Callable[[str], list[tuple[Any, ...]]]
"""Runs a query where the marts are; returns its rows."""


@dataclasses.dataclass
class Warehouse:
    """Loaded worlds with marts over them."""

    worlds: Worlds
    ask: Ask
    output: str
    """What dbt printed."""
    manifest: dict[str, Any]
    raw: dict[str, str]
    """Schema of the loaded tables by system."""
    database: str
    """Where the page finds the marts: a file, or a URL."""
