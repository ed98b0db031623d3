"""Runs a Singer tap, as a command in an environment of its own or as a class in this process."""

from __future__ import annotations

import copy
import gc
import json
import logging
import re
import shlex
import shutil
import subprocess
import tempfile
import threading
from abc import ABC, abstractmethod
from collections import deque
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

from dlt_bridge.capture import PageSink, Sink, capturing_writer
from dlt_bridge.errors import BridgeError, ConfigError, TapError
from dlt_bridge.guest import unchanged_logging, unchanged_process
from dlt_bridge.listener import Listener
from dlt_bridge.redact import Redactor, secret_texts
from dlt_bridge.tap_summary import TapSummary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

logger = logging.getLogger(__name__)

_PATIENCE: Final = 10.0
"""Seconds a tap has to end by itself once nobody listens to it any more."""

_OBJECTS_BETWEEN_COLLECTIONS: Final = 100_000
"""Rows have no cycles, and the collector of cycles looks at each of them: put back afterwards."""

_SOON: Final = 5.0
"""Seconds a tap in this process has to end when the user interrupted it."""

_REMEMBERED_LINES: Final = 20

_LOG_PREFIX = re.compile(r"^[\d:,. T-]+\| *[A-Z]+ *\| *\S+ *\| *")
"""What the Singer SDK puts before each line of its log."""


@dataclass(frozen=True)
class StreamInfo:
    """What the catalog says about a stream.

    Attributes:
        name: Its name.
        keys: Its key properties.
        is_full_table: Whether each run reads all of it; None if the catalog does not say.
        selected: Whether it is read unless the user says otherwise.
    """

    name: str
    keys: tuple[str, ...]
    is_full_table: bool | None
    selected: bool


class Tap(ABC):
    """A tap with its configuration.

    Args:
        name: How the tap is called in errors.
        config: Its configuration.
    """

    def __init__(self, name: str, config: Mapping[str, Any]) -> None:
        self.name = name
        self.config = dict(config)
        self.redaction = Redactor(secret_texts(self.config))

    @abstractmethod
    def discover(self) -> dict[str, Any]:
        """Return the tap's catalog.

        Raises:
            ConfigError: If the tap cannot be started with this configuration.
        """

    @abstractmethod
    def run(
        self,
        catalog: Mapping[str, Any],
        state: Mapping[str, Any] | None,
        sink: Sink,
        pages: PageSink | None = None,
    ) -> None:
        """Read all selected streams; returns when the tap has succeeded.

        Args:
            catalog: The catalog, with streams selected.
            state: Where to continue from.
            sink: Gets every line of messages, in order.
            pages: Gets rows as columns, in the same order, from a tap that can hand them over so.

        Raises:
            TapError: If the tap fails.
        """


