"""The command line of a tap: exit codes, the last line, ``--test`` and ``--plan``."""

from __future__ import annotations

import json
import logging
import os
import pathlib
import signal
import sys
import threading
from typing import IO, TYPE_CHECKING, Any

import click
from singer_sdk.exceptions import ConfigurationError, MappingError

from singer_rest.errors import ConfigError, Stopped, TapError
from singer_rest.sdk.compat import ConfigInput, SingerCommand

if TYPE_CHECKING:
    from collections.abc import Sequence

BUG_EXIT = 1
STANDARD_ERROR = 2


class RestCommand(SingerCommand):
    """Ends every run with one sentence and the right exit code."""

    @classmethod
    def wrap(cls, command: click.Command, logger: logging.Logger) -> RestCommand:
        """Return the SDK's command with our options and our endings."""
        params = [param for param in command.params if param.name != "test"]
        for param in params:
            if param.name == "config":
                param.callback = _config
        return cls(
            name=command.name,
            callback=command.callback,
            help=command.help,
            context_settings=command.context_settings,
            params=[*params, *_options()],
            logger=logger,
        )

    def main(self, args: Sequence[str] | None = None, **extra: Any) -> Any:  # type: ignore[override]
        """Run the command; known error end it with their own exit code and no traceback."""
        _keep_standard_error()
        if threading.current_thread() is threading.main_thread():
            # Until the tap is made and takes the signals over, they end the process as they are.
            signal.signal(signal.SIGINT, signal.SIG_DFL)
        try:
            return super().main(args, **extra)
        except TapError as failure:
            self._last_line(failure.sentence, failure.code, failure)
            sys.exit(failure.exit_code)
        except MappingError as error:
            self._last_line(f"stream_maps: {_words(error)}. Correct it.", ConfigError.code, error)
            sys.exit(ConfigError.exit_code)
        except ConfigurationError as error:
            self._last_line(" ".join(str(error).split()), ConfigError.code, error)
            sys.exit(ConfigError.exit_code)
        except Stopped as stopped:
            self._last_line(stopped.sentence, stopped.code, None)
            sys.exit(stopped.exit_code)
        except Exception as error:
            self.logger.exception("Unexpected error")
            self._last_line(
                f"Unexpected {type(error).__name__}: a bug in {self.name}; please report it with "
                "the log above.",
                "BUG",
                None,
            )
            sys.exit(BUG_EXIT)
        finally:
            _let_go_of_standard_error()

    def _last_line(self, sentence: str, code: str, error: BaseException | None) -> None:
        debug = self.logger.isEnabledFor(logging.DEBUG)
        if error is not None and debug:
            self.logger.debug("Where it happened", exc_info=error)
        self.logger.critical("%s [%s]", sentence, code)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the callback, without the SDK's own handling of configuration errors."""
        logging.captureWarnings(capture=True)
        return click.Command.invoke(self, ctx)


def _words(error: Exception) -> str:
    """Return what an error of the SDK says, with what it came from, in one line."""
    cause = f" ({error.__cause__})" if error.__cause__ else ""
    return " ".join(str(error).split()).rstrip(".") + cause


def _keep_standard_error() -> None:
    """Give a process that was started without standard error one that nobody reads.

    Otherwise the first socket would take its number, and be written the last line of the log.
    """
    if sys.stderr is None:
        while (number := os.open(os.devnull, os.O_WRONLY)) < STANDARD_ERROR:
            pass
        if number > STANDARD_ERROR:
            os.close(number)
        sys.stderr = open(STANDARD_ERROR, "w", encoding="utf-8", closefd=False)  # noqa: SIM115


def _let_go_of_standard_error() -> None:
    """Keep words that nobody reads any more from becoming the interpreter's exit code 120."""
    try:
        sys.stderr.flush()
    except (OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), STANDARD_ERROR)


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
        click.Option(
            ["--parts"],
            type=int,
            metavar="N",
            help="Write a plan that N processes can read, in parts.",
        ),
        click.Option(["--part"], metavar="PLAN#I", help="Read one part of a plan, from 0 on."),
        click.Option(
            ["--receipt"],
            metavar="FILE",
            help="Where --part writes its receipt; otherwise it is the STATE at the end.",
        ),
        click.Option(
            ["--join"],
            metavar="PLAN",
            help="Prove that the RECEIPTS of all parts are the whole, and end the read.",
        ),
        click.Argument(["receipts"], nargs=-1, metavar="[RECEIPTS]..."),
    ]


def check_part_options(
    *,
    part: str | None,
    receipt: str | None,
    join: str | None,
    receipts: Sequence[str],
    state: IO[str] | None,
) -> None:
    """Refuse options of reading in parts that do not go together.

    Raises:
        ConfigError: They do not.
    """
    if receipts and join is None:
        raise ConfigError(f"There is no use for {receipts[0]}: receipts belong to --join PLAN.")
    if receipt is not None and part is None:
        raise ConfigError("--receipt belongs to --part PLAN#I.")
    if part is not None and join is not None:
        raise ConfigError("--part reads and --join ends a plan; give one of them.")
    if state is not None and (part is not None or join is not None):
        raise ConfigError("The plan has the state that its parts begin with; leave --state out.")


def _config(_context: click.Context, _param: click.Parameter, paths: Sequence[str]) -> ConfigInput:
    """Read and merge the files of ``--config``; ``ENV`` stands for the environment."""
    merged: dict[str, Any] = {}
    for path in paths:
        if path != "ENV":
            merged |= read_config(path)
    return ConfigInput(config=merged, parse_env="ENV" in paths)


def read_config(path: str) -> dict[str, Any]:
    """Parse a configuration file, without ever showing what is in it.

    Raises:
        ConfigError: It cannot be read, or is not a JSON object.
    """
    try:
        config = json.loads(pathlib.Path(path).read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ConfigError(
            f"The configuration file {path} cannot be read: {error.strerror}."
        ) from None
    except UnicodeDecodeError:
        raise ConfigError(f"The configuration file {path} is not UTF-8 text.") from None
    except json.JSONDecodeError as error:
        raise ConfigError(
            f"The configuration file {path} is not JSON (line {error.lineno}, column "
            f"{error.colno}: {error.msg})."
        ) from None
    if not isinstance(config, dict):
        raise ConfigError(f"The configuration file {path} is not an object with settings.")
    return config


def read_text(file: IO[str]) -> str:
    """Return the text of a file of the command line.

    Raises:
        ConfigError: It is not UTF-8.
    """
    try:
        return file.read().removeprefix("\ufeff")
    except UnicodeDecodeError:
        raise ConfigError(f"The file {file.name} is not UTF-8 text.") from None


def read_catalog(text: str) -> dict[str, Any]:
    """Parse the text of a catalog file.

    Raises:
        ConfigError: It is not a Singer catalog.
    """
    try:
        catalog = json.loads(text)
    except json.JSONDecodeError as error:
        raise ConfigError(
            f"The catalog file is not JSON (line {error.lineno}, column {error.colno}: "
            f"{error.msg}); write it anew with --discover."
        ) from error
    if not isinstance(catalog, dict) or not isinstance(catalog.get("streams"), list):
        raise ConfigError("The catalog file has no streams; write it anew with --discover.")
    return catalog
