"""Collects the records of one stream and turns them, a chunk at a time, into columns."""

from __future__ import annotations

import logging
import re
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
from msgspec import Raw

from dlt_bridge.columns import DELETED_AT, METADATA, Column, TableLayout, natural_type
from dlt_bridge.convert import convert
from dlt_bridge.errors import MessageError, RejectedValueError
from dlt_bridge.messages import repaired
from dlt_bridge.rejected_values import RejectedValues
from dlt_bridge.sequence import STEP
from dlt_bridge.spool import Spool, SpoolFile

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from dlt_bridge.capture import Times

logger = logging.getLogger(__name__)

CHUNK_ROWS: Final = 10_000
CHUNK_BYTES: Final = 16 * 2**20

_NULL: Final = b"null"
_ESCAPED_NUL: Final = b"\\u0000"
_ESCAPED_SURROGATES: Final = (b"\\ud", b"\\uD")
_NUL_IN_JSON = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")

_ODD_NAME = re.compile(r'["\\\x00-\x1f]')

_decode_properties = msgspec.json.Decoder(dict[str, Raw]).decode
_decode_scalar = msgspec.json.Decoder(float_hook=str).decode


class RecordBuffer:
    """The rows of one stream that are not at the destination yet.

    Args:
        layout: The stream's columns.
        folder: Where rows are kept once there are many; must exist.
        name: What its files are called; unique in the folder.
    """

    def __init__(self, layout: TableLayout, folder: Path, name: str) -> None:
        self.layout = layout
        self.rows = 0
        self.first_sequence = 0
        self.last_sequence = 0
        self._version: int | None = None
        self._row_versions: set[int | None] = set()
        self._spool = Spool(folder, name)
        self._records: list[Raw] = []
        self._sequence: list[int] = []
        self._extracted: list[Any] = []
        self._pages: list[pa.Table] = []
        self._bytes = 0
        self._converted = 0
        self._decode: Callable[[bytes], list[Any]] | None = None
        self._nul_reported = False

    def forget_columns(self) -> None:
        """Forget the columns: call it when the layout's changed, and `close_chunk` before that."""
        self._decode = None

    def begin_version(self, version: int | None) -> None:
        """Note that the records that follow belong to this version, or to none."""
        if version != self._version:
            self.close_chunk()
            self._version = version

    def discard(self) -> None:
        """Drop all rows."""
        self._records, self._sequence, self._extracted = [], [], []
        self._pages = []
        self._bytes = 0
        self.take()

    def append(self, record: Raw, sequence: int, extracted: Any, size: int) -> bool:
        """Take a record.

        Args:
            record: Its JSON text.
            sequence: Its place among all records.
            extracted: When the tap read it, or None.
            size: Bytes of the line that it keeps in memory.

        Returns:
            Whether that completed a chunk, which is now on disk.
        """
        if self._pages:
            self.close_chunk()  # rows stay in their order
        if not self.rows:
            self.first_sequence = sequence
        self._records.append(record)
        self._sequence.append(sequence)
        self._extracted.append(extracted)
        self._bytes += size
        self.rows += 1
        self.last_sequence = sequence
        if len(self._records) < CHUNK_ROWS and self._bytes < CHUNK_BYTES:
            return False
        self.close_chunk()
        return True

    def append_page(self, arrays: dict[str, pa.Array], after: int, extracted: Times) -> None:
        """Take rows as columns.

        Args:
            arrays: The columns of SCHEMA, by their names at the destination.
            after: The sequence number before that of the first row.
            extracted: When the tap read them.

        Raises:
            RejectedValueError: If a row lacks what its SCHEMA requires.
            MessageError: If a row lacks its key.
        """
        if self._records:
            self.close_chunk()
        count = len(next(iter(arrays.values())))
        self._check_columns(arrays)
        last = after + STEP * count
        texts, counts = zip(*extracted, strict=True)
        moments, _ = convert(texts, self.layout.extracted_at.type)
        times = list(map(pa.repeat, moments, counts))
        own = self._own_columns(range(after + STEP, last + 1, STEP), pa.concat_arrays(times))
        if not self.rows:
            self.first_sequence = after + STEP
        self._pages.append(self._as_table(arrays | own))
        self._bytes += self._pages[-1].nbytes
        self._converted += count
        self.rows += count
        self.last_sequence = last
        if sum(map(len, self._pages)) >= CHUNK_ROWS or self._bytes >= CHUNK_BYTES:
            self.close_chunk()

    def take(self) -> tuple[list[SpoolFile], frozenset[int | None]]:
        """Hand over all rows, as files, with their versions, and start anew."""
        self.close_chunk()
        self.rows = 0
        versions, self._row_versions = frozenset(self._row_versions), set()
        return self._spool.take(), versions

    def make_empty_file(self) -> SpoolFile:
        """Make a file with the columns and no rows, of which the destination makes the table."""
        self._spool.write(self._to_arrow())
        return self._spool.take()[0]

    def close_chunk(self) -> None:
        """Convert the records at hand and put them on disk.

        Raises:
            RejectedValueError: If a value does not fit the type its SCHEMA declares.
            MessageError: If a record is no JSON object or lacks a key.
        """
        if self._pages:
            table = pa.concat_tables(self._pages)
        elif self._records:
            table = self._to_arrow()
            self._converted += len(self._records)
        else:
            return
        self.layout.validate()
        self._spool.write(table)
        self._row_versions.add(self._version)
        self._records, self._sequence, self._extracted = [], [], []
        self._pages = []
        self._bytes = 0

    def _to_arrow(self) -> pa.Table:
        text = self._clean_text()
        rows = self._decoded(text)
        has_nul = _ESCAPED_NUL in text
        arrays: dict[str, pa.Array] = {}
        rejected = RejectedValues(self.layout, self._records, self._converted)
        for number, column in enumerate(self.layout.columns.values()):
            values = list(map(attrgetter(f"f{number}"), rows))
            arrays[column.name] = self._column(column, values, rejected)
        self._check_columns(arrays)
        arrays |= rejected.arrays(len(rows))
        if has_nul and self.layout.options.strip_nul:
            arrays = self._without_nul(arrays)
        times, _ = convert(self._extracted, self.layout.extracted_at.type)
        return self._as_table(arrays | self._own_columns(self._sequence, times))

    def _own_columns(self, sequence: Sequence[int], times: pa.Array) -> dict[str, pa.Array]:
        layout = self.layout
        version = pa.scalar(self._version, pa.int64())
        return {
            layout.sequence.name: pa.array(sequence, pa.int64()),
            layout.extracted_at.name: times,
            layout.table_version.name: pa.repeat(version, len(sequence)),
        }

    def _as_table(self, arrays: dict[str, pa.Array]) -> pa.Table:
        # dlt rewrites files that do not say, as its own schema does, what may be null.
        columns = self.layout.columns.values()
        filled = {column.name for column in columns if column.key and not column.nullable}
        fields = [
            pa.field(name, array.type, nullable=name not in filled)
            for name, array in arrays.items()
        ]
        return pa.table(list(arrays.values()), schema=pa.schema(fields))

    def _clean_text(self) -> bytes:
        """Return the records as one JSON array, in valid UTF-8 and without halves of characters."""
        text = b"[" + b",".join(self._records) + b"]"
        try:
            text.decode()
        except UnicodeDecodeError:
            pass
        else:
            if not any(escape in text for escape in _ESCAPED_SURROGATES):
                return text
        self._records = [Raw(repaired(bytes(record))) for record in self._records]
        return b"[" + b",".join(self._records) + b"]"

    def _column(self, column: Column, values: list[Any], rejected: RejectedValues) -> pa.Array:
        if column.is_raw:
            texts = [None if (text := bytes(raw)) == _NULL else text for raw in values]
            if column.type.data_type == "json":
                return pa.array(texts, pa.string())
            values = [None if text is None else _decode_scalar(text) for text in texts]
        if column.source == DELETED_AT and column.declared.zoned and not column.type.zoned:
            # A mark that went to another column would be none any more.
            array, positions = convert(values, column.declared)
            array = array.cast(column.type.arrow)
        else:
            array, positions = convert(values, column.type)
        if not positions:
            return array
        if rejected.widen(column, values, positions):
            array, positions = convert(values, column.type)
        return rejected.place(column, values, positions, array)

    def _decoded(self, text: bytes) -> list[Any]:
        if self._decode is None:
            self._decode = self._decoder()
        try:
            return self._decode(self._with_plain_names(text))
        except msgspec.ValidationError:
            self._add_undeclared()
            self._decode = self._decoder()
            return self._decode(self._with_plain_names(text))
        except msgspec.DecodeError as error:
            raise MessageError(
                f"A RECORD of stream {self.layout.stream!r} is not valid JSON: {error}."
            ) from None

    def _decoder(self) -> Callable[[bytes], list[Any]]:
        """Make a decoder for chunks of exactly these columns.

        Nested values stay text, so no digit of theirs is touched; floats become text.
        """
        columns = list(self.layout.columns.items())
        plain = self._plain_names
        fields: list[tuple[str, type, Any]] = [
            (f"f{number}", Raw, Raw(_NULL)) if column.is_raw else (f"f{number}", object, None)
            for number, (_, column) in enumerate(columns)
        ]
        row = msgspec.defstruct(
            "Row",
            fields,
            rename={
                f"f{number}": plain.get(source, source)
                for number, (source, _) in enumerate(columns)
            },
            forbid_unknown_fields=True,
            gc=False,
        )
        return msgspec.json.Decoder(list[row], float_hook=str).decode  # type: ignore[valid-type]

    @property
    def _plain_names(self) -> dict[str, str]:
        """What properties are called while decoding whose names msgspec does not take."""
        odd = filter(_ODD_NAME.search, self.layout.columns)
        return {source: f"\ue000{number}" for number, source in enumerate(odd)}

    def _with_plain_names(self, text: bytes) -> bytes:
        plain = self._plain_names
        if not plain:
            return text
        return msgspec.json.encode(
            [
                {plain.get(name, name): value for name, value in _decode_properties(record).items()}
                for record in msgspec.json.decode(text, type=list[Raw])
            ]
        )

    def _add_undeclared(self) -> None:
        """Make columns for properties that SCHEMA does not know, so that they are not lost."""
        found: dict[str, bytes] = {}
        for record in self._records:
            try:
                properties = _decode_properties(record)
            except msgspec.ValidationError:
                raise MessageError(
                    f"A RECORD of stream {self.layout.stream!r} is not a JSON object."
                ) from None
            for source in properties.keys() - self.layout.columns.keys():
                if found.get(source, _NULL) == _NULL:
                    found[source] = bytes(properties[source])
        for source in sorted(found):
            kind = METADATA.get(source) or natural_type(msgspec.json.decode(found[source]))
            column = self.layout.add_undeclared(source, kind)
            if source in METADATA:
                continue
            logger.warning(
                "Stream %r has the property %r, which its SCHEMA does not declare: it goes "
                "into the column %s as %s.",
                self.layout.stream,
                source,
                column.name,
                column.type.data_type,
            )

    def _check_columns(self, arrays: dict[str, pa.Array]) -> None:
        deleted = self.layout.deleted_column
        kept = arrays[deleted].is_null() if deleted else None
        for column in self.layout.columns.values():
            array = arrays[column.name]
            if array.null_count and column.key:
                self._refuse_without_key(column, array.is_null())
            elif array.null_count and column.required and not self.layout.options.variants:
                # A record that says that its row was deleted may have nothing but the key.
                missing = array.is_null()
                missing = missing if kept is None else pc.and_(missing, kept)
                self._refuse_without_value(column, missing)
            if column.max_length is not None and array.type == pa.string():
                self._report_too_long(column, array)

    def _refuse_without_key(self, column: Column, missing: pa.Array) -> None:
        raise MessageError(
            f"A RECORD of stream {self.layout.stream!r} has no value for its key property "
            f"{column.source!r} (its record number {self._number(missing)}); a row without its "
            "key cannot be merged."
        )

    def _refuse_without_value(self, column: Column, missing: pa.Array) -> None:
        if not pc.any(missing).as_py():
            return
        raise RejectedValueError(
            f"{self.layout.table}.{column.name}: a RECORD of stream {self.layout.stream!r} (its "
            f"record number {self._number(missing)}) has no value for {column.source!r}, which "
            "its SCHEMA requires and does not allow to be null; mend it at the source, or set "
            "on_type_mismatch to 'variant' to load it without."
        )

    def _number(self, wanted: pa.Array) -> int:
        """Return the place in its stream of the first record that is wanted, counted from 1."""
        return self._converted + int(pc.index(wanted, True).as_py()) + 1

    def _report_too_long(self, column: Column, texts: pa.Array) -> None:
        longest = pc.max(pc.utf8_length(texts)).as_py() or 0
        if longest <= (column.max_length or 0):
            return
        logger.warning(
            "Property %r of stream %r has texts of up to %d characters, more than the maxLength "
            "%d of its SCHEMA: they are loaded whole.",
            column.source,
            self.layout.stream,
            longest,
            column.max_length,
        )
        column.max_length = None

    def _without_nul(self, arrays: dict[str, pa.Array]) -> dict[str, pa.Array]:
        """Remove U+0000, which PostgreSQL and its kin store in no text."""
        if not self._nul_reported:
            self._nul_reported = True
            logger.warning(
                "Texts of stream %r contain U+0000, which the destination cannot store: it was "
                "removed, and replaced by U+FFFD in keys, which have to stay apart.",
                self.layout.stream,
            )
        columns = (*self.layout.columns.values(), *self.layout.variants.values())
        nested = {column.name for column in columns if column.type.data_type == "json"}
        keys = set(self.layout.key_columns)
        cleaned = {}
        for name, array in arrays.items():
            if array.type != pa.string():
                cleaned[name] = array
            elif name not in nested:
                mark = "\ufffd" if name in keys else ""
                cleaned[name] = pc.replace_substring(array, "\x00", mark)
            else:
                texts = array.to_pylist()
                kept = [text and _NUL_IN_JSON.sub(r"\1", text) for text in texts]
                cleaned[name] = pa.array(kept, pa.string())
        return cleaned
