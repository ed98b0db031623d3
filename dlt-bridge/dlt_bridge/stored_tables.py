"""Which table a stream goes into, and what that table looks like now."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, Final

from dlt_bridge.columns import TableLayout, TypeOptions
from dlt_bridge.load_batch import Disposition
from dlt_bridge.names import Naming, assign_names
from dlt_bridge.snapshots import ReplaceWhen, Versions
from dlt_bridge.stream_intake import StreamIntake

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

STREAM_HINT: Final = "x-singer-stream"
"""Where dlt's schema remembers which stream a table is for."""


class IdentifierNaming:
    """A naming convention that makes no paths of names with double underscores.

    dlt reads such names as paths into nested data, so where it makes child tables it gives
    them to its own columns only.
    """

    def __init__(self, naming: Any) -> None:
        self._naming = naming
        self.normalize_path = naming.normalize_identifier
        self.normalize_tables_path = naming.normalize_identifier
        self.shorten_fragments = naming.shorten_fragments


class StoredTables:
    """The tables of one dataset.

    Args:
        naming: The destination's naming convention.
        stored: The tables it has, as dlt's schema lists them.
        folder: Where rows are kept on their way; must exist.
        options: What the user chose about types.
        when: What is accepted as proof that a snapshot is whole.
        versions: The active version of each stream, as far as known.
        began_after: The sequence number before the first of this run.
    """

    def __init__(
        self,
        naming: Naming,
        stored: Mapping[str, Mapping[str, Any]],
        folder: Path,
        *,
        options: TypeOptions,
        when: ReplaceWhen,
        versions: Mapping[str, Any],
        began_after: int,
    ) -> None:
        self._naming = naming
        self._stored = stored
        self._folder = folder
        self._options = options
        self._when = when
        self._versions = versions
        self._began_after = began_after
        self._numbers = itertools.count()
        self._names = {
            name: str(table[STREAM_HINT]) for name, table in stored.items() if STREAM_HINT in table
        }

    def make_stream(self, stream: str) -> StreamIntake:
        """Make the intake of a stream, with a table name of its own."""
        table = assign_names(self._naming, [stream], self._names, tables=True)[stream]
        self._names[table] = stream
        stored = self._stored.get(table, {})
        layout = TableLayout(stream, table, self._naming, stored.get("columns", {}), self._options)
        return StreamIntake(
            layout,
            self._folder,
            f"{next(self._numbers)}",
            Versions(self._when, self._versions.get(stream)),
            was_replaced=stored.get("write_disposition") == Disposition.REPLACE,
            began_after=self._began_after,
        )
