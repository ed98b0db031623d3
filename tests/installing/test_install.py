"""Every way of installing works, from built wheels and from a git remote."""

from __future__ import annotations

import email
import shutil
import sys
import zipfile
from pathlib import Path

import pytest
from support import shell

pytestmark = pytest.mark.integration

ROOT = Path(__file__).resolve().parents[2]
TAPS = ("tap-cachet", "tap-cortex", "tap-cinchy")
COMMANDS = {"tap-cachet": "tap-cachet", "dlt-bridge": "target-dlt"}
PACKAGES = ("singer-rest", *TAPS, "dlt-bridge")
CONSTRAINTS = ROOT / "constraints" / "workspace.txt"


def uv() -> str:
    return shutil.which("uv") or str(ROOT / ".tools" / "bin" / "uv")


def run(*command: str | Path, cwd: Path | None = None) -> str:
    return shell.run(*command, cwd=cwd, env={"UV_NO_PROGRESS": "1", "PYTHONDONTWRITEBYTECODE": "1"})


def new_venv(folder: Path, *, pip: bool = False) -> Path:
    """Make an empty environment; returns its Python."""
    seed = ["--seed"] if pip else []
    run(uv(), "venv", "--quiet", *seed, "--python", sys.executable, folder)
    return folder / "bin" / "python"


@pytest.fixture(scope="session")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Wheels and sdists of every distribution."""
    folder = tmp_path_factory.mktemp("dist")
    for package in PACKAGES:
        run(uv(), "build", "--quiet", "--out-dir", folder, ROOT / package)
    return folder


@pytest.fixture(scope="session")
def remote(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A git remote that holds what is committed here."""
    folder = tmp_path_factory.mktemp("remote") / "repository.git"
    run("git", "clone", "--quiet", "--bare", ROOT, folder)
    return f"git+file://{folder}"


@pytest.mark.parametrize("package", PACKAGES)
def test_wheels_hold_what_they_must_and_nothing_else(dist: Path, package: str) -> None:
    wheel = next(dist.glob(f"{package.replace('-', '_')}-*.whl"))
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        module = package.replace("-", "_")
        assert f"{module}/py.typed" in names
        assert any(name.endswith("licenses/LICENSE") for name in names)
        foreign = [name for name in names if "test" in name or name.startswith("sandbox")]
        assert foreign == []
        metadata = email.message_from_bytes(
            archive.read(next(name for name in names if name.endswith("METADATA")))
        )
    assert metadata["Requires-Python"] == ">=3.11"
    assert metadata["License-Expression"] == "MIT"
    assert str(metadata.get_payload()).strip().startswith("#")


@pytest.mark.parametrize("package", TAPS)
def test_a_tap_alone_from_wheels_with_uv(dist: Path, package: str, tmp_path: Path) -> None:
    python = new_venv(tmp_path / "venv")
    wheels = [next(dist.glob(f"{p.replace('-', '_')}-*.whl")) for p in ("singer-rest", package)]
    run(uv(), "pip", "install", "--quiet", "--python", python, "-c", CONSTRAINTS, *wheels)
    about = run(python.parent / package, "--about", "--format", "json")
    assert f'"{package}"' in about
    assert "sandbox" not in run(uv(), "pip", "list", "--python", python)


def test_everything_together_with_dlt_from_sdists(dist: Path, tmp_path: Path) -> None:
    python = new_venv(tmp_path / "venv")
    sdists = sorted(dist.glob("*.tar.gz"))
    assert len(sdists) == len(PACKAGES)
    run(uv(), "pip", "install", "--quiet", "--python", python, "-c", CONSTRAINTS, *sdists)
    for package in TAPS:
        assert run(python.parent / package, "--version").startswith(package)
    assert run(python.parent / "target-dlt", "--version")
    run(uv(), "pip", "check", "--python", python)


def test_editable_with_plain_pip(tmp_path: Path) -> None:
    python = new_venv(tmp_path / "venv", pip=True)
    pip: list[str | Path] = [
        python,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-compile",
        "--disable-pip-version-check",
    ]
    run(*pip, "-c", CONSTRAINTS, "-e", ROOT / "singer-rest", "-e", ROOT / "tap-cachet")
    assert run(python.parent / "tap-cachet", "--version").startswith("tap-cachet")


@pytest.mark.parametrize("installer", ["pip", "uv"])
def test_from_a_git_subdirectory(remote: str, installer: str, tmp_path: Path) -> None:
    python = new_venv(tmp_path / "venv", pip=installer == "pip")
    wanted = [f"{name} @ {remote}#subdirectory={name}" for name in ("singer-rest", "tap-cachet")]
    if installer == "pip":
        command: list[str | Path] = [python, "-m", "pip", "install", "--quiet", "--no-compile"]
        command += ["--disable-pip-version-check", "-c", CONSTRAINTS, *wanted]
    else:
        # One entry is enough for uv, which follows the workspace of the repository.
        command = [uv(), "pip", "install", "--quiet", "--python", python, "-c", CONSTRAINTS]
        command += wanted[1:]
    run(*command)
    assert run(python.parent / "tap-cachet", "--version").startswith("tap-cachet")


@pytest.mark.parametrize("version", ["3.12", "3.13", "3.14"])
def test_other_pythons_where_there_are_any(dist: Path, version: str, tmp_path: Path) -> None:
    # pyenv's commands on the path are shims that may lead nowhere.
    pyenv = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python"))
    found = str(pyenv[-1]) if pyenv else shutil.which(f"python{version}")
    if found is None:
        pytest.skip(f"there is no Python {version} on this machine")
    run(uv(), "venv", "--quiet", "--python", found, tmp_path / "venv")
    python = tmp_path / "venv" / "bin" / "python"
    wheels = [next(dist.glob(f"{p}-*.whl")) for p in ("singer_rest", "tap_cachet")]
    run(uv(), "pip", "install", "--quiet", "--python", python, "-c", CONSTRAINTS, *wheels)
    assert run(python.parent / "tap-cachet", "--version").startswith("tap-cachet")
