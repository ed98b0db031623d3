"""tap-cinchy: settings, streams, and the proof that platform and credential are good."""

from __future__ import annotations

import dataclasses
import fnmatch
import functools
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit

from singer_rest.errors import (
    ConfigError,
    CredentialError,
    ServerError,
    StatusError,
    StreamError,
    TapError,
)
from singer_rest.http.credentials import HeaderCredential
from singer_rest.sdk import settings
from singer_rest.sdk.selection import RECEIPTS
from singer_rest.sdk.tap import RestTap
from tap_cinchy.auth import BASIC, NONE, PASSWORD, PAT, PasswordGrant, basic_header, choose_method
from tap_cinchy.client import ERROR_HEADER, CinchyApi
from tap_cinchy.clock import SystemClock
from tap_cinchy.coverage import Coverage
from tap_cinchy.discovery import DiscoveryOptions, stream_names
from tap_cinchy.endpoints import EXAMPLE_URL, Endpoints, clean
from tap_cinchy.incremental import Zones
from tap_cinchy.lookahead import Lookahead
from tap_cinchy.metadata import api_version, find_tables
from tap_cinchy.queries import configured
from tap_cinchy.registry import Registry
from tap_cinchy.settings import CONFIG_SCHEMA
from tap_cinchy.shapes import shape_of_schema
from tap_cinchy.streams import (
    HEALTH_STREAMS,
    OPT_IN_STREAMS,
    SYSTEM_STREAMS,
    Jobs,
    QueryStream,
    SecretsManager,
    TableStream,
)
from tap_cinchy.streams.base import CinchyStream
from tap_cinchy.streams.queries import SavedQueryGuard
from tap_cinchy.streams.tables import MissingTable
from tap_cinchy.unread import judge_unread

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from singer_rest.http.client import TransportOptions
    from singer_rest.http.credentials import Credential
    from singer_rest.sdk.catalog import CatalogEntry
    from tap_cinchy.queries import Query

HISTORY = "__history"
QUOTES = str.maketrans("", "", "[]")
WILDCARDS = frozenset("*?")
STATIC_NAMES = frozenset(
    {RECEIPTS, *(stream.name for stream in (*HEALTH_STREAMS, *SYSTEM_STREAMS, *OPT_IN_STREAMS))}
)
"""Reserved whether such a stream is on or off, so that switching one renames no table."""
FIRST_WITH_TOKENS = (5, 5)
GRACE = 30
"""Seconds an answer may take beyond the time of its query."""


