"""The platform's own times: instants where their zone is known, else times without a zone.

Cinchy shows them in the zone of the account and does not say which. The setting ``timezone`` does;
a platform that shows offsets needs no setting. Where neither tells, a time stays what it is, and
its format says so: who took it for UTC would be hours off.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from singer_rest.records import timestamps
from tap_cinchy.shapes import SYSTEM_TIMES
from tap_cinchy.values import INSTANT, LOCAL, LOCAL_MOMENT, MOMENT, UNKNOWN_ZONE

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable

    from singer_rest.sdk.catalog import Catalog
    from tap_cinchy.registry import Registry
    from tap_cinchy.shapes import Shape

logger = logging.getLogger(__name__)


class SystemClock:
    """What is known of the zone in which the platform shows its own times.

    Args:
        timezone: What the user told; nothing if nobody did.
        registry: The list of tables, which shows times; nothing where it cannot be asked.
        catalog: The catalog given to the tap, which remembers what discovery saw.

    Raises:
        ConfigError: There is no such zone.
    """

    def __init__(
        self, timezone: str | None, registry: Registry | None, catalog: Catalog | None
    ) -> None:
        self.zone: dt.tzinfo = timestamps.zone(timezone) if timezone else UNKNOWN_ZONE
        self._registry = registry
        self._given = catalog

    def dated(self, shape: Shape, stream: str) -> Shape:
        """Return the shape of a stream with the platform's times as they can be known."""
        if not shape.has_system_times:
            return shape
        return shape.with_times(MOMENT if self._knows(stream) else LOCAL_MOMENT)

    def _knows(self, stream: str) -> bool:
        if self.zone is not UNKNOWN_ZONE:
            return True
        if self._given is not None and not self._had_instants(self._given, stream):
            return False
        return self._registry is not None and self._registry.shows_offsets

    @staticmethod
    def _had_instants(catalog: Catalog, stream: str) -> bool:
        """Whether a catalog calls the times of a stream instants, as older ones always do."""
        entry = catalog.get_stream(stream)
        properties = entry.schema.to_dict().get("properties", {}) if entry else {}
        return any(properties.get(name, {}).get("format") == INSTANT for name in SYSTEM_TIMES)

    @staticmethod
    def report(columns: Iterable[str]) -> None:
        """Say once that the zone is not known, if times without one are read."""
        names = sorted(set(columns))
        if names:
            logger.warning(
                "Nobody has told in which zone this platform shows its times: %s are written as it "
                "shows them, without a zone (format %s). Set timezone to the zone of the account "
                "to have instants.",
                ", ".join(names),
                LOCAL,
            )
