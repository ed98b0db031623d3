"""Finds a place for values that the type of their column cannot hold.

In this order: a wider type, while the column is new; a variant column beside it, as dlt
names it, if the value is what its SCHEMA declares; and for a value that breaks its SCHEMA
an error or a variant column, as the user chose.
"""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Any, Final

import msgspec
import pyarrow as pa
from msgspec import Raw

from dlt_bridge.columns import Column, TableLayout, natural_type
from dlt_bridge.convert import CoercionError, as_number, coerce, convert, count_digits
from dlt_bridge.errors import RejectedValueError
from dlt_bridge.types import (
    DEFAULT_SCALE,
    DOUBLE,
    JSON,
    MAX_DIGITS,
    TEXT,
    WIDE_INTEGER,
    ColumnType,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

logger = logging.getLogger(__name__)

_NUMERIC: Final = frozenset({"bigint", "double", "decimal"})

_CLOCK: Final = r"\d{1,3}:\d{2}(:\d{2}([.,]\d+)?)?\s*([Zz]|[+-]\d{2}(:?\d{2})?)?"
_DAY: Final = r"[+-]?\d{4,}-\d{2}-\d{2}"
_ERA: Final = r"(\s*(BC|AD))?"
_FORMS: Final = {
    "time": re.compile(f"-?{_CLOCK}"),
    "date": re.compile(f"{_DAY}([T ]{_CLOCK})?{_ERA}"),
    "timestamp": re.compile(f"{_DAY}([T ]{_CLOCK})?{_ERA}"),
}

_decode_object = msgspec.json.Decoder(dict[str, Raw]).decode


class RejectedValues:
    """The rejected of one chunk.

    Args:
        layout: The table they belong to; gets a column for each new variant.
        records: The chunk's records as JSON text, for values whose decoding lost digits.
        before: How many records of the stream came before the chunk.
    """

    def __init__(self, layout: TableLayout, records: Sequence[Raw], before: int) -> None:
        self._layout = layout
        self._records = records
        self._before = before
        self._variants: dict[str, dict[int, Any]] = {}

    def widen(self, column: Column, values: Sequence[Any], positions: Sequence[int]) -> bool:
        """Give a column without rows the type its numbers need, if its SCHEMA leaves a choice.

        A `number` is a double or a decimal, whatever its first values are, so that a column has
        one type in every environment; an integer may need more than 64 bits. A key has to hold
        all of its values, and what nothing is declared about takes what comes.

        Returns:
            Whether the type was changed, so that the column is worth converting again.
        """
        if column.validated or column.type.data_type not in _NUMERIC:
            return False
        if column.declared.data_type in {"double", "decimal"} and not column.key:
            return False
        if any(as_number(values[position]) is None for position in positions):
            return False
        sizes = [count_digits(n) for n in map(as_number, values) if n is not None]
        whole, fraction = (max(part) for part in zip(*sizes, strict=True))
        if column.declared == JSON and fraction:
            is_wider = column.type != DOUBLE
            column.type = DOUBLE
            return is_wider
        if whole + fraction > MAX_DIGITS:
            if not column.key:
                return False
            self._report_text_key(column)
            column.type = TEXT
        elif fraction == 0 and column.type.data_type == "bigint":
            column.type = WIDE_INTEGER
        else:
            scale = max(fraction, min(DEFAULT_SCALE, MAX_DIGITS - whole))
            column.type = ColumnType("decimal", MAX_DIGITS, scale)
        return True

    def place(
        self, column: Column, values: Sequence[Any], positions: Sequence[int], array: pa.Array
    ) -> pa.Array:
        """Put each misfit where it can be kept.

        Args:
            column: The column they do not fit.
            values: All its values in this chunk.
            positions: Which of them are rejected.
            array: The column as converted, null at the rejected.

        Returns:
            The column, with nested values as JSON text if it is a text column.

        Raises:
            RejectedValueError: If a value breaks its SCHEMA and that is to be an error.
        """
        as_text: dict[int, str] = {}
        for position in positions:
            value = values[position]
            nested = isinstance(value, dict | list)
            if nested and column.type.data_type == "text":
                as_text[position] = self._json_text(position, column)
                continue
            kind = self._find_kind(column, value)
            if kind is None:
                if not self._layout.options.variants:
                    self._refuse(column, value, position)
                kind = natural_type(value)
            if column.key:
                self._refuse(column, value, position)
            variant, stored = self._variant_for(column, value, position, kind)
            if variant.name not in self._variants:
                self._variants[variant.name] = {}
                self._report(column, variant)
            self._variants[variant.name][position] = stored
        if not as_text:
            return array
        texts = array.to_pylist()
        for position, text in as_text.items():
            texts[position] = text
        return pa.array(texts, array.type)

    def arrays(self, length: int) -> dict[str, pa.Array]:
        """Return the variant columns of this chunk, each `length` long."""
        found = {}
        for name, held in self._variants.items():
            values = [held.get(position) for position in range(length)]
            kind = self._layout.variants[name].type
            array, rejected = (
                (pa.array(values, pa.string()), []) if kind == JSON else convert(values, kind)
            )
            assert not rejected  # noqa: S101  # _find_kind chose a type that holds the value
            found[name] = array
        return found

    def _find_kind(self, column: Column, value: Any) -> ColumnType | None:
        """Return the type of a value its SCHEMA allows; None for a value that breaks it."""
        declared = column.declared
        if declared == JSON:
            return natural_type(value)
        try:
            coerce(value, declared)
        except CoercionError:
            number = as_number(value)
            if declared.data_type in _NUMERIC and number is not None:
                whole, fraction = count_digits(number)
                return WIDE_INTEGER if whole <= MAX_DIGITS and not fraction else TEXT
            return TEXT if _is_out_of_range(value, declared) else None
        return TEXT if declared.data_type == "text" else declared

    def _variant_for(
        self, column: Column, value: Any, position: int, kind: ColumnType
    ) -> tuple[Column, Any]:
        if isinstance(value, dict | list):
            value = self._json_text(position, column)
        variant = self._layout.add_variant(column, kind)
        if variant.type == JSON:
            return variant, value
        try:
            coerce(value, variant.type)
        except CoercionError:
            variant = self._layout.add_variant(column, TEXT)
        return variant, value

    def _json_text(self, position: int, column: Column) -> str:
        return bytes(_decode_object(self._records[position])[str(column.source)]).decode()

    def _refuse(self, column: Column, value: Any, position: int) -> None:
        remedy = (
            "mend it at the source."
            if column.key
            else "mend it at the source, or set on_type_mismatch to 'variant' to keep such values "
            "in a column of their own."
        )
        number = self._before + position + 1
        raise RejectedValueError(
            f"{self._layout.table}.{column.name}: {_describe(value)} in property "
            f"{column.source!r} of stream {self._layout.stream!r} (its record number {number}) "
            f"does not fit its type {column.type.data_type}; {remedy}"
        )

    def _report_text_key(self, column: Column) -> None:
        logger.warning(
            "The key property %r of stream %r has numbers of more than %d digits: the column %s "
            "becomes text.",
            column.source,
            self._layout.stream,
            MAX_DIGITS,
            column.name,
        )

    def _report(self, column: Column, variant: Column) -> None:
        logger.warning(
            "%s.%s is %s at the destination and cannot hold every value of property %r: the "
            "others go into the column %s.",
            self._layout.table,
            column.name,
            column.type.data_type,
            column.source,
            variant.name,
        )


def _is_out_of_range(value: Any, declared: ColumnType) -> bool:
    """Return whether a text has the form of its type, but no database type holds what it says.

    Times with an offset or of 24 hours and more, years beyond four digits or before Christ, and
    the zero dates of MySQL.
    """
    form = _FORMS.get(declared.data_type)
    return form is not None and isinstance(value, str) and form.fullmatch(value) is not None


def _describe(value: Any) -> str:
    """Return what a value is, without saying it: it may be personal or secret."""
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, int) or as_number(value) is not None:
        return "a number"
    if isinstance(value, str):
        return f"a text of {len(value)} characters"
    return "an object" if isinstance(value, dict) else "an array"
