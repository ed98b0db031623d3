"""The seam to the Singer SDK: one room imports it, one file knows its private names."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

import pytest
import singer_sdk

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("singer-rest/singer_rest", "tap-cachet", "tap-cortex", "tap-cinchy")
SEAM = ROOT / "singer-rest" / "singer_rest" / "sdk"
FILES = [path for name in PACKAGES for path in sorted((ROOT / name).rglob("*.py"))]


def private_names(sdk_class: type) -> set[str]:
    """Return the underscore names that a class of the SDK defines or sets on itself."""
    found = set()
    for owner in sdk_class.__mro__:
        if not owner.__module__.startswith("singer_sdk"):
            continue
        for node in ast.walk(ast.parse(inspect.getsource(inspect.getmodule(owner)))):  # type: ignore[arg-type]
            if isinstance(node, ast.FunctionDef):
                found.add(node.name)
            elif isinstance(node, ast.Attribute) and getattr(node.value, "id", "") == "self":
                found.add(node.attr)
    return {name for name in found if name.startswith("_") and not name.startswith("__")}


def imports(tree: ast.AST) -> set[str]:
    """Return the dotted names a module imports, wherever it does."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {name for name in found if name.split(".")[0] == "singer_sdk"}


def read(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def test_only_one_room_imports_the_sdk() -> None:
    found = {str(path.relative_to(ROOT)) for path in FILES if imports(read(path))}
    assert found
    assert {name for name in found if not (ROOT / name).is_relative_to(SEAM)} == set()


def test_only_one_file_imports_private_names_of_the_sdk() -> None:
    found = {
        path.name
        for path in FILES
        for name in imports(read(path))
        if any(part.startswith("_") for part in name.split("."))
    }
    assert found == {"compat.py"}


@pytest.mark.parametrize("sdk_class", [singer_sdk.Tap, singer_sdk.Stream])
def test_only_one_file_uses_private_names_of_the_sdk(sdk_class: type) -> None:
    """Neither calls them nor, by a name of its own that is the same, overrides them."""
    private = private_names(sdk_class)
    assert {"_config", "_stream_version"} & private
    found = {
        (str(path.relative_to(ROOT)), node.lineno, name)
        for path in FILES
        if path != SEAM / "compat.py"
        for owner in ast.walk(read(path))
        if isinstance(owner, ast.ClassDef)
        for node in ast.walk(owner)
        for name in [getattr(node, "attr", None) or getattr(node, "name", None)]
        if isinstance(node, ast.Attribute | ast.FunctionDef) and name in private
    }
    assert found == set()
