"""How one Cachet installation is set up: version, build, database, access, zone."""

from __future__ import annotations

import dataclasses
import datetime as dt
from functools import cached_property
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

Database = Literal["postgresql", "mysql", "sqlite"]

CAPTURED_2025 = dt.date(2025, 6, 1)
"""The build that ``3-2025`` names."""
OLDEST = dt.date(2024, 12, 2)
"""The oldest 3.x build the sandbox knows: the first with one table of updates."""
TEMPLATES = "incidentTemplates"
FIRST_RECORD_UNTIL = dt.date(2025, 2, 13)
NEWEST = dt.date(2026, 8, 22)
ADMIN_TOKEN = "1|sandbox-admin"  # noqa: S105
"""The key of every sandbox that is not told otherwise; valid on 2.x as well."""


@dataclasses.dataclass(frozen=True)
class Token:
    """A key. On 3.x only the abilities and the part behind ``|`` count; 2.x knows neither.

    Attributes:
        text: What the client sends.
        abilities: ``*`` is every ability; an empty tuple is a key that may do nothing special.
        expires_at: Seconds since 1970 from which 3.x takes the key for unknown.
    """

    text: str
    abilities: tuple[str, ...] = ("*",)
    expires_at: int | None = None

    def can(self, ability: str) -> bool:
        """Tell whether the key has an ability."""
        return "*" in self.abilities or ability in self.abilities


@dataclasses.dataclass
class Options:
    """The settings of the server; may be changed while it runs (a maintenance begins, say).

    Attributes:
        api: ``2.3``, ``2.4``, ``3`` (newest known build), ``3-2025`` (an old one), or the build
            of a day, as ``3-2026-07-10``. All 3.x builds report the same version number.
        tokens: Keys that are valid.
        prefix: Path of the installation before ``/api``: ``/status`` for ``/status/api``.
        database: Decides how uncast columns are written and what a wrong id does.
        scrambled: Whether lists without a sort come in the order of the rows on disk (which
            changes when rows are updated) instead of by id.
        timezone: ``APP_TIMEZONE``: the zone of the dates of 3.x, and of those dates of 2.x that
            are not presented.
        app_timezone: 2.x: zone of presented dates when the request names none.
        date_format: 2.x: PHP letters in which ``verified_at`` is written.
        language: 2.x: ``en``, ``fr`` or ``de``, language of month and day names.
        native_types: False writes the uncast integers of 2.3 as strings, as some drivers do.
        release_feed: 2.x: whether ``/version`` can reach the internet; a 500 if not.
        always_authenticate: 2.4: everything but ping, version and status needs the key.
        api_protected: 3.x: everything needs a valid token.
        api_enabled: 3.x: False makes every route a 404.
        stale_host_config: 3.x: a host application whose old ``config/cachet.php`` wins, so that
            ``api_protected`` and ``api_enabled`` do nothing and JSON is not forced.
        maintenance: Every answer is a 503.
        maintenance_retry_after: Seconds in the ``Retry-After`` of that 503, if any.
        rate_limit: 3.x: requests a minute before a 429; nothing for a server that never refuses,
            whose ``X-RateLimit-*`` headers tell Cachet's own limit, 300, as if nobody else asked.
        rate_window: Length of that minute in seconds, shorter for tests.
        link_root: Scheme and host written in links; by default ``http`` and the Host header, as
            behind a proxy that is not trusted.
        current_page_url: 3.x: whether ``meta`` has that key (Laravel 12.15 and later).
        first_record: 3.x: every build answers a single record with the first one of its kind, as
            those of December 2024 to February 2025 do of themselves.
        tags: 3.x: tags are back as a relationship (``include=tags``, ``filter[tags]``) of
            components, incidents, metrics and schedules; without it they are refused with a 400.
    """

    api: str = "3"
    tokens: tuple[Token, ...] = (Token(ADMIN_TOKEN),)
    prefix: str = ""
    database: Database = "postgresql"
    scrambled: bool = True
    timezone: str = "UTC"
    app_timezone: str = "UTC"
    date_format: str = "l jS F Y H:i:s"
    language: Literal["en", "fr", "de"] = "en"
    native_types: bool = True
    release_feed: bool = True
    always_authenticate: bool = False
    api_protected: bool = False
    api_enabled: bool = True
    stale_host_config: bool = False
    maintenance: bool = False
    maintenance_retry_after: int | None = None
    rate_limit: int | None = None
    rate_window: float = 60.0
    link_root: str | None = None
    current_page_url: bool = True
    first_record: bool = False
    tags: bool = False

    def __post_init__(self) -> None:
        """Refuse what the server could not be.

        Raises:
            ValueError: ``api`` is none of the known forms, or a zone or prefix makes no sense.
        """
        if self.api not in {"2.3", "2.4"}:
            parse_build(self.api)
        for zone in (self.timezone, self.app_timezone):
            zone_named(zone)
        if self.prefix and (not self.prefix.startswith("/") or self.prefix.endswith("/")):
            raise ValueError(f"prefix {self.prefix!r} must look like /status")

    @property
    def family(self) -> Literal[2, 3]:
        """Return the major version."""
        return 3 if self.api.startswith("3") else 2

    def answers_first(self, kind: str) -> bool:
        """Tell whether a single record of 3.x is the first of its kind, whatever was asked for."""
        always = self.first_record and kind != TEMPLATES
        return always or self.build.first_record(kind)

    @property
    def build(self) -> Build:
        """Return the build of a 3.x server.

        Raises:
            ValueError: This is 2.x, or the day is unknown.
        """
        return parse_build(self.api)


