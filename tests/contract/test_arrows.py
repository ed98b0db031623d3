"""The rooms of singer-rest: which may use which, and that nothing runs back."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "singer-rest" / "singer_rest"
ROOMS = ("sdk", "run", "sources", "http")
"""Each may use every room after it."""
VALUES = "records"
VALUES_FOR = frozenset({"sdk", "run", "sources"})
EVERYWHERE = frozenset({"errors", "redact", "stop"})
SURFACE = "singer_rest"
"""The package itself, which gives authors names from every room; no room imports it."""


def module_name(path: Path) -> str:
    """Return the dotted name of a module of the package."""
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported(tree: ast.AST, modules: frozenset[str]) -> set[str]:
    """Return the modules of the package that a module names, in whatever block."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute here"
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            inner = names & modules
            found |= inner
            if names - inner:
                found.add(str(node.module))
    return found & modules


@pytest.fixture(scope="module")
def arrows() -> dict[str, set[str]]:
    """Return what every module imports, also for the type checker only."""
    files = {module_name(path): path for path in PACKAGE.rglob("*.py")}
    modules = frozenset(files)
    return {
        name: imported(ast.parse(path.read_text(encoding="utf-8")), modules) - {name}
        for name, path in files.items()
    }


def room(module: str) -> str:
    """Return the room of a module: the part after the package's name."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else SURFACE


def allowed(start: str, end: str) -> bool:
    """Tell whether a module of one room may import one of another."""
    if start in {SURFACE, end}:
        return True
    if end == VALUES:
        return start in VALUES_FOR
    if end in EVERYWHERE:
        # Those three stand below everything, in this order.
        lowest = ("errors", "redact", "stop")
        return start not in EVERYWHERE or lowest.index(end) < lowest.index(start)
    if start in ROOMS and end in ROOMS:
        return ROOMS.index(start) < ROOMS.index(end)
    return False


def cycle_of(arrows: dict[str, set[str]]) -> list[str]:
    """Return modules that import each other in a ring; nothing if there are none."""
    done: set[str] = set()
    path: list[str] = []

    def visit(module: str) -> list[str]:
        if module in path:
            return [*path[path.index(module) :], module]
        if module in done:
            return []
        path.append(module)
        for other in sorted(arrows[module]):
            if ring := visit(other):
                return ring
        path.pop()
        done.add(module)
        return []

    for module in sorted(arrows):
        if ring := visit(module):
            return ring
    return []


def test_every_room_is_known(arrows: dict[str, set[str]]) -> None:
    assert {room(module) for module in arrows} == {*ROOMS, VALUES, *EVERYWHERE, SURFACE}


def test_no_arrow_runs_back(arrows: dict[str, set[str]]) -> None:
    wrong = sorted(
        f"{module} -> {other}"
        for module, others in arrows.items()
        for other in others
        if not allowed(room(module), room(other))
    )
    assert wrong == []


def test_no_modules_import_each_other_in_a_ring(arrows: dict[str, set[str]]) -> None:
    assert cycle_of(arrows) == []
