"""Run an installed tap as a user does, and look at everything it did."""

from __future__ import annotations

import dataclasses
import functools
import json
import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

import jsonschema

from support.formats import FORMATS

BIN = Path(sys.executable).parent
SECONDS = 120
RECEIPTS = "singer_receipts"


@dataclasses.dataclass
class TapRun:
    """A finished run of a tap's command."""

    exit_code: int
    stdout: str
    stderr: str

    @functools.cached_property
    def messages(self) -> list[dict[str, Any]]:
        """Every Singer message but receipts, parsed as strict JSON."""
        return [message for message in self.sent if message.get("stream") != RECEIPTS]

    @functools.cached_property
    def sent(self) -> list[dict[str, Any]]:
        """Every Singer message, receipts among them."""
        # splitlines() would also split at U+2028 and others, which may stand inside a value.
        lines = self.stdout.removesuffix("\n").split("\n") if self.stdout else []
        return [json.loads(line, parse_constant=_refuse) for line in lines]

    @functools.cached_property
    def receipts(self) -> dict[str, dict[str, Any]]:
        """The last receipt of every stream."""
        return {
            message["record"]["stream_name"]: message["record"]
            for message in self.sent
            if message["type"] == "RECORD" and message["stream"] == RECEIPTS
        }

    @functools.cached_property
    def records(self) -> dict[str, list[dict[str, Any]]]:
        """The records of every stream, in the order they came."""
        found: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for message in self.messages:
            if message["type"] == "RECORD":
                found[message["stream"]].append(message["record"])
        return found

    @functools.cached_property
    def schemas(self) -> dict[str, dict[str, Any]]:
        """The SCHEMA message of every stream."""
        return {m["stream"]: m for m in self.messages if m["type"] == "SCHEMA"}

    @property
    def states(self) -> list[dict[str, Any]]:
        """The value of every STATE message."""
        return [m["value"] for m in self.messages if m["type"] == "STATE"]

    @property
    def activated(self) -> list[str]:
        """Streams for which ACTIVATE_VERSION was sent."""
        return [m["stream"] for m in self.messages if m["type"] == "ACTIVATE_VERSION"]

    @property
    def last_line(self) -> str:
        """The last line on standard error."""
        lines = self.stderr.strip().splitlines()
        return lines[-1] if lines else ""

    def keys(self, stream: str) -> list[tuple[Any, ...]]:
        """The keys of a stream's records, in the order they came."""
        names = self.schemas[stream]["key_properties"] if stream in self.schemas else []
        return [tuple(record[name] for name in names) for record in self.records[stream]]

    def check_records(self) -> None:
        """Assert that every record is valid against its schema and every key unique."""
        for stream, schema in self.schemas.items():
            validator = jsonschema.Draft202012Validator(schema["schema"], format_checker=FORMATS)
            for record in self.records[stream]:
                error = next(validator.iter_errors(record), None)
                assert error is None, f"{stream}: {error.message if error else ''} in {record}"
            keys = self.keys(stream) if schema["key_properties"] else []
            assert len(keys) == len(set(keys)), f"{stream}: a key came twice"
            assert all(part is not None for key in keys for part in key), f"{stream}: a null key"


def run_tap(
    command: str,
    config: dict[str, Any],
    *arguments: str,
    state: dict[str, Any] | str | None = None,
    catalog: dict[str, Any] | None = None,
    env: dict[str, str] | None = None,
    timeout: float = SECONDS,
) -> TapRun:
    """Start the installed command with files for config, state and catalog, and wait for it."""
    with tempfile.TemporaryDirectory() as folder:
        line = command_line(folder, command, config, state, catalog)
        done = subprocess.run(
            [*line, *arguments],
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
            env={**os.environ, **(env or {})},
        )
    return TapRun(done.returncode, done.stdout, done.stderr)


def command_line(
    folder: str,
    command: str,
    config: dict[str, Any],
    state: dict[str, Any] | str | None,
    catalog: dict[str, Any] | None,
) -> list[str]:
    """Write the files of a run and return the command that reads them."""
    line = [str(BIN / command), "--config", _file(folder, "config", config)]
    if state is not None:
        line += ["--state", _file(folder, "state", state)]
    if catalog is not None:
        line += ["--catalog", _file(folder, "catalog", catalog)]
    return line


def discover(command: str, config: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return the catalog of a tap; the same text is asked for only once."""
    catalog: dict[str, Any] = json.loads(_catalog_text(command, json.dumps(config or {})))
    return catalog


@functools.cache
def _catalog_text(command: str, config: str) -> str:
    run = run_tap(command, json.loads(config), "--discover")
    assert run.exit_code == 0, run.stderr
    return run.stdout


def select(catalog: dict[str, Any], *streams: str) -> dict[str, Any]:
    """Select streams of a catalog, all of them if none is named, and deselect the others."""
    for stream in catalog["streams"]:
        for entry in stream["metadata"]:
            if entry["breadcrumb"] == []:
                entry["metadata"]["selected"] = not streams or stream["tap_stream_id"] in streams
    return catalog


def _file(folder: str, name: str, content: Any) -> str:
    path = Path(folder, f"{name}.json")
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return str(path)


def _refuse(constant: str) -> None:
    raise AssertionError(f"{constant} is not strict JSON")
