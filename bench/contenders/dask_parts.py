"""One read as so many parts on a Dask cluster of as many workers, into Parquet files.

python dask_parts.py PARTS [CONFIG CATALOG FOLDER]; without files only the cluster is started.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from dask.distributed import Client, LocalCluster

from singer_distributed.dask import read_parts


def main(parts: str, config: str = "", catalog: str = "", folder: str = "") -> None:
    """Start the cluster and read Cinchy's table."""
    workers = LocalCluster(
        n_workers=int(parts), threads_per_worker=1, host="127.0.0.1", dashboard_address=None
    )
    with workers, Client(workers) as client:
        client.wait_for_workers(int(parts))
        if not config:
            return
        read_parts(
            client,
            tap="tap-cinchy",
            config=config,
            to=folder,
            parts=int(parts),
            catalog=json.loads(Path(catalog).read_text()),
        )


if __name__ == "__main__":  # workers are spawned, and import this file
    main(*sys.argv[1:])
