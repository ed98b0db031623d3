"""Reads the files of BATCH messages: JSON lines, plain or gzipped, and parquet."""

from __future__ import annotations

import gzip
from typing import IO, TYPE_CHECKING, Any, cast

import fsspec  # type: ignore[import-untyped]
import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
from msgspec import Raw

from dlt_bridge.errors import MessageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dlt_bridge.messages import Message

_PARQUET_ROWS = 1_000

_encode = msgspec.json.Encoder(decimal_format="number").encode


def read_batch(message: Message) -> Iterator[tuple[Raw, int]]:
    """Read all records a BATCH message points to, in the order of its manifest.

    The files stay where they are; removing them is left to whoever wrote them.

    Yields:
        Each record as JSON text, with its length.

    Raises:
        MessageError: If a file cannot be read or its format is not known.
    """
    encoding = _encoding(message)
    file_format, compression = encoding.get("format"), encoding.get("compression") or "none"
    if file_format not in {"jsonl", "parquet"} or compression not in {"none", "gzip"}:
        raise MessageError(
            f"A BATCH message of stream {message.stream!r} has files in the format "
            f"{file_format!r} with compression {compression!r}; this target reads jsonl, plain "
            "or gzip, and parquet: set batch_config of the tap accordingly."
        )
    for location in message.manifest or ():
        try:
            with fsspec.open(location, "rb").open() as file:
                if file_format == "parquet":
                    yield from _parquet(file)
                else:
                    yield from _json_lines(file, gzipped=compression == "gzip")
        except (OSError, EOFError, ImportError, ValueError, pa.ArrowException) as error:
            raise MessageError(
                f"The file {location.split('?')[0]} of a BATCH message of stream "
                f"{message.stream!r} cannot be read: {error}."
            ) from None


def _encoding(message: Message) -> dict[str, Any]:
    try:
        return msgspec.json.decode(message.encoding, type=dict[str, Any])
    except msgspec.DecodeError:
        raise MessageError(
            f"A BATCH message of stream {message.stream!r} does not say how its files are encoded."
        ) from None


def _json_lines(file: IO[bytes], *, gzipped: bool) -> Iterator[tuple[Raw, int]]:
    lines = cast("IO[bytes]", gzip.GzipFile(fileobj=file)) if gzipped else file
    for line in lines:
        text = line.strip()
        if text:
            if not text.endswith(b"}"):
                raise ValueError("it ends in the middle of a record")
            yield Raw(text), len(text)


def _parquet(file: IO[bytes]) -> Iterator[tuple[Raw, int]]:
    for batch in pq.ParquetFile(file).iter_batches(batch_size=_PARQUET_ROWS):
        for row in batch.to_pylist():
            text = _encode(row)
            yield Raw(text), len(text)
