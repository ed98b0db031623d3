"""Runs of a tap through the proxy: honest ones, whose rows are the truth, and others."""

from __future__ import annotations

import collections
import contextlib
import copy
import dataclasses
import json
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from support.tap_run import TapRun, select
from support.warm import run_warm

from .proxy import Pages, Proxy
from .worlds import served

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Mapping

    from .proxy import Exchange, Lie
    from .routes import Route, Scenario
    from .worlds import Server

P = TypeVar("P", bound=Proxy)
SECONDS = 60
BUDGET = 30
"""Requests a lie may cost, for each of an honest run; and so many as these besides:"""
BUDGET_BESIDES = 300
VOLATILE = frozenset({"read_at", "response_seconds", "checked_at"})
"""Columns that are of the moment."""
RECEIPTS = "singer_receipts"
NO_BUNDLE = dict.fromkeys(("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"), "")
Key = tuple[str, ...]
Rows = dict[Key, list[dict[str, Any]]]


@dataclasses.dataclass
class Run:
    """What one run of a tap did.

    Attributes:
        outcomes: Verdict of every stream that the summary names.
        hung: It did not end by itself, or asked without end.
        torn: Why its output is no stream of messages; nothing if it is.
    """

    rows: dict[str, Rows]
    outcomes: dict[str, str]
    reasons: dict[str, str]
    activated: set[str]
    state: dict[str, Any] | None
    exit_code: int
    last_line: str
    stderr: str
    seconds: float
    requests: int
    hung: bool
    torn: str = ""

    @property
    def crashed(self) -> str:
        """Why the run is a bug of the tap; nothing if it is not."""
        if self.torn:
            return self.torn
        if self.exit_code not in {0, 1, 2} and not self.hung:
            return f"exit code {self.exit_code}"
        if "a bug in" in self.last_line or "Traceback" in self.stderr:
            return self.last_line or "a traceback"
        return ""


@dataclasses.dataclass
class Truth:
    """An honest run, and what it asked."""

    run: Run
    exchanges: list[Exchange]
    state: dict[str, Any] | None
    """What the run was given."""
    known: dict[str, Rows]
    """All rows there are, those before the bookmark too."""

    def pages(self, route: Route) -> Pages:
        """Return what was asked on a route."""
        return Pages.of(route, self.exchanges)

    @property
    def budget(self) -> int:
        """Requests after which a run is caught in a loop; a list may come twice, row by row."""
        rows = sum(map(len, self.known.values()))
        return BUDGET * self.run.requests + 2 * rows + BUDGET_BESIDES


class DishonestError(Exception):
    """An honest run did not end well: there is no truth to compare with."""


