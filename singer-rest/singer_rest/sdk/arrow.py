"""Pages out as Arrow record batches, for a reader in the same process.

Rows are columns in the tap and in a loader of columns; JSON between the two costs more than both.
Only what a target takes changes here: rows are counted, bookmarks moved and receipts made by the
same :class:`~singer_rest.sdk.writer.RecordWriter`, whichever of the two outputs it has.
"""

from __future__ import annotations

import dataclasses
import decimal
import itertools
import types
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
from singer_sdk.singerlib.encoding.simple import SchemaMessage

from singer_rest.records.columns import UNPARSED
from singer_rest.records.rows import Records
from singer_rest.sdk.messages import JSON_ENCODER, SingerOutput

if TYPE_CHECKING:
    from collections.abc import Mapping

    from singer_sdk.singerlib.encoding.simple import Message

TakeLine = Callable[[bytes], None]
"""Takes one line of Singer messages."""

Times = Sequence[tuple[str, int]]
"""When rows were read: a moment and how many rows it is that of, in the order of the rows."""

TakePage = Callable[[str, pa.RecordBatch, int | None, Times], bool]
"""Takes rows of a stream, with their version, if they have one, and the times they were read.

Returns whether it did: rows that it did not take come again as RECORD messages."""

ROWS_AT_ONCE: Final = 1_000
BYTES_AT_ONCE: Final = 4 * 2**20
"""What is gathered at most before it is converted: by itself a batch costs more than a hundred rows
do."""

INSTANT: Final = pa.timestamp("us", "UTC")
FIRST: Final = pa.scalar("0001-01-01T00:00:00Z").cast(INSTANT)
LAST: Final = pa.scalar("9999-12-31T23:59:59.999999Z").cast(INSTANT)
"""A zone may move a moment out of these years, which databases and Python have in common."""
LOCAL: Final = pa.timestamp("us")
_FORMATS: Final = {"date-time": INSTANT, "date-time-local": LOCAL, "date": pa.date32()}
_TYPES: Final[dict[str, tuple[pa.DataType, set[type]]]] = {
    "integer": (pa.int64(), {int}),
    "number": (pa.float64(), {int, float}),
    "boolean": (pa.bool_(), {bool}),
    "string": (pa.string(), {str}),
}
"""By the one type that a column declares beside null: what it is in Arrow, and the Python types
that this takes whole."""


class UnfitError(ValueError):  # a verdict on a page, which then goes as JSON
    """A value has no exact form in the Arrow type of its column."""


@dataclasses.dataclass
class _Gathered:
    """Pages of one stream that wait to become a batch together."""

    version: int | None
    pages: list[Records] = dataclasses.field(default_factory=list)
    times: list[tuple[str, int]] = dataclasses.field(default_factory=list)
    rows: int = 0

    def fits(self, records: Records, version: int | None) -> bool:
        """Whether a page can be part of the same batch."""
        return version == self.version and records.cells.keys() == self.pages[0].cells.keys()

    def add(self, records: Records, time_extracted: str) -> None:
        """Take a page."""
        self.pages.append(records)
        self.times.append((time_extracted, len(records)))
        self.rows += len(records)

    def whole(self) -> Records:
        """Return all pages as one."""
        if len(self.pages) == 1:
            return self.pages[0]
        chained = itertools.chain.from_iterable
        names = self.pages[0].cells
        cells = {name: list(chained(page.cells[name] for page in self.pages)) for name in names}
        more: dict[int, dict[str, Any]] = {}
        first = 0
        for page in self.pages:
            more.update((first + index, found) for index, found in page.more.items())
            first += len(page)
        return Records(cells, self.rows, more)


