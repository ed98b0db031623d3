"""The command line of reading in parts: ``--parts``, ``--part`` and ``--join``."""

from __future__ import annotations

import functools
import hashlib
import json
import math
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from singer_sdk.singerlib import StateMessage

from singer_rest.errors import ConfigError, Outcome, RunError, StreamError
from singer_rest.records import timestamps
from singer_rest.records.digest import Digest
from singer_rest.run import parts, plans, preflight
from singer_rest.run.contract import Run
from singer_rest.run.join import JoinLock, JoinRunner
from singer_rest.run.outcomes import IncompleteRunError
from singer_rest.run.parts import PartReceipt
from singer_rest.run.plans import PartPlan, Piece
from singer_rest.run.runner import Runner
from singer_rest.sdk import selection, settings
from singer_rest.sdk.writer import RecordWriter
from singer_rest.sources.base import Plan
from singer_rest.sources.cuts import Cut

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    from singer_sdk.singerlib.catalog import Catalog

    from singer_rest.sdk.streams import SourceStream
    from singer_rest.sources.cuts import Span

LOCAL = frozenset(
    {
        *("requests_per_minute", "rate_budget", "parts_at_once", "max_plan_hours", "concurrency"),
        *("request_timeout", "response_timeout", "max_retries", "retry_pause", "max_wait"),
        *("max_response_mb", "user_agent", "ca_bundle", "verify_ssl", "progress_interval"),
        *("summary_file", "receipts", "batch_config", "on_stream_error", "accept_fewer_rows"),
    }
)
"""Settings that may differ from machine to machine: they decide how rows come, and not which."""
SMALL = "it takes no more requests than a part should"


class PartedTap(Run, Protocol):
    """What the commands need of a tap beside what every run needs."""

    snapshot_version: int
    config_jsonschema: ClassVar[dict[str, Any]]

    @property
    def plugin_version(self) -> str:
        """Return the version of the tap."""

    @property
    def config(self) -> Mapping[str, Any]:
        """Return the settings."""

    @property
    def input_catalog(self) -> Catalog | None:
        """Return the catalog that was given."""

    @property
    def source_streams(self) -> dict[str, SourceStream]:
        """Return every stream, by name."""

    def selected_streams(self) -> list[SourceStream]:
        """Return the streams to read."""

    def passes(self) -> list[list[SourceStream]]:
        """Return the selected streams, grouped by the source they share."""

    def write_message(self, message: Any) -> None:
        """Write one message to standard output."""

    def take_plan(
        self,
        version: int,
        bound: dt.datetime,
        spans: Mapping[str, Span] | None,
        at_once: int = 1,
    ) -> None:
        """Read with others: with the same version and present, and some spans only."""


class PartWriter(RecordWriter):
    """Writes the rows of a part. What retires others comes when all parts are joined."""

    def activate(self) -> None:
        """Send nothing: other parts may not have come yet."""

    @property
    def digest(self) -> Digest | None:
        """Return the digest of the keys, where rows leave the stream under its own name."""
        tally = self.tallies.get(self.stream.name)
        return None if tally is None else tally.digest

    @property
    def key_ranges(self) -> Sequence[range] | None:
        """Return these keys, if they are whole numbers."""
        tally = self.tallies.get(self.stream.name)
        return None if tally is None else tally.key_ranges

    @property
    def counts_keys(self) -> bool:
        """Whether keys are counted: a part does so for its receipt."""
        return True


class JoinWriter(RecordWriter):
    """Ends a stream that was read in parts; its receipt is about the keys of all of them."""

    _knows_all_keys = False

    @property
    def knows_all_keys(self) -> bool:
        """Whether every part has said which keys it wrote, for the one table that they go to."""
        return self._knows_all_keys

    def adopt(self, digests: Sequence[Digest | None], ranges: Sequence[range]) -> None:
        """Take over what the parts have written of a full table; spans have no key in common."""
        tally = self.tallies.get(self.stream.name)
        known = [digest for digest in digests if digest is not None]
        if tally is None or tally.digest is None or len(self.tallies) > 1:
            return  # rows go elsewhere, or have no key that a digest can be made of
        if len(known) == len(digests) and self.table_version is not None:
            tally.adopt(functools.reduce(Digest.plus, known, Digest()), ranges)
            self._knows_all_keys = True


