"""A read in parts on Spark 4: ``spark.read.format("singer")``, and a load that proves it.

Options: ``tap``, ``stream``, ``config`` (a path that every worker has, or ``ENV``), ``parts``.
Spark sees no setting of the tap, in no plan and on no page of its UI.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from pyspark.sql.datasource import DataSource, DataSourceReader, InputPartition

from singer_distributed.arrow import batches, build_schema
from singer_distributed.commands import ReadError, Tap, catalog_in, count_parts
from singer_distributed.staging import Result, Staging

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pyspark.sql import SparkSession

NAME = "singer"
TYPES = {pa.int64(): "bigint", pa.float64(): "double", pa.bool_(): "boolean"}


class Part(InputPartition):
    """One part of a plan, and the plan itself, so that workers need not share a disk."""

    def __init__(self, plan: str, index: int) -> None:
        self.plan = plan
        self.index = index


class SingerReader(DataSourceReader):
    """Reads the parts of one stream."""

    def __init__(self, options: Mapping[str, str]) -> None:
        self.options = dict(options)
        self.tap = _tap(options)

    def partitions(self) -> list[Part]:
        """Plan the read, unless that was done."""
        if "plan" in self.options:
            return _parts(Path(self.options["plan"]))
        with tempfile.TemporaryDirectory() as folder:
            catalog = self.tap.select_stream(self.options["stream"])
            return _parts(self.tap.plan(int(self.options.get("parts", "4")), Path(folder), catalog))

    def read(self, partition: Part) -> Iterator[pa.RecordBatch]:
        """Yield the rows of a part; a part that is not proved complete fails its task."""
        with tempfile.TemporaryDirectory() as folder:
            plan = Path(folder) / "plan.json"
            plan.write_text(partition.plan, encoding="utf-8")
            kept = self.options.get("receipts", folder)
            receipt = Path(kept) / f"{partition.index}.json"
            for _stream, _schema, batch in batches(self.tap.part(plan, partition.index, receipt)):
                if batch is not None:
                    yield batch


class SingerSource(DataSource):
    """The streams of Singer taps as a source of Spark."""

    @classmethod
    def name(cls) -> str:
        """Return what ``format`` takes."""
        return NAME

    def schema(self) -> str:
        """Return the columns of the stream, as its catalog says."""
        tap, stream = _tap(self.options), self.options["stream"]
        planned = self.options.get("plan")
        catalog = tap.select_stream(stream) if planned is None else catalog_in(Path(planned))
        [entry] = [one for one in catalog["streams"] if one["tap_stream_id"] == stream]
        return ", ".join(
            f"`{field.name.replace('`', '``')}` {TYPES.get(field.type, 'string')}"
            for field in build_schema(entry["schema"])
        )

    def reader(self, schema: Any) -> SingerReader:
        """Return what reads the parts."""
        del schema
        return SingerReader(self.options)


def load(
    spark: SparkSession, *, tap: str, stream: str, config: str, to: str | Path, parts: int
) -> Result:
    """Read a stream into Parquet files, prove it, and only then put it in its place.

    Args:
        spark: The session. Its workers have the tap, and reach ``config`` and ``to``.
        tap: The command of the tap.
        stream: Which stream.
        config: The path of the tap's configuration file, or ``ENV``.
        to: The folder of the result. What is there stays until the read is proved.
        parts: How many partitions.

    Raises:
        ReadError: The tap cannot read, or the parts are not the whole; ``to`` is as it was.
    """
    command, staging = Tap(tap, config), Staging(to)
    try:
        plan = staging.plan(command, parts, command.select_stream(stream))
        spark.dataSource.register(SingerSource)
        reader = spark.read.format(NAME).options(tap=tap, stream=stream, config=config)
        reader = reader.options(plan=str(plan), receipts=str(staging.receipts))
        frame = reader.load()
        frame.write.mode("overwrite").parquet(str(staging.tables / stream))
        return staging.conclude(command, plan)
    finally:
        staging.remove()


def _tap(options: Mapping[str, str]) -> Tap:
    missing = [name for name in ("tap", "stream") if name not in options]
    if missing:
        raise ReadError(f"spark.read.format({NAME!r}) needs the option {missing[0]}.")
    return Tap(options["tap"], options.get("config", "ENV"))


def _parts(plan: Path) -> list[Part]:
    text = plan.read_text(encoding="utf-8")
    return [Part(text, index) for index in range(count_parts(plan))]
