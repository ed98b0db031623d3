"""The account of a run: one line per stream, one exit code, one last line."""

from __future__ import annotations

import dataclasses
import logging
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from singer_rest.errors import CredentialRevokedError, Outcome, TapError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from singer_rest.errors import StatusError, Stopped

logger = logging.getLogger(__name__)

GOOD = frozenset({Outcome.COMPLETE, Outcome.SKIPPED})
EXCUSABLE = frozenset({Outcome.FORBIDDEN, Outcome.UNAVAILABLE})
NOT_ALLOWED = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})
NO_ROUTE = frozenset(
    {
        HTTPStatus.NOT_FOUND,
        HTTPStatus.METHOD_NOT_ALLOWED,
        HTTPStatus.GONE,
        HTTPStatus.NOT_IMPLEMENTED,
    }
)


@dataclasses.dataclass
class StreamResult:
    """How one stream ended."""

    stream: str
    outcome: Outcome
    rows: int = 0
    """Records written."""
    expected: int | None = None
    """Rows that the server counts of this very stream; nothing where it counts others or none."""
    received: int = 0
    """Distinct rows that came."""
    duplicates: int = 0
    """Rows that came again; identical ones are written once."""
    skipped: int = 0
    """Parents that vanished meanwhile."""
    proof: str = ""
    """What completeness was judged by."""
    seconds: float = 0.0
    sentence: str = ""
    """Why it is not complete and what to do."""
    code: str = ""
    excused: bool = False
    """A setting says that this outcome does not fail the run."""
    accepted: bool = False
    """Unproved, and named in ``accept_unproved``: it counts as complete."""
    notes: list[str] = dataclasses.field(default_factory=list)

    @property
    def good(self) -> bool:
        """Whether the run may still end with 0."""
        return self.outcome in GOOD or self.excused or self.accepted

    @property
    def counts_as_complete(self) -> bool:
        """Whether bookmarks may move and rows be retired."""
        return self.outcome is Outcome.COMPLETE or self.accepted


class IncompleteRunError(TapError):
    """At least one stream is not complete."""

    code = "INCOMPLETE-RUN"


@dataclasses.dataclass
class RunReport:
    """All streams of a run."""

    results: list[StreamResult] = dataclasses.field(default_factory=list)
    requests: int = 0
    retries: int = 0
    waited: float = 0.0
    """Seconds spent waiting for the rate limit."""
    seconds: float = 0.0
    exit_code: int = 1
    error_code: str | None = None
    last_line: str = ""
    """What the run ends with, unless it succeeds."""

    @property
    def rows(self) -> int:
        """Return the records of all streams."""
        return sum(result.rows for result in self.results)

    @property
    def begun(self) -> bool:
        """Whether any stream was asked for."""
        return any(result.outcome is not Outcome.SKIPPED for result in self.results)

    def add(self, results: Sequence[StreamResult]) -> None:
        """Note how streams ended."""
        self.results.extend(results)

    def end(self, end: TapError | Stopped, streams: Iterable[str]) -> None:
        """Note that the run does not succeed, and which streams it never came to."""
        if isinstance(end, CredentialRevokedError):
            end.add(f"{self.rows} records came before")
        self.exit_code, self.error_code = end.exit_code, end.code
        self.last_line = f"{end.sentence} [{end.code}]"
        done = {result.stream for result in self.results}
        self.add(
            [
                StreamResult(stream, Outcome.SKIPPED, sentence="the run ended before it")
                for stream in streams
                if stream not in done
            ]
        )

    @property
    def bad(self) -> list[StreamResult]:
        """Streams that fail the run."""
        return [result for result in self.results if not result.good]

    def error(self) -> TapError | None:
        """Return what the run ends with; nothing if it succeeded."""
        bad = self.bad
        if not bad:
            return None
        first = bad[0]
        more = ""
        if len(bad) > 1:
            others = ", ".join(result.stream for result in bad[1:4])
            more = f" Also not complete: {others}{' ...' if bad[4:] else ''}."
        fine = sum(1 for result in self.results if result.outcome is Outcome.COMPLETE)
        return IncompleteRunError(
            f"Stream {first.stream} is {first.outcome.value}: {first.sentence}{more} "
            f"({fine} of {len(self.results)} streams complete.)",
            code=first.code or None,
        )

    def as_json(self) -> dict[str, Any]:
        """Return the summary as values."""
        streams = []
        for result in self.results:
            values = dataclasses.asdict(result)
            values["outcome"] = result.outcome.value
            streams.append(values)
        return {
            "streams": streams,
            "rows": self.rows,
            "requests": self.requests,
            "retries": self.retries,
            "waited_seconds": round(self.waited, 3),
        }


def judge_status(error: StatusError, permission: str) -> tuple[Outcome, str, str]:
    """Say what a status means for a stream: its outcome, the sentence with the remedy, the code."""
    if error.code == "BLOCKED":  # no permission of the account would help
        return Outcome.FAILED, error.sentence, error.code
    if error.status in NOT_ALLOWED:
        needs = f"; it needs {permission}" if permission else ""
        return (
            Outcome.FORBIDDEN,
            (
                f"{error.sentence.rstrip('.')}{needs}. Grant it to the account, or deselect the "
                "stream."
            ),
            error.code,
        )
    if error.status in NO_ROUTE:
        return (
            Outcome.UNAVAILABLE,
            f"{error.sentence.rstrip('.')}: this server does not have it. Deselect the stream.",
            error.code,
        )
    return error.outcome, error.sentence, error.code


def align(rows: Sequence[Sequence[str]]) -> list[str]:
    """Pad the cells of a table, the last column excepted."""
    widths = [max(len(row[index]) for row in rows) for index in range(len(rows[0]) - 1)]
    return [
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]])
        for row in rows
    ]