def fingerprint(tap: PartedTap) -> str:
    """Return a hash of what decides which rows come and what they look like, without secrets."""
    schema = tap.config_jsonschema
    secret = set(settings.secret_names(schema))
    config = {
        name: value is not None if name in secret else value
        for name, value in tap.config.items()
        if name not in LOCAL
    }
    streams = {
        stream.name: [
            stream.schema,
            sorted(name for name in stream.schema["properties"] if stream.mask["properties", name]),
            list(stream.primary_keys or ()),
            stream.replication_method,
            stream.replication_key,
        ]
        for stream in tap.selected_streams()
    }
    text = json.dumps([config, streams], sort_keys=True, default=str)
    return hashlib.sha256(tap.redactor.text(text).encode()).hexdigest()


# The plan


def make_plan(tap: PartedTap, count: int, catalog: dict[str, Any] | None) -> PartPlan:
    """Return the plan of a read in so many parts.

    Raises:
        TapError: Nothing can be read, or nothing is selected.
    """
    if not 1 <= count <= plans.MAX_PARTS:
        raise ConfigError(f"--parts is {count}; it must be from 1 to {plans.MAX_PARTS}.")
    selected = tap.selected_streams()
    selection.check_catalog(tap.input_catalog, tap.streams, [stream.name for stream in selected])
    tap.bookmarks.check_owner(tap.name, tap.streams.keys(), streams_vary=tap.dynamic_catalog)
    preflight.connect(tap, selected)
    weighed = [(group, *_weigh(tap, group)) for group in tap.passes()]
    share = max(1.0, sum(plan.requests for _group, plan, _why in weighed) / count)
    pieces: list[Piece] = []
    for group, plan, why in weighed:
        pieces += _pieces(tap, group, plan, min(count, math.ceil(plan.requests / share)), why)
    tap.prefetch.close()
    return PartPlan(
        plan=plans.FORMAT,
        id=plans.new_id(),
        tap=tap.name,
        tap_version=tap.plugin_version,
        system=tap.system,
        created=timestamps.now(),
        fingerprint=fingerprint(tap),
        version=tap.snapshot_version,
        upper_bound=tap.upper_bound,
        state=tap.bookmarks.state if tap.bookmarks.state.get("bookmarks") else {},
        catalog=catalog,
        parts=plans.spread(pieces, count),
    )


def _weigh(tap: PartedTap, group: Sequence[SourceStream]) -> tuple[Plan, str]:
    """Return what a pass takes, and why that is not known."""
    try:
        with tap.stop.interruptible():
            return group[0].new_source().plan(), ""
    except RunError:
        raise
    except StreamError as error:
        return Plan(1), error.sentence


