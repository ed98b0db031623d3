"""What every stream of Cinchy has in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from singer_rest.sdk.streams import SourceStream

if TYPE_CHECKING:
    import datetime as dt

    from singer_sdk.singerlib import MetadataMapping

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
        return self.tap.zone

    @property
    def metadata(self) -> MetadataMapping:
        """Return selection and replication as the catalog says, or as discovery offers them."""
        fresh = self._metadata is None
        found = super().metadata
        if fresh and not self._in_catalog():
            self.describe(found)
        return found

    def _in_catalog(self) -> bool:
        catalog = self._tap_input_catalog
        return catalog is not None and catalog.get_stream(self.tap_stream_id) is not None

    @property
    def has_instant_bookmark(self) -> bool:
        """Bookmarks are in the server's own words, and checked by :meth:`check`."""
        return False

    def check(self) -> None:
        """Check what can be checked before anything is read; a hook.

        Raises:
            TapError: Setting or state cannot be used.
        """

    def describe(self, metadata: MetadataMapping) -> None:
        """Add what discovery offers beyond the standard; a hook."""
