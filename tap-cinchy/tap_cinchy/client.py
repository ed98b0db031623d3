"""The requests this tap can make, and no others.

Queries are sent with a type that reads; there is no way from here to one that writes.
"""

from __future__ import annotations

import dataclasses
import logging
import threading
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Literal

from singer_rest.errors import BodyError, StatusError, StreamError
from singer_rest.http.exchange import Request
from singer_rest.http.failures import excerpt
from singer_rest.http.urls import segment
from tap_cinchy.cql import is_timeout

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from singer_rest.http.client import Transport
    from singer_rest.http.credentials import Credential
    from singer_rest.http.exchange import Reply
    from singer_rest.redact import Redactor
    from tap_cinchy.endpoints import Endpoints

logger = logging.getLogger(__name__)

ReadType = Literal["QUERY", "DRAFT_QUERY", "VERSION_HISTORY_QUERY"]
READ_TYPES = ("QUERY", "DRAFT_QUERY", "VERSION_HISTORY_QUERY")
SMALLEST = "SELECT 1"
"""A query that has a row on every platform that answers it at all."""
ERROR_HEADER = "X-Cinchy-Error"
MAYBE_TIMEOUT = frozenset({HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.GATEWAY_TIMEOUT})
EXACT_DOUBLE = 1 << 53


class SlowQueryError(StreamError):
    """The server gave up on a query; a smaller piece of it may do."""

    code = "QUERY-TIMEOUT"


@dataclasses.dataclass(frozen=True)
class Parameter:
    """A parameter of a query, as its form fields want it."""

    name: str
    value: Any
    """Text, a number or yes and no; nothing else is known to be understood."""

    def fields(self, index: int) -> dict[str, str]:
        """Return the three form fields of the parameter at a place."""
        kind, text = "System.String", str(self.value)
        if isinstance(self.value, bool):
            kind, text = "System.Boolean", text.lower()
        elif isinstance(self.value, float) or (
            isinstance(self.value, int) and abs(self.value) <= EXACT_DOUBLE
        ):
            kind = "System.Double"
        head = f"Parameters[{index}]"
        return {
            f"{head}.ParameterName": self.name,
            f"{head}.ValueType": kind,
            f"{head}.XmlSerializedValue": text,
        }


