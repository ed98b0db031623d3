"""Where the message files of public targets' own test suites are; none of them is kept here.

The variable SINGER_MESSAGE_FILES names a folder with clones of the repositories, as `owner+name`
with a bare clone in `repo`, or as checkouts called `name`; without it the tests are skipped.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

PIPELINEWISE_POSTGRES = "transferwise/pipelinewise-target-postgres"
PIPELINEWISE_SNOWFLAKE = "transferwise/pipelinewise-target-snowflake"
MELTANO_POSTGRES = "MeltanoLabs/target-postgres"

_FOLDERS = {
    PIPELINEWISE_POSTGRES: "tests/integration/resources",
    PIPELINEWISE_SNOWFLAKE: "tests/integration/resources",
    MELTANO_POSTGRES: "target_postgres/tests/data_files",
}


def message_file(repository: str, name: str) -> bytes:
    """Read a file of a suite; the test that needs it is skipped where there is none."""
    named = os.environ.get("SINGER_MESSAGE_FILES")
    if not named:
        pytest.skip("SINGER_MESSAGE_FILES names no folder with clones of public targets")
    folder = Path(named)
    path = f"{_FOLDERS[repository]}/{name}"
    checkout = folder / repository.split("/")[1] / path
    if checkout.exists():
        return checkout.read_bytes()
    clone = folder / repository.replace("/", "+") / "repo"
    if not clone.exists():
        pytest.skip(f"SINGER_MESSAGE_FILES names no folder with a clone of {repository}")
    command = ["git", "--git-dir", str(clone), "show", f"HEAD:{path}"]
    return subprocess.run(command, check=True, capture_output=True).stdout
