"""A read in parts on a Dask cluster."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from singer_distributed.commands import Tap
from singer_distributed.staging import Result, Staging, write_parquet

if TYPE_CHECKING:
    from distributed import Client

RETRIES = 3


def read_parts(
    client: Client,
    *,
    tap: str,
    config: str,
    to: str | Path,
    parts: int,
    stream: str | None = None,
    catalog: dict[str, Any] | None = None,
    retries: int = RETRIES,
) -> Result:
    """Read a tap on the workers of a cluster, into Parquet files.

    Args:
        client: Of the cluster. Every worker has the tap, and reaches ``config`` and ``to``.
        tap: The command of the tap.
        config: The path of its configuration file, or ``ENV``; its content stays there.
        to: The folder of the result. What is there stays until the read is proved.
        parts: How many tasks.
        stream: One stream to read; all that are selected by default unless given.
        catalog: A catalog that says which streams and columns to read, instead of ``stream``.
        retries: How often a part is tried again.

    Raises:
        ReadError: The tap cannot read, or the parts are not the whole; ``to`` is as it was.
    """
    command, staging = Tap(tap, config), Staging(to)
    try:
        if stream is not None:
            catalog = command.select_stream(stream)
        plan = staging.plan(command, parts, catalog)
        tasks = client.map(
            read_part,
            range(len(staging.list_receipts(plan))),
            tap=command,
            plan=str(plan),
            tables=str(staging.tables),
            receipts=str(staging.receipts),
            pure=False,  # equal calls are not one task
            retries=retries,
        )
        client.gather(tasks)
        return staging.conclude(command, plan)
    finally:
        staging.remove()


def read_part(index: int, *, tap: Tap, plan: str, tables: str, receipts: str) -> int:
    """Read one part; may be done again by another worker, at any time."""
    receipt = Path(receipts) / f"{index}.json"
    write_parquet(tap.part(Path(plan), index, receipt), Path(tables), f"part-{index:05}")
    return index
