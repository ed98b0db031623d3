"""dlt, given Python dictionaries, as its documentation shows it.

    python dlt_dictionaries.py MESSAGES FOLDER

Reading the file costs what msgspec needs, a fiftieth of the whole. Parquet files, because dlt loads
them several times faster than what it writes by default.
"""

from __future__ import annotations

import itertools
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dlt
import msgspec

from bench.messages import KEY, PROPERTIES, STREAM

if TYPE_CHECKING:
    from collections.abc import Iterator

TOGETHER = 1000


def rows(file: str) -> Iterator[list[dict[str, Any]]]:
    """Yield the records of a file of messages, a thousand at a time."""
    decode = msgspec.json.Decoder().decode
    with Path(file).open("rb") as lines:
        while batch := list(itertools.islice(lines, TOGETHER)):
            messages = map(decode, batch)
            yield [one["record"] for one in messages if one["type"] == "RECORD"]


def main() -> None:
    """Load everything."""
    file, folder = sys.argv[1:]
    columns: Any = {
        name: {"data_type": "json"}
        for name, schema in PROPERTIES.items()
        if {"object", "array"} & set(schema["type"])
    }
    pipeline = dlt.pipeline(
        pipeline_name="bench",
        pipelines_dir=str(Path(folder, "pipelines")),
        destination=dlt.destinations.duckdb(str(Path(folder, "dlt.duckdb"))),
        dataset_name="bench",
    )
    resource = dlt.resource(
        rows(file), name=STREAM, primary_key=KEY, write_disposition="merge", columns=columns
    )
    pipeline.run(resource, loader_file_format="parquet")


if __name__ == "__main__":
    main()
