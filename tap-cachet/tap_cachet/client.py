"""Which Cachet this is, how it is asked, and how its lists are paged."""

from __future__ import annotations

import dataclasses
import logging
import re
import threading
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from singer_rest.errors import (
    BodyError,
    ConfigError,
    CredentialError,
    CredentialRevokedError,
    StatusError,
)
from singer_rest.http.exchange import Request
from singer_rest.http.urls import segment
from singer_rest.sources.keys import Order
from singer_rest.sources.pages import Paging
from tap_cachet.claims import claims_of_v2, read_v3_claims
from tap_cachet.refused import TAGS, Refused, includes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from singer_rest.http.client import Transport
    from singer_rest.http.exchange import Reply

logger = logging.getLogger(__name__)

CLIENT_ERRORS = frozenset(range(400, 500)) - {
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.TOO_EARLY,
    HTTPStatus.TOO_MANY_REQUESTS,
}
OWN_MESSAGES: dict[int, str] = {
    403: r"Invalid abilit(y|\(ies\)|ies) provided\.?|This action is unauthorized\.?",
    404: r"The route \S*subscribers could not be found\.?",
}
"""What Laravel says when a key lacks an ability, and when a build has no such route."""
LACKING = r"The route \S+ could not be found\.?"
"""What Laravel says of a path that leads nowhere."""
TITLES_OF_V2 = {404: "Not Found", 500: "Internal Server Error"}
"""What 2.x calls its own errors, in every language."""
REPORTED_VERSION_OF_V3 = "3.x-dev"

UTC_HEADER = {"Time-Zone": "UTC"}
"""Makes 2.x present its dates in UTC; 3.x ignores it."""
MAX_DIGITS = 18
UNLIMITED_PAGE = 1000
"""Rows a page on 2.x routes that cannot be sorted: one page has no boundary to slip through, and
2.x sets no maximum."""


@dataclasses.dataclass(frozen=True)
class Server:
    """One Cachet installation, as far as it matters to a reader."""

    root: str
    """The API root, without a trailing slash."""
    version: int
    """2 or 3."""
    has_schedules: bool = True
    """2.3 has no schedules, incident updates and templates."""
    authenticated: bool | None = None
    """Whether the key was proved good; nothing where no route tests it."""
    reads_subscribers: bool | None = None

    @property
    def is_v3(self) -> bool:
        """Whether records have attributes and relationships."""
        return self.version == 3  # noqa: PLR2004


def forms(api_url: str, forced: str) -> list[tuple[int, str]]:
    """Return the API roots that a configured URL can mean, the likeliest first."""
    url = api_url.rstrip("/")
    if url.endswith("/api/v1"):
        found = [(2, url), (3, url.removesuffix("/v1"))]
    elif url.endswith("/api"):
        found = [(3, url), (2, f"{url}/v1")]
    else:
        found = [(3, f"{url}/api"), (2, f"{url}/api/v1"), (3, f"{url}/status/api")]
    return [(version, root) for version, root in found if forced in {"auto", str(version)}]


def detect(transport: Transport, api_url: str, forced: str) -> tuple[int, str]:
    """Find out which API answers, by the cheapest public routes.

    Returns:
        The version and the API root.

    Raises:
        ConfigError: No Cachet answers there; names the address of one that was found nearby.
        CredentialError: The whole API is protected and the key is missing or wrong.
        StatusError: Something before the API, a firewall perhaps, forbids to ask.
    """
    forbidden: list[StatusError] = []
    for version, root in forms(api_url, forced):
        if _answers(transport, version, root, forbidden):
            return version, root
    scheme, _, rest = api_url.partition("://")
    origin = f"{scheme}://{rest.split('/', 1)[0]}"
    for version, root in forms(origin, "auto"):
        if _answers(transport, version, root, forbidden):
            hint = f" and api_version to {version}" if forced not in {"auto", str(version)} else ""
            raise ConfigError(
                f"There is no Cachet API at {api_url}. Did you mean {root}? Set api_url to it"
                f"{hint}."
            )
    if forbidden:
        raise forbidden[0]
    raise ConfigError(
        f"There is no Cachet API at {api_url}; set api_url to the address of the status page, "
        "such as https://status.example.com."
    )


