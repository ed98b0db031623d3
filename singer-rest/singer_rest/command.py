"""The command line of a tap: exit codes, the last line, ``--test`` and ``--plan``."""

from __future__ import annotations

import json
import logging
import signal
import sys
import threading
from typing import TYPE_CHECKING, Any

import click
from singer_sdk.exceptions import ConfigurationError
from singer_sdk.plugin_base import SingerCommand

from singer_rest.errors import ConfigFault, Fault, Stopped

if TYPE_CHECKING:
    from collections.abc import Sequence

BUG_EXIT = 1


class RestCommand(SingerCommand):
    """Ends every run with one sentence and the right exit code."""

    @classmethod
    def wrap(cls, command: click.Command, logger: logging.Logger) -> RestCommand:
        """Return the SDK's command with our options and our endings."""
        params = [param for param in command.params if param.name != "test"]
        return cls(
            name=command.name,
            callback=command.callback,
            help=command.help,
            context_settings=command.context_settings,
            params=[*params, *_options()],
            logger=logger,
        )

    def main(self, args: Sequence[str] | None = None, **extra: Any) -> Any:  # type: ignore[override]
        """Run the command; known faults end it with their own exit code and no traceback."""
        if threading.current_thread() is threading.main_thread():
            # Until the tap is made and takes the signals over, they end the process as they are.
            signal.signal(signal.SIGINT, signal.SIG_DFL)
        try:
            return super().main(args, **extra)
        except Fault as fault:
            self._last_line(fault.sentence, fault.code, fault)
            sys.exit(fault.exit_code)
        except ConfigurationError as error:
            self._last_line(" ".join(str(error).split()), ConfigFault.code, error)
            sys.exit(ConfigFault.exit_code)
        except Stopped as stopped:
            self._last_line(stopped.sentence, stopped.code, None)
            sys.exit(stopped.exit_code)
        except json.JSONDecodeError as error:
            self._last_line(
                f"A configuration file is not JSON (line {error.lineno}, column {error.colno}: "
                f"{error.msg}).",
                ConfigFault.code,
                None,
            )
            sys.exit(ConfigFault.exit_code)
        except FileNotFoundError as error:
            self._last_line(f"There is no file {error.filename}.", ConfigFault.code, None)
            sys.exit(ConfigFault.exit_code)
        except Exception as error:
            self.logger.exception("Unexpected error")
            self._last_line(
                f"Unexpected {type(error).__name__}: a bug in {self.name}; please report it with "
                "the log above.",
                "BUG",
                None,
            )
            sys.exit(BUG_EXIT)

    def _last_line(self, sentence: str, code: str, error: BaseException | None) -> None:
        debug = self.logger.isEnabledFor(logging.DEBUG)
        if error is not None and debug:
            self.logger.debug("Where it happened", exc_info=error)
        self.logger.critical("%s [%s]", sentence, code)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the callback, without the SDK's own handling of configuration errors."""
        logging.captureWarnings(capture=True)
        return click.Command.invoke(self, ctx)


def _options() -> list[click.Parameter]:
    return [
        click.Option(
            ["--test"],
            is_flag=False,
            flag_value="text",
            default=None,
            type=click.Choice(["text", "json", "schema", "all"]),
            help="Try every selected stream with one cheap request and print a table (json: as "
            "JSON). With schema, only write SCHEMA messages.",
        ),
        click.Option(
            ["--plan"],
            is_flag=False,
            flag_value="text",
            default=None,
            type=click.Choice(["text", "json"]),
            help="Print how many requests and minutes a run will take, without reading the data.",
        ),
    ]


def read_catalog(text: str) -> dict[str, Any]:
    """Parse the text of a catalog file.

    Raises:
        ConfigFault: It is not a Singer catalog.
    """
    try:
        catalog = json.loads(text)
    except json.JSONDecodeError as error:
        raise ConfigFault(
            f"The catalog file is not JSON (line {error.lineno}, column {error.colno}: "
            f"{error.msg}); write it anew with --discover."
        ) from error
    if not isinstance(catalog, dict) or not isinstance(catalog.get("streams"), list):
        raise ConfigFault("The catalog file has no streams; write it anew with --discover.")
    return catalog
