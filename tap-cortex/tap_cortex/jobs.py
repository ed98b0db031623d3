"""Questions that the configuration asks: CQL queries, and metrics of engineering intelligence."""

from __future__ import annotations

import abc
import dataclasses
import datetime as dt
import functools
import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from singer_rest.errors import BodyError, RequestError, StatusError, StreamError
from singer_rest.http.bodies import unexpected
from singer_rest.records import timestamps
from singer_rest.sources.ahead import Ahead
from singer_rest.sources.base import Plan, Source
from singer_rest.sources.claims import check_one_answer, read_claims
from singer_rest.sources.evidence import LoopError, ProofKind
from singer_rest.sources.pages import Page
from singer_rest.sources.single import envelope
from tap_cortex.fanout import NumberedPage
from tap_cortex.values import member, numbered, objects

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Sequence

    from singer_rest.http.exchange import Reply
    from singer_rest.stop import StopSignal
    from tap_cortex.client import CortexApi

FIRST_PAUSE, MAX_PAUSE = 1.0, 15.0
DONE = "DONE"
UNDER_WAY = "IN_PROGRESS"
MAX_RANGE = 180
NOT_ALLOWED = frozenset(
    {
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.FORBIDDEN,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.METHOD_NOT_ALLOWED,
        HTTPStatus.NOT_IMPLEMENTED,
    }
)


@dataclasses.dataclass(frozen=True)
class Question:
    """One configured question: its name, which is part of the key of its rows, and its body."""

    name: str
    body: dict[str, Any]

    def __str__(self) -> str:
        return f"query {self.name}"


class QuestionsSource(Source):
    """Questions, one after the other; one that fails costs its own rows only."""

    def __init__(self, api: CortexApi, path: str, questions: Sequence[Question]) -> None:
        super().__init__()
        self.api = api
        self.where = path
        self.questions = questions
        self.ahead: Ahead[Reply] = Ahead(api.prefetch)

    def pages(self) -> Iterator[Page]:
        """Yield the rows of every question."""
        self.evidence.parents_expected = len(self.questions)
        for question in self.questions:
            try:
                for page in self.answers(question):
                    self.evidence.pages += 1
                    self.evidence.received += len(page.rows)
                    yield page
                self.evidence.parents += 1
            except RequestError as error:
                if isinstance(error, StatusError) and error.status in NOT_ALLOWED:
                    raise
                self.evidence.contradict(f"{question}: {error.sentence}")
        answered = f"{self.evidence.parents} of {len(self.questions)} queries answered"
        self.evidence.prove(ProofKind.EVERY_PARENT, answered)

    @abc.abstractmethod
    def answers(self, question: Question) -> Iterator[Page]:
        """Yield the rows of one question."""

    def follow(
        self, question: Question, body: dict[str, Any], name: Hashable = None
    ) -> Iterator[NumberedPage]:
        """Yield the rows of an answer and of the pages that it names, to the last.

        Args:
            question: What is asked.
            body: The first request.
            name: What it was begun as, if it was.

        Raises:
            LoopError: A page is named twice.
        """
        limit = body["limit"]
        tokens: set[str] = set()
        offset = 0
        while True:
            reply = self.ahead.ask(name, functools.partial(self.post, body))
            rows = metric_rows(reply)
            name = token = reply.body.get("nextPage")
            body = {**body, "nextPage": token}
            if token and token not in tokens and self.ahead.pays(reply.seconds):
                self.ahead.begin(name, functools.partial(self.post, body))
            yield NumberedPage(rows, reply, parent=question, offset=offset)
            offset += len(rows)
            if not token:
                break
            if token in tokens:
                raise LoopError(f"{self.where} gives the same page again ({question}).")
            tokens.add(token)
        if len(rows) >= limit:
            self.evidence.doubt(
                f"{question}: as many rows came as its limit of {question.body['limit']} allows, "
                "and the server names no next page; raise the limit"
            )

    def post(self, body: dict[str, Any], **more: Any) -> Reply:
        """Send a body."""
        request = dataclasses.replace(self.api.request(self.where), method="POST", json=body)
        return self.api.transport.send(dataclasses.replace(request, **more))

    def probe(self) -> Reply | None:
        """Ask nothing: a question has its price."""
        return None