def _answers(transport: Transport, version: int, root: str, forbidden: list[StatusError]) -> bool:
    """Whether the API of a version answers at a root; a 403 is noted, no Cachet gives one here.

    Both versions may see both headers while it is unknown which one listens.
    """
    path = "/version" if version == 3 else "/ping"  # noqa: PLR2004
    accepted = CLIENT_ERRORS - {HTTPStatus.FORBIDDEN}
    try:
        reply = transport.send(Request(f"{root}{path}", accept_statuses=accepted))
    except BodyError:
        return False  # a web page: something else lives here
    except StatusError as error:
        if error.status != HTTPStatus.FORBIDDEN:
            raise
        forbidden.append(error)
        return False
    body = reply.body if isinstance(reply.body, dict) else {}
    data = body.get("data")
    if version == 2:  # noqa: PLR2004
        return data == "Pong!"
    if isinstance(data, dict) and "version" in data:
        return True
    if reply.status == HTTPStatus.UNAUTHORIZED and body.get("message") == "Unauthenticated.":
        raise CredentialError(
            f"The API at {root} is protected and the api_key is missing or wrong; create one in "
            "the dashboard under Settings, Manage API Keys."
        )
    if reply.status == HTTPStatus.NOT_FOUND and body == {"message": ""}:
        raise ConfigError(
            f"The API at {root} is switched off; enable it in the dashboard of Cachet (setting "
            "api_enabled)."
        )
    return False


def test_key(transport: Transport, root: str, version: int, *, has_key: bool) -> Server:
    """Prove the key on the one route that needs it.

    Every public route answers a wrong key with 200 and the data of a guest, so nothing else
    would tell.

    Raises:
        CredentialError: The key is wrong.
        ConfigError: Something before the API answers, so nothing tells whether the key is good.
    """
    server = Server(root, version)
    if not has_key:
        logger.info("No api_key is set: reading what a guest may see.")
        return dataclasses.replace(server, authenticated=False, reads_subscribers=False)
    reply = _ask_for_subscribers(transport, root)
    if reply.status == HTTPStatus.UNAUTHORIZED:
        raise CredentialError(
            f"api_key rejected by {root}: Cachet would answer with the data of a guest and not "
            "say so. Check the key (3.x: Settings, Manage API Keys; 2.x: your profile), or remove "
            "it to read as a guest on purpose."
        )
    if not _is_of_cachet(reply):
        raise ConfigError(
            f"{root}/subscribers answered {reply.status} and not as Cachet does, so nothing tells "
            "whether the api_key is good: look for a firewall or a proxy before it, or remove the "
            "key to read as a guest on purpose."
        )
    if reply.status == HTTPStatus.NOT_FOUND:
        logger.info("This build of Cachet has no route that tests a key; all of it is public.")
        return server
    return dataclasses.replace(
        server, authenticated=True, reads_subscribers=reply.status == HTTPStatus.OK
    )


def prove_key_again(transport: Transport, server: Server) -> None:
    """Prove that the key is as good as it was when the run began.

    Raises:
        CredentialRevokedError: It was revoked, has expired or lost an ability meanwhile, or nothing
            tells any more.
    """
    reply = _ask_for_subscribers(transport, server.root)
    if reply.status == HTTPStatus.FORBIDDEN and server.reads_subscribers and _is_of_cachet(reply):
        raise CredentialRevokedError(
            f"api_key could read the subscribers of {server.root} at first and may not any more: "
            "it has lost abilities, and Cachet leaves out what it may not see and does not say so. "
            "Run again with the abilities that it is to have; what was read since its last proof "
            "is not counted."
        )
    # Any other 403 of the API knows who asks: the key is good, and never had the ability.
    if reply.status not in {HTTPStatus.OK, HTTPStatus.FORBIDDEN} or not _is_of_cachet(reply):
        raise CredentialRevokedError(
            f"api_key was accepted at first and is now answered with {reply.status} by "
            f"{server.root}: it expired or was revoked, and Cachet goes on with the data of a "
            "guest. Renew it and run again; what was read since its last proof is not counted."
        )


def _ask_for_subscribers(transport: Transport, root: str) -> Reply:
    return transport.send(
        Request(f"{root}/subscribers", {"per_page": 1}, accept_statuses=CLIENT_ERRORS)
    )


def _is_of_cachet(reply: Reply) -> bool:
    """Whether the answer is one of the API itself; a gateway answers JSON too."""
    body = reply.body if isinstance(reply.body, dict) else {}
    if reply.status == HTTPStatus.OK:
        return isinstance(body.get("data"), list)
    known = OWN_MESSAGES.get(reply.status)
    return known is not None and bool(re.fullmatch(known, str(body.get("message"))))


def in_own_words(reply: Reply, *, is_v3: bool) -> bool:
    """Whether a 404, on 2.x also a 500, is the API's own: that of a path that leads nowhere.

    A gateway, a firewall or a server that is being upgraded answers the same status otherwise.
    """
    body = reply.body if isinstance(reply.body, dict) else {}
    if is_v3:
        is_404 = reply.status == HTTPStatus.NOT_FOUND
        return is_404 and bool(re.fullmatch(LACKING, str(body.get("message"))))
    errors = body.get("errors")
    first = errors[0] if isinstance(errors, list) and errors else None
    title = first.get("title") if isinstance(first, dict) else None
    return title is not None and title == TITLES_OF_V2.get(reply.status)


