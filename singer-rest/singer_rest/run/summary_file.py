"""The summary of a run as JSON, in a file that tap and loader may share.

Each program writes a section of its own and leaves the other as it is, so that whoever starts both
finds both results in one place. `docs/summary.schema.json` describes the file.
"""

from __future__ import annotations

import json
import logging
import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

logger = logging.getLogger(__name__)

SCHEMA_VERSION: Final = 1
"""Rises when a field goes or changes its meaning, not when one is added."""


class SummaryFile:
    """One program's section of a summary file.

    Args:
        path: The file; its folder must exist. Without one, nothing is written.
        section: The name of the section: `tap` or `target`.
    """

    def __init__(self, path: str | Path | None, section: str) -> None:
        self._path = Path(path) if path else None
        self._section = section

    @property
    def missing_folder(self) -> Path | None:
        """The folder the file should be in, if it does not exist: then nothing is written."""
        if self._path is None or self._path.parent.is_dir():
            return None
        return self._path.parent

    def write(self, values: Mapping[str, Any]) -> None:
        """Replace the section; the file is written whole or not at all.

        What cannot be written is a warning: the run itself is not at fault.

        Args:
            values: The section, as JSON values without secrets.
        """
        if self._path is None or self.missing_folder:
            return
        try:
            if self._path.exists() and not self._path.is_file():  # a device or a pipe
                self._path.write_text(_as_text({self._section: values}), encoding="utf-8")
                return
            path = self._path.resolve()
            with _locked(path.parent):
                _write_whole(path, _as_text({**_other_sections(path), self._section: values}))
        except OSError as error:
            logger.warning("The summary_file %s cannot be written: %s.", self._path, error.strerror)


def _as_text(sections: Mapping[str, Any]) -> str:
    return json.dumps({"schema_version": SCHEMA_VERSION, **sections}, indent=2) + "\n"


def _other_sections(path: Path) -> dict[str, Any]:
    """Return what another program wrote; nothing of a file that is not such a summary."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(found, dict) or found.get("schema_version") != SCHEMA_VERSION:
        return {}
    return {name: found[name] for name in ("tap", "target") if isinstance(found.get(name), dict)}


def _write_whole(path: Path, text: str) -> None:
    unfinished = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        unfinished.write_text(text, encoding="utf-8")
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Let one program at a time read and replace files of a folder, where folders have locks."""
    try:
        import fcntl  # noqa: PLC0415  # not on Windows
    except ImportError:
        yield
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
