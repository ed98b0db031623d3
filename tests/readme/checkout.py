"""What a newcomer has after the README's first block: a clone, and what `make` set up in it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ADDRESS = "https://github.com/your-org/singer-taps"
OWNER_ENV = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "newcomer"), ("EMAIL", "newcomer@example.com"))
}


def publish(folder: Path) -> Path:
    """Make a repository of the files that git knows here, as they are now; returns its place."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        source = ROOT / name
        if source.is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, folder / name)
    for command in ("init --quiet", "add --all", "commit --quiet --message all"):
        subprocess.run(
            ["git", *command.split()], cwd=folder, check=True, env={**os.environ, **OWNER_ENV}
        )
    return folder


def furnish(clone: Path) -> None:
    """Lend a clone the environments of this checkout, so that its `make` finds them ready.

    That `make setup meltano` makes them from nothing is what `make test` begins with.
    """
    for place in (".venv", ".tools/meltano"):
        folder = clone / place
        folder.mkdir(parents=True)
        for part in ("bin", "lib", "pyvenv.cfg"):
            (folder / part).symlink_to(ROOT / place / part)
    if (ROOT / ".tools" / "bin").exists():
        (clone / ".tools" / "bin").symlink_to(ROOT / ".tools" / "bin")
    plugins = clone / ".meltano"
    plugins.mkdir()
    for part in ("extractors", "loaders"):
        (plugins / part).symlink_to(ROOT / ".meltano" / part)
    (clone / "output").mkdir()
    # The order counts: each was made after what it is made from.
    for place in (".tools/meltano", ".venv", ".meltano"):
        (clone / place / ".ready").touch()


def environment(home: Path, remote: Path) -> dict[str, str]:
    """Return what a newcomer's shell knows: a home of its own, and where the clone comes from."""
    uv = shutil.which("uv") or str(ROOT / ".tools" / "bin" / "uv")
    cache = subprocess.run([uv, "cache", "dir"], check=True, capture_output=True, text=True)
    foreign = ("TAP_", "TARGET_", "MELTANO_", "DLT_", "SOURCES__", "DESTINATION__", "PYTEST_")
    kept = {k: v for k, v in os.environ.items() if not k.startswith((*foreign, "MAKE", "VIRTUAL"))}
    kept.pop("PYTHONDONTWRITEBYTECODE", None)
    return {
        **kept,
        "HOME": str(home),
        "DLT_DATA_DIR": str(home / ".dlt"),  # which is not in the home where root runs the tests
        "UV_CACHE_DIR": cache.stdout.strip(),
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{remote}.insteadOf",
        "GIT_CONFIG_VALUE_0": ADDRESS,
    }


if __name__ == "__main__":
    furnish(Path(sys.argv[1]))
