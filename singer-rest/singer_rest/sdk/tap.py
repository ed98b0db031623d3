"""The base class of every tap: checks before, isolation while, an account after."""

from __future__ import annotations

import abc
import functools
import gc
import itertools
import logging
import platform
import time
from typing import TYPE_CHECKING, Any, ClassVar, cast

import click
import singer_sdk
from singer_sdk.plugin_base import JSONSchemaValidator, _ConfigInput
from singer_sdk.singerlib import StateMessage

from singer_rest.errors import (
    ConfigError,
    Outcome,
    RequestError,
    RunError,
    ServerError,
    StateError,
    Stopped,
    TapError,
)
from singer_rest.http.client import MEGABYTE, Transport, TransportOptions
from singer_rest.http.credentials import OriginCredentials
from singer_rest.http.prefetch import Prefetcher
from singer_rest.http.rate_limit import RateLimit
from singer_rest.http.retry import RetryPolicy
from singer_rest.records import timestamps
from singer_rest.redact import Redactor
from singer_rest.run import bookmarks as state_module
from singer_rest.run import outcomes
from singer_rest.run import preflight as doctor
from singer_rest.run.outcomes import RunReport, StreamResult
from singer_rest.run.progress import Progress
from singer_rest.run.reader import SourceReader
from singer_rest.sdk import selection, settings
from singer_rest.sdk.command import RestCommand, read_catalog, read_text
from singer_rest.sdk.messages import SingerOutput
from singer_rest.sdk.streams import SourceStream
from singer_rest.stop import StopSignal

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Sequence
    from typing import IO

    from singer_sdk.singerlib.catalog import Catalog

logger = logging.getLogger(__name__)

MAX_CONNECT = 10.0
OBJECTS_BETWEEN_COLLECTIONS = 100_000
"""More than a page of 1 000 records makes, less than what any memory would feel."""
STALL_WAITS = 3
"""Longest waits without an answer worth having before the limit is taken for permanent."""


