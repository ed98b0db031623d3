"""What a bookmark covers, and that it is used for no more."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from singer_rest.errors import StateError

if TYPE_CHECKING:
    from singer_rest.run.contract import ReadableStream, Run

logger = logging.getLogger(__name__)

CONCEALED = " personal_data="


def coverage(run: Run, stream: ReadableStream) -> str:
    """Return what a bookmark of a stream covers, as the one text that stands beside it."""
    concealed = f"{CONCEALED}{stream.concealed_by}" if stream.concealed_by else ""
    return f"{run.system} {stream.covers}".rstrip() + concealed


def check_coverage(run: Run, stream: ReadableStream) -> None:
    """Use a bookmark for no more than it covers.

    Raises:
        StateError: It is of another system.
    """
    found = run.bookmarks.covered(stream.name)
    if found is None:
        return  # there is none, or one from before this was kept: it is taken over
    system, rest = found
    covered, _, concealed = (
        f" {rest}".rpartition(CONCEALED) if CONCEALED in f" {rest}" else (rest, "", "")
    )
    covered = covered.strip()
    if system not in {run.system, run.options.state_of}:
        raise StateError(
            f"The state of {stream.name} is of {system}, and this run reads {run.system}. If both "
            f"are the same system, set state_of to {system}; otherwise give this system a state "
            "of its own."
        )
    if concealed != stream.concealed_by:
        logger.warning(
            "%s: personal_data or its key has changed since the rows up to the bookmark were "
            "written; the stream is read from the start.",
            stream.name,
        )
        run.bookmarks.forget(stream.name)
    elif covered != stream.covers and not stream.widen(covered):
        logger.warning(
            "%s: the bookmark covers other rows than are asked for now (%s); the stream is read "
            "from the start.",
            stream.name,
            covered or "everything",
        )
        run.bookmarks.forget(stream.name)
