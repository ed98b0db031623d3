"""Runs target-dlt in forks of one process that has imported everything already.

Each line on stdin is a JSON object with `arguments`, `environment`, `folder` and the paths
`stdin`, `stdout` and `stderr`. The answers are two lines: the process id of the fork, which
the reader may kill, and its wait status.
"""

import json
import os
import sys
from typing import Any

import dlt.destinations  # noqa: F401
import duckdb  # noqa: F401
import psycopg2  # noqa: F401
import pyarrow.csv  # noqa: F401
import sqlalchemy  # noqa: F401
from dlt.destinations.impl.duckdb import duck, sql_client  # noqa: F401
from dlt.destinations.impl.filesystem import filesystem  # noqa: F401
from dlt.destinations.impl.postgres import postgres  # noqa: F401

from dlt_bridge import cli, dlt_setup, target  # noqa: F401


def answer(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


def run(request: dict[str, Any]) -> None:
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
    code = 70
    try:
        code = cli.main(request["arguments"])
    finally:
        os._exit(code)


for line in sys.stdin:
    child = os.fork()
    if child == 0:
        run(json.loads(line))
    answer(child)
    answer(os.waitpid(child, 0)[1])
