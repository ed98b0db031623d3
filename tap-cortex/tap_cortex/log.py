"""How one log is asked for."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from singer_rest.http.exchange import Request
    from tap_cortex.client import Key, Rows


@dataclasses.dataclass(frozen=True)
class Log:
    """How one log is asked for.

    Attributes:
        request: Without dates.
        rows: Reads the rows of an answer.
        since: Name of the parameter for the lower end.
        until: Name of the parameter for the upper end.
        key: Tells rows apart.
        date: Field with the instant of a row.
        key_column: Where a key made up by the tap goes. Rows that are alike in every field are
            then told apart by counting them; elsewhere a repeated key is the same row.
    """

    request: Request
    rows: Rows
    since: str
    until: str
    key: Key
    date: str
    key_column: str = ""
