"""What every stream of Cinchy has in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from singer_rest.sdk.streams import SourceStream
from tap_cinchy.values import LOCAL_MOMENT, TIMES

if TYPE_CHECKING:
    import datetime as dt

    from singer_rest.sdk.catalog import Catalog
    from tap_cinchy.client import CinchyApi
    from tap_cinchy.tap import TapCinchy


class CinchyStream(SourceStream):
    """A stream of Cinchy."""

    tap: TapCinchy

    @property
    def api(self) -> CinchyApi:
        """Return the requests to the platform."""
        return self.tap.api

    @property
    def zone(self) -> dt.tzinfo:
        """Return the zone of system timestamps without an offset, if the user told it."""
        return self.tap.clock.zone

    def apply_catalog(self, catalog: Catalog) -> None:
        """Take over what a catalog chooses, but not whether times have a zone: see the clock."""
        entry = catalog.get_stream(self.tap_stream_id)
        properties = (entry.schema.properties or {}) if entry else {}
        for column in self.table.columns:
            if column.kind.name in TIMES and column.name in properties:
                properties[column.name].format = column.kind.schema["format"]
        super().apply_catalog(catalog)

    @property
    def local_times(self) -> list[str]:
        """Return the columns to read that hold times of the system in an unknown zone."""
        mask = self.mask
        local = [one.name for one in self.table.columns if one.kind is LOCAL_MOMENT]
        return [name for name in local if mask["properties", name]]

    @property
    def has_instant_bookmark(self) -> bool:
        """Bookmarks are in the server's own words, and checked by :meth:`check`."""
        return False

    def check(self) -> None:
        """Check what can be checked before anything is read; a hook.

        Raises:
            TapError: Setting or state cannot be used.
        """