class ArrowOutput(SingerOutput):
    """Hands pages over as record batches, and everything else as lines of messages, in order.

    A batch has the columns of the stream's SCHEMA: integers of 64 bits, doubles, booleans, dates,
    timestamps in UTC (one that names no zone is taken to be in UTC, as ``target-dlt`` does), local
    times as timestamps without a zone, and texts; objects, arrays and values of several types are
    JSON text. A page with a value that this would change, such as a number with more digits than a
    double has, goes as RECORD messages, and so do rows that a stream map or flattening makes.

    Small pages are gathered and become a batch together, before any other message is handed over.

    Args:
        take_line: Gets every other message.
        take_page: Gets the batches.
    """

    def __init__(self, take_line: TakeLine, take_page: TakePage) -> None:
        super().__init__()
        self._take_line = take_line
        self._take_page = take_page
        self._properties: dict[str, Mapping[str, Any]] = {}
        self._gathered: dict[str, _Gathered] = {}
        self._row_bytes: dict[str, float] = {}
        """What a row of a stream takes as columns, as far as batches have shown."""

    def write_message(self, message: Message) -> None:
        """Write one message, and note the columns that a SCHEMA declares."""
        self.flush()
        if isinstance(message, SchemaMessage):
            self._properties[message.stream] = message.schema["properties"]
        super().write_message(message)

    def write_records(
        self, stream: str, records: Records, *, version: int | None, time_extracted: str
    ) -> None:
        """Take the records of a page, which are handed over with those of the next pages."""
        if not records:
            return
        gathered = self._gathered.get(stream)
        if gathered is not None and not gathered.fits(records, version):
            self._hand_over(stream)
            gathered = None
        if gathered is None:
            gathered = self._gathered[stream] = _Gathered(version)
        gathered.add(records, time_extracted)
        # Of rows that nobody has seen as columns yet, one page has to do.
        size = self._row_bytes.get(stream, BYTES_AT_ONCE)
        if gathered.rows >= ROWS_AT_ONCE or gathered.rows * size >= BYTES_AT_ONCE:
            self._hand_over(stream)

    def flush(self) -> None:
        """Hand over whatever waits.

        Raises:
            StreamError: A value cannot be written.
        """
        while self._gathered:
            self._hand_over(next(iter(self._gathered)))

    def _hand_over(self, stream: str) -> None:
        gathered = self._gathered.pop(stream)
        if len(gathered.pages) > 1 and self._took(stream, gathered.whole(), gathered):
            return
        for records, time in zip(gathered.pages, gathered.times, strict=True):
            page = _Gathered(gathered.version, [records], [time], len(records))
            if not self._took(stream, records, page):
                super().write_records(
                    stream, records, version=gathered.version, time_extracted=time[0]
                )

    def _took(self, stream: str, records: Records, gathered: _Gathered) -> bool:
        """Offer records as one batch; returns whether they were taken."""
        try:
            batch = as_batch(records, self._properties.get(stream, {}))
        except UNFIT:
            return False
        if not self._take_page(stream, batch, gathered.version, gathered.times):
            return False
        self._row_bytes[stream] = batch.nbytes / len(records)
        self.records += len(records)
        self.pace.count_records(batch.nbytes)
        return True

    def _write(self, data: bytes) -> None:
        for line in data.splitlines(keepends=True):
            self._take_line(line)


UNFIT: Final = (UnfitError, pa.ArrowException, ValueError, TypeError, OverflowError)
"""What making a batch raises if some value has to go as JSON; of those that cannot go as JSON
either, the other output says so."""


def as_batch(records: Records, properties: Mapping[str, Any]) -> pa.RecordBatch:
    """Return conforming rows as a record batch.

    Args:
        records: The rows.
        properties: The columns, as SCHEMA declares them.

    Raises:
        UNFIT: Some value would not stay what it is.
    """
    cells = dict(records.cells)
    if records.more:
        cells[UNPARSED] = [
            records.more.get(index, {}).get(UNPARSED) for index in range(len(records))
        ]
    if not cells.keys() <= properties.keys():
        raise UnfitError
    arrays, fields = [], []
    for name, declared in properties.items():
        array = _column(cells.get(name) or [None] * len(records), declared)
        arrays.append(array)
        fields.append(pa.field(name, array.type))
    return pa.record_batch(arrays, schema=pa.schema(fields))


def _column(cells: Sequence[Any], declared: Mapping[str, Any]) -> pa.Array:
    kinds = declared["type"]
    kinds = [kinds] if isinstance(kinds, str) else [kind for kind in kinds if kind != "null"]
    known = _TYPES.get(kinds[0]) if len(kinds) == 1 else None
    if known is None:
        return _json(cells)
    arrow, fitting = known
    found = set(map(type, cells)) - {types.NoneType}
    if decimal.Decimal in found and arrow == pa.float64():
        cells, found = [_as_double(cell) for cell in cells], {float}
    if not found <= fitting:
        raise UnfitError
    array = pa.array(cells, arrow)
    if arrow == pa.float64() and not pc.all(pc.is_finite(array)).as_py() and found:
        raise UnfitError
    wanted = _FORMATS.get(declared.get("format", ""))
    return array if wanted is None else _moments(array, wanted)


def _as_double(number: Any) -> Any:
    """Return a number that kept the digits of its text, such as 10.00, as the double it is."""
    if not isinstance(number, decimal.Decimal):
        return number
    double = float(number)
    if number not in {decimal.Decimal(repr(double)), decimal.Decimal(double)}:
        raise UnfitError
    return double


def _moments(texts: pa.Array, wanted: pa.DataType) -> pa.Array:
    """Read texts of one form; those of several go as JSON, which the loader reads one by one."""
    if wanted == pa.date32():
        return texts.cast(wanted)
    try:
        instants = texts.cast(wanted)
    except pa.ArrowInvalid:
        if wanted != INSTANT:
            raise
        instants = pc.assume_timezone(texts.cast(LOCAL), "UTC")
    ends = pc.min_max(instants)
    for end, bound in ((ends["min"], FIRST), (ends["max"], LAST)):
        if end.is_valid and abs(end.value) > abs(bound.value) and end.value * bound.value > 0:
            raise UnfitError
    return instants


def _json(cells: Sequence[Any]) -> pa.Array:
    """Encode all cells at once: no JSON text has a line break of its own."""
    try:
        lines = JSON_ENCODER.encode_lines(cells)
    except (RecursionError, msgspec.MsgspecError) as error:
        raise UnfitError from error
    texts = pc.split_pattern(pa.array([lines[:-1]], pa.string()), "\n").values
    if None not in cells:
        return texts
    return pc.if_else(pa.array([cell is not None for cell in cells]), texts, None)
