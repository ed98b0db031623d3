"""The errors a user can do something about.

Each is one sentence for the last line of stderr: what happened, where, what to do.
None of them quotes a record beyond the value that did not fit, and none a credential.
"""

from __future__ import annotations


class BridgeError(Exception):
    """A known error: shown as its sentence and its code, without a traceback."""

    exit_code = 1
    code = "ERROR"


class ConfigError(BridgeError):
    """The settings cannot work; nothing was read or written."""

    exit_code = 2
    code = "CONFIG"


class MessageError(BridgeError):
    """The input is not what the Singer specification promises."""

    code = "INPUT"


class RejectedValueError(BridgeError):
    """A value does not fit the type its SCHEMA declares."""

    code = "VALUE"


class LoadError(BridgeError):
    """The destination did not take the rows; what it held before is as it was."""

    code = "LOAD"


class ProofError(BridgeError):
    """A table does not hold what was sent; the last STATE is held back."""

    code = "NOT-PROVED"


class RefusedError(LoadError):
    """The destination cannot do what was asked, now or later; somebody has to choose."""

    exit_code = 2


class TapError(BridgeError):
    """The tap failed; nothing it sent since its last checkpoint was loaded.

    Args:
        sentence: What happened.
        complete: The streams that the tap read to their end all the same; None if it does not say.
    """

    code = "TAP"

    def __init__(self, sentence: str, complete: frozenset[str] | None = None) -> None:
        super().__init__(sentence)
        self.complete = complete