def has_schedules(transport: Transport, root: str) -> bool:
    """Tell 2.4 from 2.3, which has neither schedules nor updates nor templates.

    One missing route may be an accident of the moment; that both are missing is the version.

    Raises:
        ConfigError: Something before the API says that they are missing.
    """
    return any(_has(transport, root, route) for route in ("/schedules", "/incidents/templates"))


def _has(transport: Transport, root: str, route: str) -> bool:
    accepted = frozenset({HTTPStatus.NOT_FOUND})
    reply = transport.send(Request(f"{root}{route}", {"per_page": 1}, accept_statuses=accepted))
    if reply.status != HTTPStatus.NOT_FOUND:
        return True
    if not in_own_words(reply, is_v3=False):
        raise ConfigError(
            f"{root}{route} answered 404 and not as Cachet does, so nothing tells whether this is "
            "2.3 or 2.4: look for a firewall or a proxy before it."
        )
    return False


class CachetApi:
    """Requests to one server: its paths, its parameters, and what it has refused before."""

    def __init__(
        self, transport: Transport, server: Server, page_size: int, *, confirm: bool = False
    ) -> None:
        self.transport = transport
        self.server = server
        self.page_size = page_size
        self.confirm = confirm
        self._refused = Refused()
        self._asking_for_tags = threading.Lock()

    def request(
        self,
        path: str,
        *,
        include: tuple[str, ...] = (),
        params: Mapping[str, Any] | None = None,
        may_be_missing: bool = False,
    ) -> Request:
        """Return a request; what this server refused before is left out."""
        wanted = dict(params or {})
        if self.server.is_v3 and include:
            wanted["include"] = ",".join(include)
        return Request(
            f"{self.server.root}{path}",
            wanted,
            headers={} if self.server.is_v3 else UTC_HEADER,
            accept_statuses=frozenset({HTTPStatus.NOT_FOUND}) if may_be_missing else frozenset(),
        )

    def send(self, route: str, request: Request) -> Reply:
        """Send a request; includes and filters that an older build refuses are dropped.

        They are remembered for the route, so that each is refused once in a run; tags for all
        routes, unless one has them: a build has them or not. A 500 is not taken for a refusal.
        """
        if self._refused.tags_answered or TAGS not in includes(request):
            return self._send(route, request)
        with self._asking_for_tags:  # the others wait for what the first one learns
            reply = self._send(route, request)
            self._refused.tags_answered = True
        return reply

    def _send(self, route: str, request: Request) -> Reply:
        while True:
            trimmed = self._refused.trim(route, request)
            try:
                return self.transport.send(trimmed)
            except StatusError as error:
                is_refusal = error.status == HTTPStatus.BAD_REQUEST
                if not is_refusal or not self._refused.learn(route, trimmed, error):
                    raise

    def lacks(self, route: str, include: str) -> bool:
        """Whether the server has refused an include of a route."""
        return include in self._refused.of(route)

    def paging(self, *, sortable: bool = True, order: Order = Order.RISING) -> Paging:
        """Return how lists are paged.

        Args:
            sortable: The route takes ``sort=id``, so that pages can be made to overlap.
            order: The order asked for; 2.x falls whatever is asked, and that will do too.
        """
        unlimited = not self.server.is_v3 and not sortable
        return Paging(
            page_parameter="page",
            size_parameter="per_page",
            size=max(self.page_size, UNLIMITED_PAGE) if unlimited else self.page_size,
            first=1,
            claims=read_v3_claims if self.server.is_v3 else claims_of_v2,
            key=id_or_none,
            order=order if sortable else Order.UNKNOWN,
            confirm=self.confirm,
        )

    @property
    def refusals(self) -> int:
        """Return how many requests were refused for what this build does not know."""
        return self._refused.count

    def item_path(self, path: str, item: object) -> str:
        """Return the path of one record."""
        return f"{path}/{segment(item)}"


def row_id(row: dict[str, Any]) -> int:
    """Return the id of a record of a walk, which leaves out those without one."""
    return int(row["id"])


def id_or_none(row: dict[str, Any]) -> int | None:
    """Return the id of a record of either version; nothing if it has none that Cachet can give."""
    value: Any = row.get("id")
    if type(value) is int:
        return value if value > 0 else None
    is_number = isinstance(value, str) and value.isascii() and value.isdecimal()
    return (int(value) or None) if is_number and len(value) <= MAX_DIGITS else None
