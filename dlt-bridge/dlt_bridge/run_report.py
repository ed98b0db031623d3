"""What one run of the target did, for whoever started it."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from dlt_bridge.about import NAME, PACKAGE
from dlt_bridge.findings import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from dlt_bridge.findings import Finding
    from dlt_bridge.load_batch import Batch
    from dlt_bridge.stream_intake import StreamIntake


@dataclass
class StreamReport:
    """One stream.

    Attributes:
        stream: Its name.
        table: Its table at the destination.
        rows_received: Records that came.
        rows_loaded: Rows that are at the destination.
        proof: How its table compares with what was sent: equal, differs or not_comparable; None
            where nothing was compared.
        proof_reason: Why it differs or cannot be compared.
    """

    stream: str
    table: str
    rows_received: int = 0
    rows_loaded: int = 0
    proof: str | None = None
    proof_reason: str = ""


@dataclass
class RunReport:
    """One run; a section of the summary file.

    Attributes:
        destination: dlt's name of the destination; empty if the settings cannot be read.
        dataset: The dataset's name.
        pipeline: The pipeline's name.
        loads: How often rows went to the destination.
        states: How often STATE was passed on.
        streams: The streams, by name.
    """

    destination: str = ""
    dataset: str = ""
    pipeline: str = ""
    loads: int = 0
    states: int = 0
    streams: dict[str, StreamReport] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._began = time.monotonic()
        self._began_at = datetime.now(UTC)

    def note_streams(self, streams: Mapping[str, StreamIntake]) -> None:
        """Take over how many records came."""
        for name, stream in streams.items():
            self._stream(name, stream.layout.table).rows_received = stream.received

    def note_proofs(self, findings: Iterable[Finding]) -> None:
        """Take over how tables compare with what was sent; the worst of each counts."""
        order = [None, *map(str, (Verdict.EQUAL, Verdict.NOT_COMPARABLE, Verdict.DIFFERS))]
        for finding in findings:
            stream = self._stream(finding.stream, finding.table)
            if order.index(str(finding.verdict)) > order.index(stream.proof):
                stream.proof, stream.proof_reason = str(finding.verdict), finding.reason

    def note_load(self, package: Iterable[Batch]) -> None:
        """Count the rows of a package that is at the destination."""
        self.loads += 1
        for batch in package:
            self._stream(batch.layout.stream, batch.layout.table).rows_loaded += batch.rows

    def section(
        self, *, exit_code: int | None = None, error_code: str | None = None, last_line: str = ""
    ) -> dict[str, Any]:
        """Return the section of the summary file.

        Args:
            exit_code: What the command ends with; None while it runs.
            error_code: The code in brackets behind the last line of a run that fails.
            last_line: That line.
        """
        is_over = exit_code is not None
        return {
            "program": NAME,
            "version": version(PACKAGE),
            "command": "sync",
            "started_at": self._began_at.isoformat(),
            "ended_at": datetime.now(UTC).isoformat() if is_over else None,
            "seconds": round(time.monotonic() - self._began, 3),
            "exit_code": exit_code,
            "error_code": error_code,
            "last_line": last_line,
            "destination": self.destination,
            "dataset": self.dataset,
            "pipeline": self.pipeline,
            "rows_received": sum(stream.rows_received for stream in self.streams.values()),
            "rows_loaded": sum(stream.rows_loaded for stream in self.streams.values()),
            "loads": self.loads,
            "states": self.states,
            "streams": [asdict(self.streams[name]) for name in sorted(self.streams)],
        }

    def _stream(self, name: str, table: str) -> StreamReport:
        return self.streams.setdefault(name, StreamReport(name, table))
