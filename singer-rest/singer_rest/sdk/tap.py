"""The base class of every tap: from the command line to a run, and what a run needs of it."""

from __future__ import annotations

import dataclasses
import functools
import gc
from typing import IO, TYPE_CHECKING, ClassVar

import click
from singer_sdk.singerlib import StateMessage

from singer_rest.run import plans, preflight
from singer_rest.run.bookmarks import read_state
from singer_rest.run.credential_proof import CredentialProof
from singer_rest.run.plans import of_part
from singer_rest.run.progress import Progress
from singer_rest.run.receipts import RunReceipts
from singer_rest.run.runner import Runner, group_passes
from singer_rest.run.state_info import describe
from singer_rest.sdk import compat, selection, settings
from singer_rest.sdk import parts as part_commands
from singer_rest.sdk.command import RestCommand, check_part_options, read_catalog, read_text
from singer_rest.sdk.configured_tap import ConfiguredTap
from singer_rest.sdk.messages import SingerOutput
from singer_rest.sdk.metrics import SdkMetrics
from singer_rest.sdk.receipts import NAME, SETTING, ReceiptStream
from singer_rest.sdk.streams import SourceStream
from singer_rest.sdk.writer import RecordWriter

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    from singer_rest.run.contract import RunOptions
    from singer_rest.sdk.arrow import ArrowOutput, TakeLine, TakePage
    from singer_rest.sources.cuts import Span

OBJECTS_BETWEEN_COLLECTIONS = 100_000
"""More than a page of 1 000 records makes, less than what any memory would feel."""


class RestTap(ConfiguredTap):
    """A tap whose streams are read one after the other, each for itself."""

    first_streams: ClassVar[tuple[str, ...]] = ()
    """Sources to read first; the others follow in the order of their names."""
    credential_dies_silently: ClassVar[bool] = False
    """The server answers a dead credential with less, and does not say so."""

    part_of_plan: frozenset[str] | None = None
    """Streams of the one part that this process reads; nothing where it reads all."""
    planned_bound: dt.datetime | None = None
    """The upper bound of the plan whose part this is."""

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

    @property
    def source_streams(self) -> dict[str, SourceStream]:
        """Return every stream, by name."""
        return {n: stream for n, stream in self.streams.items() if isinstance(stream, SourceStream)}

    @property
    def unread_opt_in(self) -> list[str]:
        """Return the opt-in streams that nobody asked for; a part of a plan does not ask."""
        if self.part_of_plan is not None:
            return []
        return [
            name
            for name, stream in self.source_streams.items()
            if not stream.selected_by_default and not stream.selected
        ]

    @functools.cached_property
    def receipts(self) -> RunReceipts:
        """Return what tells the target what was proved of every stream."""
        stream = self.streams.get(NAME)
        write = stream.write if isinstance(stream, ReceiptStream) else None
        return RunReceipts(self, self.plugin_version, write)

    def own_streams(self) -> list[ReceiptStream]:
        """Return the stream of receipts, unless a setting says otherwise."""
        return [ReceiptStream(self)] if self.config.get(SETTING, True) else []

    def selected_streams(self) -> list[SourceStream]:
        """Return the streams to read: of the whole, or of the part that this process reads."""
        part = self.part_of_plan
        return [
            stream
            for name, stream in self.source_streams.items()
            if stream.selected and (part is None or name in part)
        ]

    def take_plan(
        self,
        version: int,
        bound: dt.datetime,
        spans: Mapping[str, Span] | None,
        at_once: int = 1,
    ) -> None:
        """Read with others, as a plan of parts says.

        Args:
            version: What rows of full tables are known by.
            bound: No bookmark passes this instant.
            spans: What of which streams is read; nothing where all parts are being joined.
            at_once: How many processes share the budget of requests.
        """
        self.snapshot_version, self.planned_bound = version, bound
        if spans is None:
            return
        # What one part proves says nothing of the table that all of them make.
        self.receipts = RunReceipts(self, self.plugin_version, None)
        self.rate_limit.share(at_once)
        self.part_of_plan = frozenset(spans)
        self.options = dataclasses.replace(self.options, accept_fewer_rows=True)
        for name, span in spans.items():
            self.source_streams[name].span = span

    def check_connection(self) -> None:
        """Connect as every tap does; a part of a plan keeps the plan's present."""
        super().check_connection()
        if self.planned_bound is not None:
            self.upper_bound = self.planned_bound

    def passes(self) -> list[list[SourceStream]]:
        """Return the selected streams, grouped by the source they share, in reading order."""
        return group_passes(self.selected_streams(), self.first_streams)

    def write_state(self) -> None:
        """Write the bookmarks as they are now; those of a part stand in its receipt."""
        if self.part_of_plan is None:
            self.write_message(StateMessage(value=self.state))

    def offer_state(self) -> bool:
        """Write the bookmarks if enough time has passed and enough records have come.

        Returns:
            Whether they were written.
        """
        output = self.message_writer
        if self.part_of_plan is not None:
            return True
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

        def new_writer(stream: SourceStream) -> RecordWriter:
            return RecordWriter(stream, stream.table_version, self.receipts)

        Runner(self, self.passes(), new_writer).read_all()

    @classmethod
    def column_output(cls, take_line: TakeLine, take_page: TakePage) -> ArrowOutput:
        """Return a ``message_writer`` for a reader of columns in the same process.

        Args:
            take_line: Gets every message but the rows of whole pages.
            take_page: Gets those, as a :class:`pyarrow.RecordBatch`; see :mod:`.arrow`.

        Raises:
            ImportError: pyarrow is not installed; the extra ``arrow`` brings it.
        """
        from singer_rest.sdk.arrow import ArrowOutput  # noqa: PLC0415  # pyarrow is an extra

        return ArrowOutput(take_line, take_page)

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
        parts: int | None = None,
        part: str | None = None,
        receipt: str | None = None,
        join: str | None = None,
        receipts: Sequence[str] = (),
        state_info: IO[str] | None = None,
    ) -> None:
        """Run the tap as its command line says."""
        compat.about(cls, about=about, about_format=about_format)
        if state_info is not None:
            given_state = read_state(read_text(state_info))
            click.echo("\n".join(describe(given_state, cls.name)))
            return
        config = config or compat.ConfigInput()
        check_part_options(part=part, receipt=receipt, join=join, receipts=receipts, state=state)
        plan_file, index = of_part(part) if part is not None else (join, 0)
        planned = None if plan_file is None else plans.read(plan_file)
        given = None if catalog is None else read_catalog(read_text(catalog))
        if planned is not None:
            given = planned.catalog if given is None else given
            start = planned.state or None
        else:
            start = None if state is None else read_state(read_text(state))
        tap = cls(
            config=config.config,
            state=start,
            catalog=given,
            parse_env_config=config.parse_env,
        )
        tap.stop.guard()
        if planned is not None and part is not None:
            part_commands.read_part(tap, planned, index, receipt)
        elif planned is not None and join is not None:
            part_commands.join(tap, join, planned, receipts)
        elif parts is not None:
            click.echo(plans.text(part_commands.make_plan(tap, parts, given)))
        elif test == "schema":
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
        self.account.streams = [finding.as_json() for finding in findings]
        click.echo(preflight.report(findings, output_format))
        error = preflight.verdict(self, findings)
        if error is not None:
            raise error

    @classmethod
    def get_singer_command(cls) -> click.Command:
        """Return the command with this package's error handling and its own options."""
        return RestCommand.wrap(super().get_singer_command(), cls)
