"""A list as a server of any kind would serve it, for the tests of the walk and of its proofs."""

from __future__ import annotations

import dataclasses
import random
from typing import Any

from singer_rest.errors import Outcome, StatusError, StreamError, TooLargeError
from singer_rest.http.exchange import Reply
from singer_rest.http.json_body import Repairs
from singer_rest.sources.claims import Claims, read_claims
from singer_rest.sources.evidence import Evidence
from singer_rest.sources.keys import Order
from singer_rest.sources.pages import Page, Paging
from singer_rest.sources.passes import ListReading

Row = dict[str, Any]


@dataclasses.dataclass
class ListServer:
    """A list served by page number, which may change between two requests.

    Attributes:
        ids: The rows there are.
        order: How they are served, whatever is asked.
        totals: Whether answers count the rows.
        more: Whether answers say that rows follow.
        clamp: Rows a page at most; nothing for no bound.
        cap: Rows of the list that are served at all.
        changes: Before the answer to which request which rows come and go: ``{3: "-5 +70"}``.
        cuts: To which request only so many rows come.
        heavy: Rows a page, from which on a page is too large to be taken.
        refused: Which requests are answered with an error, and with which status.
        as_they_stand: The rows are served as they stand in ``ids``, one of them twice perhaps.
        unpaged: Every page is the whole list.
        claims_too: What every answer claims besides.
        before_answer: Called before every answer but the first.
        while_written: Called for every page that has come, before the next one is taken.
    """

    ids: list[int]
    order: Order = Order.RISING
    totals: bool = False
    more: bool = False
    clamp: int | None = None
    cap: int | None = None
    seed: int = 1
    asked: list[tuple[int, int]] = dataclasses.field(default_factory=list)
    before_answer: Any = None
    while_written: Any = None
    first: int = 1
    changes: dict[int, str] = dataclasses.field(default_factory=dict)
    cuts: dict[int, int] = dataclasses.field(default_factory=dict)
    heavy: int | None = None
    refused: dict[int, int] = dataclasses.field(default_factory=dict)
    as_they_stand: bool = False
    unpaged: bool = False
    claims_too: Row = dataclasses.field(default_factory=dict)

    @property
    def requests(self) -> str:
        """Return what was asked for, as ``page:size`` each."""
        return " ".join(f"{number}:{size}" for number, size in self.asked)

    def served(self) -> list[int]:
        if self.as_they_stand:
            return list(self.ids)
        if self.order is Order.RISING:
            return sorted(self.ids)
        if self.order is Order.FALLING:
            return sorted(self.ids, reverse=True)
        return sorted(self.ids, key=lambda i: random.Random(i * 7919 + self.seed).random())

    def body(self, number: int, size: int) -> dict[str, Any]:
        ids = self.served()[: self.cap]
        size = min(size, self.clamp or size)
        start = 0 if self.unpaged else (number - self.first) * size
        size = len(ids) if self.unpaged else size
        body: dict[str, Any] = {"rows": [{"id": i} for i in ids[start : start + size]]}
        if self.totals:
            body["total"] = len(self.ids)
        if self.more:
            body["hasMore"] = len(ids) > start + size
        return {**body, **self.claims_too}

    def fetch(self, number: int, size: int) -> Page:
        self.asked.append((number, size))
        if len(self.asked) > 1 and self.before_answer is not None:
            self.before_answer()
        request = len(self.asked)
        self._change(self.changes.get(request, ""))
        if request in self.refused:
            status = self.refused[request]
            raise StatusError("no.", code="X", url="u", status=status, headers={})
        if self.heavy is not None and size >= self.heavy:
            raise TooLargeError("too much.", code="TOO-LARGE", url="u")
        body = self.body(number, size)
        body["rows"] = body["rows"][: self.cuts.get(request)]
        return Page(body["rows"], Reply(200, {}, body, "http://x", 1.0, 0, Repairs()))

    def _change(self, changes: str) -> None:
        for change in changes.split():
            if change[0] == "+":
                self.ids.append(int(change[1:]))
            else:
                self.ids.remove(int(change[1:]))

    def claims(self, page: Page) -> Claims:
        return read_claims(page.reply.body)

    def read(
        self, size: int, *, order: Order = Order.UNKNOWN, **more: Any
    ) -> tuple[list[int], Evidence]:
        """Read the list to its verdict; returns the ids as they came and the evidence."""
        evidence = Evidence()
        options: dict[str, Any] = {
            name: more.pop(name) for name in ("ahead", "stop_when", "cap") if name in more
        }
        given = {"key": lambda row: row["id"], "claims": self.claims, **more}
        paging = Paging("page", "size", size, self.first, order=order, **given)
        cap = options.pop("cap", None)
        reading = ListReading("list", self.fetch, paging, evidence, cap=cap, **options)
        found: list[int] = []
        for page in reading.pages():
            found += [row["id"] for row in page.rows]
            if self.while_written is not None:
                self.while_written()
        return found, evidence

    def account(self, size: int, **reading: Any) -> str:
        """Read the list; returns how many rows came, and what proves it or what is wrong."""
        try:
            found, evidence = self.read(size, **reading)
        except StreamError as error:
            return str(error)
        is_whole = evidence.outcome is Outcome.COMPLETE
        said = evidence.proof if is_whole else f"{evidence.outcome.value}: {evidence.reason}"
        return f"{len(found)} rows; {said}"


def listed(count: int, order: Order = Order.RISING, **more: Any) -> ListServer:
    """Return a list with the ids from 0 on."""
    return ListServer(list(range(count)), order, **more)


def standing(*ids: int, **more: Any) -> ListServer:
    """Return a list that is served as it stands here."""
    return ListServer(list(ids), Order.UNKNOWN, as_they_stand=True, **more)
