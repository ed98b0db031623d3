"""Receipts: what was proved of every stream of a run, sent to the target as rows of a stream.

An opening receipt follows the SCHEMA of its stream and says ``unfinished``; the last one takes its
place, by its key. A run that was killed is seen by the receipts that nothing took the place of.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import json
import uuid
from typing import TYPE_CHECKING, Any

from singer_rest.errors import Outcome
from singer_rest.records import timestamps

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from singer_rest.records.tally import KeyTally
    from singer_rest.run.contract import Run, Writer
    from singer_rest.run.outcomes import StreamResult

MAX_BOOKMARK = 1000
"""Bytes; longer bookmarks, such as those of thousands of partitions, are kept as a hash."""
UNFINISHED = "unfinished"
ACCEPTED = "unproved_accepted"


@dataclasses.dataclass(frozen=True)
class _Moment:
    """How things stood when the reading of a stream began or ended."""

    at: str
    requests: int
    bookmark: str | None


class RunReceipts:
    """The receipts of one run.

    Args:
        run: What is known of the run.
        version: The tap's.
        write: Writes one receipt; nothing where none are wanted.
    """

    def __init__(
        self, run: Run, version: str, write: Callable[[dict[str, Any]], None] | None
    ) -> None:
        self.run_id = uuid.uuid4().hex
        self._run = run
        self._version = version
        self._write = write
        self._begun: dict[str, _Moment] = {}
        self._ended: dict[str, _Moment] = {}
        self._closed: set[str] = set()

    @property
    def wanted(self) -> bool:
        """Whether anybody gets them."""
        return self._write is not None

    def begin(self, streams: Iterable[str]) -> None:
        """Note how things stand before streams of one pass are read."""
        for stream in streams:
            self._begun[stream] = self._now(stream)

    def end(self, streams: Iterable[str]) -> None:
        """Note how things stand when streams have been read; their verdict may have to wait."""
        for stream in streams:
            self._ended[stream] = self._now(stream)

    def open(self, writer: Writer) -> None:
        """Write that the reading of a stream has begun; its SCHEMA has been written."""
        if self._write is not None:
            for table, tally in writer.tallies.items():
                self._write(
                    self._receipt(writer.stream.name, table, tally)
                    | {"verdict": UNFINISHED, "table_version": writer.table_version}
                )

    def close(self, writer: Writer | None, result: StreamResult) -> None:
        """Write how the reading of a stream ended, once.

        Args:
            writer: What wrote its rows; nothing if it was never begun.
            result: How it ended.
        """
        name = result.stream
        if self._write is None or name in self._closed:
            return
        self._closed.add(name)
        begun = self._begun.get(name)
        now = self._now(name)
        ended = self._ended.get(name, now)
        reason = [result.sentence, *([] if writer is None else writer.notes)]
        values = {
            "verdict": _verdict(result, begun=begun is not None),
            "proof": (result.proof or None) if result.outcome is Outcome.COMPLETE else None,
            "scope": None if writer is None else _scope(writer, result),
            "table_version": None if writer is None else writer.table_version,
            "rows_expected": result.expected,
            "rows_received": result.received,
            "rows_duplicate": result.duplicates,
            "rows_skipped": result.skipped,
            "bookmark_after": now.bookmark,
            "finished_at": ended.at,
            "requests": 0 if begun is None else ended.requests - begun.requests,
            "reason": self._run.redactor.text(" ".join(filter(None, reason))) or None,
        }
        tallies: Mapping[str, KeyTally | None] = {name: None} if writer is None else writer.tallies
        for table, tally in tallies.items():
            self._write(self._receipt(name, table, tally) | values)

    def _receipt(self, stream: str, table: str, tally: KeyTally | None) -> dict[str, Any]:
        begun = self._begun.get(stream)
        digest = None if tally is None else tally.digest
        return {
            "run_id": self.run_id,
            "tap_name": self._run.name,
            "tap_version": self._version,
            "source_system": self._run.system,
            "stream_name": stream,
            "table_name": table,
            "key_columns": None if tally is None or not tally.kinds else json.dumps(tally.kinds),
            "rows_written": 0 if tally is None else tally.rows,
            "tombstones": 0 if tally is None else tally.tombstones,
            "key_count": None if digest is None else digest.keys,
            "key_digest": None if digest is None else digest.text,
            "bookmark_before": None if begun is None else begun.bookmark,
            "started_at": None if begun is None else begun.at,
        }

    def _now(self, stream: str) -> _Moment:
        moment = timestamps.text(dt.datetime.now(timestamps.UTC))
        bookmark = self._run.bookmarks.state.get("bookmarks", {}).get(stream)
        requests = self._run.transport.traffic.requests
        return _Moment(moment, requests, _shortened(bookmark) if bookmark else None)


def _verdict(result: StreamResult, *, begun: bool) -> str:
    if not begun:
        return UNFINISHED  # the summary calls it skipped; nobody knows its rows
    return ACCEPTED if result.accepted else result.outcome.value


def _scope(writer: Writer, result: StreamResult) -> str:
    """Say which rows of the table the receipt is about."""
    if writer.stream.daily_snapshot:
        return "day"
    taken_up = writer.stream.earlier_rows > 0  # of rows that other runs have counted
    if (
        taken_up
        or not writer.knows_all_keys
        or not result.counts_as_complete
        or writer.table_version is None
    ):
        return "run"
    return "whole" if writer.activated else "version"


def _shortened(bookmark: Any) -> str:
    text = json.dumps(bookmark, sort_keys=True, separators=(",", ":"), default=str)
    if len(text.encode()) <= MAX_BOOKMARK:
        return text
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
