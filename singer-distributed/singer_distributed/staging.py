"""A folder beside the result: parts are written there, and take its place when they are proved."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import shutil
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq

from singer_distributed.arrow import batches
from singer_distributed.changes import keys_of, last_of_each, take_the_place
from singer_distributed.commands import ReadError, Tap, count_parts

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

RECEIPTS = "singer_receipts"
JOIN = "join"
"""The file of the rows that came when all parts were there."""
STATE_FILE = "state.json"
"""Beside the tables: what a plain incremental run of the tap goes on from."""
PROOF_FILE = "receipts.json"
"""Beside it: the tap's own receipt of every stream, which says what proves it."""


@dataclasses.dataclass(frozen=True)
class Result:
    """A read that is proved.

    Attributes:
        folder: Holds a folder of Parquet files for each stream, ``state.json`` and
            ``receipts.json``.
        rows: How many rows each stream has.
        state: What a plain run of the tap goes on from.
        receipts: The last receipt of each stream; none where the setting ``receipts`` is off.
    """

    folder: Path
    rows: dict[str, int]
    state: dict[str, Any]
    receipts: dict[str, dict[str, Any]]

    def dataframe(self, stream: str) -> Any:
        """Return a stream as a dataframe of Dask."""
        import dask.dataframe as dd  # noqa: PLC0415  # an extra

        return dd.read_parquet(str(self.folder / stream))


class Staging:
    """One read on its way.

    Args:
        target: Where the result will be; all workers reach it under this path.
    """

    def __init__(self, target: str | Path) -> None:
        self.target = Path(target).absolute()
        self.folder = self.target.with_name(f".{self.target.name}.{uuid.uuid4().hex[:12]}")
        self.receipts = self.folder / "receipts"
        self.tables = self.folder / "tables"

    def plan(self, tap: Tap, parts: int, catalog: dict[str, Any] | None = None) -> Path:
        """Plan the read."""
        self.receipts.mkdir(parents=True)
        self.tables.mkdir()
        return tap.plan(parts, self.folder, catalog)

    def list_receipts(self, plan: Path) -> list[Path]:
        """Return where the parts leave their receipts."""
        return [self.receipts / f"{index}.json" for index in range(count_parts(plan))]

    def conclude(self, tap: Tap, plan: Path) -> Result:
        """Prove the read, and only then let it take the place of what was there before.

        Raises:
            ReadError: The parts are not the whole; nothing has changed.
        """
        receipts = self.list_receipts(plan)
        messages = tap.join(plan, [path for path in receipts if path.exists()])
        rows = [message for message in messages if message.get("stream") != RECEIPTS]
        keys = keys_of(rows)
        write_parquet(last_of_each(rows, keys), self.tables, JOIN)
        for stream, names in keys.items():  # what came or changed while the parts were read
            take_the_place(self.tables / stream / f"{JOIN}.parquet", names)
        states = [message["value"] for message in messages if message["type"] == "STATE"]
        if not states:
            raise ReadError(f"{tap.name} joined the parts and wrote no STATE.")
        (self.tables / STATE_FILE).write_text(json.dumps(states[-1]), encoding="utf-8")
        proofs = {
            message["record"]["stream_name"]: message["record"]
            for message in messages
            if message["type"] == "RECORD" and message["stream"] == RECEIPTS
        }
        (self.tables / PROOF_FILE).write_text(json.dumps(proofs, indent=1), encoding="utf-8")
        counts = {
            path.name: sum(pq.read_metadata(file).num_rows for file in path.glob("*.parquet"))
            for path in sorted(self.tables.iterdir())
            if path.is_dir()
        }
        self._swap()
        return Result(self.target, counts, states[-1], proofs)

    def _swap(self) -> None:
        before = self.folder / "before"
        with contextlib.suppress(FileNotFoundError):
            self.target.rename(before)
        self.tables.rename(self.target)

    def remove(self) -> None:
        """Take away what is not needed any more, or will never be."""
        shutil.rmtree(self.folder, ignore_errors=True)


def write_parquet(messages: Iterable[Mapping[str, Any]], tables: Path, name: str) -> None:
    """Write the rows of messages, a file for each stream; whole or not at all.

    Args:
        messages: Of one part. An error in them leaves no file.
        tables: Where each stream has a folder.
        name: Of the files; a part that is read again overwrites what it wrote before.
    """
    unfinished: dict[Path, Path] = {}
    with contextlib.ExitStack() as writers:
        writer_of: dict[str, pq.ParquetWriter] = {}
        for stream, schema, batch in batches(messages):
            if stream not in writer_of:
                folder = tables / stream
                folder.mkdir(exist_ok=True)
                path = folder / f".{name}.{os.getpid()}.{uuid.uuid4().hex[:8]}"
                unfinished[path] = folder / f"{name}.parquet"
                writer_of[stream] = writers.enter_context(pq.ParquetWriter(path, schema))
            if batch is not None:
                writer_of[stream].write_batch(batch)
    for path, final in unfinished.items():
        path.replace(final)
