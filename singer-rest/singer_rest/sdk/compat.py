"""What is used of the SDK beyond its documented names, each behind a name of our own.

Nothing else names an underscore name of the SDK or imports one of its private modules; a test says
so. When a new version of the SDK moves one of them, this is the file to mend.
"""

from __future__ import annotations

import abc
from typing import TYPE_CHECKING, Any

import singer_sdk
from singer_sdk.helpers._batch import BatchConfig, SDKBatchMessage
from singer_sdk.helpers._classproperty import classproperty
from singer_sdk.plugin_base import JSONSchemaValidator, SingerCommand, _ConfigInput

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from jsonschema import ValidationError
    from singer_sdk.singerlib import RecordMessage
    from singer_sdk.singerlib.catalog import MetadataMapping

__all__ = [
    "BatchConfig",
    "BatchMessage",
    "CompatStream",
    "CompatTap",
    "ConfigInput",
    "SingerCommand",
    "about",
    "validation_errors",
]

BatchMessage = SDKBatchMessage
"""The SDK exports the message of BATCH nowhere."""
ConfigInput = _ConfigInput
"""What ``--config`` becomes before the tap is made; ``invoke`` is called with it."""


def validation_errors(
    config: dict[str, Any], schema: Mapping[str, Any]
) -> Iterable[ValidationError]:
    """Yield what is wrong with a configuration, and write the defaults into it.

    The SDK's own check quotes values, which may be secrets, so only its validator is used.
    """
    errors: Iterable[ValidationError] = JSONSchemaValidator(schema).iter_errors(config)
    return errors


def about(tap: type[singer_sdk.Tap], *, about: bool, about_format: str | None) -> None:
    """Print what a tap is, if that is asked for, and end.

    ``Tap.invoke`` reads files and runs the tap besides; its parent's does only this.
    """
    super(singer_sdk.Tap, tap).invoke(about=about, about_format=about_format)


class CompatTap(singer_sdk.Tap, abc.ABC):
    """A tap whose checks of settings and handling of signals are hooks with names."""

    @abc.abstractmethod
    def check_settings(self, *, raise_errors: bool) -> list[str]:
        """Check the settings, where the SDK would do it its own way."""

    @abc.abstractmethod
    def take_signals(self) -> None:
        """Install handlers of stop signals, where the SDK would install ones that exit with 0."""

    @property
    def streams(self) -> dict[str, singer_sdk.Stream]:
        """Return the streams by name, with those that no tap discovers."""
        made = self._streams is None
        found = super().streams
        if made:
            found |= {stream.name: stream for stream in self.own_streams()}
        return found

    def own_streams(self) -> Iterable[singer_sdk.Stream]:
        """Return streams that every tap has; a hook. No catalog changes them."""
        return ()

    @classmethod
    @abc.abstractmethod
    def read_environment(cls) -> dict[str, Any]:
        """Return the settings of the environment, where the SDK lets stray files win over it."""

    @classproperty
    def _env_var_config(cls) -> dict[str, Any]:  # noqa: N805
        return cls.read_environment()

    @classmethod
    def variable_prefix(cls) -> str:
        """Return what the names of this tap's variables begin with."""
        return str(cls._env_var_prefix)

    def _validate_config(self, *, raise_errors: bool = True) -> list[str]:
        return self.check_settings(raise_errors=raise_errors)

    def _setup_signal_handlers(self) -> None:
        self.take_signals()

    @property
    def settings(self) -> dict[str, Any]:
        """Return the configuration itself; ``config`` is a read-only view of it."""
        return self._config

    @settings.setter
    def settings(self, settings: dict[str, Any]) -> None:
        self._config = settings


class CompatStream(singer_sdk.Stream):
    """A stream whose messages can be made one by one, outside the SDK's loop."""

    def write_schema(self) -> None:
        """Write the SCHEMA messages, mapped as the settings say."""
        self._write_schema_message()

    def record_messages(self, record: dict[str, Any]) -> Iterator[RecordMessage]:
        """Yield what maps, flattening and selection make of a record."""
        yield from self._generate_record_messages(record)

    def set_version(self, version: int | None) -> None:
        """Set the version that :meth:`record_messages` puts on records."""
        self._stream_version = version

    @property
    def metadata(self) -> MetadataMapping:
        """Return the metadata, given or made; what is made passes :meth:`describe` once."""
        made = self._metadata is None
        found = super().metadata
        if made:
            self.describe(found)
        return found

    def describe(self, metadata: MetadataMapping) -> None:
        """Add to freshly made metadata; a hook."""