class CqlSource(QuestionsSource):
    """CQL queries: started, then waited for.

    Args:
        api: The requests.
        questions: The queries.
        stop: Ends the waiting.
        patience: Seconds that a query may take; the vendor speaks of 15 minutes and more.
    """

    def __init__(
        self, api: CortexApi, questions: Sequence[Question], stop: StopSignal, patience: float
    ) -> None:
        super().__init__(api, "/queries", questions)
        self.stop = stop
        self.patience = patience

    def answers(self, question: Question) -> Iterator[Page]:
        """Start one query, look until it is done, and yield its rows.

        A query that may have begun is never begun again; while one runs, the server answers
        another one with 409, which the vendor documents.

        Raises:
            StreamError: It failed, or was not done within ``cql_timeout_minutes``.
        """
        deadline = time.monotonic() + self.patience
        pauses = self._pauses(deadline)
        conflict = {"accept_statuses": frozenset({HTTPStatus.CONFLICT}), "once": True}
        reply = self.post(question.body, **conflict)
        while reply.status == HTTPStatus.CONFLICT and next(pauses, None) is not None:
            reply = self.post(question.body, **conflict)
        if reply.status == HTTPStatus.CONFLICT:
            raise self._unfit(reply, "another query is running")
        job = reply.body.get("jobId") if isinstance(reply.body, dict) else None
        if not job:
            raise self._unfit(reply, "the answer has no jobId")
        while True:
            reply = self.api.transport.send(self.api.request("/queries/{job}", job=job))
            body = reply.body if isinstance(reply.body, dict) else {}
            status = body.get("status")
            if status == DONE:
                yield Page(self._result(reply), reply, parent=question)
                return
            if status != UNDER_WAY:
                raise self._unfit(reply, f"it ended with status {status}")
            if next(pauses, None) is None:
                raise self._unfit(
                    reply,
                    f"it did not end within the {self.patience / 60:g} minutes of "
                    "cql_timeout_minutes",
                )

    @staticmethod
    def _result(reply: Reply) -> list[dict[str, Any]]:
        rows = envelope("result")(reply)
        wrong = check_one_answer(read_claims(reply.body), len(rows))
        if wrong:
            raise CqlSource._unfit(reply, f"the answer contradicts itself: {wrong[0]}")
        return rows

    def _pauses(self, deadline: float) -> Iterator[float]:
        """Wait longer and longer; ends when the patience does."""
        pause = FIRST_PAUSE
        while time.monotonic() + pause <= deadline:
            self.stop.wait(pause)
            yield pause
            pause = min(pause * 1.5, MAX_PAUSE)

    @staticmethod
    def _unfit(reply: Reply, reason: str) -> BodyError:
        return BodyError(f"{reason}.", code="QUERY-FAILED", url=reply.url)

    def plan(self) -> Plan:
        """A start and a look per query, at least."""
        return Plan(2 * len(self.questions), exact=not self.questions)


class MetricsSource(QuestionsSource):
    """Engineering metrics at a point in time, each over its configured range."""

    def __init__(self, api: CortexApi, questions: Sequence[Question]) -> None:
        super().__init__(api, "/eng-intel/metrics/point-in-time", questions)

    def answers(self, question: Question) -> Iterator[Page]:
        """Yield the rows of one query, page by page."""
        return self.follow(question, question.body)

    def probe(self) -> Reply | None:
        """Ask for the metrics that there are, and look whether all that are asked for are.

        Raises:
            StreamError: One is not.
        """
        request = self.api.request("/eng-intel/registry/metrics/definitions", {"view": "basic"})
        reply = self.api.transport.send(request)
        known = {str(row.get("key")) for row in envelope("metrics")(reply)}
        for question in self.questions:
            for metric in objects(question.body["metrics"]):
                if metric.get("metric") not in known:
                    raise StreamError(
                        f"{question}: there is no metric {metric.get('metric')!r}. The stream "
                        "metric_definitions lists those that there are.",
                        code="UNKNOWN-METRIC",
                    )
        return reply

    def plan(self) -> Plan:
        """One request per query, unless it has further pages."""
        return Plan(len(self.questions), exact=not self.questions)


def metric_columns(body: Any) -> list[dict[str, Any]]:
    """Return the columns of an answer in the order of their ordinals."""
    columns = objects(member(member(body, "metadata"), "columns"))
    if all(type(column.get("ordinal")) is int for column in columns):
        columns = sorted(columns, key=lambda column: column["ordinal"])
    return columns


def metric_rows(reply: Reply) -> list[dict[str, Any]]:
    """Return the rows of an answer by the aliases of their columns.

    The vendor documents rows as lists in the order of the columns' ordinals; objects by alias are
    taken, too, and may leave out what is null, but not everything.

    Raises:
        StreamError: The rows are neither, or do not fit the columns.
    """
    found = member(reply.body, "rows")
    if not isinstance(found, list):
        raise unexpected(reply, "a list under 'rows'")
    names = column_aliases(metric_columns(reply.body))
    rows = []
    for row in found:
        if isinstance(row, list) and len(row) == len(names):
            rows.append(dict(zip(names, row, strict=True)))
        elif isinstance(row, dict) and row:
            rows.append(row)
        else:
            raise unexpected(reply, f"rows of {len(names)} values, or objects")
    return rows


def column_aliases(columns: Sequence[dict[str, Any]]) -> list[str]:
    """Return the names of columns, each different."""
    return numbered(str(column.get("alias") or column.get("name")) for column in columns)


def cql_questions(configured: Sequence[dict[str, Any]]) -> list[Question]:
    """Return the CQL queries of the configuration."""
    return [Question(str(item["name"]), {"query": item["query"]}) for item in configured]


def metric_questions(configured: Sequence[dict[str, Any]], now: dt.datetime) -> list[Question]:
    """Return the metric queries of the configuration; each ends at the last midnight in UTC."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    found = []
    for item in configured:
        body: dict[str, Any] = {
            "startTime": timestamps.text(midnight - dt.timedelta(days=item.get("days") or 30)),
            "endTime": timestamps.text(midnight),
            **metric_body(item),
        }
        found.append(Question(str(item["name"]), body))
    return found


def metric_body(item: dict[str, Any]) -> dict[str, Any]:
    """Return the body of a metric query without its range."""
    return {
        "metrics": item["metrics"],
        "groupBy": item.get("group_by") or [],
        "filters": item.get("filters") or [],
        "orderBy": item.get("order_by") or [],
        "limit": item.get("limit") or 1000,
    }