@dataclasses.dataclass(frozen=True)
class Build:
    """What a 3.x build of one day can do; the days are those of the core's history."""

    day: dt.date

    def since(self, year: int, month: int, day: int) -> bool:
        """Tell whether this build has what came on that day."""
        return self.day >= dt.date(year, month, day)

    @cached_property
    def status_objects(self) -> bool:
        """The status of a component is an object, no longer a bare number."""
        return self.since(2025, 1, 16)

    def first_record(self, kind: str) -> bool:
        """Tell whether a single record is the first of its kind, whatever id was asked for.

        The query for a record began anew from its table (core issue 238), for incidents two weeks
        before all others; templates were never concerned.
        """
        if kind == TEMPLATES or self.day > FIRST_RECORD_UNTIL:
            return False
        return self.since(2024, 12, 2 if kind == "incidents" else 17)

    @cached_property
    def pivot(self) -> bool:
        """Included components carry the status they have in the incident."""
        return self.since(2025, 12, 2)

    @cached_property
    def no_component_id(self) -> bool:
        """Incidents lost their always empty ``component_id`` and gained ``componentsCount``."""
        return self.since(2026, 1, 6)

    @cached_property
    def collapsed(self) -> bool:
        """Groups have ``collapsed``; ``components.group`` may be included."""
        return self.since(2026, 6, 17)

    @cached_property
    def group_order(self) -> bool:
        """Groups have ``order_column``; incidents have ``occurs_*`` filters."""
        return self.since(2026, 6, 25)

    @cached_property
    def reworked_api(self) -> bool:
        """Subscribers, the page size limit, the settings that close the API, points fixed."""
        return self.since(2026, 7, 8)

    @cached_property
    def visibility(self) -> bool:
        """Hidden rows are hidden; ``meta`` is an include; ``filter[enabled]`` has a default."""
        return self.since(2026, 7, 13)

    @cached_property
    def forced_json(self) -> bool:
        """Errors are JSON whatever the client accepts."""
        return self.since(2026, 7, 20)

    @cached_property
    def embargo(self) -> bool:
        """Rows to be published later are held back; ``published`` is shown."""
        return self.since(2026, 7, 24)

    @cached_property
    def latest_status(self) -> bool:
        """Components have it, and an incident's status is its own column again."""
        return self.since(2026, 7, 26)


def zone_named(name: str) -> ZoneInfo:
    """Return the time zone of a name.

    Raises:
        ValueError: There is none.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(
            f"time zone {name!r} is unknown: use a name such as Europe/Berlin"
        ) from error


def parse_build(api: str) -> Build:
    """Return the build that ``api`` names.

    Raises:
        ValueError: It names none.
    """
    named = {"3": NEWEST, "3-2025": CAPTURED_2025}
    if api in named:
        return Build(named[api])
    try:
        day = dt.date.fromisoformat(api.removeprefix("3-"))
    except ValueError:
        day = None
    if day is None or not api.startswith("3-") or day < OLDEST:
        raise ValueError(
            f"api {api!r} is unknown: use 2.3, 2.4, 3, 3-2025 or 3-YYYY-MM-DD"
            f" with a day from {OLDEST} on"
        )
    return Build(day)
