"""The settings of `target-dlt`: described once, read from files and the environment."""

from __future__ import annotations

import difflib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from dlt_bridge.errors import ConfigError
from dlt_bridge.redact import secret_texts
from dlt_bridge.snapshots import ReplaceWhen

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

ENVIRONMENT_PREFIX: Final = "TARGET_DLT_"

SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "destination": {
            "type": "string",
            "title": "Destination",
            "description": (
                "Where rows go: any dlt destination, such as duckdb, postgres, filesystem, "
                "bigquery, snowflake, redshift or databricks."
            ),
            "default": "duckdb",
        },
        "dataset_name": {
            "type": "string",
            "title": "Dataset",
            "description": "The schema, dataset or folder the tables are made in.",
            "default": "singer",
        },
        "credentials": {
            "type": ["string", "object", "null"],
            "title": "Credentials",
            "description": (
                "What the destination is reached with: a connection string (for DuckDB the path "
                "of the file), or an object with the fields dlt names. Leave it out to give them "
                "the dlt way, in .dlt/secrets.toml or as DESTINATION__<NAME>__CREDENTIALS."
            ),
            "secret": True,
            "writeOnly": True,
        },
        "destination_config": {
            "type": ["object", "null"],
            "title": "Destination options",
            "description": (
                "Further options of the destination, with dlt's names, such as bucket_url and "
                "layout of the filesystem."
            ),
            "secret": True,
            "writeOnly": True,
        },
        "staging": {
            "type": ["string", "null"],
            "title": "Staging",
            "description": (
                "dlt's staging destination, usually filesystem, for warehouses that load from a "
                "bucket; configured the dlt way."
            ),
        },
        "pipeline_name": {
            "type": "string",
            "title": "Pipeline",
            "description": (
                "dlt's name for this load. Give each tap that runs at the same time its own. "
                "The DuckDB file is called after it where no other is given."
            ),
            "default": "target_dlt",
        },
        "pipelines_dir": {
            "type": ["string", "null"],
            "title": "Pipelines folder",
            "description": "Where dlt keeps working files; dlt's own default where not given.",
        },
        "nested": {
            "type": "string",
            "enum": ["json", "tables"],
            "title": "Nested data",
            "description": (
                "What becomes of objects and arrays: JSON columns (json), or columns and child "
                "tables as dlt makes them (tables)."
            ),
            "default": "json",
        },
        "replace_when": {
            "type": "string",
            "enum": [str(choice) for choice in ReplaceWhen],
            "title": "Replace a table when",
            "description": (
                "When a full table read replaces the rows of earlier reads: on ACTIVATE_VERSION "
                "after its records (proved); also without any record (trusted), which is right "
                "for taps that send it for complete streams only; also before the records, once "
                "the input ends (end_of_input), though a tap that died looks the same; or never."
            ),
            "default": "proved",
        },
        "versions_rise": {
            "type": "boolean",
            "title": "Versions rise",
            "description": (
                "Whether each full table read has a higher version than the one before, as those "
                "of taps that take the time do. A version below one already activated then "
                "deletes nothing. Switch it off for other taps: ACTIVATE_VERSION deletes the "
                "rows of every other version."
            ),
            "default": True,
        },
        "on_type_mismatch": {
            "type": "string",
            "enum": ["fail", "variant"],
            "title": "On type mismatch",
            "description": (
                "What a value that breaks the type its SCHEMA declares does: end the run with an "
                "error that names it (fail), or go into a column beside (variant)."
            ),
            "default": "fail",
        },
        "number_type": {
            "type": "string",
            "enum": ["double", "decimal"],
            "title": "Numbers as",
            "description": (
                "The column type of the JSON type number where SCHEMA does not say how many "
                "digits it has."
            ),
            "default": "double",
        },
        "hard_delete": {
            "type": "boolean",
            "title": "Hard delete",
            "description": (
                "Remove rows whose record says in _sdc_deleted_at that they were deleted, "
                "instead of keeping them with that mark. Needs a key."
            ),
            "default": False,
        },
        "batch_size_rows": {
            "type": "integer",
            "minimum": 1,
            "title": "Rows per load",
            "description": (
                "How many rows are collected, on disk, before they are loaded at the next STATE; "
                "at twice as many they are loaded without waiting for one."
            ),
            "default": 250_000,
        },
        "batch_wait_limit_seconds": {
            "type": "integer",
            "minimum": 1,
            "title": "Seconds per load",
            "description": "After how long rows are loaded at the next STATE, however few.",
            "default": 300,
        },
        "verify": {
            "type": "string",
            "enum": ["off", "keys", "values"],
            "title": "Verify",
            "description": (
                "How tables are held against what came, before STATE is passed on and against "
                "the tap's receipts: not at all (off), by the number and a digest of their keys "
                "(keys), or also by reading every column back (values). For DuckDB and PostgreSQL."
            ),
            "default": "keys",
        },
        "summary_file": {
            "type": ["string", "null"],
            "title": "Summary file",
            "description": (
                "Path of a file to write the summary of the run to, as JSON: exit code, last line "
                "and counts. Written however the run ends; the tap may write to the same file."
            ),
        },
        "drain_seconds": {
            "type": "integer",
            "minimum": 0,
            "title": "Seconds to read on",
            "description": (
                "How long, after an error, the rest of the input is still read and dropped, so "
                "that the tap ends by itself and its complaint about a broken pipe does not bury "
                "the error."
            ),
            "default": 300,
        },
    },
}


