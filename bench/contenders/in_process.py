"""Our sources for dlt, which run the tap in dlt's own process.

python in_process.py cachet URL DESTINATION WHERE DATASET FOLDER
python in_process.py cinchy CONFIG,CATALOG DESTINATION WHERE DATASET FOLDER

`WHERE` of DuckDB may end with `,LIMIT`: what DuckDB may take of the memory.
"""

from __future__ import annotations

import functools
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dlt

from dlt_bridge import cachet_source, singer_source

if TYPE_CHECKING:
    from dlt.extract import DltSource


def cachet(url: str) -> DltSource:
    """Return the source of Cachet's incidents."""
    return cachet_source(url, streams=["incidents"], config={"requests_per_minute": 0})


def cinchy(files: str) -> DltSource:
    """Return the source of Cinchy's table, as a catalog describes it."""
    from tap_cinchy.tap import TapCinchy  # noqa: PLC0415  # none of the other contender's cost

    config, catalog = (json.loads(Path(file).read_text()) for file in files.split(","))
    return singer_source(TapCinchy, config, catalog=catalog, streams=["orders"])


def main() -> None:
    """Read a list or a table, and load it."""
    system, what, kind, where, dataset, folder = sys.argv[1:]
    where, _comma, limit = where.partition(",")
    file = {"database": where, "global_config": {"memory_limit": limit}} if limit else where
    destinations: dict[str, Any] = {
        "duckdb": functools.partial(dlt.destinations.duckdb, file),
        "postgres": functools.partial(dlt.destinations.postgres, where),
    }
    pipeline = dlt.pipeline(
        pipeline_name="bench",
        pipelines_dir=str(Path(folder, "pipelines")),
        destination=destinations[kind](),
        dataset_name=dataset,
    )
    pipeline.run({"cachet": cachet, "cinchy": cinchy}[system](what))


if __name__ == "__main__":
    main()
