"""Runs target-dlt in forks of one process that has imported everything already.

Each line on stdin is a JSON object with `arguments`, `environment`, `folder` and the paths
`stdin`, `stdout` and `stderr`. The answers are two lines: the process id of the fork, which
the reader may kill, and its wait status.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import psycopg2  # noqa: F401
from dlt.destinations.impl.filesystem import filesystem  # noqa: F401
from dlt.destinations.impl.postgres import postgres  # noqa: F401

from dlt_bridge import cli


def answer(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


def run(request: dict[str, Any]) -> int:
    for number, name, flags in (
        (0, "stdin", os.O_RDONLY),
        (1, "stdout", os.O_WRONLY | os.O_CREAT | os.O_TRUNC),
        (2, "stderr", os.O_WRONLY | os.O_CREAT | os.O_TRUNC),
    ):
        file = os.open(request[name], flags)
        os.dup2(file, number)
        os.close(file)
    os.environ.update(request["environment"])
    os.chdir(request["folder"])
    return cli.main(request["arguments"])


def import_what_a_run_imports() -> None:
    """Learns it from a run in a fork: a run in this process would leave threads behind."""
    with tempfile.TemporaryDirectory() as folder:
        messages, modules = Path(folder) / "input", Path(folder) / "modules"
        declared = {"properties": {"id": {"type": "integer"}}}
        lines = [
            {"type": "SCHEMA", "stream": "t", "schema": declared, "key_properties": ["id"]},
            {"type": "RECORD", "stream": "t", "record": {"id": 1}},
        ]
        messages.write_text("\n".join(map(json.dumps, lines)))
        child = os.fork()
        if child == 0:
            run(
                {
                    "arguments": [],
                    "environment": {"DLT_DATA_DIR": folder},
                    "folder": folder,
                    "stdin": str(messages),
                    "stdout": os.devnull,
                    "stderr": os.devnull,
                }
            )
            modules.write_text("\n".join(sys.modules))
            os._exit(0)
        os.waitpid(child, 0)
        for name in modules.read_text().splitlines():
            with contextlib.suppress(Exception):
                importlib.import_module(name)


import_what_a_run_imports()
for line in sys.stdin:
    child = os.fork()
    if child == 0:
        code = 70
        try:
            code = run(json.loads(line))
        finally:
            os._exit(code)
    answer(child)
    answer(os.waitpid(child, 0)[1])
