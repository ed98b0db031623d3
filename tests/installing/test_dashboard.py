"""``dlt pipeline cachet_pipeline show`` opens its page, as dltHub's own pages promise."""

from __future__ import annotations

import os
import re
import subprocess
import threading
from pathlib import Path
from typing import IO

import pytest
import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from sandbox import cachet
from sandbox.serve import serve

from .test_install import ROOT, new_venv, run, uv

pytestmark = pytest.mark.integration

CONSTRAINTS = ROOT / "constraints" / "dashboard.txt"
EXAMPLE = ROOT / "examples" / "cachet_pipeline.py"
LOCAL = {"RUNTIME__DLTHUB_TELEMETRY": "false"}


def address(output: IO[str]) -> str:
    """Return the address a dashboard prints once it listens."""
    seen = ""
    for line in output:
        seen += line
        if found := re.search(r"http://\S+:\d+\S*", line):
            return found[0]
    raise AssertionError(seen)


def once_it_listens(url: str) -> str:
    """Return a page of a server that tells its address a little before it listens."""
    with requests.Session() as session:
        session.trust_env = False
        session.mount("http://", HTTPAdapter(max_retries=Retry(connect=9, backoff_factor=0.1)))
        return session.get(url, timeout=60).text


def test_the_dashboard_of_an_example_opens(tmp_path: Path) -> None:
    python = new_venv(tmp_path / "venv")
    packages: list[str | Path] = [
        ROOT / "singer-rest",
        ROOT / "tap-cachet",
        f"{ROOT / 'dlt-bridge'}[dashboard]",
    ]
    run(uv(), "pip", "install", "--quiet", "--python", python, "-c", CONSTRAINTS, *packages)
    # Both find their helpers on the path, as in an environment that is switched on.
    path = f"{python.parent}{os.pathsep}{os.environ['PATH']}"
    env = os.environ | LOCAL | {"PATH": path, "DLT_DATA_DIR": str(tmp_path / "dlt")}
    world = cachet.generate(cachet.Size(incidents=5), seed=7)
    with serve(cachet.create_app(world, cachet.Options(api="3"))) as server:
        env["SOURCES__CACHET_SOURCE__API_URL"] = server.url
        env["SOURCES__CACHET_SOURCE__API_KEY"] = cachet.ADMIN_TOKEN
        example = [python, EXAMPLE]
        done = subprocess.run(
            example, cwd=tmp_path, env=env, capture_output=True, text=True, check=False
        )
    assert done.returncode == 0, done.stderr
    command = ["dlt", "pipeline", "cachet_pipeline", "show"]
    with subprocess.Popen(
        [python.parent / command[0], *command[1:]],
        cwd=tmp_path,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as dashboard:
        watchdog = threading.Timer(100, dashboard.kill)
        watchdog.start()
        try:
            assert dashboard.stdout
            page = once_it_listens(address(dashboard.stdout))
        finally:
            watchdog.cancel()
            os.killpg(dashboard.pid, 15)
    assert "dlt workspace dashboard" in page
