"""The half of a tap that comes before its streams: checked settings, and one way to the server."""

from __future__ import annotations

import abc
import functools
import platform
import sys
import time
from typing import TYPE_CHECKING, Any, ClassVar, cast

from singer_rest.errors import ConfigError, RequestError, ServerError
from singer_rest.http.client import MEGABYTE, Transport, TransportOptions
from singer_rest.http.credentials import OriginCredentials
from singer_rest.http.prefetch import Prefetcher
from singer_rest.http.rate_limit import RateLimit
from singer_rest.http.retry import RetryPolicy
from singer_rest.http.shared_rate import SharedRateLimit, open_budget
from singer_rest.http.urls import base_url
from singer_rest.records import timestamps
from singer_rest.records.personal import EXCLUDE, PersonalData
from singer_rest.redact import Redactor, plain_url
from singer_rest.run import bookmarks
from singer_rest.run.account import Account
from singer_rest.sdk import environment, selection, settings
from singer_rest.sdk.certificates import verification
from singer_rest.sdk.compat import CompatTap, validation_errors
from singer_rest.sdk.messages import SingerOutput
from singer_rest.stop import StopSignal

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    from singer_sdk.singerlib.catalog import Catalog

    from singer_rest.http.credentials import Credential

MAX_CLOCK_DIFFERENCE = timestamps.minutes(24 * 60)
MAX_CONNECT = 10.0
TWO_MINUTES, FEW_SECONDS = 120.0, 10.0
STALL_WAITS = 3
"""Longest waits without an answer worth having before the limit is taken for permanent."""


