"""Answers that something between kept from earlier: no proof holds over pages of two times.

A cache before a server may give a page of last night among those of now, with the same total.
So every request asks for an answer that is fresh, and an answer that tells of itself that it is
not (RFC 9111) is none. Its ``Date`` is not looked at: the machines that answer for one server may
have clocks that differ.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

FRESH = {"Cache-Control": "no-cache"}
"""Tells caches to ask the server before they answer."""
OLDEST = 600
"""Seconds by which an answer may be old all the same: caches before public pages keep answers that
long, and what moves meanwhile is seen as what moves between two pages."""
_STALE = re.compile(r"\s*11[0-3]\b")
_SECONDS = re.compile(r"\s*\d{1,12}\s*")


def why_kept(headers: Mapping[str, str]) -> str:
    """Say by what an answer tells that it is of earlier; nothing if it does not.

    Args:
        headers: Of the answer; their names compare without case.

    Returns:
        A clause without full stop.
    """
    age = headers.get("Age", "")
    if _SECONDS.fullmatch(age) and int(age) > OLDEST:
        return f"it is {int(age)} seconds old"
    warning = headers.get("Warning", "")
    return f"it calls itself stale ({warning.strip()[:3]})" if _STALE.match(warning) else ""
