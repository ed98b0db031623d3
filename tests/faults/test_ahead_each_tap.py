"""In the lists of each tap the next page is under way while the last one is written."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from support.ahead import Asked, assert_asks_ahead

from sandbox import cachet, cinchy, cortex
from sandbox.cinchy import story
from sandbox.cortex.options import DEFAULT_TOKEN
from tap_cachet.tap import TapCachet
from tap_cinchy.tap import TapCinchy
from tap_cortex.tap import TapCortex

from .runner import SECRET
from .server import FaultServer, Reply
from .stage import QUICK, asgi

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.serve import App
    from singer_rest.sources.base import Source

    from .server import Seen

START = "2026-01-01T00:00:00Z"
NOW = dt.datetime.now(dt.UTC).replace(minute=0, second=0, microsecond=0)
TRACE = {"name": "prs", "source": "pull_requests", "time_attribute": "createdAt"}
KEYSET = {
    "name": "q",
    "query": "SELECT TOP {{top}} t.[Cinchy Id] AS 'id', t.[Title] FROM [Delivery].[Tasks] t "
    "WHERE t.[Cinchy Id] > {{after}} ORDER BY t.[Cinchy Id]",
    "primary_keys": ["id"],
    "paging": "keyset",
}
SAVED = {"name": "q", "domain": "Delivery", "query": "All Tasks", "primary_keys": ["Cinchy Id"]}


class Noted(FaultServer):
    """An application behind a real socket, some way off."""

    def __init__(self, app: App) -> None:
        super().__init__(self._answer)
        self.app = app
        self.asked = Asked()

    def _answer(self, seen: Seen) -> Reply:
        self.asked.note((seen.method, seen.target, seen.body))
        return asgi(self.app, seen)


def cachet_tap(server: FaultServer, settings: Mapping[str, Any]) -> Any:
    config = {"api_url": server.url, "api_key": SECRET, "page_size": 10, **QUICK, **settings}
    return TapCachet(config=config)


def cortex_tap(server: FaultServer, settings: Mapping[str, Any]) -> Any:
    config = {"api_url": server.url, "api_key": DEFAULT_TOKEN, "page_size": 20, **QUICK}
    return TapCortex(config={**config, **settings})


def cinchy_tap(server: Noted, settings: Mapping[str, Any]) -> Any:
    app: Any = server.app
    config = {
        "api_url": server.url + app.options.base_path,
        "access_token": app.world.accounts["reader"].token,
        "allow_insecure_http": True,
        "page_size": 10,
        **QUICK,
        **settings,
    }
    return TapCinchy(config=config)


def status_page() -> App:
    size = cachet.Size(incidents=45, metrics=1, metric_points=45, components=3)
    options = cachet.Options(tokens=(cachet.Token(SECRET),), tags=True)
    return cachet.create_app(cachet.generate(size, api=options.api), options)


def workspace() -> App:
    world = cortex.World(cortex.WorldSpec(now=NOW, entities=24, crowd=30, logs=150))
    return cortex.create_app(world, cortex.Options())


def platform() -> App:
    return cinchy.create_app(cinchy.build_world(rows=45), cinchy.Options())


LISTS: dict[str, tuple[Any, Callable[[], App], str, dict[str, Any]]] = {
    "cachet incidents": (cachet_tap, status_page, "incidents", {}),
    "cachet points": (cachet_tap, status_page, "metric_points", {}),
    "cortex log": (cortex_tap, workspace, "audit_logs", {"start_date": START}),
    "cortex trace": (
        cortex_tap,
        workspace,
        "eng_intel_trace",
        {"trace_queries": [TRACE], "start_date": START},
    ),
    "cinchy versions": (
        cinchy_tap,
        platform,
        "finance_invoices__history",
        {"include_history": True, "tables_include": [story.INVOICES], "page_size": 5},
    ),
    "cinchy keyset": (cinchy_tap, platform, "q", {"tables_include": [], "cql_queries": [KEYSET]}),
    "cinchy start_row": (
        cinchy_tap,
        platform,
        "q",
        {"tables_include": [], "saved_queries": [{**SAVED, "paging": "start_row"}]},
    ),
}


SAME: dict[str, Callable[[list[Any]], Any]] = {
    # What a page does not tell of its incidents is asked for by several threads.
    "cachet incidents": sorted,
    # They go up to the present.
    "cortex log": len,
    "cortex trace": len,
}


def always(_source: Any) -> bool:
    return True


@pytest.mark.parametrize("name", LISTS)
def test_the_next_page_is_asked_for_while_one_is_written(
    servers: contextlib.ExitStack, name: str
) -> None:
    start, world, stream, settings = LISTS[name]
    app = world()

    def make(threads: int) -> tuple[Source, Asked]:
        server = servers.enter_context(Noted(app))
        tap = start(server, {**settings, "concurrency": threads})
        servers.callback(tap.prefetch.close)
        tap.check_connection()
        return tap.streams[stream].new_source(), server.asked

    # What follows a piece of a log that is cut again is not known when it comes.
    is_begun = (lambda source: source._ahead._begun is not None) if "log" in name else always
    assert_asks_ahead(make, written=2, same=SAME.get(name, list), is_begun=is_begun)
