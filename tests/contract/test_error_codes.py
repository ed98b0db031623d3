"""Every code a run can end with is explained in docs/errors.md."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CODE = re.compile(
    r"""(?:\bcode\s*=\s*f?|_last_line\([^)]*?,\s*|\bunreachable\([^)]*?,\s*|\bcode:\s*str\s*=\s*)"""
    r'''"(?P<code>[A-Z][A-Z0-9]+(?:-[A-Z0-9{}]+)*)"''',
    re.DOTALL,
)
BASE_CLASSES = {"FAULT", "STREAM", "REQUEST", "RUN", "ERROR"}
"""Never shown: every fault that is raised has a code of its own."""


def codes(text: str) -> set[str]:
    return {found["code"] for found in CODE.finditer(text)}


def test_every_code_is_explained() -> None:
    explained = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
    used: set[str] = set()
    for package in ("singer-rest", "tap-cachet", "tap-cortex", "tap-cinchy", "dlt-bridge"):
        for path in (ROOT / package / package.replace("-", "_")).rglob("*.py"):
            used |= codes(path.read_text(encoding="utf-8"))
    assert {"CONFIG", "DNS", "HTML-BODY", "STATE"} <= used
    missing = {
        code
        for code in used - BASE_CLASSES
        if f"`{code}`" not in explained and not code.startswith("HTTP-")
    }
    assert missing == set()
