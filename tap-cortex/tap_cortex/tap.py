"""tap-cortex: settings, streams, and the proof that server and key are good."""

from __future__ import annotations

import functools
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit

from singer_rest.errors import BodyError, ConfigError, StatusError
from singer_rest.http.credentials import HeaderCredential
from singer_rest.records import timestamps
from singer_rest.sdk import settings
from singer_rest.sdk.tap import RestTap
from singer_rest.sources.shared import SharedList
from singer_rest.sources.single import envelope
from tap_cortex import api_key, snowflake
from tap_cortex.client import CortexApi, CortexList, CortexTransport, by_field
from tap_cortex.entity_index import EntityIndex
from tap_cortex.scores import ScoredEntities, parse_card
from tap_cortex.settings import BURST, CLOUD, schema
from tap_cortex.streams import STREAMS

if TYPE_CHECKING:
    import datetime as dt

    from singer_rest.http.client import Transport
    from singer_rest.http.credentials import Credential, OriginCredentials
    from singer_rest.http.rate_limit import RateLimit
    from singer_rest.sdk.streams import SourceStream
    from tap_cortex.client import Record
    from tap_cortex.scores import Card
    from tap_cortex.snowflake import Chat
    from tap_cortex.streams.base import CortexStream

SUFFIXES = ("/api/v1", "/api")
PAGES_FOR_PEOPLE = frozenset({"app.getcortexapp.com", "app.cortex.io", "www.cortex.io"})
WAITING = frozenset({"cql_queries"})
"""Streams that wait for jobs of the server, up to half an hour each."""
NEEDS_LINKS = ("docs_list", "documentation_openapi")