class Theatre:
    """Servers, warm taps, and the honest runs that were made: one for a process."""

    def __init__(self, moment: dt.datetime) -> None:
        self.moment = moment
        self._stack = contextlib.ExitStack()
        self._servers: dict[str, Server[Proxy]] = {}
        self._catalogs: dict[str, dict[str, Any]] = {}
        self._truths: dict[tuple[str, bool], Truth] = {}

    def close(self) -> None:
        """Stop the servers."""
        self._stack.close()

    def server(self, system: str) -> Server[Proxy]:
        """Return a system, served once."""
        if system not in self._servers:
            self._servers[system] = self._stack.enter_context(served(system, self.moment, Proxy))
        return self._servers[system]

    def truth(self, scenario: Scenario, *, bookmark: bool) -> Truth:
        """Return the honest run of a scenario, from the start or from a bookmark halfway.

        Raises:
            DishonestError: It did not end well.
        """
        if (scenario.name, bookmark) not in self._truths:
            state, known = None, None
            if bookmark:
                first = self.truth(scenario, bookmark=False).run
                state, known = halfway(first), first.rows
            run = self.run(scenario, state=state)
            bad = {s: o for s, o in run.outcomes.items() if o not in {"complete", "accepted"}}
            if run.exit_code or run.crashed or bad or not run.outcomes:
                raise DishonestError(f"{scenario.name}: {run.last_line or bad or run.stderr}")
            exchanges = self.server(scenario.system).proxy.exchanges
            self._truths[scenario.name, bookmark] = Truth(run, exchanges, state, known or run.rows)
        return self._truths[scenario.name, bookmark]

    @contextlib.contextmanager
    def living(self, system: str, proxy: type[P]) -> Iterator[Server[P]]:
        """Serve a system of one's own, behind a proxy that changes it."""
        with served(system, self.moment, proxy) as server:
            yield server

    def run(
        self,
        scenario: Scenario,
        *,
        state: dict[str, Any] | None = None,
        lie: Lie | None = None,
        budget: int = 10_000,
        server: Server[Any] | None = None,
        catalog: dict[str, Any] | None = None,
        **settings: Any,
    ) -> Run:
        """Run a scenario once, by default on the server of this process."""
        server = server or self.server(scenario.system)
        if catalog is None and not scenario.discovers:
            catalog = self.catalog(scenario, server)
        server.proxy.begin(lie, budget)
        with tempfile.TemporaryDirectory() as folder:
            summary = Path(folder, "summary.json")
            config = server.config(**scenario.settings, **settings, summary_file=str(summary))
            begun = time.monotonic()
            try:
                done = run_warm(
                    scenario.tap, config, state=state, catalog=catalog, env=NO_BUNDLE,
                    timeout=SECONDS,
                )  # fmt: skip
                hung = server.proxy.overrun
            except subprocess.TimeoutExpired:
                done, hung = TapRun(-9, "", ""), True
            seconds = time.monotonic() - begun
            told = json.loads(summary.read_text())["tap"] if summary.exists() else {}
        return _read(done, told, hung=hung, seconds=seconds, requests=server.proxy.requests)

    def catalog(self, scenario: Scenario, server: Server[Any]) -> dict[str, Any]:
        """Return a catalog with the streams of a scenario selected."""
        found = copy.deepcopy(self._discovered(scenario, server))
        if scenario.incremental:
            for stream in found["streams"]:
                if stream["tap_stream_id"] in scenario.streams:
                    stream["replication_method"] = "INCREMENTAL"
                    stream["replication_key"] = "Modified"
        return select(found, *scenario.streams)

    def _discovered(self, scenario: Scenario, server: Server[Any]) -> dict[str, Any]:
        name = scenario.tap if scenario.tap != "tap-cinchy" else scenario.name
        if name not in self._catalogs:
            server.proxy.begin()
            config = server.config(**scenario.settings)
            run = run_warm(scenario.tap, config, "--discover", env=NO_BUNDLE)
            if run.exit_code:
                raise DishonestError(f"{scenario.name}: {run.last_line}")
            self._catalogs[name] = json.loads(run.stdout)
        return self._catalogs[name]


def _outcome(result: Mapping[str, Any]) -> str:
    return "accepted" if result.get("accepted") else str(result["outcome"]).lower()


def _read(done: TapRun, told: dict[str, Any], *, hung: bool, seconds: float, requests: int) -> Run:
    torn = ""
    try:
        messages = done.messages
    except ValueError as error:
        messages, torn = [], f"stdout is no JSON: {error}"
    names = {m["stream"]: m["key_properties"] for m in messages if m["type"] == "SCHEMA"}
    rows: dict[str, Rows] = {
        name: collections.defaultdict(list) for name in names if name != RECEIPTS
    }
    state = None
    for message in messages:
        if message["type"] == "STATE":
            state = message["value"]
        if message["type"] == "RECORD" and message["stream"] in rows:
            row = {k: v for k, v in message["record"].items() if k not in VOLATILE}
            keys = names[message["stream"]] or sorted(row)
            key = tuple(json.dumps(row.get(k), sort_keys=True, default=str) for k in keys)
            rows[message["stream"]][key].append(row)
    streams = [one for one in told.get("streams", ()) if one["stream"] != RECEIPTS]
    return Run(
        rows=rows,
        outcomes={one["stream"]: _outcome(one) for one in streams},
        reasons={one["stream"]: one.get("sentence") or one.get("proof") or "" for one in streams},
        activated={m["stream"] for m in messages if m["type"] == "ACTIVATE_VERSION"},
        state=state,
        exit_code=done.exit_code,
        last_line=done.last_line,
        stderr=done.stderr,
        seconds=seconds,
        requests=requests,
        hung=hung,
        torn=torn,
    )


def halfway(run: Run) -> dict[str, Any] | None:
    """Return the state of a run with its bookmarks moved back to the middle of what it read."""
    state = copy.deepcopy(run.state)
    for stream, found in ((state or {}).get("bookmarks") or {}).items():
        for bookmark in [found, *(found.get("partitions") or [])]:
            name = bookmark.get("replication_key")
            values = sorted(
                row[name]
                for same in run.rows.get(stream, {}).values()
                for row in same
                if name and isinstance(row.get(name), str)
            )
            middle = values[len(values) // 2] if values else None
            if middle and bookmark.get("replication_key_value", "") > middle:
                bookmark["replication_key_value"] = middle
    return state