@dataclass(frozen=True)
class Settings:
    """Checked settings; see `SCHEMA` for what each means."""

    destination: str = "duckdb"
    dataset_name: str = "singer"
    credentials: str | dict[str, Any] | None = None
    destination_config: dict[str, Any] | None = None
    staging: str | None = None
    pipeline_name: str = "target_dlt"
    pipelines_dir: str | None = None
    nested: str = "json"
    replace_when: ReplaceWhen = ReplaceWhen.PROVED
    versions_rise: bool = True
    on_type_mismatch: str = "fail"
    number_type: str = "double"
    hard_delete: bool = False
    batch_size_rows: int = 250_000
    batch_wait_limit_seconds: int = 300
    verify: str = "keys"
    summary_file: str | None = None
    drain_seconds: int = 300

    def __repr__(self) -> str:
        return f"Settings(destination={self.destination!r}, dataset_name={self.dataset_name!r})"

    @property
    def secrets(self) -> list[str]:
        """The texts in the settings that may be credentials."""
        found = [*secret_texts(self.credentials), *secret_texts(self.destination_config)]
        is_path = self.destination == "duckdb" and "token" not in str(self.credentials)
        if isinstance(self.credentials, str) and not is_path:
            found.append(self.credentials)
        return found


def load_settings(sources: Iterable[str], environment: Mapping[str, str] = os.environ) -> Settings:
    """Read and check the settings.

    Args:
        sources: Paths of JSON files, or `ENV` for variables named `TARGET_DLT_...`; later
            ones win.
        environment: The environment variables.

    Raises:
        ConfigError: If a file cannot be read or a setting is unknown or of the wrong kind.
    """
    given: dict[str, Any] = {}
    for source in sources:
        given |= _from_environment(environment) if source == "ENV" else _from_file(Path(source))
    known = SCHEMA["properties"]
    for name, value in given.items():
        if name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {close[0]!r}?" if close else "see target-dlt --about."
            raise ConfigError(f"There is no setting {name!r}; {hint}")
        _check(name, value, known[name])
    given = {name: value for name, value in given.items() if value is not None}
    if "replace_when" in given:
        given["replace_when"] = ReplaceWhen(given["replace_when"])
    return Settings(**given)


def find_summary_file(
    sources: Iterable[str], environment: Mapping[str, str] = os.environ
) -> str | None:
    """Return the path of the summary file, also of settings that cannot work otherwise."""
    found: str | None = None
    for source in sources:
        try:
            given = _from_environment(environment) if source == "ENV" else _from_file(Path(source))
        except ConfigError:
            continue
        path = given.get("summary_file")
        found = path if isinstance(path, str) and path else found
    return found


def _from_file(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"The config file {path} cannot be read: {error.strerror}.") from None
    except ValueError as error:
        place = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        raise ConfigError(f"The config file {path} is not JSON{place}.") from None
    if not isinstance(content, dict):
        raise ConfigError(f"The config file {path} does not hold a JSON object.")
    return content


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    found = {}
    for name, declaration in SCHEMA["properties"].items():
        text = environment.get(ENVIRONMENT_PREFIX + name.upper())
        if text is not None and text != "":
            found[name] = _parsed(text, declaration)
    return found


def _parsed(text: str, declaration: Mapping[str, Any]) -> Any:
    kinds = declaration["type"]
    if kinds == "string" or ("string" in kinds and not text.lstrip().startswith("{")):
        return text
    try:
        return json.loads(text.lower() if kinds == "boolean" else text)
    except ValueError:
        return text  # reported with the setting's name by the check that follows


_PYTHON_TYPES: Final[dict[str, type | tuple[type, ...]]] = {
    "string": str,
    "object": dict,
    "integer": int,
    "boolean": bool,
    "null": type(None),
}


def _check(name: str, value: Any, declaration: Mapping[str, Any]) -> None:
    kinds = declaration["type"]
    kinds = [kinds] if isinstance(kinds, str) else kinds
    fits = any(isinstance(value, _PYTHON_TYPES[kind]) for kind in kinds)
    if isinstance(value, bool) and "boolean" not in kinds:
        fits = False
    wanted = " or ".join(kind for kind in kinds if kind != "null")
    if not fits and value is not None:
        raise ConfigError(f"The setting {name!r} has to be of type {wanted}.")
    choices = declaration.get("enum")
    if choices and value is not None and value not in choices:
        raise ConfigError(f"The setting {name!r} has to be one of {', '.join(choices)}.")
    if isinstance(value, int) and value < declaration.get("minimum", value):
        raise ConfigError(f"The setting {name!r} has to be at least {declaration['minimum']}.")
    if "default" in declaration and value == "":
        raise ConfigError(f"The setting {name!r} is empty.")
