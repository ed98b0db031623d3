"""Our source for dlt, which runs the tap in dlt's own process.

python in_process.py URL FOLDER
"""

from __future__ import annotations

import sys
from pathlib import Path

import dlt

from dlt_bridge import cachet_source


def main() -> None:
    """Read Cachet's incidents, and load them."""
    url, folder = sys.argv[1:]
    pipeline = dlt.pipeline(
        pipeline_name="bench",
        pipelines_dir=str(Path(folder, "pipelines")),
        destination=dlt.destinations.duckdb(str(Path(folder, "ours.duckdb"))),
        dataset_name="bench",
    )
    config = {"requests_per_minute": 0}
    pipeline.run(cachet_source(url, streams=["incidents"], config=config))


if __name__ == "__main__":
    main()
