"""What every stream of Cachet has in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from singer_rest.records import timestamps
from singer_rest.sdk.streams import SourceStream
from singer_rest.sources.base import AbsentSource
from tap_cachet import normalise
from tap_cachet.personal import PERSONAL
from tap_cachet.refused import TAGS
from tap_cachet.relations import tags_of
from tap_cachet.sources import ApiListSource

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Sequence

    from singer_rest.records.rows import Rows
    from singer_rest.sources.base import Source
    from singer_rest.sources.pages import Page
    from tap_cachet.client import CachetApi
    from tap_cachet.tap import TapCachet

Record = dict[str, Any]


class CachetStream(SourceStream):
    """A stream of Cachet."""

    tap: TapCachet

    @property
    def personal(self) -> frozenset[str]:
        """Return the columns that can hold personal data."""
        return PERSONAL.get(self.name, frozenset())

    @property
    def api(self) -> CachetApi:
        """Return the requests to the server."""
        return self.tap.api

    @property
    def zone(self) -> dt.tzinfo:
        """Return the zone of dates without one: the server's on 3.x, the asked-for UTC on 2.x."""
        return self.tap.zone if self.api.server.is_v3 else timestamps.UTC

    def is_selected(self, name: str) -> bool:
        """Whether another stream of the same pass is selected too."""
        return bool(self.tap.streams[name].selected)

    def add_tags(self, rows: Rows, page: Page) -> Rows:
        """Add the tags that came with a page of 3.x records; those of 2.x are among its rows."""
        if self.api.server.is_v3:
            rows["tags"] = tags_of(page.rows, page.reply.body)
        return rows

    def report_unknown(self, rows: Rows) -> Rows:
        """Report fields this tap does not know, then pass the rows on."""
        self.tap.strangers.look(self.name, self.table, rows)
        return rows


class PlainList(CachetStream):
    """One list whose records become rows one to one."""

    path: ClassVar[str]
    path_v2: ClassVar[str] = ""
    include: ClassVar[tuple[str, ...]] = ()
    params: ClassVar[dict[str, str]] = {}
    sortable_v2: ClassVar[bool] = True
    since_2_4: ClassVar[bool] = False

    def new_source(self) -> Source:
        """Return the walk over the list."""
        server = self.api.server
        if self.since_2_4 and not server.has_schedules:
            return AbsentSource(self.path, f"Cachet 2.3 has no {self.name}")
        path = self.path if server.is_v3 else self.path_v2 or self.path
        sortable = server.is_v3 or self.sortable_v2
        params = {"sort": "id"} if sortable else {}
        if server.is_v3:
            params |= self.params
        else:
            params |= {"order": "asc"} if path.endswith("/groups") else {}
        request = self.api.request(path, include=self.include, params=params)
        return ApiListSource(self.api, path, request, sortable=sortable, ahead=self.tap.prefetch)

    def normalised(self, records: Sequence[Record], answered: dt.datetime) -> Rows:
        """Return the rows of records."""
        del answered
        return normalise.flat(records)

    def rows(self, page: Page) -> Iterable[Record]:
        """Return a row for every record."""
        rows = self.normalised(page.rows, page.reply.date)
        return self.report_unknown(self.add_tags(rows, page) if TAGS in self.include else rows)
