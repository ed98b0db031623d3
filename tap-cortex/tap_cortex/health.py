"""One row about a route that Cortex may not have, whatever it answers."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from singer_rest.errors import RequestError
from singer_rest.sources.base import Source
from singer_rest.sources.evidence import ProofKind
from singer_rest.sources.pages import Page
from tap_cortex.sources import CLIENT_AND_SERVER_ERRORS, NO_REPLY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from singer_rest.http.client import Transport
    from singer_rest.http.exchange import Reply, Request
    from tap_cortex.client import Record


class HealthSource(Source):
    """One row about a route that Cortex may not have, whatever it answers."""

    def __init__(self, transport: Transport, request: Request, row: Callable[..., Record]) -> None:
        super().__init__()
        self.transport = transport
        self.request = dataclasses.replace(
            request, raw=True, accept_statuses=CLIENT_AND_SERVER_ERRORS
        )
        self.row = row
        self.where = request.url

    def pages(self) -> Iterator[Page]:
        """Yield the one row."""
        self.evidence.prove(ProofKind.ONE_ANSWER, "whatever it says")
        self.evidence.pages = self.evidence.received = 1
        try:
            reply = self.transport.send(self.request)
        except RequestError as error:
            yield Page([self.row(None, error.sentence)], NO_REPLY)
        else:
            yield Page([self.row(reply, "")], reply)

    def probe(self) -> Reply | None:
        """Ask; every answer is good."""
        try:
            return self.transport.send(self.request)
        except RequestError:
            return None
