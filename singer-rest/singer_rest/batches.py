"""Many records asked for by their ids, a batch at a time."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from singer_rest.errors import StatusFault
from singer_rest.pages import Page
from singer_rest.sources import Plan, Source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from singer_rest.prefetch import Prefetcher
    from singer_rest.transport import Reply, Request, Transport

TOO_LONG = frozenset({413, 414, 431})


class BatchSource(Source):
    """The records of many ids, as many in one request as the server takes.

    Where a server or a proxy before it refuses a request for its length (413, 414, 431), the batch
    is halved until it passes. An id for which nothing comes is counted as gone.

    Args:
        transport: The way to the server.
        where: Names the route in messages.
        ids: Returns the ids; asked for once, when the pass begins.
        request: Makes the request for a batch of ids.
        rows: Reads the rows of an answer.
        key: Returns the id of a row.
        size: Ids to begin with in one request.
        prefetch: The threads of the tap.
    """

    def __init__(
        self,
        transport: Transport,
        where: str,
        ids: Callable[[], Sequence[Any]],
        *,
        request: Callable[[Sequence[Any]], Request],
        rows: Callable[[Reply], list[dict[str, Any]]],
        key: Callable[[dict[str, Any]], Any],
        size: int,
        prefetch: Prefetcher,
    ) -> None:
        super().__init__()
        self.transport = transport
        self.where = where
        self.ids = ids
        self.request = request
        self.rows = rows
        self.key = key
        self.size = size
        self.prefetch = prefetch

    def pages(self) -> Iterator[Page]:
        """Yield the answers in the order of the ids."""
        ids = list(dict.fromkeys(self.ids()))
        tally = self.tally
        tally.parents_expected = len(ids)
        tally.proof = "every id asked for"
        batches = [ids[start : start + self.size] for start in range(0, len(ids), self.size)]
        tasks = (functools.partial(self._ask, batch) for batch in batches)
        for batch, pages in zip(batches, self.prefetch.ordered(tasks), strict=True):
            missing = set(batch)
            for page in pages:
                missing.difference_update(map(self.key, page.rows))
                tally.pages += 1
                tally.received += len(page.rows)
                yield page
            tally.parents += len(batch) - len(missing)
            tally.skipped += len(missing)

    def _ask(self, batch: Sequence[Any]) -> list[Page]:
        try:
            reply = self.transport.send(self.request(batch))
        except StatusFault as fault:
            if fault.status not in TOO_LONG or len(batch) == 1:
                raise
            middle = len(batch) // 2
            return self._ask(batch[:middle]) + self._ask(batch[middle:])
        return [Page(self.rows(reply), reply)]

    def probe(self) -> Reply | None:
        """Ask for the first id."""
        ids = self.ids()[:1]
        return self.transport.send(self.request(ids)) if ids else None

    def plan(self) -> Plan:
        """One request a batch, at least."""
        count = len(self.ids())
        return Plan(-(-count // self.size), count, exact=False)
