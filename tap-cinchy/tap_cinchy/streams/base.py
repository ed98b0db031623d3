"""What every stream of Cinchy has in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from singer_rest.sdk.streams import SourceStream

if TYPE_CHECKING:
    import datetime as dt

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
    def has_instant_bookmark(self) -> bool:
        """Bookmarks are in the server's own words, and checked by :meth:`check`."""
        return False

    def check(self) -> None:
        """Check what can be checked before anything is read; a hook.

        Raises:
            TapError: Setting or state cannot be used.
        """