class CinchyApi:
    """Requests to one platform.

    Args:
        transport: The one way out.
        places: Where everything is.
        credential: For everything but Basic routes and health checks, if there is one.
        basic: The header for Basic routes, if there is one.
        command_timeout: Seconds a query may take.
        redactor: Knows the secrets.
        concurrency: Requests under way at once, whoever makes them.
    """

    def __init__(
        self,
        transport: Transport,
        endpoints: Endpoints,
        *,
        credential: Credential | None,
        basic: Mapping[str, str] | None,
        command_timeout: int,
        redactor: Redactor,
        concurrency: int = 1,
    ) -> None:
        self._slots = threading.BoundedSemaphore(concurrency)
        self.transport = transport
        self.endpoints = endpoints
        self.base = endpoints.base
        self.credential = credential
        self.basic = basic
        self.command_timeout = command_timeout
        self.redactor = redactor
        self.proved = False
        """Whether the credential has been accepted."""
        self.answers = 0
        """How many queries were answered."""
        self._last_with_rows = 0
        self._counting = threading.Lock()
        self._basic_proved = False
        self._basic_refused = False

    # Queries

    def execute(
        self,
        query: str,
        kind: ReadType = "QUERY",
        parameters: Sequence[Parameter] = (),
        *,
        schema_only: bool = False,
    ) -> Reply:
        """Run a query by ``POST /API/ExecuteCQL``.

        Raises:
            SlowQueryError: It took too long.
            StatusError: The server refused it; its words are those of the error header.
        """
        if kind not in READ_TYPES:
            raise ValueError(kind)
        form = {
            "Query": query,
            "Type": kind,
            "ResultFormat": "JSON",
            "CompressJSON": "true",
            "CommandTimeout": str(self.command_timeout),
        }
        if schema_only:
            form["SchemaOnly"] = "true"
        for index, parameter in enumerate(parameters):
            form.update(parameter.fields(index))
        url = f"{self.base}/API/ExecuteCQL"
        reply = self._patient(Request(url, method="POST", form=form))
        self.proved = True
        with self._counting:
            self.answers += 1
            self._last_with_rows = self.answers if _has_rows(reply) else self._last_with_rows
        return reply

    def gave_rows_after(self, answers: int) -> bool:
        """Whether a later query than so many was answered with rows."""
        return self._last_with_rows > answers

    def prove(self) -> None:
        """Prove the credential by the smallest query.

        Raises:
            CredentialError: It is not good.
            StatusError: The platform refuses for another reason than a right to query.
        """
        try:
            self.execute(SMALLEST)
        except StatusError as error:
            if error.status != HTTPStatus.BAD_REQUEST:
                raise
            # Who is refused a query has been let in.

    def _patient(self, request: Request) -> Reply:
        """Send a query, and tell a query that took too long from other trouble."""
        try:
            reply = self._send(dataclasses.replace(request, accept_statuses=MAYBE_TIMEOUT))
        except StatusError as error:
            if error.status == HTTPStatus.BAD_REQUEST and is_timeout(error.message):
                raise self._slow(request.url, error.message) from error
            raise
        if reply.status not in MAYBE_TIMEOUT:
            return reply
        words = excerpt(str(reply.headers.get(ERROR_HEADER) or ""), self.redactor)
        if reply.status == HTTPStatus.GATEWAY_TIMEOUT or is_timeout(words):
            raise self._slow(request.url, words or "504 Gateway Timeout")
        return self._send(request)

    def _slow(self, url: str, words: str) -> SlowQueryError:
        return SlowQueryError(
            f"{url} gave up on a query that may take {self.command_timeout} s: "
            f"{words.rstrip('.')}. Raise command_timeout, or select fewer columns."
        )

    def _send(self, request: Request) -> Reply:
        """Send, and renew the token once where a login page or a message stands for a 401."""
        with self._slots:
            return self._renewing(request)

    def _renewing(self, request: Request) -> Reply:
        try:
            reply = self.transport.send(request)
        except BodyError as error:
            credential = self.credential
            if error.code != "HTML-BODY" or credential is None or not credential.renew():
                raise
            reply = self.transport.send(request)
        if request.authenticated and _is_message(reply) and self._renewed():
            reply = self.transport.send(request)
        if reply.status == HTTPStatus.OK and (
            said := str(reply.headers.get(ERROR_HEADER) or "").strip()
        ):
            words = excerpt(said, self.redactor)
            raise StatusError(
                f"{reply.url} answered 200 and says that it failed: {words}",
                code="ERROR-INSIDE",
                url=reply.url,
                status=HTTPStatus.BAD_REQUEST,
                headers=reply.headers,
                message=words,
            )
        return reply

    # Saved queries

    def saved_query(
        self,
        domain: str,
        name: str,
        parameters: Mapping[str, Any],
        *,
        version: str = "",
        basic: bool = False,
        post: bool = False,
    ) -> Reply:
        """Run a saved query.

        Raises:
            StatusError: It does not exist, the account may not run it, or it failed. Once Basic
                was refused before it was ever accepted, nothing more is asked with it.
        """
        route = "BasicAuthAPI" if basic else "API"
        index = f"{segment(domain)}/{segment(name)}"
        url = f"{self.base}/{route}/{f'v{version}/' if version else ''}{index}"
        sent = {"ResultFormat": "JSON", "CompressJSON": "true", **parameters}
        form = {key: _as_text(value) for key, value in sent.items()} if post else None
        request = Request(
            url,
            {} if post else sent,
            method="POST" if post else "GET",
            form=form,
            headers=self._basic_headers(url) if basic else {},
            authenticated=not basic,
            # Here 401 may also say that the account may not run this query.
            accept_statuses=frozenset({HTTPStatus.UNAUTHORIZED}),
        )
        reply = self._send(request)
        if reply.status == HTTPStatus.UNAUTHORIZED and not basic and self._renewed():
            reply = self._send(request)
        if reply.status == HTTPStatus.UNAUTHORIZED:
            raise self._not_allowed(reply, f"{domain}.{name}", basic=basic)
        self.proved = self.proved or not basic
        self._basic_proved = self._basic_proved or basic
        return reply

    def _renewed(self) -> bool:
        return self.credential is not None and self.credential.renew()

    def _basic_headers(self, url: str) -> Mapping[str, str]:
        if self._basic_refused:
            raise self._unauthorized(
                url,
                "Not asked, because username and password were refused before and three wrong "
                "passwords lock the account for 15 minutes.",
            )
        return self.basic or {}

    def _not_allowed(self, reply: Reply, query: str, *, basic: bool) -> StatusError:
        said = f"{reply.url} answered 401: "
        if basic and not self._basic_proved:
            self._basic_refused = True
            return self._unauthorized(
                reply.url,
                f"{said}username or password is wrong, or the account may not execute the query "
                f"{query}. Nothing more is asked with them in this run, because three wrong "
                "passwords lock the account for 15 minutes.",
            )
        return self._unauthorized(
            reply.url, f"{said}the account may not execute the query {query}."
        )

    @staticmethod
    def _unauthorized(url: str, sentence: str) -> StatusError:
        return StatusError(
            sentence, code="HTTP-401", url=url, status=HTTPStatus.UNAUTHORIZED, headers={}
        )

    # Beside queries

    def entitlements(self, table: str) -> dict[str, Any]:
        """Return what the account may do with ``Domain.Table``; nothing where nobody can tell."""
        domain, _, name = table.partition(".")
        url = f"{self.base}/Account/GetTableEntitlementsByName"
        for key in ("domainName", "dataProductName"):  # the second since 6.0
            try:
                reply = self._send(
                    Request(url, method="POST", json={key: domain, "tableName": name})
                )
            except StatusError as error:
                if error.status != HTTPStatus.BAD_REQUEST:
                    return {}
            except StreamError:
                return {}
            else:
                return reply.body if isinstance(reply.body, dict) else {}
        return {}


def _is_message(reply: Reply) -> bool:
    """Whether an answer is a message and nothing else, as ASP.NET writes a denial."""
    body = reply.body
    return isinstance(body, dict) and [name.lower() for name in body] == ["message"]


def _has_rows(reply: Reply) -> bool:
    body = reply.body
    return bool(body.get("data") if isinstance(body, dict) and "data" in body else body)


def _as_text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
