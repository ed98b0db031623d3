"""Build the marts, if asked to, and write the page: ``python -m board DATABASE``."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from board.database import DatabaseError, connect, dbt_environment, is_postgres
from board.page import collect, render

if TYPE_CHECKING:
    from collections.abc import Sequence

PACKAGE = Path(__file__).resolve().parent.parent
OUTPUT = PACKAGE.parent / "output" / "board.html"


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="board", description=__doc__)
    parser.add_argument("database", help="a DuckDB file, or postgresql://user:password@host/name")
    parser.add_argument("--output", type=Path, default=OUTPUT, help="the page to write")
    parser.add_argument("--schema", default="analytics", help="schema of the marts")
    parser.add_argument("--no-dbt", action="store_true", help="the marts are built already")
    parser.add_argument("--vars", default="{}", help="variables for dbt, as JSON")
    return parser.parse_args(given)


def build(where: str, schema: str, variables: str) -> None:
    """Run dbt over the database.

    Raises:
        DatabaseError: A model or a test failed.
    """
    json.loads(variables)
    dbt = Path(sys.executable).parent / "dbt"
    command = [str(dbt), "--quiet", "build", "--profiles-dir", ".", "--vars", variables]
    done = subprocess.run(  # noqa: S603  # a command of this environment
        command,
        cwd=PACKAGE,
        env=dbt_environment(where, schema),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        text = (done.stdout + done.stderr).strip()
        raise DatabaseError(f"The marts could not be built; dbt says:\n{text}")


def shown(where: str) -> str:
    """Return where the data comes from, without a password."""
    if is_postgres(where):
        return "a PostgreSQL database"
    return Path(where).name


def main(given: Sequence[str] | None = None) -> int:
    """Write the page and return the exit code."""
    options = arguments(given)
    try:
        connect(options.database, options.schema).close()
        if not options.no_dbt:
            build(options.database, options.schema, options.vars)
        board = collect(connect(options.database, options.schema))
    except DatabaseError as error:
        print(error, file=sys.stderr)
        return 2
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(render(board, source=shown(options.database)), encoding="utf-8")
    print(options.output)
    return 0


if __name__ == "__main__":
    sys.exit(main())
