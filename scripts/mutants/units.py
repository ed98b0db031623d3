"""Run unit tests in a process that is forked with everything imported but what is tested.

Importing pytest and the SDK takes longer than most mutants live.
"""

from __future__ import annotations

import os
import sys
import tempfile
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

TIMED_OUT = -1
_OPTIONS = ("-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:singer_testing")
_CONTEXT = get_context("forkserver")
_CONTEXT.set_forkserver_preload(["mutants.preload"])


def run(copy: Path, root: Path, tests: Sequence[str], seconds: float) -> tuple[int, str]:
    """Run tests against a copy of the package.

    Args:
        copy: What stands first on the path.
        root: Where pytest is started.
        tests: What pytest is told to run.
        seconds: After which it is ended.

    Returns:
        The exit code of pytest, ``TIMED_OUT`` if it had to be ended, and what it printed.
    """
    with tempfile.TemporaryDirectory() as folder:
        said = Path(folder, "said")
        process = _CONTEXT.Process(target=_work, args=(str(copy), str(root), [*tests], str(said)))
        process.start()
        process.join(seconds)
        code = process.exitcode
        if code is None:
            process.kill()
            process.join()
        return TIMED_OUT if code is None else code, said.read_text("utf-8", errors="replace")


def _work(copy: str, root: str, tests: list[str], said: str) -> None:
    import pytest  # noqa: PLC0415  # not wanted in the process that only starts this one

    with open(said, "wb", buffering=0) as output:  # noqa: PTH123  # for its file number
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
    os.chdir(root)
    os.environ["PYTHONPATH"] = os.pathsep.join([copy, str(Path(root, "tests"))])
    sys.path[:0] = [copy, str(Path(root, "tests"))]
    sys.exit(int(pytest.main([*_OPTIONS, *tests])))