class CommandTap(Tap):
    """A tap that is an executable command.

    Args:
        command: The command, as one text or in parts.
        config: The tap's configuration; handed over in a file only its owner can read.
        catalog_option: `--catalog`, or `--properties` for taps from before 2018.
        environment: The environment variables of the tap; this process's if None.
    """

    def __init__(
        self,
        command: str | Sequence[str],
        config: Mapping[str, Any],
        *,
        catalog_option: str = "--catalog",
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._command = shlex.split(command) if isinstance(command, str) else list(command)
        if not self._command:
            raise ConfigError("The command of the tap is empty.")
        super().__init__(Path(self._command[0]).name, config)
        self._catalog_option = catalog_option
        self._environment = dict(environment) if environment is not None else None
        self._last_lines: deque[str] = deque(maxlen=_REMEMBERED_LINES)

    def discover(self) -> dict[str, Any]:
        """See `Tap.discover`."""
        chunks: list[bytes] = []
        try:
            with self._files(config=self.config) as files:
                self._talk(["--config", files["config"], "--discover"], chunks.append)
        except TapError as error:
            raise ConfigError(str(error)) from None
        try:
            catalog = json.loads(b"".join(chunks))
            found: dict[str, Any] = catalog if catalog["streams"] is not None else {"streams": []}
        except (ValueError, KeyError, TypeError):
            raise ConfigError(f"{self.name} --discover printed no catalog.") from None
        return found

    def run(
        self,
        catalog: Mapping[str, Any],
        state: Mapping[str, Any] | None,
        sink: Sink,
        pages: PageSink | None = None,
    ) -> None:
        """See `Tap.run`."""
        del pages  # a command writes lines
        contents = {"config": self.config, "catalog": catalog}
        if state:
            contents["state"] = state
        with self._files(**contents) as files:
            arguments = ["--config", files["config"], self._catalog_option, files["catalog"]]
            if state:
                arguments += ["--state", files["state"]]
            self._talk(arguments, sink)

    def _talk(self, arguments: Iterable[str], sink: Sink) -> None:
        try:
            process = subprocess.Popen(  # noqa: S603  # the user's command, and no shell
                [*self._command, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=self._environment,
            )
        except OSError as error:
            raise ConfigError(
                f"The tap {self._command[0]!r} cannot be started: {error.strerror}."
            ) from None
        assert process.stdout is not None  # noqa: S101  # for the type checker
        assert process.stderr is not None  # noqa: S101
        listener = threading.Thread(target=self._listen, args=(process.stderr,), daemon=True)
        listener.start()
        try:
            for line in process.stdout:
                sink(line)
        finally:
            code = _ended(process)
            listener.join(_PATIENCE)
        if code:
            reason = self._last_lines[-1] if self._last_lines else "it said nothing on stderr"
            reason = _LOG_PREFIX.sub("", reason)
            raise TapError(f"{self.name} ended with exit code {code}: {reason}")

    def _listen(self, errors: IO[bytes]) -> None:
        for line in errors:
            text = self.redaction.text(line.decode("utf-8", "replace").rstrip())
            if text:
                self._last_lines.append(text)
                logger.info("%s: %s", self.name, text)

    @staticmethod
    @contextmanager
    def _files(**contents: Any) -> Iterator[dict[str, str]]:
        folder = Path(tempfile.mkdtemp(prefix="singer-"))  # readable for its owner only
        try:
            paths = {}
            for name, content in contents.items():
                path = folder / f"{name}.json"
                path.write_text(json.dumps(content, default=str), encoding="utf-8")
                paths[name] = str(path)
            yield paths
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _ended(process: subprocess.Popen[bytes]) -> int:
    """Wait for a tap that closed its output, or was cut off from it, to end."""
    assert process.stdout is not None  # noqa: S101  # for the type checker
    process.stdout.close()
    with suppress(subprocess.TimeoutExpired):
        return process.wait(_PATIENCE)
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        return process.wait(_PATIENCE)
    process.kill()
    return process.wait()


class InProcessTap(Tap):
    """A tap that is a class of the Singer SDK.

    It runs in a thread, where it does not take over this process's signals.

    Args:
        tap_class: The class, a subclass of `singer_sdk.Tap`.
        config: The tap's configuration.
    """

    def __init__(self, tap_class: Any, config: Mapping[str, Any]) -> None:
        super().__init__(str(getattr(tap_class, "name", tap_class.__name__)), config)
        self._tap_class = tap_class

    def discover(self) -> dict[str, Any]:
        """See `Tap.discover`."""
        found: dict[str, Any] = {}

        def discover() -> None:
            found.update(self._tap_class(config=copy.deepcopy(self.config)).catalog_dict)

        try:
            self._in_thread(discover)
        except TapError as error:
            raise ConfigError(str(error)) from error
        # Through JSON, since the SDK's catalog has enumerations and tuples in it.
        return dict(json.loads(json.dumps(found, default=str)))

    def run(
        self,
        catalog: Mapping[str, Any],
        state: Mapping[str, Any] | None,
        sink: Sink,
        pages: PageSink | None = None,
    ) -> None:
        """See `Tap.run`."""
        listener = Listener(sink, pages)
        summary = TapSummary(self._tap_class, self.config)

        def run() -> None:
            with unchanged_logging():  # which a tap sets up when it is made
                tap = self._tap_class(
                    config=copy.deepcopy(self.config) | summary.setting,
                    catalog=copy.deepcopy(dict(catalog)),
                    state=copy.deepcopy(dict(state)) if state else None,
                    message_writer=capturing_writer(
                        self._tap_class, listener, None if pages is None else listener.page
                    ),
                )
            if listener.begin(tap):
                gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
                tap.sync_all()

        try:
            self._in_thread(run, listener.end)
        except TapError as error:
            error.complete = summary.complete_streams()
            raise
        finally:
            listener.end()
            summary.close()
            if listener.error is not None:
                raise listener.error

    def _in_thread(
        self, work: Callable[[], None], give_up: Callable[[], None] = lambda: None
    ) -> None:
        failures: list[BaseException] = []

        def guarded() -> None:
            try:
                work()
            except BaseException as error:  # noqa: BLE001  # raised again where it is expected
                failures.append(error)

        thread = threading.Thread(target=guarded, name=self.name, daemon=True)
        with unchanged_process():
            thread.start()
            try:
                thread.join()
            except BaseException:  # such as KeyboardInterrupt: the user wants an end of it now
                give_up()
                thread.join(_SOON)
                raise
        for error in failures:
            if isinstance(error, BridgeError):
                raise error
            is_exit = isinstance(error, SystemExit)
            reason = "" if is_exit else self.redaction.text(str(error))
            raise TapError(f"{self.name} failed: {reason or type(error).__name__}") from error


def read_streams(catalog: Mapping[str, Any]) -> list[StreamInfo]:
    """Read the streams out of a catalog, whatever its age."""
    found = []
    for entry in catalog["streams"]:
        root = _root_metadata(entry)
        method = (
            root.get("forced-replication-method")
            or root.get("replication-method")
            or entry.get("replication_method")
        )
        keys = entry.get("key_properties") or root.get("table-key-properties") or ()
        chosen = (
            root.get("selected"),
            entry.get("selected"),
            entry.get("schema", {}).get("selected"),
            root.get("selected-by-default"),
        )
        selected = next((bool(choice) for choice in chosen if choice is not None), True)
        full = None if method is None else str(method).upper() == "FULL_TABLE"
        found.append(StreamInfo(_name(entry), tuple(keys), full, selected))
    return found


def with_selected(catalog: Mapping[str, Any], streams: Iterable[str]) -> dict[str, Any]:
    """Return the catalog with exactly these streams selected, in the ways of old and new taps."""
    wanted = set(streams)
    selected = copy.deepcopy(dict(catalog))
    for entry in selected["streams"]:
        chosen = _name(entry) in wanted
        entry["selected"] = chosen
        _root_metadata(entry)["selected"] = chosen
        if isinstance(entry.get("schema"), dict) and "selected" in entry["schema"]:
            entry["schema"]["selected"] = chosen
    return selected


def _name(entry: Mapping[str, Any]) -> str:
    return str(entry.get("stream") or entry["tap_stream_id"])


def _root_metadata(entry: dict[str, Any]) -> dict[str, Any]:
    """Return the stream's own metadata, which is made if it has none."""
    metadata = entry.setdefault("metadata", [])
    for part in metadata:
        if not part.get("breadcrumb"):
            content: dict[str, Any] = part.setdefault("metadata", {})
            return content
    content = {}
    metadata.append({"breadcrumb": [], "metadata": content})
    return content
