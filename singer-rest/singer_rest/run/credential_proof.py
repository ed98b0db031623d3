"""Whether the credential is still good, on servers that do not say when it dies.

Some servers answer a revoked key like a guest: 200, with less. There one proof of the credential
covers every pass that ended before it; verdicts wait for the next proof.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from singer_rest.errors import RequestError, RunError

if TYPE_CHECKING:
    from collections.abc import Callable

INTERVAL = 60.0
"""Seconds between two proofs in the middle of a run; there is one more at its end."""


class UnprovedCredentialError(RunError):
    """The server did not tell whether the credential is still good."""

    code = "CREDENTIAL-UNPROVED"


class CredentialProof:
    """Proves the credential again, at most once a minute.

    Args:
        prove: Asks the server; nothing where it says by itself that a credential is refused.
        clock: Seconds that only rise.
    """

    def __init__(
        self,
        prove: Callable[[], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._prove = prove
        self._clock = clock
        self._next = clock() + INTERVAL

    def holds(self) -> bool:
        """Tell whether what was read so far is covered by a proof; makes one if it is time to.

        Raises:
            CredentialRevokedError: The credential is no longer good.
        """
        if self._prove is None:
            return True
        if self._clock() < self._next:
            return False
        self.renew()
        return True

    def renew(self) -> None:
        """Prove the credential now.

        Raises:
            CredentialRevokedError: It is no longer good.
            UnprovedCredentialError: The server could not be asked.
        """
        if self._prove is None:
            return
        try:
            self._prove()
        except RequestError as error:
            raise UnprovedCredentialError(
                "Whether the credential is still good cannot be found out, so what was read since "
                f"its last proof does not count: {error.sentence} Run it again.",
                code=error.code,
            ) from error
        self._next = self._clock() + INTERVAL
