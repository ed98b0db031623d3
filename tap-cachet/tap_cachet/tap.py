"""tap-cachet: settings, streams, and the proof that server and key are good."""

from __future__ import annotations

import dataclasses
import functools
from typing import TYPE_CHECKING, Any, ClassVar

from singer_rest.errors import ConfigError
from singer_rest.http.credentials import HeaderCredential
from singer_rest.records import timestamps
from singer_rest.sdk import selection, settings
from singer_rest.sdk.settings import th
from singer_rest.sdk.tap import RestTap
from tap_cachet.client import (
    CachetApi,
    Server,
    detect,
    has_schedules,
    prove_key_again,
    test_key,
)
from tap_cachet.streams import STREAMS
from tap_cachet.unknown_fields import UnknownFields

if TYPE_CHECKING:
    import datetime as dt

    from singer_rest.http.credentials import Credential
    from tap_cachet.streams.base import CachetStream

EXAMPLE_URL = "https://status.example.com"
PAGE_SIZE = 100
REQUESTS_PER_MINUTE = 270


class TapCachet(RestTap):
    """Reads a Cachet status page, 2.3 to 3.x: components, incidents, schedules, metrics."""

    name = "tap-cachet"
    example_url = EXAMPLE_URL
    first_streams = ("status",)
    credential_dies_silently = True

    config_jsonschema: ClassVar[dict[str, Any]] = th.PropertiesList(
        th.Property(
            "api_url",
            th.StringType,
            required=True,
            title="API URL",
            description="Address of the status page or of its API; /api or /api/v1 may be left "
            "out.",
            examples=[EXAMPLE_URL, f"{EXAMPLE_URL}/api", f"{EXAMPLE_URL}/api/v1"],
        ),
        th.Property(
            "api_key",
            th.StringType,
            secret=True,
            title="API key",
            description="API key of the dashboard (3.x) or of the user profile (2.x). Without "
            "one, only what a guest may see is read.",
        ),
        th.Property(
            "api_version",
            th.StringType,
            default="auto",
            allowed_values=["auto", "2", "3"],
            title="API version",
            description="Generation of Cachet; found out by itself unless forced.",
        ),
        th.Property(
            "timezone",
            th.StringType,
            default="UTC",
            title="Time zone",
            description="IANA name of the server's APP_TIMEZONE. Cachet 3.x writes local times "
            "and does not tell their zone. It also decides where a day begins in "
            "component_status_daily.",
            examples=["UTC", "Europe/Berlin"],
        ),
        th.Property(
            "start_date",
            th.DateTimeType,
            title="Start date",
            description="On the first run, read metric points from this date on. Default: all.",
        ),
        settings.integer(
            "metric_points_lookback_minutes",
            120,
            "Metric points lookback",
            "Minutes before the bookmark from which metric points are read again: a point can "
            "change while it is the newest of its metric.",
        ),
        th.Property(
            "incident_ids",
            th.ArrayType(th.IntegerType),
            default=[],
            title="Incident ids",
            description="Incidents to read one by one in the stream incidents_by_id.",
        ),
        th.Property(
            "component_ids",
            th.ArrayType(th.IntegerType),
            default=[],
            title="Component ids",
            description="Components to read one by one in the stream components_by_id.",
        ),
        selection.setting(),
        *settings.common(
            page_size=PAGE_SIZE,
            largest_page=PAGE_SIZE,
            requests_per_minute=REQUESTS_PER_MINUTE,
            concurrency=4,
        ),
    ).to_dict()

    def discover_streams(self) -> list[CachetStream]:
        """Return every stream; none of them depends on the server."""
        return [stream(self) for stream in STREAMS]

    @functools.cached_property
    def strangers(self) -> UnknownFields:
        """Return the report of fields that have no column."""
        return UnknownFields()

    @functools.cached_property
    def zone(self) -> dt.tzinfo:
        """Return the server's time zone."""
        return timestamps.zone(self.config.get("timezone", "UTC"))

    def instant(self, value: object) -> str | None:
        """Return a date of the server as an instant."""
        return timestamps.instant(value, self.zone)

    @functools.cached_property
    def api(self) -> CachetApi:
        """Return the requests to the server, found and tested before.

        Raises:
            TapError: See :meth:`connect`.
        """
        return CachetApi(
            self.transport,
            self._find_server(),
            self.config["page_size"],
            confirm=self.config["confirm_complete"],
        )

    def connect(self) -> None:
        """Find the API and prove the key; see :mod:`tap_cachet.client`.

        Raises:
            ConfigError: Wrong ``api_url`` or ``timezone``.
            CredentialError: Wrong ``api_key``.
        """
        _ = self.zone
        _ = self.api

    def prove_credential(self) -> None:
        """Prove the key again, if it was proved at all; see :mod:`tap_cachet.client`.

        Raises:
            CredentialRevokedError: It is no longer good.
        """
        if self.api.server.authenticated:
            prove_key_again(self.transport, self.api.server)

    @functools.cached_property
    def key(self) -> str:
        """Return the API key, cleaned; nothing to read as a guest.

        Raises:
            ConfigError: It is empty, which nobody writes on purpose.
        """
        key = settings.token(self.config.get("api_key") or "", "api_key")
        if not key and "api_key" in self.config:
            raise ConfigError(
                "api_key is empty, which would read no more than a guest may see. Set it, or to "
                "read as a guest on purpose remove it (in .env the line TAP_CACHET_API_KEY=)."
            )
        return key

    def credentials(self) -> dict[str, Credential]:
        """Return the key in the headers of both generations, until it is known which one it is."""
        if not self.key:
            return {}
        both = {"Authorization": f"Bearer {self.key}", "X-Cachet-Token": self.key}
        return {self.api_url: HeaderCredential("api_key", both)}

    def _find_server(self) -> Server:
        url, key = self.api_url, self.key
        version, root = detect(self.transport, url, self.config["api_version"])
        if key:
            header = (
                {"Authorization": f"Bearer {key}"}
                if version == 3  # noqa: PLR2004
                else {"X-Cachet-Token": key}
            )
            self.origin_credentials.bind(url, HeaderCredential("api_key", header))
        server = test_key(self.transport, root, version, has_key=bool(key))
        if not server.is_v3:
            server = dataclasses.replace(server, has_schedules=has_schedules(self.transport, root))
        self.logger.info("Cachet %d.x at %s", version, root)
        return server
