"""Writes the answer of a query: columnar or expanded JSON, delimited text, XML."""

from __future__ import annotations

import base64
import contextlib
import datetime as dt
import zoneinfo
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape, quoteattr

from starlette.responses import Response

from .columns import Kind
from .pages import as_json, refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from .cql import Result, ResultColumn
    from .options import Options

DELIMITERS = {"CSV": ",", "TSV": "\t", "PSV": "|"}
_NUMBERS = frozenset({Kind.NUMBER, Kind.DECIMAL, Kind.INT32, Kind.INT64})


def type_name(column: ResultColumn) -> str:
    """Return the .NET type the server names; several values in a cell are one text."""
    if column.multi:
        return "String"
    return "DateTime" if column.kind is Kind.DATE else column.kind.value


class Writer:
    """Writes values the way the options say."""

    def __init__(self, options: Options, time_zone: str = "") -> None:
        self.options = options
        self.zone = zoneinfo.ZoneInfo(time_zone or options.output_zone)
        self._instants: dict[dt.datetime, str] = {}
        self._dates: dict[dt.datetime, str] = {}

    # Values

    def rendered(self, column: ResultColumn, values: list[Any]) -> list[Any]:
        """Return one column's values as they stand in JSON."""
        write = self._writer(column.kind)
        if column.multi:
            return [self._several(column, value, write) for value in values]
        if write is None:
            return values
        return [None if value is None else write(value) for value in values]

    def _writer(self, kind: Kind) -> Callable[[Any], Any] | None:
        if kind is Kind.INSTANT:
            return _remembering(self.instant, self._instants)
        if kind is Kind.DATE:
            return _remembering(self._date, self._dates)
        if kind is Kind.BINARY:
            return lambda value: base64.b64encode(value).decode()
        if kind is Kind.YES_NO and self.options.booleans != "json":
            return int if self.options.booleans == "number" else str
        if kind in {Kind.GEOMETRY, Kind.GEOGRAPHY} and self.options.spatial == "object":
            srid = 4326 if kind is Kind.GEOGRAPHY else 0
            return lambda value: {"IsNull": False, "STSrid": srid, "Text": value}
        return None

    def _several(self, column: ResultColumn, value: Any, write: Callable[[Any], Any] | None) -> Any:
        if value is None:
            return None
        if not isinstance(value, tuple):
            value = (value,)
        numbers = column.kind in {Kind.INT32, Kind.INT64}
        if numbers and len(value) == 1 and self.options.single_link_as_number:
            return value[0]
        texts = [str(write(one) if write else one) for one in value]
        if self.options.quote_labels:
            texts = [_quoted(one) if "," in one else one for one in texts]
        return (", " if column.walked and not numbers else ",").join(texts)

    def instant(self, value: dt.datetime) -> str:
        """Return a system timestamp in the output zone."""
        local = value.astimezone(self.zone)
        text = self._naive(local.replace(tzinfo=None))
        if not self.options.show_offset:
            return text
        offset = local.strftime("%z")
        return f"{text}{offset[:3]}:{offset[3:5]}"

    def _date(self, value: dt.datetime) -> str:
        if self.options.dates_in_zone:
            with contextlib.suppress(OverflowError):  # the year 9999 has no later zone
                value = value.replace(tzinfo=dt.UTC).astimezone(self.zone).replace(tzinfo=None)
        return self._naive(value)

    def _naive(self, value: dt.datetime) -> str:
        digits = self.options.fraction_digits
        if digits is None:
            text = value.isoformat()
            return text.rstrip("0") if "." in text else text
        whole = value.isoformat(timespec="seconds")
        fraction = f"{value.microsecond:06d}".ljust(digits, "0")[:digits]
        return f"{whole}.{fraction}" if digits else whole

    # Answers

    def columns(self, result: Result) -> list[list[Any]]:
        """Return all values, column by column."""
        return [
            self.rendered(column, values)
            for column, values in zip(result.columns, result.values, strict=True)
        ]

    def schema(self, result: Result) -> list[dict[str, str]]:
        """Return the names and types of an answer."""
        other = self.options.type_names
        named = [(column.name, type_name(column)) for column in result.columns]
        return [{"columnName": name, "type": other.get(type_, type_)} for name, type_ in named]

    def answer(self, result: Result, form: str, *, compressed: bool, wrapped: bool) -> Response:
        """Return the answer in a ResultFormat.

        Args:
            result: Columns and values.
            form: JSON, CSV, TSV, PSV or XML, or a delimiter after ``DELIMITED_FILE``.
            compressed: The columnar JSON.
            wrapped: A single record stays in its array.
        """
        if form == "JSON":
            if compressed and not self.options.always_expanded:
                return as_json(self.columnar(result))
            return as_json(self.expanded(result, wrapped=wrapped))
        if form == "XML":
            return Response(self.xml(result), media_type="text/xml")
        delimiter = DELIMITERS.get(form) or form.removeprefix("DELIMITED_FILE")
        if delimiter == form or not delimiter:
            return refused(f"The result format {form} is not supported")
        return Response(self.delimited(result, delimiter), media_type="text/csv")

    def columnar(self, result: Result) -> dict[str, Any]:
        """Return the compressed form: a schema, and rows as arrays in its order."""
        rows = [list(row) for row in zip(*self.columns(result), strict=True)]
        schema = self.schema(result) if rows or self.options.schema_when_empty else []
        return {"schema": schema, "data": rows}

    def expanded(self, result: Result, *, wrapped: bool) -> Any:
        """Return an array of objects, or the only object itself."""
        names = [column.name for column in result.columns]
        rows = zip(*self.columns(result), strict=True)
        records = [dict(zip(names, row, strict=True)) for row in rows]
        return records if wrapped or len(records) != 1 else records[0]

    def delimited(self, result: Result, delimiter: str) -> str:
        """Return delimited text, in which an empty text and no value cannot be told apart."""
        lines = [delimiter.join(column.name for column in result.columns)]
        bare = [one.kind in _NUMBERS and not one.multi for one in result.columns]
        for row in zip(*self.columns(result), strict=True):
            cells = [
                str(value) if number and value is not None else _cell(value)
                for value, number in zip(row, bare, strict=True)
            ]
            lines.append(delimiter.join(cells))
        return "\r\n".join(lines) + "\r\n"

    def xml(self, result: Result) -> str:
        """Return a plain XML rendering."""
        names = [quoteattr(column.name) for column in result.columns]
        rows = [
            "".join(
                f"<c name={name}>{escape(str(value))}</c>"
                for name, value in zip(names, row, strict=True)
                if value is not None
            )
            for row in zip(*self.columns(result), strict=True)
        ]
        body = "".join(f"<row>{row}</row>" for row in rows)
        return f'<?xml version="1.0" encoding="utf-8"?><result>{body}</result>'


def _remembering(
    write: Callable[[dt.datetime], str], known: dict[dt.datetime, str]
) -> Callable[[dt.datetime], str]:
    """Write every moment once: rows share them, and the zone of one takes long to find."""

    def remembered(value: dt.datetime) -> str:
        text = known.get(value)
        if text is None:
            text = known[value] = write(value)
        return text

    return remembered


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _cell(value: Any) -> str:
    text = "" if value is None else str(value)
    return '"' + text.replace('"', '""') + '"'
