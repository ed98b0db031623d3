"""Engineering intelligence through time: raw events, and metrics period by period.

Both are asked window by window, from the oldest to the newest, and a window ends before the run
began. When all questions of a window are answered the bookmark may move to its end.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import functools
from typing import TYPE_CHECKING, Any, Literal

from singer_rest.errors import RequestError, StatusError
from singer_rest.records import timestamps
from singer_rest.sources.base import Plan
from singer_rest.sources.evidence import ProofKind
from tap_cortex.jobs import NOT_ALLOWED, Question, QuestionsSource

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from singer_rest.sources.pages import Page
    from tap_cortex.client import CortexApi

Period = Literal["day", "week", "month"]
PERIODS: tuple[Period, ...] = ("day", "week", "month")
TRACE = "/eng-intel/trace"
MAX_EVENTS = 500
"""Events that one answer may hold."""
WINDOW = dt.timedelta(days=30)
DEFAULT_PAST = dt.timedelta(days=730)
"""How far back the first run goes where no start_date says so."""

Span = tuple[dt.datetime, dt.datetime]


@dataclasses.dataclass(frozen=True)
class TimedQuestion(Question):
    """A question that is asked for one window after the other."""

    windows: tuple[Span, ...] = ()
    item: dict[str, Any] = dataclasses.field(default_factory=dict)
    """As it stands in the configuration."""


class TimedSource(QuestionsSource):
    """Questions asked window by window.

    Args:
        api: The requests.
        path: The route.
        questions: With their windows.
        dates: Names of both ends of a window in the body.
    """

    def __init__(
        self, api: CortexApi, path: str, questions: Sequence[TimedQuestion], dates: tuple[str, str]
    ) -> None:
        super().__init__(api, path, questions)
        self.dates = dates
        self._asked = sorted(
            ((question, span) for question in questions for span in question.windows),
            key=lambda pair: (pair[1][1], pair[1][0], pair[0].name),
        )

    def answers(self, question: Question) -> Iterator[Page]:
        """Yield nothing: a question is asked with its windows."""
        del question
        return iter(())

    def pages(self) -> Iterator[Page]:
        """Yield the rows of every window and question; ``parent`` is both.

        Raises:
            StreamError: The route is not there, or not allowed.
        """
        evidence = self.evidence
        evidence.parents_expected = len(self._asked)
        for index, (question, span) in enumerate(self._asked):
            last = index + 1 == len(self._asked) or self._asked[index + 1][1][1] > span[1]
            try:
                yield from self._window(index, last=last)
            except RequestError as error:
                if isinstance(error, StatusError) and error.status in NOT_ALLOWED:
                    raise
                evidence.contradict(f"{question} from {_day(span[0])}: {error.sentence}")
            else:
                evidence.parents += 1
        evidence.prove(
            ProofKind.CLOSED_WINDOW, f"{evidence.parents} of {len(self._asked)} answered"
        )

    def _body(self, index: int) -> dict[str, Any]:
        question, span = self._asked[index]
        return {**question.body, **dict(zip(self.dates, map(timestamps.text, span), strict=True))}

    def _window(self, index: int, *, last: bool) -> Iterator[Page]:
        question, span = self._asked[index]
        previous: Page | None = None
        for page in self.follow(question, self._body(index), index):
            if previous is not None:
                yield previous
            self.evidence.pages += 1
            self.evidence.received += len(page.rows)
            previous = dataclasses.replace(page, parent=(question, span))
        if previous is not None:
            if index + 1 < len(self._asked) and self.ahead.pays(previous.reply.seconds):
                following = functools.partial(self.post, self._body(index + 1))
                self.ahead.begin(index + 1, following)
            whole = last and not self.evidence.problems and not self.evidence.doubts
            yield dataclasses.replace(previous, complete_to=span[1] if whole else None)

    @property
    def expected_proof(self) -> str:
        """Return which proof the windows will have."""
        return ProofKind.CLOSED_WINDOW.value

    def plan(self) -> Plan:
        """One request a window and question, unless it has further pages."""
        return Plan(len(self._asked), exact=False)


def _day(moment: dt.datetime) -> str:
    return moment.date().isoformat()


def cut(start: dt.datetime, end: dt.datetime) -> tuple[Span, ...]:
    """Cut a span of time into windows that the server takes."""
    found = []
    while start < end:
        found.append((start, min(start + WINDOW, end)))
        start += WINDOW
    return tuple(found)


def periods(kind: Period, since: dt.datetime, until: dt.datetime) -> tuple[Span, ...]:
    """Return the days, weeks (from Monday) or months that end after an instant and are over.

    Args:
        kind: Which.
        since: The first period that ends later is the first one.
        until: No period ends later.
    """
    start = since.replace(hour=0, minute=0, second=0, microsecond=0)
    if kind == "week":
        start -= dt.timedelta(days=start.weekday())
    elif kind == "month":
        start = start.replace(day=1)
    found = []
    while (end := _after(kind, start)) <= until:
        if end > since:
            found.append((start, end))
        start = end
    return tuple(found)


def _after(kind: Period, start: dt.datetime) -> dt.datetime:
    if kind == "month":
        return (start + dt.timedelta(days=32)).replace(day=1)
    return start + dt.timedelta(days=7 if kind == "week" else 1)


def trace_body(item: dict[str, Any]) -> dict[str, Any]:
    """Return the body of a question about events; the time is always among the attributes."""
    time = item["time_attribute"]
    attributes = list(item.get("attributes") or [])
    if attributes and time not in attributes:
        attributes.append(time)
    return {
        "source": item["source"],
        "attributes": attributes,
        "filters": item.get("filters") or [],
        "timeAttribute": time,
        "orderBy": [{"attribute": time, "direction": "ASC"}],
        "limit": MAX_EVENTS,
    }
