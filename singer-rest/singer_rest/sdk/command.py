"""The command line of a tap: exit codes, the last line, ``--test`` and ``--plan``."""

from __future__ import annotations

import contextlib
import functools
import itertools
import json
import logging
import os
import pathlib
import signal
import sys
import threading
from typing import IO, TYPE_CHECKING, Any, NoReturn

import click
from singer_sdk.exceptions import ConfigurationError, MappingError

from singer_rest.errors import ConfigError, Stopped, TapError
from singer_rest.run.account import Account
from singer_rest.sdk.compat import CompatTap, ConfigInput, SingerCommand

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

BUG_EXIT = 1
STANDARD_ERROR = 2


class RestCommand(SingerCommand):
    """Ends every run with one sentence, the right exit code and a summary for whoever asked."""

    account: Account
    variable_prefix: str

    @classmethod
    def wrap(cls, command: click.Command, tap: type[CompatTap]) -> RestCommand:
        """Return the SDK's command with our options and our endings."""
        params = [param for param in command.params if param.name != "test"]
        for param in params:
            if param.name == "config":
                param.callback = _config
            elif param.name == "discover" and param.callback:
                param.callback = functools.partial(_discover, param.callback)
        wrapped = cls(
            name=command.name,
            callback=command.callback,
            help=command.help,
            context_settings=command.context_settings,
            params=[*params, *_options()],
            logger=tap.logger,
        )
        wrapped.account = Account(tap.name, tap.plugin_version)
        wrapped.variable_prefix = tap.variable_prefix()
        return wrapped

    def main(self, args: Sequence[str] | None = None, **extra: Any) -> Any:  # type: ignore[override]
        """Run the command; known errors end it with their own exit code and no traceback."""
        _keep_standard_error()
        if threading.current_thread() is threading.main_thread():
            # Until the tap is made and takes the signals over, they end the process as they are.
            signal.signal(signal.SIGINT, signal.SIG_DFL)
        try:
            with self.account.of_the_command():
                return super().main(args, **extra)
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
            self._tell(code, *(self._left_early() if code else (None, "")))
            raise
        except TapError as failure:
            self._end(failure.exit_code, failure.code, failure.sentence, failure)
        except MappingError as error:
            sentence = f"stream_maps: {_words(error)}. Correct it."
            self._end(ConfigError.exit_code, ConfigError.code, sentence, error)
        except ConfigurationError as error:
            sentence = " ".join(str(error).split())
            self._end(ConfigError.exit_code, ConfigError.code, sentence, error)
        except Stopped as stopped:
            self._end(stopped.exit_code, stopped.code, stopped.sentence, None)
        except Exception as error:
            self.logger.exception("Unexpected error")
            sentence = (
                f"Unexpected {type(error).__name__}: a bug in {self.name}; please report it with "
                "the log above."
            )
            self._end(BUG_EXIT, "BUG", sentence, None)
        finally:
            _let_go_of_standard_error()

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the arguments, and keep what is wrong with them for the summary."""
        given = [*args]
        try:
            return super().parse_args(ctx, args)
        except click.ClickException as error:
            self._usage = error.format_message()
            for path in _config_files(given):
                with contextlib.suppress(ConfigError):
                    self.account.hint = read_config(path).get("summary_file") or self.account.hint
            raise

    _usage = ""

    def _left_early(self) -> tuple[str, str]:
        """Return code and sentence of what ``click`` itself ends with an exit code."""
        if self._usage:
            return "USAGE", self._usage
        return "OUTPUT-CLOSED", "Whoever reads standard output has gone away."

    def _end(
        self, exit_code: int, code: str, sentence: str, error: BaseException | None
    ) -> NoReturn:
        if error is not None and self.logger.isEnabledFor(logging.DEBUG):
            self.logger.debug("Where it happened", exc_info=error)
        self._tell(exit_code, code, sentence)
        self.logger.critical("%s [%s]", sentence, code)
        sys.exit(exit_code)

    def _tell(self, exit_code: int, code: str | None, sentence: str) -> None:
        """Write the summary, if a file for it is known; a tap that was never made knows of none."""
        if not self.account.is_open and exit_code:
            variable = os.environ.get(f"{self.variable_prefix}SUMMARY_FILE")
            self.account.open(self.account.hint or variable)
        self.account.end(exit_code, code, f"{sentence} [{code}]" if code else "")

    def invoke(self, ctx: click.Context) -> Any:
        """Run the callback, without the SDK's own handling of configuration errors."""
        logging.captureWarnings(capture=True)
        for command in ("test", "plan", "parts", "part", "join", "state_info"):
            if ctx.params.get(command) is not None:
                self.account.command = command.replace("_", "-")
        return click.Command.invoke(self, ctx)


def _config_files(args: Sequence[str]) -> list[str]:
    """Return the files that arguments name, which need not make a command line."""
    found = [value for name, value in itertools.pairwise(args) if name == "--config"]
    found += [arg.removeprefix("--config=") for arg in args if arg.startswith("--config=")]
    return [path for path in found if path != "ENV"]


def _discover(
    callback: Callable[[click.Context, click.Parameter, bool], Any],
    context: click.Context,
    param: click.Parameter,
    wanted: bool,  # noqa: FBT001  # as click calls it
) -> Any:
    """Run discovery, and let the account say so."""
    if wanted and isinstance(context.command, RestCommand):
        context.command.account.command = "discover"
    return callback(context, param, wanted)


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
            ["--state-info"],
            type=click.File(),
            metavar="FILE",
            help="Say in words what a state covers: system, streams and how far each was read.",
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


def _config(context: click.Context, _param: click.Parameter, paths: Sequence[str]) -> ConfigInput:
    """Read and merge the files of ``--config``; ``ENV`` stands for the environment."""
    merged: dict[str, Any] = {}
    for path in paths:
        if path != "ENV":
            merged |= read_config(path)
            if isinstance(context.command, RestCommand) and merged.get("summary_file"):
                context.command.account.hint = str(merged["summary_file"])
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
