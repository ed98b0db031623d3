"""Where a read that ended early stood, so that the next run can go on there.

A source that can be taken up again says with a page up to where everything has come. That place,
and what has to be known besides, stands in the bookmark of the stream as one text: orchestrators
merge states deeply and remove nothing, so the text becomes empty where there is no such place, and
is never null and never an object.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlencode

from singer_rest.records import timestamps

if TYPE_CHECKING:
    from singer_rest.run.contract import ReadableStream, Run, Writer
    from singer_rest.sources.base import Source
    from singer_rest.sources.pages import Page


@dataclasses.dataclass(frozen=True)
class ResumeMark:
    """How far a read came.

    Args:
        position: Up to here everything has come, in the words of the source.
        version: What the rows of a full table are known by; the rest gets the same.
        begun: When the read began, by our clock.
        since: What was changed from here on is read again at the end, in the words of the source.
        anchor: By what the source notices that it reads ``since`` in other circumstances.
        reads: Tells apart what is read: the system, the columns, the conditions.
        rows: So many have been written.
        digest: Of the keys of these rows, for the receipt; empty where none is kept.
        witnesses: By what the source notices that the system has gone back in time since.
    """

    position: str
    version: int
    begun: dt.datetime
    since: str
    reads: str
    rows: int
    anchor: str = ""
    digest: str = ""
    witnesses: str = ""

    def __str__(self) -> str:
        """Return the text that stands in the bookmark."""
        values = dataclasses.asdict(self) | {"begun": self.begun.isoformat()}
        return urlencode({name: value for name, value in values.items() if value != ""})

    @classmethod
    def parse(cls, text: str) -> ResumeMark | None:
        """Return what a bookmark says; nothing if it says nothing, or not so."""
        found = {name: values[-1] for name, values in parse_qs(text).items()}
        begun = timestamps.parse(found.get("begun"))
        try:
            version, rows = int(found["version"]), int(found["rows"])
            texts = {name: found[name] for name in ("position", "since", "reads")}
        except (KeyError, ValueError):
            return None
        if begun is None:
            return None
        rest = {name: found.get(name, "") for name in ("anchor", "digest", "witnesses")}
        return cls(version=version, begun=begun, rows=rows, **texts, **rest)


def why_not(mark: ResumeMark, completed: dt.datetime | None, days: float) -> str:
    """Say why a read is not taken up again; nothing if its age is no reason.

    Args:
        mark: Where it stood.
        completed: When the last complete read of the stream began.
        days: How old a mark may be.
    """
    if completed is not None and mark.begun <= completed:
        return "it is older than the last read that was complete"
    if timestamps.now() - mark.begun > dt.timedelta(days=days):
        return f"it is older than resume_max_age, {days:g} days"
    return ""


def written(writer: Writer, source: Source | None) -> int:
    """Return the rows of a read: those of the runs before it was taken up again, and of this."""
    repeated = source.evidence.repeated if source is not None else 0
    return writer.stream.earlier_rows + writer.rows - repeated


def mark_text(writer: Writer, source: Source, page: Page) -> str:
    """Return what stands in the bookmark after a page; nothing where the read proves nothing.

    What contradicts is not in the mark: a read with a contradiction is not taken up again.
    """
    evidence = source.evidence
    if (
        evidence.problems
        or evidence.rejected
        or evidence.without_key
        or writer.rejected.without_key
    ):
        return ""
    return writer.stream.resume_text(source, page.position, written(writer, source))


def end(run: Run, stream: ReadableStream, *, complete: bool) -> None:
    """Note that a read came to its end: there is no place any more where the next one goes on."""
    if not stream.can_resume:
        return
    run.bookmarks.put_resume(stream.name, "")
    if complete:
        run.bookmarks.note_completed(stream.name, stream.begun)
