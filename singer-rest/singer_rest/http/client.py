"""One safe way to the server: every request of a tap passes here.

Promises:

* A credential goes to the origin it is bound to and to no other, redirects included.
* A redirect never changes a method, a scheme or a host.
* A response has a total deadline and a ceiling for its decoded size.
* What comes back is a status the caller can use and decoded JSON, or an error in one sentence.

The transport knows nothing of records, pages or state.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import logging
import threading
import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

import requests
import urllib3

from singer_rest.http import bodies, failures, json_body, unreachable
from singer_rest.http.connections import TimedAdapter
from singer_rest.http.exchange import Answer, Reply, Request
from singer_rest.http.freshness import FRESH, why_kept
from singer_rest.http.preparing import prepare
from singer_rest.http.retry import (
    Attempts,
    Failure,
    GiveUpError,
    RetryPolicy,
    RetryProgress,
    parse_http_date,
)
from singer_rest.http.urls import checked_proxies, is_login, left_unasked, origin, questions
from singer_rest.redact import plain_url

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from singer_rest.http.credentials import OriginCredentials
    from singer_rest.http.rate_limit import RateLimit
    from singer_rest.redact import Redactor
    from singer_rest.stop import StopSignal

    Scalar = str | int | bool
    Params = Mapping[str, Scalar | Sequence[Scalar] | None]

logger = logging.getLogger(__name__)

CHUNK = 1 << 16
MAX_REDIRECTS = 5
MAX_RENEWALS = 5
"""For one request: the others under way may use up a token before it is repeated."""
REDIRECTS = frozenset(
    {
        HTTPStatus.MOVED_PERMANENTLY,
        HTTPStatus.FOUND,
        HTTPStatus.SEE_OTHER,
        HTTPStatus.TEMPORARY_REDIRECT,
        HTTPStatus.PERMANENT_REDIRECT,
    }
)
FROM_A_PROXY = frozenset({requests.codes.proxy_authentication_required})
WHOLE_ANSWERS = frozenset({HTTPStatus.OK, HTTPStatus.NON_AUTHORITATIVE_INFORMATION})
"""What a list or a record is taken from; 202 and 206 say of themselves that more is to come."""
METHOD_CHANGING_REDIRECTS = frozenset(
    {HTTPStatus.MOVED_PERMANENTLY, HTTPStatus.FOUND, HTTPStatus.SEE_OTHER}
)
MEGABYTE = 1 << 20


@dataclasses.dataclass
class TransportOptions:
    """Settings of a transport, in seconds and bytes."""

    user_agent: str
    connect_timeout: float = 10.0
    read_timeout: float = 60.0
    total_timeout: float = 300.0
    largest_body: int = 64 * MEGABYTE
    verify: bool | str = True
    """Whether certificates are checked; a path names a bundle of authorities."""
    pool_size: int = 10
    retry: RetryPolicy = dataclasses.field(default_factory=RetryPolicy)
    error_headers: tuple[str, ...] = ()
    """Headers in which this vendor says what is wrong, where its bodies do not."""


@dataclasses.dataclass
class Traffic:
    """What went over the wire so far."""

    requests: int = 0
    retries: int = 0
    refused: int = 0
    """Answers 429."""
    bytes: int = 0


class Transport:
    """The session of one tap. Safe to use from several threads."""

    def __init__(
        self,
        options: TransportOptions,
        *,
        origin_credentials: OriginCredentials,
        rate_limit: RateLimit,
        stop: StopSignal,
        redactor: Redactor,
    ) -> None:
        self.options = options
        self.origin_credentials = origin_credentials
        self.rate_limit = rate_limit
        self.stop = stop
        self.redactor = redactor
        self.traffic = Traffic()
        self.answered = False
        """Whether any request of this run was answered with success."""
        self.began: dt.datetime | None = None
        """The server's clock at its first answer, if it told."""
        self._progress = RetryProgress()
        self._lock = threading.Lock()
        if options.verify is False:  # the tap has warned once; urllib3 would for every request
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        # No session: cookies are credentials too, and no vendor here needs any.
        self._adapter = TimedAdapter(options.total_timeout, options.pool_size)
        self._headers = {
            **requests.utils.default_headers(),
            **FRESH,
            "Accept": "application/json",
            "User-Agent": options.user_agent,
        }
        self._proxies: dict[tuple[str, str, int], dict[str, str]] = {}
        """By origin, as the environment names them."""

    def close(self) -> None:
        """Close every connection."""
        self._adapter.close()

    def send(self, request: Request) -> Reply:
        """Ask until there is an answer or no hope.

        Raises:
            RequestError: No answer, an unusable one, or a status that means no and that the
                request does not accept.
            CredentialError: The first authenticated answer of the run was 401.
            CredentialRevokedError: A later one was.
            Stopped: A stop signal arrived while waiting.
        """
        attempts = Attempts(self.options.retry, self._progress)
        renewals, identity = 0, False
        while True:
            self.rate_limit.acquire()
            answer = self._exchange(request, identity=identity)
            if isinstance(answer, Answer):
                if (
                    answer.status == requests.codes.unauthorized
                    and answer.status not in request.accept_statuses
                ):
                    if renewals == MAX_RENEWALS or not self._renew(request):
                        raise failures.unauthorized(
                            answer, self._credential_name(request), first=not self.answered
                        )
                    renewals += 1
                    continue
                outcome = self._judge(request, answer)
                if isinstance(outcome, Reply):
                    return outcome
            else:
                outcome = answer
            identity = identity or outcome.unpacked
            self._wait(request, attempts, outcome)

    def _wait(self, request: Request, attempts: Attempts, failure: Failure) -> None:
        if failure.limited:
            with self._lock:
                self.traffic.refused += 1
            if failure.retry_after is None:
                self.rate_limit.slow_down()
        try:
            if request.once and not failure.limited:
                raise GiveUpError("not repeated, because it may have taken effect")
            pause = attempts.pause_after(failure)
        except GiveUpError as end:
            if end.reason:
                failure.error.add(end.reason)
            raise failure.error from None
        with self._lock:
            self.traffic.retries += 1
        level = logging.INFO if self._progress.may_say() else logging.DEBUG
        sentence = self.redactor.text(failure.error.sentence)
        logger.log(level, "%s Trying again in %.1f s%s.", sentence, pause, attempts.outlook)
        if failure.limited and failure.retry_after is not None:
            self.rate_limit.close_for(pause)
        else:
            self.stop.wait(pause)

    def _credential_name(self, request: Request) -> str | None:
        credential = self.origin_credentials.for_url(request.url) if request.authenticated else None
        return credential.name if credential else None

    def _renew(self, request: Request) -> bool:
        credential = self.origin_credentials.for_url(request.url) if request.authenticated else None
        return credential is not None and credential.renew()

    def _context(self) -> failures.Context:
        return failures.Context(
            self.redactor,
            first=not self.answered,
            deadline=self.options.total_timeout,
            error_headers=self.options.error_headers,
        )

    def _judge(self, request: Request, answer: Answer) -> Reply | Failure:
        """Turn a complete answer into a reply or a reason to try again."""
        context = self._context()
        if answer.status >= HTTPStatus.BAD_REQUEST:
            if answer.status in request.accept_statuses - FROM_A_PROXY:
                return self._reply(answer, failures.body_or_none(answer), json_body.Repairs())
            return failures.from_status(answer, context)
        if answer.body.strip() and answer.status not in WHOLE_ANSWERS | request.accept_statuses:
            return bodies.not_whole(answer, context)
        return self._judge_body(request, answer, context)

    def _judge_body(
        self, request: Request, answer: Answer, context: failures.Context
    ) -> Reply | Failure:
        """Turn the body of a success into a reply or a reason to try again."""
        if why := why_kept(answer.headers):
            return bodies.kept(answer, why, context)
        if not answer.body.strip():
            if request.may_be_empty and answer.status < HTTPStatus.MULTIPLE_CHOICES:
                return self._success(answer, None)
            return failures.empty(answer, context)
        if failures.looks_like_html(answer):
            return failures.html(answer, context)
        if request.raw:
            try:
                return self._success(answer, answer.body.decode("utf-8-sig"))
            except UnicodeDecodeError as error:
                return failures.unreadable(answer, f"no UTF-8 ({error.reason})", context)
        try:
            body, repairs = json_body.decode(answer.body)
        except json_body.UnreadableBodyError as error:
            return failures.unreadable(answer, str(error), context)
        if repairs:
            logger.warning("%s: %s.", plain_url(answer.url), repairs.sentence())
        if not request.may_carry_errors and bodies.error_in(body):
            return bodies.marked(answer, body, context)
        return self._success(answer, body, repairs)

    def _success(
        self, answer: Answer, body: Any, repairs: json_body.Repairs | None = None
    ) -> Reply:
        self._progress.mark()
        self.answered = True
        if self.began is None:
            self.began = parse_http_date(answer.headers.get("Date", ""))
        return self._reply(answer, body, repairs or json_body.Repairs())

    @staticmethod
    def _reply(answer: Answer, body: Any, repairs: json_body.Repairs) -> Reply:
        return Reply(
            status=answer.status,
            headers=answer.headers,
            body=body,
            url=plain_url(answer.url),
            seconds=answer.seconds,
            size=len(answer.body),
            repairs=repairs,
        )

    def _exchange(self, request: Request, *, identity: bool) -> Answer | Failure:
        """One try: send, follow redirects of the same origin, read the body."""
        started = time.monotonic()
        url = request.url
        params = {
            key: _as_text(value) for key, value in request.params.items() if value is not None
        }
        asked = questions(url, params)
        context = self._context()
        for _hop in range(MAX_REDIRECTS + 1):
            headers = {**self._headers, **request.headers}
            if identity:
                headers["Accept-Encoding"] = "identity"
            if request.authenticated and (credential := self.origin_credentials.for_url(url)):
                headers.update(credential.headers())
            with self._lock:
                self.traffic.requests += 1
            try:
                prepared = prepare(
                    request.method,
                    url,
                    params,
                    headers,
                    data=request.form,
                    json=request.json,
                    files=request.files,
                )
                response = self._adapter.send(
                    prepared,
                    timeout=(self.options.connect_timeout, self.options.read_timeout),
                    stream=True,
                    verify=self.options.verify,
                    proxies=self._proxies_for(url),
                )
                with response:
                    body = self._read(response, context)
            except (requests.RequestException, OSError, unreachable.TransportError) as error:
                return unreachable.from_exception(error, url, context)
            with self._lock:
                self.traffic.bytes += len(body)
            answer = Answer(
                status=response.status_code,
                headers=response.headers,
                body=body,
                url=url,
                method=request.method,
                seconds=time.monotonic() - started,
                received=_now(),
            )
            target = response.headers.get("Location")
            if answer.status not in REDIRECTS or not target:
                return answer
            target = _joined(url, target, context)
            if (request.authenticated or request.headers) and is_login(target):
                # What ASP.NET and its like do where an API should answer 401.
                return dataclasses.replace(answer, status=requests.codes.unauthorized)
            if request.method != "GET" and answer.status in METHOD_CHANGING_REDIRECTS:
                raise failures.changed_method(answer, target, context)
            if origin(target) != origin(url):
                raise failures.foreign_redirect(answer, target, context)
            # A place without the question is asked it anew, or it would answer another.
            unasked = left_unasked(request.url, asked, target)
            if unasked is None:
                raise failures.other_question(answer, target, context)
            url, params = target, unasked
        raise failures.redirect_loop(request.url, MAX_REDIRECTS, context)

    def _proxies_for(self, url: str) -> dict[str, str]:
        """Return what the environment says; asking it costs as much as a small request."""
        where = origin(url)
        if where not in self._proxies:
            self._proxies[where] = checked_proxies(url)
        return self._proxies[where]

    def _read(self, response: requests.Response, context: failures.Context) -> bytes:
        """Read the decoded body in small steps, so that its size cannot run away."""
        chunks, size = [], 0
        while True:
            chunk = response.raw.read1(CHUNK, decode_content=True)
            if not chunk:
                break
            chunks.append(chunk)
            size += len(chunk)
            if size > self.options.largest_body:
                raise failures.too_large(response.url, self.options.largest_body, context)
        return b"".join(chunks)


def _joined(url: str, location: str, context: failures.Context) -> str:
    """Return where a redirect leads.

    Raises:
        RequestError: It is no address.
    """
    try:
        target = urljoin(url, location)
        origin(target)
    except ValueError:
        raise failures.bad_redirect(url, location, context) from None
    return target


def _as_text(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return [_as_text(item) for item in value]
    return value


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
