"""Sets of whole numbers as a short text, for keys most of which follow one another.

A range costs some bytes, however long it is; 125 000 keys of which one in ten is missing take
about 20 kB. So the receipt of a part can hold which keys it wrote.
"""

from __future__ import annotations

import base64
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

MAX_TEXT = 1 << 20
"""Characters; a receipt that a target passes on in one line should not be longer."""
_BITS, _MORE = 7, 128


def ranges_of(numbers: Iterable[int]) -> Iterator[range]:
    """Yield the ranges of distinct numbers that rise."""
    start = stop = None
    for number in numbers:
        if number != stop:
            if start is not None and stop is not None:
                yield range(start, stop)
            start = number
        stop = number + 1
    if start is not None and stop is not None:
        yield range(start, stop)


def merged(ranges: Iterable[range]) -> list[range] | None:
    """Return ranges in order, those that touch as one; nothing if two have a number in common."""
    found: list[range] = []
    for one in sorted(ranges, key=lambda one: one.start):
        if found and one.start < found[-1].stop:
            return None
        if found and one.start == found[-1].stop:
            found[-1] = range(found[-1].start, one.stop)
        else:
            found.append(one)
    return found


def without(ranges: Iterable[range], numbers: Sequence[int]) -> Iterator[range]:
    """Yield ranges in order less some numbers, which rise."""
    rest = iter(numbers)
    number = next(rest, None)
    for one in ranges:
        start = one.start
        while number is not None and number < one.stop:
            if number >= start:
                if number > start:
                    yield range(start, number)
                start = number + 1
            number = next(rest, None)
        if start < one.stop:
            yield range(start, one.stop)


def pack(ranges: Sequence[range]) -> str | None:
    """Return ranges, in order and apart from one another, as text; nothing if it is too long."""
    content, reached = bytearray(), 0
    for one in ranges:
        content += _varint(one.start - reached if content else _folded(one.start))
        content += _varint(len(one))
        reached = one.stop
    text = base64.b64encode(zlib.compress(bytes(content))).decode()
    return text if len(text) <= MAX_TEXT else None


def unpack(text: str) -> list[range]:
    """Return the ranges of a text.

    Raises:
        ValueError: It is none.
    """
    try:
        numbers = list(_numbers(zlib.decompress(base64.b64decode(text, validate=True))))
    except zlib.error as error:
        raise ValueError(str(error)) from None
    found: list[range] = []
    if len(numbers) % 2:
        raise ValueError("a range without its length")
    reached = 0
    for index, (gap, length) in enumerate(zip(numbers[::2], numbers[1::2], strict=True)):
        start = reached + gap if index else _unfolded(gap)
        reached = start + length
        found.append(range(start, reached))
    return found


def _folded(number: int) -> int:
    return number * 2 if number >= 0 else -number * 2 - 1


def _unfolded(number: int) -> int:
    return number // 2 if number % 2 == 0 else -(number + 1) // 2


def _varint(number: int) -> bytes:
    found = bytearray()
    while number >= _MORE:
        found.append(number % _MORE + _MORE)
        number >>= _BITS
    found.append(number)
    return bytes(found)


def _numbers(content: bytes) -> Iterator[int]:
    number = shift = 0
    for byte in content:
        number |= (byte % _MORE) << shift
        shift += _BITS
        if byte < _MORE:
            yield number
            number = shift = 0
    if shift:
        raise ValueError("a number without its end")
