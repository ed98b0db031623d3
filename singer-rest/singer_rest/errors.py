"""The errors a run can meet, as sentences for the person who reads the log.

An error is *known* when it is a :class:`TapError`: the command prints its sentence as the last
line, without a traceback, and ends with its exit code. Everything else is a bug in the tap.

Exit codes (the same for every tap):

====  =====================================================================
0     every selected stream is complete, or was skipped by an explicit setting
1     some stream failed, is partial or unproved; or the server cannot be reached now
2     somebody has to change something: configuration, credential, state, certificate
130   stopped by SIGINT; 143: by SIGTERM; 129: by SIGHUP
====  =====================================================================
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


OUTAGES = frozenset({"DNS", "REFUSED", "BROKEN-CONNECTION", "TIMEOUT", "TOO-SLOW", "PROXY-DOWN"})
"""Codes of what may be over a minute later, with nobody doing anything."""
PASSING_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504, *range(520, 528)})


class Outcome(enum.Enum):
    """How the reading of one stream ended."""

    COMPLETE = "complete"
    """Proved: every row the account may see was read and written."""
    UNPROVED = "unproved"
    """The end that the server showed was reached and nothing contradicts, but nothing proves it."""
    PARTIAL = "partial"
    """Some rows are missing, and the summary says which and why."""
    FAILED = "failed"
    FORBIDDEN = "forbidden"
    """The account lacks a permission."""
    UNAVAILABLE = "unavailable"
    """This server has no such route, or the feature is not licensed."""
    SKIPPED = "skipped"
    """Left out on purpose, by a setting or because a stop came first."""


class TapError(Exception):
    """A known error: one sentence saying what, where and what to do."""

    exit_code = 1
    code = "ERROR"

    def __init__(self, sentence: str, *, code: str | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        if code is not None:
            self.code = code

    def add(self, words: str) -> None:
        """Say more, in brackets at the end."""
        self.sentence = f"{self.sentence.rstrip('.')} ({words})."
        self.args = (self.sentence,)


class ConfigError(TapError):
    """A setting is missing, wrong or contradicts another; found before any row."""

    exit_code = 2
    code = "CONFIG"


class StateError(TapError):
    """The given state cannot be used; found before any row."""

    exit_code = 2
    code = "STATE"


class CredentialError(TapError):
    """The server refused the credential on first use."""

    exit_code = 2
    code = "CREDENTIAL"


class ServerError(TapError):
    """The server was not understood, or may not be trusted, before any row was read."""

    exit_code = 2
    code = "SERVER"

    @classmethod
    def before_rows(cls, error: StreamError) -> ServerError:
        """Return what an error becomes that came before the first row.

        Args:
            error: Of a request, or of a stream that can do no better.
        """
        if not isinstance(error, RequestError) or not error.is_outage:
            return cls(error.sentence, code=error.code)
        return OutageError(
            f"{error.sentence} Nothing was read: run again later; if it stays, ask whoever runs "
            "the server, and check api_url and the network.",
            code=error.code,
        )


class OutageError(ServerError):
    """The server cannot be reached now, before any row was read; later it may."""

    exit_code = 1


class RunError(TapError):
    """Ends the whole run at once: no other stream can do better."""

    code = "RUN"


class CredentialRevokedError(RunError):
    """A credential that worked at first was refused later in the run."""

    exit_code = 2
    code = "CREDENTIAL-REVOKED"


class OutputClosedError(RunError):
    """The reader of our output has gone."""

    code = "OUTPUT-CLOSED"


class StreamError(TapError):
    """Ends one stream; the others go on."""

    code = "STREAM"
    outcome = Outcome.FAILED

    def __init__(
        self,
        sentence: str,
        *,
        code: str | None = None,
        outcome: Outcome | None = None,
        absent: bool = False,
    ) -> None:
        super().__init__(sentence, code=code)
        self.absent = absent
        """The server says, in its own words or by its version, that it does not have this. A stream
        that nobody asked for by name and that was never read is skipped then."""
        if outcome is not None:
            self.outcome = outcome


class RequestError(StreamError):
    """One request failed for good, after every retry that makes sense."""

    code = "REQUEST"

    def __init__(self, sentence: str, *, code: str, url: str, first: bool = False) -> None:
        super().__init__(sentence, code=code)
        self.url = url
        """Without query and credentials."""
        self.first = first
        """No request of this run has succeeded yet."""

    @property
    def is_outage(self) -> bool:
        """Whether the same request may succeed later, though nobody changes anything."""
        return False


class UnreachableError(RequestError):
    """No answer came: name, connection, TLS, time."""

    @property
    def is_outage(self) -> bool:
        """Whether it is anything but a certificate or a proxy that somebody has to mend."""
        return self.code in OUTAGES


class BodyError(RequestError):
    """An answer came whose body cannot be what the route promises."""


class TooLargeError(BodyError):
    """The decoded body passes the ceiling; a smaller page may fit."""


class StatusError(RequestError):
    """The server answered with a status that means no."""

    def __init__(
        self,
        sentence: str,
        *,
        code: str,
        url: str,
        status: int,
        headers: Mapping[str, str],
        body: object = None,
        message: str = "",
        first: bool = False,
    ) -> None:
        super().__init__(sentence, code=code, url=url, first=first)
        self.status = status
        self.headers = headers
        self.body = body
        """The decoded JSON body, or nothing."""
        self.message = message
        """The server's own words, shortened and redacted."""

    @property
    def is_outage(self) -> bool:
        """Whether the status speaks of now and not of this request."""
        return self.status in PASSING_STATUSES

    @property
    def is_web_page(self) -> bool:
        """Whether a page for people came with it: something before the API answered."""
        kind = next((v for k, v in self.headers.items() if k.lower() == "content-type"), "")
        return self.body is None and "html" in kind.lower()


class Stopped(BaseException):
    """A stop signal arrived.

    Not an ``Exception``, so that no handler of errors mistakes it for one.
    """

    code = "STOPPED"

    def __init__(self, signum: int) -> None:
        super().__init__(signum)
        self.signum = signum
        self.sentence = (
            f"Stopped by signal {signum} before the end; the state says how far the run came, run "
            "again to go on."
        )

    @property
    def exit_code(self) -> int:
        """128 plus the signal's number, as shells count."""
        return 128 + self.signum
