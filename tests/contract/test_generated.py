"""Generated files can be thrown away: writing them again gives the same bytes."""

from __future__ import annotations

import importlib.metadata
import re
import sys
from pathlib import Path

import pytest
from readme.checkout import publish
from support.shell import run

ROOT = Path(__file__).parents[2]
WHOLE = (".env.example", "docs/tap-*.md", "docs/tap-cortex/*.md", "hub/*/*/*.yml")
PARTS = {
    "README.md": r"(<!-- what: written [^\n]+\n).*?(<!-- end of what -->)",
    "tap-*/README.md": r"(<!-- settings: written [^\n]+\n).*?(<!-- end of settings -->)",
    "dlt-bridge/README.md": r"(<!-- settings: written [^\n]+\n).*?(<!-- end of settings -->)",
    "meltano.yml": r"(  # target-dlt: written [^\n]+\n).*?(  # End of target-dlt)",
    "meltano.y*l": r"(  # Extractors: written [^\n]+\n).*?(  # End of what `make docs`)",
}

PINNED = re.search(
    r"^singer-sdk==(\S+)", (ROOT / "constraints" / "workspace.txt").read_text("utf-8"), re.MULTILINE
)


@pytest.mark.skipif(
    PINNED is None or PINNED[1] != importlib.metadata.version("singer-sdk"),
    reason="another singer-sdk than the pinned one has other capabilities to write down",
)
def test_what_is_deleted_is_written_again(tmp_path: Path) -> None:
    copy = publish(tmp_path)
    before: dict[Path, bytes] = {}
    for pattern in WHOLE:
        for path in copy.glob(pattern):
            before[path] = path.read_bytes()
            path.unlink()
    for pattern, part in PARTS.items():
        for path in copy.glob(pattern):
            before.setdefault(path, path.read_bytes())
            kept, count = re.subn(part, r"\1\2", path.read_text("utf-8"), flags=re.DOTALL)
            assert count == 1, path
            path.write_text(kept, encoding="utf-8")
    assert len(before) == 1 + 3 + 7 + 4 + 1 + 3 + 1 + 1
    run(sys.executable, copy / "scripts" / "generate_docs.py")
    # What git calls changed would be changed by `make docs` here, too.
    changed = {str(path.relative_to(copy)) for path in before if path.read_bytes() != before[path]}
    assert changed == set()
