"""Finds a place for values that the type of their column cannot hold.

In this order: a wider type, while the column is new; a variant column beside it, as dlt
names it, if the value is what its SCHEMA declares; and for a value that breaks its SCHEMA
an error or a variant column, as the user chose.
"""

import logging
from collections.abc import Sequence
from datetime import time
from typing import Any, Final

import msgspec
import pyarrow as pa
from msgspec import Raw

from dlt_bridge.columns import Column, TableLayout, natural_type
from dlt_bridge.convert import CoercionError, as_number, coerce, convert, count_digits
from dlt_bridge.errors import RejectedValueError
from dlt_bridge.types import (
    DEFAULT_SCALE,
    JSON,
    MAX_DIGITS,
    TEXT,
    WIDE_INTEGER,
    ColumnType,
)

logger = logging.getLogger(__name__)

_NUMERIC: Final = frozenset({"bigint", "double", "decimal"})
_SHOWN_CHARACTERS: Final = 60

_decode_object = msgspec.json.Decoder(dict[str, Raw]).decode


class RejectedValues:
    """The rejected of one chunk.

    Args:
        layout: The table they belong to; gets a column for each new variant.
        records: The chunk's records as JSON text, for values whose decoding lost digits.
    """

    def __init__(self, layout: TableLayout, records: Sequence[Raw]) -> None:
        self._layout = layout
        self._records = records
        self._variants: dict[str, dict[int, Any]] = {}

    def widen(self, column: Column, values: Sequence[Any], positions: Sequence[int]) -> bool:
        """Gives a column without rows the type its numbers need.

        Returns:
            Whether the type was changed, so that the column is worth converting again.
        """
        if column.validated or column.declared.data_type not in _NUMERIC:
            return False
        if any(as_number(values[position]) is None for position in positions):
            return False
        sizes = [count_digits(n) for n in map(as_number, values) if n is not None]
        whole, fraction = (max(part) for part in zip(*sizes, strict=True))
        if whole + fraction > MAX_DIGITS:
            column.type = TEXT
        elif fraction == 0 and column.declared.data_type == "bigint":
            column.type = WIDE_INTEGER
        else:
            scale = max(fraction, min(DEFAULT_SCALE, MAX_DIGITS - whole))
            column.type = ColumnType("decimal", MAX_DIGITS, scale)
        return True

    def place(
        self, column: Column, values: Sequence[Any], positions: Sequence[int], array: pa.Array
    ) -> pa.Array:
        """Puts each misfit where it can be kept.

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
        """The variant columns of this chunk, each `length` long."""
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
        """The type of a value its SCHEMA allows; None for a value that breaks it."""
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
            return TEXT if declared.data_type == "time" and _is_time(value) else None
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
        shown = repr(value) if isinstance(value, str | int) else self._json_text(position, column)
        if len(shown) > _SHOWN_CHARACTERS:
            shown = shown[:_SHOWN_CHARACTERS] + "..."
        raise RejectedValueError(
            f"{self._layout.table}.{column.name}: the value {shown} of property "
            f"{column.source!r} in stream {self._layout.stream!r} does not fit its type "
            f"{column.type.data_type}; mend it at the source, or set on_type_mismatch to "
            "'variant' to keep such values in a column of their own."
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


def _is_time(value: Any) -> bool:
    try:
        time.fromisoformat(value)
    except (TypeError, ValueError):
        return False
    return True
