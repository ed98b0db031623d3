"""Other people's targets: how each is told where to load, and how what it loaded is read back."""

from __future__ import annotations

import csv
import dataclasses
import json
import os
import re
import subprocess
from abc import ABC, abstractmethod
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pytest
from postgres import Postgres

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENTS = ROOT / ".tools" / "targets"
"""Where `make targets` installs them, each in an environment of its own."""

SCHEMA = "loaded"
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:")


@dataclasses.dataclass
class Place:
    """Where one target loads one system."""

    folder: Path
    postgres: Postgres
    schema: str


class Target(ABC):
    """A target in an environment of its own.

    Attributes:
        package: Its name in the registry, and of its environment.
        command: Its command.
        keeps_every_state: Whether a row that was sent twice is there twice.
    """

    package: str
    command: str
    keeps_every_state = False

    @abstractmethod
    def config(self, place: Place) -> dict[str, Any]:
        """Return its settings, as docs/guides/targets.md says them."""

    @abstractmethod
    def rows(self, place: Place, stream: str, columns: tuple[str, ...]) -> list[tuple[str, ...]]:
        """Return some columns of what was loaded of a stream, as texts."""

    def load(self, place: Place, messages: Path) -> subprocess.CompletedProcess[str]:
        """Give it the messages of a tap."""
        executable = ENVIRONMENTS / self.package / "bin" / self.command
        if not executable.exists():
            pytest.skip(f"{self.package} is not installed: make targets")
        config = place.folder / f"{self.package}.json"
        config.write_text(json.dumps(self.config(place)), encoding="utf-8")
        environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
        with messages.open("rb") as lines:
            return subprocess.run(
                [executable, "--config", config],
                cwd=place.folder,
                env=environment,
                stdin=lines,
                capture_output=True,
                text=True,
                timeout=550,
                check=False,
            )


class PostgresTarget(Target):
    """What targets into PostgreSQL have in common."""

    command = "target-postgres"

    def rows(self, place: Place, stream: str, columns: tuple[str, ...]) -> list[tuple[str, ...]]:
        """See `Target.rows`."""
        with psycopg.connect(place.postgres.url) as connection:
            tables = connection.execute(
                "SELECT table_name FROM information_schema.tables WHERE table_schema = %s",
                [place.schema],
            ).fetchall()
            table = _alike(stream, [name for (name,) in tables])
            found = connection.execute(
                "SELECT column_name FROM information_schema.columns "
                "WHERE table_schema = %s AND table_name = %s",
                [place.schema, table],
            ).fetchall()
            names = [_alike(column, [name for (name,) in found]) for column in columns]
            listed = ", ".join(f'"{name}"' for name in names)
            query = f'SELECT {listed} FROM "{place.schema}"."{table}"'
            return [_texts(row) for row in connection.execute(query.encode()).fetchall()]


class MeltanoPostgres(PostgresTarget):
    """MeltanoLabs' target, made with the SDK."""

    package = "meltanolabs-target-postgres"

    def config(self, place: Place) -> dict[str, Any]:
        """See `Target.config`."""
        return {
            "host": place.postgres.host,
            "port": place.postgres.port,
            "user": place.postgres.user,
            "password": place.postgres.password,
            "database": place.postgres.database,
            "default_target_schema": place.schema,
            "hard_delete": True,
        }


class PipelinewisePostgres(PostgresTarget):
    """PipelineWise's target, which knows streams as schema and table."""

    package = "pipelinewise-target-postgres"

    def config(self, place: Place) -> dict[str, Any]:
        """See `Target.config`."""
        return {
            "host": place.postgres.host,
            "port": place.postgres.port,
            "user": place.postgres.user,
            "password": place.postgres.password,
            "dbname": place.postgres.database,
            "default_target_schema": place.schema,
            "primary_key_required": False,
        }


class DuckdbTarget(Target):
    """A relative of PipelineWise's target for DuckDB."""

    package = "target-duckdb"
    command = "target-duckdb"

    def config(self, place: Place) -> dict[str, Any]:
        """See `Target.config`."""
        return {
            "path": str(place.folder / "other.duckdb"),
            "default_target_schema": SCHEMA,
            "primary_key_required": False,
        }

    def rows(self, place: Place, stream: str, columns: tuple[str, ...]) -> list[tuple[str, ...]]:
        """See `Target.rows`."""
        with duckdb.connect(str(place.folder / "other.duckdb")) as file:
            tables = file.execute(
                "SELECT table_name FROM duckdb_tables() WHERE schema_name = ?", [SCHEMA]
            ).fetchall()
            table = _alike(stream, [name for (name,) in tables])
            listed = ", ".join(f'"{column}"' for column in columns)
            query = f'SELECT {listed} FROM "{SCHEMA}"."{table}"'
            return [_texts(row) for row in file.execute(query).fetchall()]


class JsonLines(Target):
    """The target of files with a JSON object in each line."""

    package = "target-jsonl"
    command = "target-jsonl"
    keeps_every_state = True

    def config(self, place: Place) -> dict[str, Any]:
        """See `Target.config`."""
        return {"destination_path": str(place.folder), "do_timestamp_file": False}

    def rows(self, place: Place, stream: str, columns: tuple[str, ...]) -> list[tuple[str, ...]]:
        """See `Target.rows`."""
        path = place.folder / f"{stream}.jsonl"
        lines = path.read_text(encoding="utf-8").split("\n") if path.exists() else []
        records = [json.loads(line) for line in lines if line]
        return [_texts(tuple(record.get(column) for column in columns)) for record in records]


class Csv(Target):
    """MeltanoLabs' target of CSV files."""

    package = "meltanolabs-target-csv"
    command = "target-csv"
    keeps_every_state = True

    def config(self, place: Place) -> dict[str, Any]:
        """See `Target.config`."""
        return {"output_path": str(place.folder)}

    def rows(self, place: Place, stream: str, columns: tuple[str, ...]) -> list[tuple[str, ...]]:
        """See `Target.rows`."""
        path = place.folder / f"{stream}.csv"
        if not path.exists():
            return []
        csv.field_size_limit(2**24)
        with path.open(encoding="utf-8", newline="") as file:
            return [_texts(tuple(row[c] for c in columns)) for row in csv.DictReader(file)]


TARGETS = (MeltanoPostgres(), PipelinewisePostgres(), DuckdbTarget(), JsonLines(), Csv())


def _alike(name: str, known: list[str]) -> str:
    """Find a name that a target may have written in another case or with other signs."""

    def plain(text: str) -> str:
        return "".join(character for character in text.lower() if character.isalnum())

    return next((found for found in known if plain(found) == plain(name)), name)


def _texts(row: tuple[Any, ...]) -> tuple[str, ...]:
    """Values in a form in which those of all destinations are alike."""
    return tuple(text_of(value) for value in row)


def text_of(value: Any) -> str:
    """A key's value as a text: instants without a zone, decimals without trailing zeros."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float | Decimal):
        text = str(value)
        return text.rstrip("0").rstrip(".") if "." in text else text
    text = value.isoformat() if hasattr(value, "isoformat") else str(value)
    if _INSTANT.match(text):
        text = text.replace("T", " ").removesuffix("Z").removesuffix("+00:00")
        return text.rstrip("0").rstrip(".") if "." in text else text
    return text
