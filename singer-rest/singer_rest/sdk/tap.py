"""The base class of every tap: from the command line to a run, and what a run needs of it."""

from __future__ import annotations

import functools
import gc
from typing import IO, TYPE_CHECKING, ClassVar

import click
from singer_sdk.singerlib import StateMessage

from singer_rest.run import preflight
from singer_rest.run.bookmarks import read_state
from singer_rest.run.credential_proof import CredentialProof
from singer_rest.run.progress import Progress
from singer_rest.run.runner import Runner, group_passes
from singer_rest.sdk import compat, selection, settings
from singer_rest.sdk.command import RestCommand, read_catalog, read_text
from singer_rest.sdk.configured_tap import ConfiguredTap
from singer_rest.sdk.messages import SingerOutput
from singer_rest.sdk.metrics import SdkMetrics
from singer_rest.sdk.streams import SourceStream
from singer_rest.sdk.writer import RecordWriter

if TYPE_CHECKING:
    from singer_rest.run.contract import RunOptions

OBJECTS_BETWEEN_COLLECTIONS = 100_000
"""More than a page of 1 000 records makes, less than what any memory would feel."""


class RestTap(ConfiguredTap):
    """A tap whose streams are read one after the other, each for itself."""

    first_streams: ClassVar[tuple[str, ...]] = ()
    """Sources to read first; the others follow in the order of their names."""
    credential_dies_silently: ClassVar[bool] = False
    """The server answers a dead credential with less, and does not say so."""

    @functools.cached_property
    def options(self) -> RunOptions:
        """Return the settings by which the run is judged."""
        return settings.run_options(self.config)

    @functools.cached_property
    def progress(self) -> Progress:
        """Return the progress line."""
        return Progress(self.config["progress_interval"], self.transport, SdkMetrics())

    @functools.cached_property
    def credential_proof(self) -> CredentialProof:
        """Return what tells whether the credential is still good."""
        return CredentialProof(self.prove_credential if self.credential_dies_silently else None)

    def prove_credential(self) -> None:
        """Prove the credential again, with one cheap request.

        Called only where :attr:`credential_dies_silently`.

        Raises:
            CredentialRevokedError: It is no longer good.
        """

    def selected_streams(self) -> list[SourceStream]:
        """Return the streams to read."""
        return [
            stream
            for stream in self.streams.values()
            if isinstance(stream, SourceStream) and stream.selected
        ]

    def passes(self) -> list[list[SourceStream]]:
        """Return the selected streams, grouped by the source they share, in reading order."""
        return group_passes(self.selected_streams(), self.first_streams)

    def write_state(self) -> None:
        """Write the bookmarks as they are now."""
        self.write_message(StateMessage(value=self.state))

    def offer_state(self) -> bool:
        """Write the bookmarks if enough time has passed and enough records have come.

        Returns:
            Whether they were written.
        """
        output = self.message_writer
        if isinstance(output, SingerOutput) and not output.pace.due:
            return False
        self.write_state()
        return True

    def sync_all(self) -> None:  # type: ignore[misc]  # final upstream, where one failure ends all
        """Read every selected stream, whatever becomes of the others.

        Raises:
            TapError: The run did not succeed; the summary has been logged.
            Stopped: A stop signal arrived; the last STATE has been written.
        """
        selection.check_catalog(
            self.input_catalog,
            self.streams,
            [stream.name for stream in self.selected_streams()],
        )
        Runner(
            self, self.passes(), lambda stream: RecordWriter(stream, self.snapshot_version)
        ).read_all()

    # The command line

    @classmethod
    def invoke(  # type: ignore[override]
        cls,
        *,
        about: bool = False,
        about_format: str | None = None,
        config: compat.ConfigInput | None = None,
        state: IO[str] | None = None,
        catalog: IO[str] | None = None,
        test: str | None = None,
        plan: str | None = None,
    ) -> None:
        """Run the tap as its command line says."""
        compat.about(cls, about=about, about_format=about_format)
        config = config or compat.ConfigInput()
        tap = cls(
            config=config.config,
            state=None if state is None else read_state(read_text(state)),
            catalog=None if catalog is None else read_catalog(read_text(catalog)),
            parse_env_config=config.parse_env,
        )
        tap.stop.guard()
        if test == "schema":
            for stream in tap.selected_streams():
                stream.write_schema()
        elif test is not None:
            tap.show_findings(test)
        elif plan is not None:
            estimates = preflight.estimate(tap, tap.passes())
            click.echo(preflight.plan_report(tap, estimates, plan))
        else:
            # Rows have no cycles, and go when the next page comes; what is here now stays.
            gc.freeze()
            gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS)
            tap.sync_all()

    def show_findings(self, output_format: str) -> None:
        """Print what every selected stream answers to one cheap request.

        Raises:
            TapError: Some stream cannot be read.
        """
        findings = preflight.examine(self, self.passes())
        click.echo(preflight.report(findings, output_format))
        error = preflight.verdict(self, findings)
        if error is not None:
            raise error

    @classmethod
    def get_singer_command(cls) -> click.Command:
        """Return the command with this package's error handling and its own options."""
        return RestCommand.wrap(super().get_singer_command(), cls.logger)