class ConfiguredTap(CompatTap):
    """What the streams of a tap use of it.

    A subclass gives settings and streams, :meth:`credentials`, and :meth:`connect`, which proves
    that the server is the right one and the credential is good before anything is read.
    """

    message_writer_class = SingerOutput
    example_url: ClassVar[str] = "https://api.example.com"
    """What an ``api_url`` looks like, for the sentence that says that one does not."""

    def __init__(self, **arguments: Any) -> None:
        self.redactor = Redactor()
        self.stop = StopSignal()
        self.snapshot_version = int(time.time() * 1000)
        """What the rows of full tables are known by in the target."""
        self.began: dt.datetime = timestamps.parse(self.snapshot_version) or timestamps.now()
        """When the run began, by our clock."""
        self.upper_bound: dt.datetime = timestamps.now()
        self.clock_warning = ""
        """How far the server's clock is from ours, as words; nothing if it is not far."""
        self.account = Account.current(self.name, self.plugin_version)
        self.personal_data = PersonalData()
        self._has_state = bool(arguments.get("state"))
        self._reads_environment = bool(arguments.get("parse_env_config"))
        super().__init__(**arguments)

    @classmethod
    def read_environment(cls) -> dict[str, Any]:
        """Return the settings that variables hold; real ones win over a ``.env``."""
        schema = cls.config_jsonschema
        cls.append_builtin_config(schema)
        return environment.read(schema, cls.variable_prefix())

    def check_settings(self, *, raise_errors: bool) -> list[str]:
        """Check the configuration without ever showing a value.

        Raises:
            ConfigError: It cannot be used, and ``raise_errors`` is set.
        """
        schema = self.config_jsonschema
        self.append_builtin_config(schema)
        # Null is how some orchestrators write that a setting is not set.
        given = {name: value for name, value in self.settings.items() if value is not None}
        self.settings = settings.with_numbers_read(given, schema)
        for value in settings.secret_values(self.settings, schema):
            self.redactor.add(value)
        self.redactor.install()
        missing_folder = self.account.open(self._summary_file, self.redactor)
        for sentence in settings.unknown_settings(self.settings, schema):
            self.logger.warning("%s", sentence)
        errors = [
            settings.validation_sentence(error, schema)
            for error in validation_errors(self.settings, schema)
        ]
        if missing_folder:
            errors.append(f"summary_file lies in {missing_folder}, which is no folder: make it.")
        if errors and raise_errors:
            if not self._reads_environment:
                errors += environment.unread(self.settings, schema, self.variable_prefix())
            raise ConfigError(" ".join(errors))
        self.settings = settings.with_whole_numbers(self.settings, schema)
        for sentence in errors:
            self.logger.debug("%s", sentence)
        if raise_errors:
            settings.start_date(self.settings)
            settings.check_header(self.settings, "user_agent")
            self.personal_data = settings.personal_data(self.settings)
        return errors

    @property
    def _summary_file(self) -> str | None:
        path = self.settings.get("summary_file")
        return path if isinstance(path, str) else None

    def take_signals(self) -> None:
        """Let stop signals end the run at a safe moment."""
        self.stop.install()

    def load_state(self, state: dict[str, Any]) -> None:
        """Take over a state, whatever it is wrapped in.

        Raises:
            StateError: It has no shape this tap ever wrote.
        """
        given = self.migrate_state(bookmarks.unwrap(state))
        super().load_state(given)
        own = cast("dict[str, Any]", self.state)
        for name, value in given.items():  # the SDK takes over no more than it knows
            own.setdefault(name, value)
        for stream, bookmark in given.get("bookmarks", {}).items():
            kept = own["bookmarks"].setdefault(stream, bookmark)
            for entry in (kept, *kept.get("partitions", [])):
                entry.pop("progress_markers", None)
        self.bookmarks = bookmarks.Bookmarks(own)

    def migrate_state(self, state: dict[str, Any]) -> dict[str, Any]:
        """Return the state in today's form; a hook for taps whose form has changed."""
        return state

    @functools.cached_property
    def input_catalog(self) -> Catalog | None:
        """Return the catalog given to the tap; opt-in streams selected in it are read."""
        catalog = super().input_catalog
        if catalog is not None:
            selection.apply_catalog_selection(catalog)
        return catalog

    def setup_mapper(self) -> None:
        """Prepare stream maps, for the columns that are written."""
        if self.personal_data.mode == EXCLUDE and self.input_catalog is not None:
            _ = self.streams  # which take the columns that are left out from the catalog
        super().setup_mapper()

    @functools.cached_property
    def catalog_is_chosen(self) -> bool:
        """Whether the catalog given to the tap leaves a stream out that could be read."""
        catalog = self.input_catalog
        return catalog is not None and selection.leaves_out(catalog)

    @property
    def system(self) -> str:
        """Return which system is read: its address as configured, without secrets."""
        return plain_url(str(self.config.get("api_url") or self.name)).rstrip("/")

    # The way to the server

    @functools.cached_property
    def api_url(self) -> str:
        """Return the setting ``api_url``, without a slash at its end.

        Raises:
            ConfigError: It is no address.
        """
        return base_url(self.config["api_url"], example=self.example_url)

    def credentials(self) -> Mapping[str, Credential]:
        """Return the credentials by the address they are for; a hook.

        It is called once, when the first request is about to be made, whoever makes it. Each
        credential goes to the origin of its address only.
        """
        return {}

    @functools.cached_property
    def origin_credentials(self) -> OriginCredentials:
        """Return which credential goes where."""
        bound = OriginCredentials()
        for url, credential in self.credentials().items():
            bound.bind(url, credential)
        return bound

    @functools.cached_property
    def rate_limit(self) -> RateLimit:
        """Return the one budget of requests."""
        return self.new_rate_limit()

    def new_rate_limit(self, burst: int | None = None) -> RateLimit:
        """Return a budget of this process, or the one that it shares with others.

        Raises:
            ConfigError: The shared one cannot be used.
        """
        per_minute, shared = self.config["requests_per_minute"], self.config.get("rate_budget")
        if shared and per_minute:
            return SharedRateLimit(open_budget(shared, per_minute, burst), self.stop)
        return RateLimit(per_minute, self.stop, burst=burst)

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
            verify=verification(config),
            pool_size=config["concurrency"] + 1,
            retry=RetryPolicy(
                tries=config["max_retries"] + 1,
                longest_wait=config["max_wait"],
                stall=STALL_WAITS * config["max_wait"],
                first_pause=config["retry_pause"],
                outage_patience=self._outage_patience,
            ),
        )

    @property
    def _outage_patience(self) -> float:
        """Return the seconds that an outage is waited for; few where a person does."""
        given = self.config.get("outage_patience")
        if given is not None:
            return float(given)
        if not self.config["retry_pause"]:
            return 0
        command = self.account.command
        is_watched = command in {"test", "plan"} or (command == "discover" and sys.stderr.isatty())
        is_first = command == "sync" and not self._has_state
        return FEW_SECONDS if is_watched or is_first else TWO_MINUTES

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
            TapError: With exit code 2; with 1 where the server cannot be reached now.
        """
        selection.check(self.config, self.streams)
        try:
            with self.stop.interruptible():
                self.connect()
        except RequestError as error:
            raise ServerError.before_rows(error) from error
        self._compare_clocks()

    def _compare_clocks(self) -> None:
        """Take the server's clock for the present, unless it is far from ours.

        Rows are stamped by the server's clock, so no bookmark may pass that one. A day and more
        apart, one of the two is wrong, and bookmarks are bound by ours.
        """
        theirs = self.transport.began
        if theirs is None:
            return
        if abs(theirs - self.upper_bound) <= MAX_CLOCK_DIFFERENCE:
            self.upper_bound = theirs
            return
        self.clock_warning = (
            f"the server's clock says {timestamps.text(theirs)} and this machine's "
            f"{timestamps.text(self.upper_bound)}"
        )
        self.logger.warning(
            "%s: one of them is wrong, or something in between answers for the server. Set it "
            "right; what is read by time cannot be proved.",
            self.clock_warning[:1].upper() + self.clock_warning[1:],
        )