def _pieces(
    tap: PartedTap, group: Sequence[SourceStream], plan: Plan, wanted: int, why: str
) -> list[Piece]:
    cut = Cut(why_whole=why or SMALL)
    anchor = _anchor(tap, group)
    if wanted > 1:
        try:
            with tap.stop.interruptible():
                cut = group[0].new_source().cut(wanted)
        except RunError:
            raise
        except StreamError as error:
            cut = Cut(why_whole=error.sentence)
    count = len(cut.spans)
    return [
        Piece(
            streams=tuple(stream.name for stream in group),
            span=span,
            requests=max(1, plan.requests // count),
            rows=None if plan.rows is None else plan.rows // count,
            why_whole=cut.why_whole,
            anchor=anchor,
        )
        for span in cut.spans
    ]


def _anchor(tap: PartedTap, group: Sequence[SourceStream]) -> str:
    """Return from when on changes are read again; a stream that cannot be asked has none."""
    try:
        with tap.stop.interruptible():
            return group[0].change_anchor()
    except RunError:
        raise
    except StreamError:
        return ""


# One part


def check_plan(tap: PartedTap, plan: PartPlan) -> None:
    """Refuse a plan that is not for this tap as it is configured here and now.

    Raises:
        ConfigError: It is of another one, or too old.
    """
    plans.check_age(plan, tap.config["max_plan_hours"], timestamps.now())
    plans.check_same(
        plan,
        tap=tap.name,
        version=tap.plugin_version,
        system=tap.system,
        fingerprint=fingerprint(tap),
    )


def read_part(tap: PartedTap, plan: PartPlan, index: int, receipt_file: str | None) -> None:
    """Read one part of a plan; its rows go to standard output.

    Args:
        tap: With the state and catalog of the plan.
        plan: The plan.
        index: Which part, from 0 on.
        receipt_file: Where the receipt goes. If nowhere, it is the one STATE of this run, which a
            target passes on when it has stored the rows.

    Raises:
        TapError: Plan or run are no good.
    """
    if index >= len(plan.parts):
        raise ConfigError(f"The plan has {len(plan.parts)} parts, 0 to {len(plan.parts) - 1}.")
    if receipt_file and not Path(receipt_file).absolute().parent.is_dir():
        raise ConfigError(f"--receipt lies in {Path(receipt_file).parent}, which is no folder.")
    check_plan(tap, plan)
    began = timestamps.now()
    pieces = plan.parts[index]
    _restrict(tap, plan, pieces)
    writers: dict[str, PartWriter] = {}

    def new_writer(stream: SourceStream) -> PartWriter:
        writers[stream.name] = PartWriter(stream, plan.version, tap.receipts)
        return writers[stream.name]

    runner = Runner(tap, tap.passes(), new_writer)
    try:
        if pieces:
            runner.read_all()
    except IncompleteRunError:
        left = _receipt(tap, plan, index, runner=runner, writers=writers, began=began)
        _leave(tap, left, receipt_file)
        raise
    left = _receipt(tap, plan, index, runner=runner, writers=writers, began=began)
    _leave(tap, left, receipt_file)


def _restrict(tap: PartedTap, plan: PartPlan, pieces: Sequence[Piece]) -> None:
    """Make a tap read these pieces, and be silent about STATE."""
    spans = {name: piece.span for piece in pieces for name in piece.streams}
    at_once = tap.config["parts_at_once"] or sum(1 for part in plan.parts if part)
    tap.take_plan(plan.version, plan.upper_bound, spans, max(1, at_once))


def _receipt(
    tap: PartedTap,
    plan: PartPlan,
    index: int,
    *,
    runner: Runner[SourceStream],
    writers: Mapping[str, PartWriter],
    began: dt.datetime,
) -> PartReceipt:
    bookmarks = tap.bookmarks.state.get("bookmarks", {})
    results = {result.stream: result for result in runner.report.results}
    return PartReceipt(
        receipt=plans.FORMAT,
        plan=plan.id,
        part=index,
        fingerprint=plan.fingerprint,
        pieces=plan.parts[index],
        complete=all(
            result.counts_as_complete or result.outcome is Outcome.SKIPPED
            for result in results.values()
        ),
        began=began,
        ended=timestamps.now(),
        requests=tap.transport.traffic.requests if results else 0,
        streams={
            name: parts.stream_receipt(
                result,
                bookmarks.get(name, {}),
                writers.get(name),
                runner.sources.get(name),
            )
            for name, result in results.items()
        },
    )


def _leave(tap: PartedTap, receipt: PartReceipt, path: str | None) -> None:
    """Write a receipt whole or not at all.

    Raises:
        ConfigError: It cannot be written.
    """
    content = tap.redactor.text(parts.text(receipt))
    if path is None:
        tap.write_message(StateMessage(value={parts.STATE_KEY: json.loads(content)}))
        return
    target = Path(path).absolute()
    unfinished = target.with_name(f"{target.name}.{os.getpid()}")
    try:
        unfinished.write_text(content + "\n", encoding="utf-8")
        unfinished.replace(target)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise ConfigError(
            f"The receipt {path} cannot be written: {error.strerror}. Make room, and run this "
            "part again."
        ) from None


# All parts


def join(tap: PartedTap, plan_file: str, plan: PartPlan, receipts: Sequence[str]) -> None:
    """Prove that all parts are the whole, and end the read.

    Args:
        tap: With the state and catalog of the plan.
        plan_file: Where the plan is.
        plan: The plan.
        receipts: The files of the receipts.

    Raises:
        TapError: They are not, or a stream is not complete.
    """
    check_plan(tap, plan)
    found = parts.check_receipts(plan, [parts.read(path) for path in receipts])
    tap.take_plan(plan.version, plan.upper_bound, None)
    with JoinLock(Path(plan_file)):
        runner = JoinRunner(
            tap,
            tap.passes(),
            lambda stream: JoinWriter(tap.source_streams[stream.name], plan.version, tap.receipts),
            plan,
            found,
        )
        runner.read_all()