class RestTap(singer_sdk.Tap):
    """A tap whose streams are read one after the other, each for itself.

    A subclass gives settings and streams, and :meth:`connect`, which proves that the server is
    the right one and the credential is good before anything is read.
    """

    message_writer_class = SingerOutput
    first_streams: ClassVar[tuple[str, ...]] = ()
    """Sources to read first; the others follow in the order of their names."""

    def __init__(self, **arguments: Any) -> None:
        self.redactor = Redactor()
        self.stop = StopSignal()
        self.version = int(time.time() * 1000)
        self.upper_bound: dt.datetime = timestamps.now()
        """No bookmark of this run passes this instant."""
        super().__init__(**arguments)

    # Before the run

    def _validate_config(self, *, raise_errors: bool = True) -> list[str]:
        """Check the configuration without ever showing a value.

        Raises:
            ConfigError: It cannot be used, and ``raise_errors`` is set.
        """
        schema = self.config_jsonschema
        self.append_builtin_config(schema)
        # Null is how some orchestrators write that a setting is not set.
        self._config = {name: value for name, value in self._config.items() if value is not None}
        for value in settings.secret_values(self._config, schema):
            self.redactor.add(value)
        self.redactor.install()
        for sentence in settings.unknown_settings(self._config, schema):
            self.logger.warning("%s", sentence)
        errors = [
            settings.validation_sentence(error, schema)
            for error in JSONSchemaValidator(schema).iter_errors(self._config)
        ]
        if errors and raise_errors:
            raise ConfigError(" ".join(errors))
        for sentence in errors:
            self.logger.debug("%s", sentence)
        if raise_errors:
            settings.start_date(self._config)
        return errors

    def _setup_signal_handlers(self) -> None:
        self.stop.install()

    def load_state(self, state: dict[str, Any]) -> None:
        """Take over a state, whatever it is wrapped in.

        Raises:
            StateError: It has no shape this tap ever wrote.
        """
        given = self.migrate_state(state_module.unwrap(state))
        super().load_state(given)
        own = cast("dict[str, Any]", self.state)
        for name, value in given.items():  # the SDK takes over no more than it knows
            own.setdefault(name, value)
        for stream, bookmark in given.get("bookmarks", {}).items():
            kept = own["bookmarks"].setdefault(stream, bookmark)
            for entry in (kept, *kept.get("partitions", [])):
                entry.pop("progress_markers", None)
        self.bookmarks = state_module.Bookmarks(own)

    def migrate_state(self, state: dict[str, Any]) -> dict[str, Any]:
        """Return the state in today's form; a hook for taps whose form has changed."""
        return state

    @functools.cached_property
    def origin_credentials(self) -> OriginCredentials:
        """Return which credential goes where; a tap binds its own."""
        return OriginCredentials()

    @functools.cached_property
    def rate_limit(self) -> RateLimit:
        """Return the one budget of requests."""
        return RateLimit(self.config["requests_per_minute"], self.stop)

    @functools.cached_property
    def prefetch(self) -> Prefetcher:
        """Return the threads of this tap."""
        return Prefetcher(self.config["concurrency"])

    def transport_options(self) -> TransportOptions:
        """Return the transport's options as configured; a hook for vendors' peculiarities."""
        config = self.config
        if config.get("verify_ssl") is False and not config.get("ca_bundle"):
            self.logger.warning(
                "verify_ssl is off: anybody on the way can read the credential and the data."
            )
        python = platform.python_version()
        return TransportOptions(
            user_agent=config.get("user_agent")
            or f"{self.name}/{self.plugin_version} (Python {python})",
            connect_timeout=min(MAX_CONNECT, config["request_timeout"]),
            read_timeout=config["request_timeout"],
            total_timeout=config["response_timeout"],
            largest_body=config["max_response_mb"] * MEGABYTE,
            verify=settings.verification(config),
            pool_size=config["concurrency"] + 1,
            retry=RetryPolicy(
                tries=config["max_retries"] + 1,
                longest_wait=config["max_wait"],
                stall=STALL_WAITS * config["max_wait"],
                first_pause=config["retry_pause"],
            ),
        )

    @functools.cached_property
    def transport(self) -> Transport:
        """Return the one way to the server."""
        return Transport(
            self.transport_options(),
            origin_credentials=self.origin_credentials,
            rate_limit=self.rate_limit,
            stop=self.stop,
            redactor=self.redactor,
        )

    @functools.cached_property
    def progress(self) -> Progress:
        """Return the progress line."""
        return Progress(self.config["progress_interval"], self.transport)

    @abc.abstractmethod
    def connect(self) -> None:
        """Prove that server and credential are good, with the fewest requests.

        Raises:
            ConfigError: The configuration cannot be right.
            CredentialError: The credential is not.
            RequestError: No useful answer came; becomes a :class:`ServerError`.
        """

    def check_connection(self) -> None:
        """Connect, and make every failure a reason to end before the first row.

        Raises:
            TapError: With exit code 2.
        """
        selection.check(self.config, self.streams)
        try:
            with self.stop.interruptible():
                self.connect()
        except RequestError as error:
            raise ServerError(error.sentence, code=error.code) from error
        # Rows are stamped by the server's clock, so no bookmark may pass that one.
        self.upper_bound = self.transport.began or self.upper_bound
        self._validate_bookmarks(self.upper_bound)

    def _judge_state(self) -> None:
        """Refuse a state that would not be used: nobody expects everything to be read again.

        Raises:
            StateError: It belongs to another tap, or a bookmark cannot be read.
        """
        given = sorted(self.state.get("bookmarks", {}))
        if given and not self.streams.keys() & given:
            sentence = (
                f"The state has no bookmark of any stream of {self.name}; those it has are of "
                f"{', '.join(given[:3])}{' ...' if given[3:] else ''}."
            )
            if not self.dynamic_catalog:
                raise StateError(f"{sentence} Give it its own state, or leave --state out.")
            self.logger.warning("%s Everything is read from the start.", sentence)
        self._validate_bookmarks(None)

    def _validate_bookmarks(self, bound: dt.datetime | None) -> None:
        for stream in self.selected_streams():
            if stream.has_instant_bookmark:
                self.bookmarks.validate(stream.name, stream.replication_key or "", bound)

    @functools.cached_property
    def input_catalog(self) -> Catalog | None:
        """Return the catalog given to the tap; opt-in streams selected in it are read."""
        catalog = super().input_catalog
        if catalog is not None:
            selection.apply_catalog_selection(catalog)
        return catalog

    # The run

    def selected_streams(self) -> list[SourceStream]:
        """Return the streams to read."""
        return [
            stream
            for stream in self.streams.values()
            if isinstance(stream, SourceStream) and stream.selected
        ]

    def passes(self) -> list[list[SourceStream]]:
        """Return the selected streams, grouped by the source they share, in reading order."""
        order = {name: index for index, name in enumerate(self.first_streams)}

        def index(stream: SourceStream) -> tuple[int, str]:
            return order.get(stream.source_key, len(order)), stream.source_key

        ordered = sorted(self.selected_streams(), key=lambda s: (*index(s), s.name))
        return [list(group) for _key, group in itertools.groupby(ordered, key=index)]

    def sync_all(self) -> None:  # type: ignore[misc]  # final upstream, where one failure ends all
        """Read every selected stream, whatever becomes of the others.

        Raises:
            TapError: The run did not succeed; the summary has been logged.
            Stopped: A stop signal arrived; the last STATE has been written.
        """
        summary = outcomes.SummaryFile(self.config.get("summary_file"))
        report = RunReport()
        started = time.monotonic()
        groups = self.passes()
        try:
            self._judge_state()
            if self.state:
                self.write_state()
            self.check_connection()
            self._read(groups, report)
            error = report.error()
            if error is not None:
                raise error
            report.exit_code = 0
        except (TapError, Stopped) as end:
            report.end(end, [s.name for s in itertools.chain.from_iterable(groups)])
            raise
        finally:
            self.prefetch.close()
            self._log_report(report, started)
            summary.write(report, self.redactor)

    def _read(self, groups: Sequence[Sequence[SourceStream]], report: RunReport) -> None:
        for group in self._stoppable(groups, report):
            logger.info("Reading %s", ", ".join(stream.name for stream in group))
            reading = SourceReader(self, group)
            try:
                results = reading.run()
            except (RunError, Stopped) as end:
                report.add(reading.cut_short(end))
                raise
            report.add(results)
            self.progress.end(results)

    def _stoppable(
        self, groups: Sequence[Sequence[SourceStream]], report: RunReport
    ) -> Iterator[Sequence[SourceStream]]:
        for group in groups:
            if self.config.get("on_stream_error") == "stop" and report.bad:
                report.add(
                    [
                        StreamResult(
                            stream.name, Outcome.SKIPPED, sentence="on_stream_error is stop"
                        )
                        for stream in group
                    ]
                )
                continue
            yield group

    def _log_report(self, report: RunReport, started: float) -> None:
        traffic = self.transport.traffic
        report.requests, report.retries = traffic.requests, traffic.retries
        report.waited = self.rate_limit.waited
        report.seconds = time.monotonic() - started
        if report.begun:
            for line in report.table():
                logger.info("%s", line)

    def write_state(self) -> None:
        """Write the bookmarks as they are now."""
        self.write_message(StateMessage(value=self.state))

    # The command line

    @classmethod
    def invoke(  # type: ignore[override]
        cls,
        *,
        about: bool = False,
        about_format: str | None = None,
        config: _ConfigInput | None = None,
        state: IO[str] | None = None,
        catalog: IO[str] | None = None,
        test: str | None = None,
        plan: str | None = None,
    ) -> None:
        """Run the tap as its command line says."""
        super(singer_sdk.Tap, cls).invoke(about=about, about_format=about_format)
        config = config or _ConfigInput()
        tap = cls(
            config=config.config,
            state=None if state is None else state_module.read_state(read_text(state)),
            catalog=None if catalog is None else read_catalog(read_text(catalog)),
            parse_env_config=config.parse_env,
        )
        tap.stop.guard()
        if test == "schema":
            for stream in tap.selected_streams():
                stream._write_schema_message()  # noqa: SLF001  # the SDK's hook
        elif test is not None:
            tap.run_doctor(test)
        elif plan is not None:
            click.echo(doctor.plan_report(tap, doctor.estimate(tap), plan))
        else:
            # Rows have no cycles, and go when the next page comes; what is here now stays.
            gc.freeze()
            gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS)
            tap.sync_all()

    def run_doctor(self, output_format: str) -> None:
        """Print what every selected stream answers to one cheap request.

        Raises:
            TapError: Some stream cannot be read.
        """
        findings = doctor.examine(self)
        click.echo(doctor.report(findings, output_format))
        error = doctor.verdict(self, findings)
        if error is not None:
            raise error

    @classmethod
    def get_singer_command(cls) -> click.Command:
        """Return the command with this package's error handling and its own options."""
        return RestCommand.wrap(super().get_singer_command(), cls.logger)
