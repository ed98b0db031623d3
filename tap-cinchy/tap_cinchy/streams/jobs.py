"""Data syncs: started once, never again, and only for those who insist."""

from __future__ import annotations

import json
import logging
import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from singer_rest.errors import StatusError, StreamError
from singer_rest.http.exchange import Request
from singer_rest.http.failures import find_message
from singer_rest.records import timestamps
from singer_rest.records.columns import INSTANT, INTEGER, TEXT, Column, Table
from singer_rest.sources.base import Plan, Source
from singer_rest.sources.evidence import ProofKind
from singer_rest.sources.pages import Page
from tap_cinchy import answers
from tap_cinchy.cql import ID, Select
from tap_cinchy.streams.base import CinchyStream

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from singer_rest.http.exchange import Reply

logger = logging.getLogger(__name__)

PATHS = ("/api/v1.0/jobs", "/api/jobs")
BATCH = 5000
BAD_REQUEST, UNAUTHORIZED, NOT_FOUND = 400, 401, 404
ANSWERS = frozenset({BAD_REQUEST, UNAUTHORIZED, NOT_FOUND})
LOG = "[Cinchy].[Execution Log]"
RUNNING = "Running"
FIRST_PAUSE, MAX_PAUSE = 0.5, 5.0

JOBS = Table(
    (
        Column("feed", TEXT, "Name of the data sync configuration."),
        Column("triggered_at", INSTANT, "When it was started, in UTC."),
        Column("execution_id", INTEGER, "Cinchy Id of the run in the execution log."),
        Column("state", TEXT, "Running, Succeeded or Failed, as last seen."),
        Column("execution_output", TEXT, "What the run said at its end."),
    ),
    ("feed", "triggered_at"),
)


class JobsSource(Source):
    """One POST for each job named in the configuration."""

    where = PATHS[0]

    def __init__(self, stream: Jobs) -> None:
        super().__init__()
        self.stream = stream
        self.api = stream.api

    def pages(self) -> Iterator[Page]:
        """Start every job, and yield a row for each that was started."""
        url = self.api.endpoints.trusted_connections()
        for job in self.stream.config["jobs"]:
            at = timestamps.text(timestamps.now())
            try:
                reply = self._start(url, job)
                row = {"feed": job["feed"], "triggered_at": at, **self._watched(reply)}
            except StreamError as error:
                self.evidence.problems.append(f"{job['feed']}: {error.sentence}")
                continue
            self.evidence.pages += 1
            self.evidence.received += 1
            yield Page([row], reply)
        self.evidence.prove(ProofKind.EVERY_PARENT)

    def _start(self, url: str, job: Mapping[str, Any]) -> Reply:
        """Start a job; whatever becomes of the answer, it is not started again.

        Raises:
            StreamError: It was refused, or nobody knows.
        """
        request = self._request(url + PATHS[0], job)
        reply = self.api.transport.send(request)
        if reply.status == UNAUTHORIZED and self.api.credential and self.api.credential.renew():
            reply = self.api.transport.send(request)  # a 401 has started nothing
        if reply.status == NOT_FOUND:
            reply = self.api.transport.send(self._request(url + PATHS[1], job))
        if reply.status != HTTPStatus.OK:
            words = find_message(reply.body) or {
                UNAUTHORIZED: "before 5.11 the jobs API may take no personal access token"
            }.get(reply.status, "")
            raise StatusError(
                f"{reply.url} answered {reply.status}{f': {words}' if words else ''}.",
                code=f"HTTP-{reply.status}",
                url=reply.url,
                status=reply.status,
                headers=reply.headers,
            )
        return reply

    def _request(self, url: str, job: Mapping[str, Any]) -> Request:
        here = urlsplit(self.api.base)
        options = {
            "feed": job["feed"],
            "model": "Cinchy",
            "server": here.netloc + here.path,
            "useHttps": here.scheme == "https",
            "userId": None,
            "password": None,
            "batchsize": BATCH,
            "retrievalbatchsize": BATCH,
            "writeToFile": True,
            "paramValues": {
                name: {"isFile": False, "value": value}
                for name, value in (job.get("params") or {}).items()
            },
        }
        return Request(
            url,
            method="POST",
            files={"options": (None, json.dumps(options))},
            accept_statuses=ANSWERS,
            once=True,
        )

    def _watched(self, reply: Reply) -> dict[str, Any]:
        """Return the run's id and its state, watched for as long as the setting says."""
        body = reply.body if isinstance(reply.body, dict) else {}
        named = {str(name).lower(): value for name, value in body.items()}
        try:
            execution = int(named["executionid"])
        except (KeyError, TypeError, ValueError):
            raise StreamError(
                f"{reply.url} started a job and did not tell its executionId; see the execution "
                "log.",
                code="UNEXPECTED-BODY",
            ) from None
        found: dict[str, Any] = {"execution_id": execution, "state": RUNNING}
        until = time.monotonic() + int(self.stream.config["jobs_wait_seconds"])
        pause = FIRST_PAUSE
        while time.monotonic() < until:
            found |= self._job_state(execution)
            if found["state"] != RUNNING:
                break
            self.stream.tap.stop.wait(min(pause, max(0.0, until - time.monotonic())))
            pause = min(pause * 2, MAX_PAUSE)
        return found

    def _job_state(self, execution: int) -> dict[str, Any]:
        paths = (f"[{ID}]", "[State]", "[Execution Output]")
        text = Select(LOG, paths, conditions=(f"t.[{ID}] = {execution}",)).text(top=1)
        try:
            _types, (ids, states, outputs) = answers.by_position(self.api.execute(text), 3)
        except StreamError as error:
            logger.warning("The state of run %d is not readable: %s", execution, error.sentence)
            return {"state": "Unknown"}
        if not ids:
            return {}
        return {"state": states[0], "execution_output": outputs[0]}

    def probe(self) -> None:
        """Ask nothing: the only question there is starts a job."""

    def plan(self) -> Plan:
        """One request a job, and those that watch it."""
        return Plan(len(self.stream.config["jobs"]), exact=not self.stream.config["jobs"])

    @property
    def expected_proof(self) -> str:
        """Return which proof the pass will have."""
        return ProofKind.EVERY_PARENT.value


class Jobs(CinchyStream):
    """Starts the data syncs that ``jobs`` names, if ``jobs_allow_trigger`` is set."""

    name = "jobs"
    table = JOBS
    route = "POST /api/v1.0/jobs of Connections"
    permission = "the right to execute the data sync"
    cost = "1 request per job, and 1 per poll of its state"
    daily_snapshot = True

    def check(self) -> None:
        """Make sure that the credential may go where jobs are started.

        Raises:
            ConfigError: It may not.
        """
        self.tap.bind_credential(self.api.endpoints.trusted_connections())

    def new_source(self) -> Source:
        """Return the requests."""
        return JobsSource(self)
