"""The proxy: an ASGI application before another one, which tells one lie at a time."""

from __future__ import annotations

import dataclasses
from email.utils import formatdate
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from .scene import Scene, Spot
from .shapes import ABSENT
from .ways.answers import HTML, LOGIN
from .wire import Answer, Ask

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping, Sequence

    from sandbox.serve import App, Receive, Scope, Send

    from .routes import Route
    from .scene import Way

Exchange = tuple[Ask, Answer]
NO_BODY = frozenset({204, 205, 304})
LOGIN_PATH = "/lies/login"


@dataclasses.dataclass(frozen=True)
class Pages:
    """What an honest run asked on a route.

    Attributes:
        every: Each different question once, with its answer, in the order they came.
        main: Those among which first, middle and last are: the pages of the longest list, or the
            first page of each parent that has anything.
    """

    every: Sequence[Exchange]
    main: Sequence[Exchange]

    @classmethod
    def of(cls, route: Route, exchanges: Sequence[Exchange]) -> Pages:
        """Sort the exchanges of an honest run."""
        every: dict[Any, Exchange] = {}
        for exchange in exchanges:
            if route.matches(exchange[0]):
                every.setdefault(exchange[0].identity, exchange)
        lists: dict[str, list[Exchange]] = {}
        for exchange in every.values():
            lists.setdefault(exchange[0].path, []).append(exchange)
        longest = max(lists.values(), key=len, default=[])
        if len(longest) == 1 and len(lists) > 1:
            longest = [pages[0] for pages in lists.values()]
            full = [
                one for one in longest if len(one[1].body) > min(len(o[1].body) for o in longest)
            ]
            longest = full or longest
        return cls(list(every.values()), longest)

    def claims(self, route: Route) -> frozenset[str]:
        """Return what the answers of the list claim."""
        made = {
            name
            for _ask, answer in self.every
            for name in route.shape.claims
            if route.shape.claim(answer.json, name) not in (ABSENT, None)
        }
        return frozenset(made)

    def spots(self) -> tuple[Spot, ...]:
        """Return the spots that this list has."""
        ends = {0: (), 1: (Spot.FIRST,), 2: (Spot.FIRST, Spot.LAST)}
        found = ends.get(len(self.main), (Spot.FIRST, Spot.MIDDLE, Spot.LAST))
        many = (Spot.SOME, Spot.ALL) if len(self.every) > 1 else ()
        return (*found, *many, Spot.LATER, Spot.ALWAYS) if self.every else ()

    def index(self, spot: Spot) -> int:
        """Return the number of a page within the list."""
        last = len(self.main) - 1
        return {Spot.FIRST: 0, Spot.LAST: last}.get(spot, len(self.main) // 2)


@dataclasses.dataclass
class Lie:
    """One way of lying on one route, at one spot.

    Attributes:
        told: How many answers were changed.
    """

    way: Way
    route: Route
    spot: Spot
    pages: Pages
    told: int = 0
    _asked: dict[Any, int] = dataclasses.field(default_factory=dict)
    _begun: bool = False

    def __post_init__(self) -> None:
        """Find out on which paths the list is."""
        self._paths = {ask.path for ask, _ in self.pages.main}
        self._single = len(self._paths) == 1

    def index(self, ask: Ask) -> int | None:
        """Return the number of the page that is asked for; nothing if it is not of the list."""
        if ask.path not in self._paths:
            return None
        if not self._single:
            return next(n for n, (other, _) in enumerate(self.pages.main) if other.path == ask.path)
        return self._asked.setdefault(ask.identity, len(self._asked))

    def concerns(self, ask: Ask) -> int | None:
        """Return the number of the page if the lie is to be told about it."""
        if self.spot is Spot.ALWAYS:
            return 0
        if not self.route.matches(ask):
            return 0 if self._begun else None
        index = self.index(ask)
        if self.spot is Spot.ALL:
            return index or 0
        if self.spot is Spot.SOME:
            order = self._asked.setdefault(("all", ask.identity), len(self._asked))
            return (index or 0) if order % 2 else None
        if self.spot is Spot.LATER and (self._begun or index == self.pages.index(self.spot)):
            self._begun = True
            return index or 0
        return index if index == self.pages.index(self.spot) else None


class Proxy:
    """Passes requests on, and tells a lie if there is one to tell.

    Attributes:
        exchanges: Every question and its true answer, while there is no lie.
        requests: How many came.
        budget: How many may come; more are refused, because the tap is caught in a loop.
    """

    def __init__(self, app: App) -> None:
        self.app = app
        self.begin()

    def begin(self, lie: Lie | None = None, budget: int = 10_000) -> None:
        """Forget the last run."""
        self.lie = lie
        self.budget = budget
        self.requests = 0
        self.exchanges: list[Exchange] = []

    @property
    def overrun(self) -> bool:
        """Whether more requests came than any honest reader needs."""
        return self.requests > self.budget

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        ask = await _asked(scope, receive)
        self.requests += 1
        if self.overrun:
            answer = Answer(403, (("content-type", "text/plain"),), b"enough")
        elif ask.path == LOGIN_PATH:
            answer = Answer(200, (("content-type", HTML),), LOGIN)
        else:
            answer = await self._answer(ask)
        await _sent(answer, send)

    async def _answer(self, ask: Ask) -> Answer:
        true = await self.call(ask)
        lie = self.lie
        if lie is None:
            self.exchanges.append((ask, true))
            return true
        index = lie.concerns(ask)
        if index is None:
            return true
        scene = Scene(lie.route, ask, true, index, lie.pages.main, self.call)
        false = await lie.way.lie(scene)
        if false is None:
            return true
        lie.told += 1
        return false

    async def call(self, ask: Ask) -> Answer:
        """Ask the honest server."""
        sent: list[MutableMapping[str, Any]] = []

        async def receive() -> MutableMapping[str, Any]:
            return {"type": "http.request", "body": ask.body, "more_body": False}

        async def send(message: MutableMapping[str, Any]) -> None:
            sent.append(message)

        await self.app(ask.scope(), receive, send)
        headers = [
            (name.decode("latin-1").lower(), value.decode("latin-1"))
            for name, value in sent[0]["headers"]
            if name.lower() != b"content-length"
        ]
        if not any(name == "date" for name, _ in headers):
            headers.append(("date", formatdate(usegmt=True)))
        body = b"".join(message.get("body", b"") for message in sent[1:])
        return Answer(sent[0]["status"], tuple(headers), body)


async def _asked(scope: Scope, receive: Receive) -> Ask:
    parts, more = [], True
    while more:
        message = await receive()
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    return Ask(
        method=scope["method"],
        path=raw.decode("latin-1"),
        query=tuple(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)),
        headers=tuple(
            (name.decode("latin-1").lower(), value.decode("latin-1"))
            for name, value in scope["headers"]
        ),
        body=b"".join(parts),
    )


async def _sent(answer: Answer, send: Callable[[Any], Awaitable[None]]) -> None:
    body = b"" if answer.status in NO_BODY else answer.body
    headers = [(n.encode("latin-1"), v.encode("latin-1")) for n, v in answer.headers]
    if answer.status not in NO_BODY:
        headers.append((b"content-length", str(len(body)).encode()))
    start = {"type": "http.response.start", "status": answer.status, "headers": headers}
    await send(start)
    if answer.cut:
        # Uvicorn breaks the connection of an application that ends without its last word.
        body = body[: len(body) // 2]
    await send({"type": "http.response.body", "body": body, "more_body": answer.cut})
