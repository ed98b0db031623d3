"""How long a request is repeated, where only the server's other answers can tell."""

from __future__ import annotations

import pytest

from singer_rest.errors import UnreachableError
from singer_rest.http.retry import (
    Attempts,
    Failure,
    GiveUpError,
    RetryPolicy,
    RetryProgress,
)

POLICY = RetryPolicy(tries=2, first_pause=0, outage_patience=3600)


def refused(code: str = "REFUSED") -> Failure:
    return Failure(UnreachableError("Nobody answers.", code=code, url="http://x.invalid"), tries=5)


def test_an_outage_is_asked_on() -> None:
    attempts = Attempts(POLICY, RetryProgress())
    assert all(attempts.pause_after(refused()) < 10 for _try in range(20))


def test_a_server_that_answers_others_has_no_outage() -> None:
    progress = RetryProgress()
    attempts = Attempts(POLICY, progress)
    attempts.pause_after(refused())
    attempts.pause_after(refused())
    progress.mark()  # to another request, while this one pauses
    with pytest.raises(GiveUpError, match="tried 3 times"):
        attempts.pause_after(refused())


def test_a_certificate_is_no_outage() -> None:
    attempts = Attempts(POLICY, RetryProgress())
    attempts.pause_after(refused("TLS"))
    with pytest.raises(GiveUpError):
        attempts.pause_after(refused("TLS"))
