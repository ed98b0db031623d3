"""Every way in which a platform may read and show its clock, and cut its pages."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

OUTPUT_ZONES = ("UTC", "America/New_York", "Asia/Kolkata", "Pacific/Kiritimati", "Etc/GMT+12")
FILTER_ZONES = (None, "UTC", "America/New_York", "Pacific/Kiritimati", "Etc/GMT+12")
WAYS: list[dict[str, Any]] = [
    {"fraction_digits": None, "literal_digits": 3, "literal_offset": "refused"},
    {"fraction_digits": 0, "literal_digits": 7, "literal_offset": "ignored"},
    {"fraction_digits": 3, "literal_digits": 3, "literal_offset": "honoured"},
    {"fraction_digits": 7, "literal_digits": 0, "literal_offset": "refused"},
]


def combinations(output: str, cap: int) -> Iterator[tuple[dict[str, Any], bool]]:
    """Yield every filter zone with every cap and repeated hour; the rest takes turns.

    Returns with each whether a deletion moves Modified.
    """
    switches = itertools.product(FILTER_ZONES, (None, cap), ("first", "second"))
    turn = OUTPUT_ZONES.index(output)
    for place, (filters, page_cap, hour) in enumerate(switches, turn):
        options: dict[str, Any] = {
            "output_zone": output,
            "filter_zone": filters,
            "page_cap": page_cap,
            "ambiguous_hour": hour,
            "show_offset": place // 2 % 3 == 0,
            **WAYS[place % len(WAYS)],
        }
        yield options, place % 3 != 0
