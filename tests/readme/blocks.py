"""The fenced blocks of a Markdown file, and the shell script they make together."""

from __future__ import annotations

import dataclasses
import re
import textwrap
from pathlib import Path

FENCE = re.compile(
    r"^(?:[ ]*<!-- not run: (?P<reason>[^\n]+?) -->\n)?"
    r"(?P<indent>[ ]*)```(?P<language>\w*)\n(?P<text>.*?)^(?P=indent)```$",
    re.DOTALL | re.MULTILINE,
)
RUN = ("console", "python")
OTHERS = (
    "tap-cachet/README.md",
    "tap-cortex/README.md",
    "tap-cinchy/README.md",
    "docs/guides/meltano.md",
    "docs/guides/pipe.md",
    "docs/guides/dlt.md",
    "docs/guides/cachet-self-hosted.md",
)
"""Pages whose blocks are run after those of the README, in the same clone."""


@dataclasses.dataclass(frozen=True)
class Block:
    """One fenced block."""

    path: Path
    line: int
    language: str
    text: str
    reason: str | None
    """Why it is not run; nothing if it is."""

    @property
    def runs(self) -> bool:
        """Whether a reader is meant to run it, and can."""
        return self.language in RUN and self.reason is None

    @property
    def shell(self) -> str:
        """The block as a shell runs it."""
        if self.language == "console":
            return self.text
        return f"python - <<'END-OF-PYTHON'\n{self.text}END-OF-PYTHON\n"


def blocks(path: Path) -> list[Block]:
    """Return the blocks of a file in order."""
    text = path.read_text(encoding="utf-8")
    return [
        Block(
            path,
            text.count("\n", 0, found.start("text")),
            found["language"],
            textwrap.dedent(found["text"]),
            found["reason"],
        )
        for found in FENCE.finditer(text)
    ]


def script(path: Path) -> str:
    """Return every block of a file that runs, in order, as one script that stops at a failure."""
    parts = [
        f"echo '### {path.name}, line {block.line}' >&2\n{block.shell}"
        for block in blocks(path)
        if block.runs
    ]
    return "set -eo pipefail\n" + "".join(parts)
