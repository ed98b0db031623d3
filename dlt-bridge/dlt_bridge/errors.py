"""The errors a user can do something about.

Each is one sentence for the last line of stderr: what happened, where, what to do.
None of them quotes a record beyond the value that did not fit, and none a credential.
"""


class BridgeError(Exception):
    """A known error: shown as its sentence, without a traceback."""

    exit_code = 1


class ConfigError(BridgeError):
    """The settings cannot work; nothing was read or written."""

    exit_code = 2


class MessageError(BridgeError):
    """The input is not what the Singer specification promises."""


class RejectedValueError(BridgeError):
    """A value does not fit the type its SCHEMA declares."""


class LoadError(BridgeError):
    """The destination did not take the rows; what it held before is as it was."""


class TapError(BridgeError):
    """The tap failed; nothing it sent since its last checkpoint was loaded."""
