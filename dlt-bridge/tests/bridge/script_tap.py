"""A Singer tap of one file: prints what the file `data` of its configuration holds.

The file maps streams to `keys`, `full_table`, `rows` and `version`. `fails_after` ends the tap
with a complaint after so many records; `mumbles` prints something that is no message.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

parser = argparse.ArgumentParser()
for name in ("config", "catalog", "state"):
    parser.add_argument(f"--{name}")
parser.add_argument("--discover", action="store_true")
arguments = parser.parse_args()
config = json.loads(Path(arguments.config).read_text())
streams = json.loads(Path(config["data"]).read_text())


def say(**message: object) -> None:
    sys.stdout.write(json.dumps(message) + "\n")


def schema_of(rows: list[dict[str, object]]) -> dict[str, object]:
    names = sorted({name for row in rows for name in row} | {"id"})
    types = {"id": {"type": "integer"}, "tags": {"type": "array", "items": {"type": "object"}}}
    return {"properties": {name: types.get(name, {"type": ["string", "null"]}) for name in names}}


if arguments.discover:
    catalog = [
        {
            "tap_stream_id": name,
            "stream": name,
            "schema": schema_of(stream["rows"]),
            "key_properties": stream.get("keys", []),
            "metadata": [
                {
                    "breadcrumb": [],
                    "metadata": {
                        "selected-by-default": not stream.get("off"),
                        "forced-replication-method": "FULL_TABLE"
                        if stream.get("full_table")
                        else "INCREMENTAL",
                    },
                }
            ],
        }
        for name, stream in streams.items()
    ]
    sys.stdout.write(json.dumps({"streams": catalog}))
    sys.exit(0)

sys.stderr.write(f"reading with {config.get('api_key')}\n")
state = json.loads(Path(arguments.state).read_text()) if arguments.state else {}
chosen = [
    entry["stream"]
    for entry in json.loads(Path(arguments.catalog).read_text())["streams"]
    if entry["metadata"][0]["metadata"]["selected"]
]
written = 0
for name in chosen:
    stream = streams[name]
    say(
        type="SCHEMA",
        stream=name,
        schema=schema_of(stream["rows"]),
        key_properties=stream.get("keys", []),
    )
    start = 0 if stream.get("full_table") else state.get(name, 0)
    for row in stream["rows"][start:]:
        if written == config.get("fails_after"):
            sys.stderr.write(
                f"2026-11-21 03:45:14,817 | CRITICAL | tap | {config['api_key']} broke\n"
            )
            sys.exit(3)
        say(type="RECORD", stream=name, record=row)
        written += 1
    if "version" in stream:
        say(type="ACTIVATE_VERSION", stream=name, version=stream["version"])
    state[name] = len(stream["rows"])
    say(type="STATE", value=state)
if config.get("mumbles"):
    sys.stdout.write("done!\n")
