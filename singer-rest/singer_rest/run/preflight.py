"""Before a run: what the account may read (``--test``), and what it will cost (``--plan``)."""

from __future__ import annotations

import dataclasses
import itertools
import json
import logging
from typing import TYPE_CHECKING, Any

from singer_rest.errors import Outcome, RunError, StatusError, StreamError, TapError
from singer_rest.run.coverage import check_coverage
from singer_rest.run.outcomes import EXCUSABLE, align, judge_status
from singer_rest.sources.base import Plan

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Sequence

    from singer_rest.run.contract import ReadableStream, Run

    Passes = Sequence[Sequence[ReadableStream]]

logger = logging.getLogger(__name__)

OK = "ok"


class PreflightError(TapError):
    """At least one selected stream cannot be read."""

    code = "NOT-READABLE"


@dataclasses.dataclass
class Finding:
    """What one stream's cheap request showed."""

    stream: str
    result: str
    detail: str
    permission: str
    cost: str
    proof: str = ""
    """Which proof of completeness a run will have."""
    excused: bool = False
    """Does not fail a run either."""

    def as_json(self) -> dict[str, Any]:
        """Return its entry in the summary file; nothing was read."""
        return {
            "stream": self.stream,
            "outcome": self.result,
            "rows": 0,
            "proof": self.proof,
            "sentence": self.detail,
        }


def connect(run: Run, selected: Iterable[ReadableStream]) -> None:
    """Prove that server, credential and bookmarks are good, with the fewest requests.

    Raises:
        TapError: They are not; nothing can be read.
    """
    selected = list(selected)
    run.check_connection()
    validate_bookmarks(run, selected, run.upper_bound)
    for stream in selected:
        check_coverage(run, stream)


def validate_bookmarks(
    run: Run, selected: Iterable[ReadableStream], bound: dt.datetime | None = None
) -> None:
    """Check the bookmarks that are instants; see :meth:`Bookmarks.validate`.

    Raises:
        StateError: A bookmark is not a point in time.
    """
    for stream in selected:
        if stream.has_instant_bookmark:
            run.bookmarks.validate(stream.name, stream.replication_key or "", bound)


def examine(run: Run, passes: Passes) -> list[Finding]:
    """Try every selected stream with one cheap request.

    Raises:
        TapError: Server or credential are unusable altogether.
    """
    connect(run, itertools.chain.from_iterable(passes))
    findings = []
    for group in passes:
        result, detail, proof, excused = _probe(run, group)
        findings += [
            Finding(
                stream.name, result, detail, stream.permission or "-", stream.cost, proof, excused
            )
            for stream in group
        ]
    return sorted(findings, key=lambda finding: finding.stream)


def _probe(run: Run, group: Sequence[ReadableStream]) -> tuple[str, str, str, bool]:
    """Return result, detail, the proof that a run will have, and whether the result is excused."""
    stream = group[0]
    skips = run.options.on_stream_error == "skip"
    proof = ""
    try:
        with run.stop.interruptible():
            source = stream.new_source()
            proof = source.expected_proof
            reply = source.probe()
    except RunError:
        raise
    except StatusError as error:
        outcome, sentence, _code = judge_status(error, stream.permission)
        return outcome.value, sentence, proof, skips and outcome in EXCUSABLE
    except StreamError as error:
        if error.absent and not stream.is_named and not run.bookmarks.was_complete(stream.name):
            return Outcome.SKIPPED.value, error.sentence, proof, True
        return error.outcome.value, error.sentence, proof, skips and error.outcome in EXCUSABLE
    if reply is None:
        return OK, "nothing to ask", proof, False
    return OK, f"answered in {reply.seconds * 1000:.0f} ms", proof, False


def report(findings: Sequence[Finding], output_format: str) -> str:
    """Return the findings as a table or as JSON."""
    if output_format == "json":
        return json.dumps([dataclasses.asdict(finding) for finding in findings], indent=2)
    header = ("stream", "result", "permission", "proof", "detail")
    rows = [(f.stream, f.result, f.permission, f.proof or "-", f.detail) for f in findings]
    counts: dict[str, int] = {}
    for finding in findings:
        counts[finding.result] = counts.get(finding.result, 0) + 1
    summary = ", ".join(f"{count} {result}" for result, count in counts.items())
    return "\n".join([*align([header, *rows]), f"RESULT {summary}"])