class TapCortex(RestTap):
    """Reads a Cortex developer portal: catalog, scorecards, teams, logs, and what hangs on each."""

    name = "tap-cortex"
    example_url = CLOUD
    first_streams = (
        "entity_types",
        "entities",
        "relationship_types",
        "scorecards",
        "scorecard_scores",
    )
    config_jsonschema: ClassVar[dict[str, Any]] = schema()
    catalog_answers = False
    """Whether the catalog answered the probe."""

    def discover_streams(self) -> list[CortexStream]:
        """Return every stream; none of them depends on the server."""
        return [stream(self) for stream in STREAMS]

    def passes(self) -> list[list[SourceStream]]:
        """Return the selected streams in reading order; what waits for jobs holds up nobody."""
        return sorted(super().passes(), key=lambda streams: streams[0].name in WAITING)

    # What is shared

    @functools.cached_property
    def root(self) -> str:
        """Return the address that ``/api/v1`` is below.

        Raises:
            ConfigError: It is none, or one for people.
        """
        url = self.api_url
        for suffix in SUFFIXES:
            url = url.removesuffix(suffix)
        if urlsplit(url).hostname in PAGES_FOR_PEOPLE:
            raise ConfigError(f"api_url is the address of the web pages; set it to {CLOUD}.")
        return url

    @functools.cached_property
    def start_date(self) -> dt.datetime | None:
        """Return the setting as an instant.

        Raises:
            ConfigError: It is none, or lies in the future.
        """
        return settings.start_date(self.config)

    @functools.cached_property
    def key(self) -> str:
        """Return the API key, cleaned."""
        return settings.token(self.config.get("api_key") or "", "api_key")

    def credentials(self) -> dict[str, Credential]:
        """Return the API key for its origin."""
        headers = {"Authorization": f"Bearer {self.key}"}
        return {self.root: HeaderCredential("api_key", headers)}

    @functools.cached_property
    def rate_limit(self) -> RateLimit:
        """Return the one budget of requests, in bursts as small as the vendor's own client's."""
        return self.new_rate_limit(BURST)

    @functools.cached_property
    def transport(self) -> Transport:
        """Return the one way to Cortex."""
        return self._new_transport(self.origin_credentials)

    def _new_transport(self, origin_credentials: OriginCredentials) -> Transport:
        return CortexTransport(
            self.transport_options(),
            origin_credentials=origin_credentials,
            rate_limit=self.rate_limit,
            stop=self.stop,
            redactor=self.redactor,
        )

    @functools.cached_property
    def api(self) -> CortexApi:
        """Return the requests to the workspace."""
        return CortexApi(
            self.transport,
            self.root,
            self.config["page_size"],
            self.prefetch,
            confirm=self.config["confirm_complete"],
        )

    @functools.cached_property
    def types(self) -> SharedList[str]:
        """Return the entity types of the workspace, built-in ones among them."""
        params = {"includeBuiltIn": True}
        return SharedList(
            lambda: self._list("/catalog/definitions", "definitions", "type", params),
            lambda row: str(row["type"]),
        )

    @functools.cached_property
    def relationship_types(self) -> SharedList[str]:
        """Return the tags of the relationship types."""
        return SharedList(
            lambda: self._list("/relationship-types", "relationshipTypes", "tag", {}),
            lambda row: str(row["tag"]),
        )

    @functools.cached_property
    def cards(self) -> SharedList[Card]:
        """Return the scorecards."""
        params = {"showDrafts": self.config["include_drafts"]}
        return SharedList(
            lambda: self._list("/scorecards", "scorecards", "tag", params), parse_card
        )

    def _list(self, path: str, key: str, identity: str, params: Record) -> CortexList:
        """Return a list of parents; a row without its identity is counted, and is none."""
        request = self.api.request(path, params)
        source = CortexList(self.api, request, envelope(key), by_field(identity))
        source.evidence.keyless_allowed = self.config["allow_missing_keys"]
        return source

    @functools.cached_property
    def scored(self) -> ScoredEntities:
        """Return which entities have a score on which scorecard."""
        return ScoredEntities(self.api, self.cards)

    @functools.cached_property
    def needs_links(self) -> bool:
        """Whether a per-entity stream needs the links of the entities."""
        return any(self.streams[name].selected for name in NEEDS_LINKS)

    @functools.cached_property
    def entities(self) -> EntityIndex:
        """Return the entities."""
        return EntityIndex(
            self.api,
            self.types,
            archived=self.config["include_archived"],
            teams=self.config["include_team_entities"],
            links=self.needs_links,
            allow_missing_ids=self.config["allow_missing_keys"],
        )

    # Snowflake

    @functools.cached_property
    def chat(self) -> Chat | None:
        """Return what chat_completions asks; nothing if it is not configured.

        Raises:
            ConfigError: It is configured in part.
        """
        return snowflake.read_chat(self.config)

    @functools.cached_property
    def snowflake_transport(self) -> Transport:
        """Return the way to Snowflake: another origin, another credential, the same limits."""
        assert self.chat is not None  # noqa: S101  # the stream asks only if it is configured
        transport = self._new_transport(snowflake.origin_credentials(self.chat, self.config))
        transport.traffic = self.transport.traffic
        return transport

    # Before the run

    def connect(self) -> None:
        """Check what is configured, look at the key, and ask the catalog for one row.

        Raises:
            ConfigError: A setting is wrong, or there is no Cortex at ``api_url``.
            CredentialError: The key has expired, or is wrong.
        """
        self._check_settings()
        warning = api_key.check(self.key, timestamps.now())
        if warning:
            self.logger.warning("%s", warning)
        request = self.api.request("/catalog")
        try:
            self.api.fetch(request, envelope("entities"), 0, 1)
        except StatusError as error:
            if error.status == HTTPStatus.NOT_FOUND:
                raise self._no_cortex() from error
            if error.status != HTTPStatus.FORBIDDEN or error.code == "BLOCKED":
                raise
            self.logger.warning(
                "The API key may not read the catalog; streams that need it will say so."
            )
        except BodyError as error:
            raise self._no_cortex() from error
        else:
            self.catalog_answers = True

    def _check_settings(self) -> None:
        _ = self.root, self.start_date, self.chat
        if not self.key:
            raise ConfigError("The setting api_key is empty.")
        depth = self.config["hierarchy_depth"]
        if depth != "full" and not depth.isdecimal():
            raise ConfigError("hierarchy_depth must be a number or full.")
        for name in ("cql_queries", "engineering_metric_queries", "trace_queries"):
            names = [item["name"] for item in self.config[name]]
            if len(set(names)) != len(names):
                raise ConfigError(f"Two of the {name} have the same name.")

    def _no_cortex(self) -> ConfigError:
        return ConfigError(
            f"There is no Cortex API at {self.root}; set api_url to its address without /api/v1, "
            f"such as {CLOUD}."
        )
