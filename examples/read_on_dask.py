"""Read a tap in four parts on two Dask workers.

python examples/read_on_dask.py tap-cachet CONFIG FOLDER
"""

import sys

from dask.distributed import Client, LocalCluster

from singer_distributed.dask import read_parts


def main(tap: str, config: str, folder: str) -> None:
    """Read every stream that is selected by default, and say what came."""
    workers = LocalCluster(
        n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None
    )
    with workers, Client(workers) as client:
        result = read_parts(client, tap=tap, config=config, to=folder, parts=4)
    for stream, rows in result.rows.items():
        print(f"{stream}: {rows} rows, proved")


if __name__ == "__main__":  # workers are spawned, and import this file
    main(*sys.argv[1:])
