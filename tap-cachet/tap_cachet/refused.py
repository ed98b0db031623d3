"""What an older build of Cachet refuses, learned from its own message and remembered for a run."""

from __future__ import annotations

import dataclasses
import logging
import re
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from singer_rest.errors import StatusError
    from singer_rest.http.exchange import Request

logger = logging.getLogger(__name__)

TAGS = "tags"
"""2.x has them, builds of 3.x until now have not, and they are being restored there."""
EVERYWHERE = "*"
"""Stands for every route."""


class Refused:
    """Includes and filters that the server has refused, by route."""

    def __init__(self) -> None:
        self.count = 0
        """Requests that were refused."""
        self.tags_answered = False
        """Whether a request for tags was answered: what one route refuses then others may have."""
        self._names: dict[str, set[str]] = {}
        self._lock = threading.Lock()

    def of(self, route: str) -> set[str]:
        """Return what is refused on a route."""
        return self._names.get(route, set()) | self._names.get(EVERYWHERE, set())

    def trim(self, route: str, request: Request) -> Request:
        """Return a request without what is refused on its route."""
        refused = self.of(route)
        if not refused:
            return request
        params = {name: value for name, value in request.params.items() if name not in refused}
        if "include" in params:
            kept = [name for name in includes(request) if name not in refused]
            params["include"] = ",".join(kept) or None
        return dataclasses.replace(request, params=params)

    def learn(self, route: str, request: Request, error: StatusError) -> bool:
        """Remember what the server refuses, as its message names it; tells whether that is new."""
        kind = re.match(r"Requested (include|filter)\(s\) (.*?) (?:is|are) not", error.message)
        if not kind:
            return False
        named = re.findall(r"`([^`]+)`", kind[2])
        names = [f"filter[{name}]" if kind[1] == "filter" else name for name in _split(named)]
        sent = {*includes(request), *request.params}
        new = {name for name in names if name in sent}
        if not new:
            return False
        with self._lock:
            self.count += 1
            for name in new:
                is_general = name == TAGS and not self.tags_answered
                self._names.setdefault(EVERYWHERE if is_general else route, set()).add(name)
        logger.info(
            "%s: this build of Cachet does not know %s; reading without.",
            route,
            ", ".join(sorted(new)),
        )
        return True


def includes(request: Request) -> list[str]:
    """Return what a request asks to include."""
    return str(request.params.get("include") or "").split(",")


def _split(names: list[str]) -> list[str]:
    return [part.strip() for name in names for part in name.split(",")]
