"""What is true of the whole repository."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = (
    "singer-rest",
    "tap-cachet",
    "tap-cortex",
    "tap-cinchy",
    "dlt-bridge",
    "singer-distributed",
    "sandbox",
)
LONGEST = 400
LONGEST_TEST = 500
"""A list of cases is read one by one, not as a whole."""


def tracked(*patterns: str) -> list[Path]:
    done = subprocess.run(
        ["git", "ls-files", "-z", *patterns], cwd=ROOT, check=True, capture_output=True, text=True
    )
    found = [ROOT / name for name in done.stdout.split("\0") if name]
    return [path for path in found if path.exists()]


def test_no_module_is_too_long() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in tracked("*.py")
        if (lines := len(path.read_text(encoding="utf-8").splitlines()))
        > (LONGEST_TEST if path.name.startswith("test_") else LONGEST)
    }
    assert long == {}


def test_no_file_records_where_packages_come_from() -> None:
    assert [path.name for path in tracked("*.lock", "pylock*.toml")] == []
    address = re.compile(r"https?://\S+\.(whl|tar\.gz|tgz|deb)\b")
    found = [
        str(path.relative_to(ROOT))
        for path in tracked("constraints", "*.toml", "Makefile", "meltano.yml", ".ci")
        if address.search(path.read_text(encoding="utf-8"))
    ]
    assert found == []


def test_nothing_in_the_product_imports_the_sandbox() -> None:
    importing = re.compile(r"^\s*(from|import) sandbox\b", re.MULTILINE)
    found = [
        str(path.relative_to(ROOT))
        for folder in PRODUCT[:-1]
        for path in tracked(f"{folder}/{folder.replace('-', '_')}/*.py")
        if importing.search(path.read_text(encoding="utf-8"))
    ]
    assert found == []


def test_dependencies_point_one_way() -> None:
    taps = re.compile(r"^\s*(from|import) (tap_\w+|dlt)\b", re.MULTILINE)
    found = [
        str(path.relative_to(ROOT))
        for path in tracked("singer-rest/singer_rest/*.py")
        if taps.search(path.read_text(encoding="utf-8"))
    ]
    assert found == []


@pytest.mark.parametrize("package", [*PRODUCT[:5]])
def test_every_package_is_dressed(package: str) -> None:
    folder = ROOT / package
    assert (folder / "README.md").read_text(encoding="utf-8").startswith(f"# {package}")
    assert (folder / "LICENSE").read_text() == (ROOT / "LICENSE").read_text()
    assert (folder / package.replace("-", "_") / "py.typed").exists()
    project = (folder / "pyproject.toml").read_text(encoding="utf-8")
    assert len(project.splitlines()) < 60
    assert {"Documentation", "Source", "Changelog", "Issues"} <= set(
        tomllib.loads(project)["project"]["urls"]
    )


@pytest.mark.parametrize("package", PRODUCT)
def test_the_changelog_begins_with_the_version_of_the_code(package: str) -> None:
    text = (ROOT / package / "CHANGELOG.md").read_text(encoding="utf-8")
    newest = re.search(r"^## (\d+\.\d+\.\d+)", text, re.MULTILINE)
    project = tomllib.loads((ROOT / package / "pyproject.toml").read_text(encoding="utf-8"))
    assert newest
    assert newest[1] == project["project"]["version"]


def test_actions_are_pinned_to_a_commit() -> None:
    used = re.compile(r"uses: (\S+)@(\S+)")
    loose = {
        found[1]
        for path in tracked(".github/workflows/*.yml")
        for found in used.finditer(path.read_text(encoding="utf-8"))
        if not re.fullmatch(r"[0-9a-f]{40}", found[2])
    }
    # PyPA asks to follow its branch, and its newest commit was not to be had here.
    assert loose == {"pypa/gh-action-pypi-publish"}


def test_tools_of_the_workflows_have_a_version() -> None:
    loose = [
        line.strip()
        for path in tracked(".github/workflows/*.yml")
        for line in path.read_text(encoding="utf-8").splitlines()
        if re.search(r"pip install|pipx run|uvx ", line) and "==" not in line
    ]
    assert loose == []


def test_help_names_every_target() -> None:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    phony = set(" ".join(re.findall(r"^\.PHONY: (.+)$", text, re.MULTILINE)).split())
    done = subprocess.run(["make", "help"], cwd=ROOT, check=True, capture_output=True, text=True)
    told = {
        name
        for line in done.stdout.splitlines()
        for made in re.findall(r"\bmake ((?:[a-z-]+ )*[a-z-]+)(?:  |:|$)", line)
        for name in made.split()
    }
    assert phony - {"help"} == told
    assert max(map(len, done.stdout.splitlines())) <= 110


def test_contributing_names_what_exists() -> None:
    """Folders, files and modules; a module of singer-rest may be written with dots."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`([a-z][a-z_-]*[/.][a-z_/.-]*)`", text))
    places = (ROOT, ROOT / "singer-rest" / "singer_rest", ROOT / "tests")
    missing = [
        name
        for name in sorted(named)
        if not any(
            (place / path).exists()
            for place in places
            for path in (name, f"{name}.py", f"{name.replace('.', '/')}.py")
        )
    ]
    assert len(named) > 20
    assert missing == []
