"""What singer-rest promises to authors of taps."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import singer_rest

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "tests" / "faults" / "example_tap.py"
MAX_NAMES = 30


def test_few_names_are_promised() -> None:
    assert len(singer_rest.__all__) <= MAX_NAMES
    assert singer_rest.__all__ == sorted(set(singer_rest.__all__), key=_ruff_order)
    assert dir(singer_rest) == sorted(singer_rest.__all__)


def _ruff_order(name: str) -> tuple[int, str]:
    return 0 if name.isupper() else 1 if name[0].isupper() else 2, name


def test_every_promised_name_is_there() -> None:
    for name in singer_rest.__all__:
        assert getattr(singer_rest, name) is not None


def test_the_type_checker_sees_the_same_names() -> None:
    tree = ast.parse(Path(str(singer_rest.__file__)).read_text(encoding="utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If))
    told = [a.name for node in block.body if isinstance(node, ast.ImportFrom) for a in node.names]
    assert sorted(told) == sorted(singer_rest.__all__)


def test_looking_at_the_package_loads_nothing() -> None:
    code = "import sys, singer_rest; print('singer_sdk' in sys.modules, 'requests' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.split() == ["False", "False"]


def test_the_example_uses_only_promised_names() -> None:
    tree = ast.parse(EXAMPLE.read_text(encoding="utf-8"))
    modules = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    ours = {
        name for name in modules if name and name.split(".")[0] in {"singer_rest", "singer_sdk"}
    }
    assert ours == {"singer_rest"}


def test_the_readme_shows_the_example_that_is_tested() -> None:
    """All of it but the docstring of the module, which the text before it replaces."""
    code = EXAMPLE.read_text(encoding="utf-8").partition("\n\n")[2]
    assert code in (ROOT / "singer-rest" / "README.md").read_text(encoding="utf-8")
