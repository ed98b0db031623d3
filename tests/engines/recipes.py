"""What an operator has before a recipe: a Meltano project outside this repository, and a server."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import yaml
from readme.blocks import blocks

ROOT = Path(__file__).resolve().parents[2]
BIN = ROOT / ".venv" / "bin"
MELTANO = ROOT / ".tools" / "meltano" / "bin"
ENGINES = ROOT / ".tools" / "engines"
GUIDE = ROOT / "docs" / "guides" / "orchestrators.md"
SECONDS = 280

PLUGINS: dict[str, dict[str, dict[str, str]]] = {
    "extractors": {"tap-cachet": {}, "tap-cinchy": {}},
    "loaders": {"target-dlt": {"credentials": "warehouse.duckdb", "pipelines_dir": "pipelines"}},
}


def make_project(folder: Path) -> Path:
    """Make a Meltano project as the definitions for the Hub describe it, with what is installed."""
    folder.mkdir()
    plugins: dict[str, list[dict[str, Any]]] = {}
    for kind, named in PLUGINS.items():
        for name, config in named.items():
            [file] = (ROOT / "hub" / kind / name).glob("*.yml")
            known = yaml.safe_load(file.read_text(encoding="utf-8"))
            plugin = {key: known[key] for key in ("name", "namespace", "capabilities", "settings")}
            plugin["config"] = config
            plugins.setdefault(kind, []).append(plugin | {"executable": str(BIN / name)})
    project = {
        "default_environment": "dev",
        "send_anonymous_usage_stats": False,
        "cli": {"disable_version_check": True},
        "environments": [{"name": "dev"}],
        "plugins": plugins,
    }
    (folder / "meltano.yml").write_text(yaml.safe_dump(project), encoding="utf-8")
    return folder


def recipe(name: str) -> str:
    """Return the block of the guide that begins by naming this file."""
    head = f"# {name}"
    [found] = [block.text for block in blocks(GUIDE) if block.text.startswith(head)]
    return found


def environment(project: Path, **more: str) -> dict[str, str]:
    """Return what a worker knows: where the project is, and no setting of this machine."""
    foreign = ("TAP_", "TARGET_", "MELTANO_", "DLT_", "PYTEST_", "PYTHON", "VIRTUAL")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    return {
        **kept,
        "PATH": f"{MELTANO}:{kept['PATH']}",
        "HOME": str(project),
        "MELTANO_PROJECT_ROOT": str(project),
        **more,
    }


def start(engine: str, program: str, cwd: Path, env: dict[str, str]) -> Any:
    """Run a program in an engine's environment; return what its last line says, as JSON."""
    done = subprocess.run(
        [str(ENGINES / engine / "bin" / "python"), "-c", program],
        cwd=cwd,
        env=env,
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout.strip().splitlines()[-1])