class TapCinchy(RestTap):
    """Reads every table of a Cinchy platform that the account may see."""

    name = "tap-cinchy"
    dynamic_catalog = True
    first_streams = ("healthcheck",)
    config_jsonschema: ClassVar[dict[str, Any]] = CONFIG_SCHEMA

    # Who asks, and where

    def transport_options(self) -> TransportOptions:
        """Return the options; answers may take as long as queries may."""
        options = super().transport_options()
        minimum = self.config["command_timeout"] + GRACE
        return dataclasses.replace(
            options,
            read_timeout=max(options.read_timeout, minimum),
            total_timeout=max(options.total_timeout, 2 * minimum),
            error_headers=(ERROR_HEADER,),
        )

    @functools.cached_property
    def auth_method(self) -> str:
        """Return how the platform is asked."""
        return choose_method(self.config)

    @property
    def has_bearer(self) -> bool:
        """Whether CQL can be run; Basic reaches saved queries only."""
        return self.auth_method in {PAT, PASSWORD}

    @functools.cached_property
    def api(self) -> CinchyApi:
        """Return the requests to the platform.

        Raises:
            ConfigError: An address or a credential cannot be used.
        """
        config = self.config
        base = clean(config["api_url"], "api_url")
        method = self.auth_method
        if method != NONE:
            self._refuse_http(base, "api_url")
        idp, connections = (
            clean(config[name], name) if config.get(name) else ""
            for name in ("idp_url", "connections_url")
        )
        endpoints = Endpoints(self.transport, base, idp, connections)
        credential: Credential | None = None
        if method == PAT:
            token = settings.token(config["access_token"], "access_token")
            credential = HeaderCredential("access_token", {"Authorization": f"Bearer {token}"})
        elif method == PASSWORD:
            if idp:
                self._refuse_http(idp, "idp_url")
            credential = PasswordGrant(self.transport, endpoints, config, self.redactor)
        if credential is not None:
            self.origin_credentials.bind(base, credential)
        wants_basic = any(query.basic for query in self.queries)
        return CinchyApi(
            self.transport,
            endpoints,
            credential=credential,
            basic=basic_header(config, self.redactor) if wants_basic else None,
            command_timeout=config["command_timeout"],
            redactor=self.redactor,
            concurrency=config["concurrency"],
        )

    def _refuse_http(self, url: str, setting: str) -> None:
        if url.startswith("http://") and not self.config.get("allow_insecure_http"):
            raise ConfigError(
                f"{setting} is an http address, over which everybody on the way can read the "
                "credential. Use https, or set allow_insecure_http knowingly."
            )

    def bind_credential(self, url: str) -> None:
        """Send the credential to another part of the installation too.

        Raises:
            ConfigError: It may not be sent over http.
        """
        self._refuse_http(url, "connections_url")
        if self.api.credential is not None:
            self.origin_credentials.bind(url, self.api.credential)

    @functools.cached_property
    def queries(self) -> list[Query]:
        """Return the configured queries.

        Raises:
            ConfigError: One of them cannot be meant so.
        """
        found = configured(self.config, basic=self.auth_method == BASIC)
        names = [query.name for query in found]
        for name in names:
            if names.count(name) > 1 or name in STATIC_NAMES:
                raise ConfigError(f"Two streams are called {name}; choose another name.")
        for query in found:
            if not query.saved and not self.has_bearer:
                raise ConfigError(
                    f"The query {query.name} is CQL, which needs access_token, or a password with "
                    "client_id and client_secret; Basic reaches saved queries only."
                )
        return found

    @functools.cached_property
    def guard(self) -> SavedQueryGuard:
        """Return what keeps saved queries from writing."""
        return SavedQueryGuard(self.api, self.queries, readable=self.has_bearer)

    @functools.cached_property
    def zones(self) -> Zones:
        """Return what is known of the server's time zones."""
        return Zones(self.api, self.config["lookback_minutes"])

    @functools.cached_property
    def registry(self) -> Registry:
        """Return which tables the platform lists for the account."""
        return Registry(self.api)

    @functools.cached_property
    def lookahead(self) -> Lookahead:
        """Return what begins with the next tables while one is read."""
        streams = [stream for group in self.passes() for stream in group]
        tables = [stream for stream in streams if isinstance(stream, TableStream)]
        return Lookahead(self.prefetch, tables)

    @functools.cached_property
    def clock(self) -> SystemClock:
        """Return what is known of the zone of the platform's times.

        Raises:
            ConfigError: There is no zone of the name in the configuration.
        """
        registry = self.registry if self.has_bearer and self.config["tables_include"] else None
        return SystemClock(self.config.get("timezone"), registry, self.input_catalog)

    def connect(self) -> None:
        """Prove the credential by the smallest query, unless discovery has done so.

        Raises:
            ConfigError: A setting cannot be used.
            StateError: A bookmark cannot.
            CredentialError: The credential is wrong.
        """
        _ = self.clock, self.queries, self.api
        selected = [one for one in self.selected_streams() if isinstance(one, CinchyStream)]
        for stream in selected:
            stream.check()
        self.clock.report(name for stream in selected for name in stream.local_times)
        if self.has_bearer and self.input_catalog is None and self.config["tables_include"]:
            self._report_gone()
        if self.has_bearer and not self.api.proved:
            try:
                self.api.prove()
            except StatusError as error:
                raise self._explained(error) from error
            except CredentialError as error:
                raise self._hinted(error) from error

    def _hinted(self, error: CredentialError) -> CredentialError:
        """Add what the version of the platform has to do with a refused token."""
        version = api_version(self.api)
        if self.auth_method == PAT and version is not None and version < FIRST_WITH_TOKENS:
            error.add(
                f"this platform is {'.'.join(map(str, version))}, and personal access tokens exist "
                "since 5.5: set username, password, client_id and client_secret instead"
            )
        return error

    # Streams

    def setup_mapper(self) -> None:
        """Prepare stream maps, by what a catalog says once streams have told what times are."""
        if self.input_catalog is not None:
            _ = self.streams
        super().setup_mapper()

    def discover_streams(self) -> list[CinchyStream]:
        """Return every stream: of this class, of the configuration, and of the platform's tables.

        With a catalog, its tables are taken as they were when it was made and nothing is asked.

        Raises:
            TapError: The platform's tables cannot be read, or the account sees none of them.
        """
        streams: list[CinchyStream] = [stream(self) for stream in HEALTH_STREAMS]
        streams += self._opted_in()
        try:
            with self.stop.interruptible():
                system = SYSTEM_STREAMS if self.has_bearer else ()
                names = {one.name for one in (*streams, *system, *self.queries)}
                # Asked first, because what lists the tables shows the platform's clock as well.
                tables = list(self._tables(names))
                streams += [stream(self) for stream in system]
                streams += tables
                streams += [QueryStream(self, query) for query in self.queries]
        except StreamError as error:
            raise self._explained(error) from error
        except CredentialError as error:
            raise self._hinted(error) from error
        return streams

    def _explained(self, error: StreamError) -> TapError:
        """Return what an error before any row becomes: perhaps there is no platform there."""
        missing = isinstance(error, StatusError) and error.status == HTTPStatus.NOT_FOUND
        if not missing or self.api.proved:
            return ServerError.before_rows(error)
        base = self.api.endpoints.base
        root = "{}://{}".format(*urlsplit(base))
        for other in (f"{root}/Cinchy", root):
            if other != base and Endpoints(self.transport, other).answers():
                return ConfigError(
                    f"There is no Cinchy at {base}. Did you mean {other}? Set api_url to it."
                )
        return ConfigError(
            f"There is no Cinchy at {base}; set api_url to the address of the platform, such as "
            f"{EXAMPLE_URL}."
        )

    def _opted_in(self) -> Iterator[CinchyStream]:
        if self.config["secrets"]:
            yield SecretsManager(self)
        if self.config["jobs"] and self.config["jobs_allow_trigger"]:
            yield Jobs(self)
        elif self.config["jobs"]:
            self.logger.warning("jobs_allow_trigger is off: none of the jobs is started.")

    def _tables(self, taken: set[str]) -> Iterator[TableStream]:
        if self.input_catalog is not None:
            yield from self._tables_of_catalog(self.input_catalog.streams, taken)
        elif not self.has_bearer:
            self.logger.info("No table is looked for: CQL needs a token, Basic cannot run it.")
        elif self.config["tables_include"]:
            yield from self._discovered_tables(taken)

    def wants(self, full_name: str) -> bool:
        """Whether the configuration wants a table, by ``Domain.Table``."""
        include, exclude = self.config["tables_include"], self.config["tables_exclude"]
        return _matches(full_name, include) and not _matches(full_name, exclude)

    def wants_incremental(self, full_name: str) -> bool:
        """Whether discovery proposes to read a table by what changed."""
        return _matches(full_name, self.config["incremental_tables"])

    def _discovered_tables(self, taken: set[str]) -> Iterator[TableStream]:
        wishes = DiscoveryOptions(
            labels=self.config["link_output"] == "id_and_label",
            deleted=self.config["include_deleted"],
            incremental=self.wants_incremental,
        )
        rights = self.config["check_entitlements"]
        found = find_tables(self.api, self.registry, wishes, self.wants, check_rights=rights)
        names = stream_names(self.registry.names(), taken | STATIC_NAMES)
        for missing in self._unmatched():
            yield self._missing(missing)
        for table in found:
            yield TableStream(self, table.shape, names[table.id])
            if self.config["include_history"] and table.history is not None:
                yield TableStream(self, table.history, names[table.id] + HISTORY)

    def _unmatched(self) -> list[str]:
        """Return the tables that are named without wildcards and are not listed."""
        given = (pattern.strip().translate(QUOTES) for pattern in self.config["tables_include"])
        names = [name for name in given if not WILDCARDS.intersection(name)]
        return [name for name in names if not self.registry.lists(name) and self.wants(name)]

    def _missing(self, full_name: str) -> MissingTable:
        """Return the stream of a table that is named and not there."""
        reason = (
            f"tables_include names {full_name}, which the platform does not list for this account: "
            "it was deleted or renamed, the right to it was lost, or its name is mistyped"
        )
        self.logger.warning("%s.", reason)
        name = stream_names({0: full_name})[0]
        return MissingTable(self, name, full_name, reason)

    def _known_tables(self) -> Iterator[tuple[str, Coverage]]:
        """Yield the streams of tables that the state knows, and the tables."""
        for stream in self.state.get("bookmarks", {}):
            found = self.bookmarks.covered(stream)
            before = Coverage.parse(found[1]) if found else None
            if before is not None and not stream.endswith(HISTORY):
                yield stream, before

    def _report_gone(self) -> None:
        """Say which tables the state knows and this run does not read, and what became of them."""
        for stream, before in self._known_tables():
            if stream in self.streams:
                continue
            now = self.registry.with_guid(before.guid)
            became = (
                "the platform does not list it for this account: it was deleted, or the right to "
                "it was lost"
                if now is None
                else f"it is called {now.full_name} now, and what is read of it has another name"
                if now.full_name.lower() != before.full_name.lower()
                else "the configuration leaves it out"
            )
            self.logger.warning(
                "%s (the table %s) is not read any more: %s. Its rows in the target stay as they "
                "are.",
                stream,
                before.full_name,
                became,
            )

    def _tables_of_catalog(
        self, entries: Sequence[CatalogEntry], taken: set[str]
    ) -> Iterator[TableStream]:
        for entry in entries:
            name = entry.tap_stream_id
            if name in taken or name == RECEIPTS:
                continue
            keys = entry.key_properties or entry.metadata.root.table_key_properties or ()
            shape = shape_of_schema(entry.schema.to_dict(), keys) if self.has_bearer else None
            if shape is not None and self.wants(shape.full_name):
                yield TableStream(self, shape, name)
            elif entry.metadata.resolve_selection().get((), True):
                judge_unread(name, shape, {stream.name for stream in OPT_IN_STREAMS})


def _matches(full_name: str, patterns: Iterable[str]) -> bool:
    """Whether a name matches a pattern, in whatever case, and whether quoted as in CQL or not."""
    name = full_name.lower()
    return any(
        fnmatch.fnmatchcase(name, pattern.strip().lower().translate(QUOTES)) for pattern in patterns
    )
