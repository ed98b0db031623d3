"""Attributes that the server has and this tap does not know."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from tap_cachet.normalise import NOISE, SECRETS

if TYPE_CHECKING:
    from singer_rest.records.columns import Table
    from singer_rest.records.rows import Rows

logger = logging.getLogger(__name__)


class UnknownFields:
    """Reports attributes this tap has no column for, once each: the vendor adds some monthly."""

    def __init__(self) -> None:
        self._known: dict[str, set[str]] = {}

    def look(self, stream: str, table: Table, rows: Rows) -> None:
        """Compare the names of a page with the table."""
        known = self._known.get(stream)
        if known is None:
            names = {column.name for column in table.columns}
            known = self._known[stream] = names | NOISE | SECRETS
        for name in rows.cells.keys() - known:
            known.add(name)
            if not name.endswith("_name"):
                logger.info("%s: the server has a new field, %s; it is not read.", stream, name)
