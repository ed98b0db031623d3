"""Taking a table up again where a read of it ended early.

What was read before may have changed since, and what is read now was not there then. So a read
that goes on behind its last row ends with a pass over whatever was modified or deleted since it
began; all of it together is the table. Rows that were erased for good behind the place go with
the next read that begins at the start, as those erased behind any page do.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from singer_rest.errors import StreamError
from singer_rest.records import timestamps
from singer_rest.sources.base import Source
from singer_rest.sources.evidence import ProofKind
from tap_cinchy.incremental import WESTERNMOST, ChangesSource, Watermark, oldest
from tap_cinchy.shapes import DELETED, MODIFIED
from tap_cinchy.sources import TableSource
from tap_cinchy.values import wall_clock
from tap_cinchy.witnesses import latest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from singer_rest.http.exchange import Reply
    from singer_rest.sources.base import Plan
    from singer_rest.sources.pages import Page
    from tap_cinchy.questions import Columns, Reading


def can_tell_changes(reading: Reading, *, hides_deleted: bool) -> bool:
    """Whether a pass over what changed can tell all that happened to rows that were read before."""
    paths = {field.paths[0] for field in reading.fields}
    told = f"[{DELETED}]" in paths or not hides_deleted
    return reading.keys == 1 and f"[{MODIFIED}]" in paths and told


class Beginning:
    """From when on changes have to be read again, as the server would show it."""

    text = ""

    def note(self, shown: str | None, answered: dt.datetime) -> None:
        """Take the latest change that the first answer shows, and the server's clock."""
        self.text = self.text or began_at(shown, answered).isoformat()


class ResumableSource(TableSource):
    """A whole table, with what has to be known to go on with it another time."""

    tells_positions = True
    beginning: Beginning
    witnesses = ""
    """The latest changes at the end of the table, see :mod:`tap_cinchy.witnesses`."""

    def note_tail(self, reply: Reply, columns: Columns) -> None:
        """Take the latest change among the last rows, as it was shown at the beginning."""
        super().note_tail(reply, columns)
        self.witnesses = latest(self.witnesses, columns[0], columns[self.reading.keys])
        mark = Watermark(self.where)
        mark.note(columns[self.reading.keys], reply.date)
        self.beginning.note(mark.text, reply.date)


class ResumableChangesSource(ChangesSource):
    """The first read of a table of which later runs read the changes."""

    tells_positions = True
    beginning: Beginning

    def note_tail(self, reply: Reply, columns: Columns) -> None:
        """Take the latest change among the last rows, as it was shown at the beginning."""
        super().note_tail(reply, columns)
        self.beginning.note(self.watermark, reply.date)


def began_at(shown: str | None, answered: dt.datetime) -> dt.datetime:
    """Return a time that no clock of the server can show any more for what changes from now on.

    Args:
        shown: The latest change that is known.
        answered: The server's clock.
    """
    now = min(timestamps.now(), answered).astimezone(dt.UTC).replace(tzinfo=None, microsecond=0)
    latest = wall_clock(shown)
    return max(now - WESTERNMOST, latest) if latest is not None else now - WESTERNMOST


class CatchUpSource(ChangesSource):
    """What changed while others read the table, rows that were deleted among it."""

    had_rows = False
    """Whether they have read any."""

    def judge_empty(self) -> None:
        """Take a table that has no row any more for what it is, if it never had any.

        Raises:
            StreamError: The account has no right to it.
        """
        super().judge_empty()
        if self.had_rows:
            self.evidence.contradict(
                f"{self.where} has no row any more, although its parts have read some: everything "
                "was erased, or a right was lost. Make a new plan"
            )


class ResumedSource(Source):
    """The rest of a table, and then what changed since the read began.

    Args:
        rest: Begins behind the last row of the earlier run.
        catch_up: Makes the source of what changed.
    """

    def __init__(self, rest: TableSource, catch_up: Callable[[], ChangesSource]) -> None:
        super().__init__()
        self.rest = rest
        self.where = rest.where
        self.evidence = rest.evidence
        self.catch_up: ChangesSource | None = None
        self._new_catch_up = catch_up

    def begin(self) -> None:
        """Ask for the first answer ahead of time."""
        self.rest.begin()

    def pages(self) -> Iterator[Page]:
        """Yield the rest, and what changed meanwhile."""
        yield from self.rest.pages()
        if self.rest.is_empty:
            self.evidence.contradict(
                f"{self.where} has no row any more, although an earlier run has read some: "
                "everything was erased, or a right was lost. The next run reads it from the start"
            )
            return
        self.catch_up = self._new_catch_up()
        for page in self.catch_up.pages():
            self.evidence.repeated += len(page.rows)
            yield page
        self.evidence.inherit(self.catch_up.evidence, "what changed meanwhile")
        self.evidence.prove(
            ProofKind.KEYS_IN_ORDER,
            "taken up where it stood, and what changed meanwhile read again",
        )

    def probe(self) -> Reply:
        """Ask for one row, with every column."""
        return self.rest.probe()

    def plan(self) -> Plan:
        """Ask for the highest key."""
        return self.rest.plan()

    @property
    def expected_proof(self) -> str:
        """Return which proof the pass will have."""
        return self.rest.expected_proof


def read_anchor(source: TableSource) -> str:
    """Return how the oldest row is shown; another answer later tells that the zone has moved."""
    try:
        return source.anchor or "" if isinstance(source, ChangesSource) else _oldest(source)
    except StreamError:
        return ""


def _oldest(source: TableSource) -> str:
    return oldest(source.api, source.questions.form().table) or ""