def verdict(run: Run, findings: Sequence[Finding]) -> TapError | None:
    """Return what ``--test`` ends with; nothing if every stream can be read."""
    bad = [finding for finding in findings if finding.result != OK and not finding.excused]
    if not bad:
        return None
    names = " ".join(f"--exclude {finding.stream}" for finding in bad[:1])
    more = f" ({len(bad) - 1} more streams are not readable.)" if len(bad) > 1 else ""
    return PreflightError(
        f"{bad[0].stream} is {bad[0].result}: {bad[0].detail}{more} To leave it out: "
        f"meltano select {run.name} {names} '*'."
    )


@dataclasses.dataclass
class Estimate:
    """What reading one source will take."""

    streams: list[str]
    plan: Plan | None
    detail: str = ""
    proof: str = ""
    """Which proof of completeness a run will have."""


def estimate(run: Run, passes: Passes) -> list[Estimate]:
    """Ask for the counts that tell the cost of a run, one cheap request a source.

    Raises:
        TapError: Server or credential are unusable altogether.
    """
    connect(run, itertools.chain.from_iterable(passes))
    connecting = Plan(run.transport.traffic.requests)
    estimates = [Estimate(["(connecting)"], connecting)] if connecting.requests else []
    for group in passes:
        names = [stream.name for stream in group]
        try:
            with run.stop.interruptible():
                source = group[0].new_source()
                estimates.append(Estimate(names, source.plan(), proof=source.expected_proof))
        except RunError:
            raise
        except StreamError as error:
            estimates.append(Estimate(names, None, error.sentence))
    return estimates


def plan_report(run: Run, estimates: Sequence[Estimate], output_format: str) -> str:
    """Return the plan as a table or as JSON."""
    total = sum(item.plan.requests for item in estimates if item.plan)
    ceilings = [item.plan.ceiling for item in estimates if item.plan]
    known = [ceiling for ceiling in ceilings if ceiling is not None]
    most = sum(known) if len(known) == len(ceilings) else None
    exact = all(item.plan.exact for item in estimates if item.plan)
    per_minute = run.options.requests_per_minute
    minutes = total / per_minute if per_minute else None
    if output_format == "json":
        values: dict[str, Any] = {
            "requests": total,
            "most_requests": most,
            "exact": exact,
            "minutes": minutes,
            "sources": [
                {
                    "streams": item.streams,
                    "requests": item.plan.requests if item.plan else None,
                    "most_requests": item.plan.ceiling if item.plan else None,
                    "rows": item.plan.rows if item.plan else None,
                    "exact": item.plan.exact if item.plan else None,
                    "proof": item.proof,
                    "detail": item.detail,
                }
                for item in estimates
            ],
        }
        return json.dumps(values, indent=2)
    rows = [("streams", "requests", "rows", "proof", "detail")]
    for item in estimates:
        if item.plan is None:
            rows.append((", ".join(item.streams), "-", "-", "-", item.detail))
            continue
        count = "-" if item.plan.rows is None else str(item.plan.rows)
        asked = _from_to(item.plan.requests, item.plan.most, exact=item.plan.exact)
        rows.append((", ".join(item.streams), asked, count, item.proof or "-", ""))
    time = (
        "no limit is set"
        if minutes is None
        else f"at {per_minute} a minute {max(minutes, 0.1):.1f} minutes"
    )
    asked = _from_to(total, most, exact=exact)
    return "\n".join([*align(rows), f"PLAN {asked} requests, {time}"])


def _from_to(least: int, most: int | None, *, exact: bool) -> str:
    """Say how many requests there will be, as far as it is known."""
    if most is not None and most > least:
        return f"{least} to {most}"
    return str(least) if exact else f"at least {least}"
