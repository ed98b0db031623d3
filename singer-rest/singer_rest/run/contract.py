"""What a run needs of the tap, its streams and their writers, and nothing more."""

from __future__ import annotations

import dataclasses
import fnmatch
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping, Sequence

    from singer_rest.http.client import Transport
    from singer_rest.http.prefetch import Prefetcher
    from singer_rest.records.columns import RejectedValues
    from singer_rest.records.digest import Digest
    from singer_rest.records.tally import KeyTally
    from singer_rest.redact import Redactor
    from singer_rest.run.account import Account
    from singer_rest.run.bookmarks import Bookmarks
    from singer_rest.run.credential_proof import CredentialProof
    from singer_rest.run.outcomes import StreamResult
    from singer_rest.run.progress import Progress
    from singer_rest.sources.base import Source
    from singer_rest.sources.catching_up import Begun, Missed
    from singer_rest.sources.pages import Page
    from singer_rest.stop import StopSignal


@dataclasses.dataclass(frozen=True)
class RunOptions:
    """The settings by which a run is judged; see docs/errors.md for what each changes."""

    on_stream_error: str = "fail"
    """``fail``, ``skip`` or ``stop``."""
    allow_missing_keys: bool = False
    """Rows without a key may be left out of a complete stream."""
    accept_fewer_rows: bool = False
    accept_unproved: tuple[str, ...] = ()
    """Patterns of stream names."""
    state_of: str = ""
    """The address that the state names, if it is another name of the system that is read."""
    requests_per_minute: int = 0
    """0 for no limit."""

    def accepts_unproved(self, stream: str) -> bool:
        """Tell whether a stream that nothing proves counts as complete all the same."""
        return any(fnmatch.fnmatchcase(stream, pattern) for pattern in self.accept_unproved)


class ReadableStream(Protocol):
    """A stream, as the run sees it."""

    @property
    def name(self) -> str:
        """Return what the target knows it by."""

    @property
    def primary_keys(self) -> Sequence[str]:
        """Return the key columns."""

    @property
    def replication_key(self) -> str | None:
        """Return the column whose greatest value is the bookmark, if any."""

    @property
    def covers(self) -> str:
        """Return in one text what a bookmark covers beside the system: keys, types, filters."""

    @property
    def concealed_by(self) -> str:
        """Return in one word how personal data is hidden in its rows; nothing if it shows."""

    def widen(self, covered: str) -> bool:
        """Make ready to read what a bookmark does not cover.

        Args:
            covered: What it covers, as :attr:`covers` said then.

        Returns:
            Whether the rest of the bookmark holds; otherwise the stream is read from the start.
        """

    @property
    def permission(self) -> str:
        """Return what the account needs, in the vendor's words."""

    @property
    def is_named(self) -> bool:
        """Whether a user asked for this very stream, not for whatever there is."""

    @property
    def cost(self) -> str:
        """Return the requests of one run, in words."""

    @property
    def source_key(self) -> str:
        """Return what streams of one pass have in common."""

    @property
    def is_full_table(self) -> bool:
        """Whether a complete read shows every row there is."""

    @property
    def daily_snapshot(self) -> bool:
        """Whether rows are added to history under today's date."""

    @property
    def has_instant_bookmark(self) -> bool:
        """Whether the bookmark is a point in time."""

    @property
    def state_partitioning_keys(self) -> Sequence[str] | None:
        """Return the keys of the partitions that have bookmarks of their own, if any."""

    def find_partition(self, page: Page) -> Mapping[str, Any] | None:
        """Return the partition whose bookmark the rows of a page belong to, if any."""

    def partition_mark(self, partition: Mapping[str, Any]) -> str:
        """Return one text to keep in the bookmark of a partition; nothing to keep none."""

    def rows(self, page: Page) -> Iterable[Mapping[str, Any]]:
        """Make this stream's rows of a page."""

    def move_bookmark(self, source: Source) -> bool:
        """Move the bookmark of a complete pass, if the source knows where to."""

    def new_source(self) -> Source:
        """Return a fresh source for one pass."""

    @property
    def can_resume(self) -> bool:
        """Whether a read that ends early can be taken up where it stood."""

    @property
    def begun(self) -> dt.datetime:
        """Return when the read began, in an earlier run if it is taken up again."""

    @property
    def earlier_rows(self) -> int:
        """Return the rows that runs before this one have written of the same read."""

    def resume_text(self, source: Source, position: str, rows: int) -> str:
        """Return what the bookmark says of a read that ends behind a position."""

    def part_source(self) -> Source:
        """Return the same, or the span of it that this process reads."""


class JoinableStream(ReadableStream, Protocol):
    """A stream that was read in parts."""

    @property
    def joins_to_least(self) -> bool:
        """Whether the least of the parts' bookmarks holds for all, and not the greatest."""

    def catch_up_source(self, begun: Begun) -> tuple[Source, Missed]:
        """Return the source of what all parts have missed, and what that is."""


class Writer(Protocol):
    """What writes the rows of one stream, and counts them."""

    @property
    def stream(self) -> ReadableStream:
        """Return whose rows they are."""

    @property
    def rows(self) -> int:
        """Return the records written so far."""

    @property
    def rejected(self) -> RejectedValues:
        """Return what did not fit its column, and the rows without a key."""

    @property
    def greatest(self) -> dict[frozenset[tuple[str, Any]], dt.datetime]:
        """Return the greatest replication key seen, by partition."""

    @property
    def tallies(self) -> Mapping[str, KeyTally]:
        """Return what was written, by the name it was sent by."""

    @property
    def table_version(self) -> int | None:
        """Return what its rows carry as their version, if they have any."""

    @property
    def activated(self) -> bool:
        """Whether the target was told to retire what this run did not write."""

    @property
    def knows_all_keys(self) -> bool:
        """Whether the tallies are of all rows of its version, whoever wrote them."""

    @property
    def notes(self) -> Sequence[str]:
        """Return what is to be said of the rows as they were written."""

    @property
    def waiting(self) -> bool:
        """Whether rows have come that the target has not been told of."""

    def open(self) -> None:
        """Write SCHEMA, once."""

    def write(self, rows: Iterable[Mapping[str, Any]], partition: Mapping[str, Any] | None) -> None:
        """Write rows as they come out of a page."""

    def flush(self) -> None:
        """Tell the target of every row that has come."""

    def activate(self) -> None:
        """Tell the target to retire what this run did not write."""


class Receipts(Protocol):
    """What tells the target what was proved of every stream."""

    @property
    def wanted(self) -> bool:
        """Whether anybody gets them."""

    def open(self, writer: Writer) -> None:
        """Write that the reading of a stream has begun; its SCHEMA has been written."""

    def begin(self, streams: Iterable[str]) -> None:
        """Note how things stand before streams of one pass are read."""

    def end(self, streams: Iterable[str]) -> None:
        """Note how things stand when they have been read."""

    def close(self, writer: Writer | None, result: StreamResult) -> None:
        """Write how the reading of a stream ended, once."""


class PartialWriter(Writer, Protocol):
    """What writes the rows of one part of a stream."""

    @property
    def digest(self) -> Digest | None:
        """Return the digest of the keys that live; nothing where there can be none."""

    @property
    def key_ranges(self) -> Sequence[range] | None:
        """Return these keys, if they are whole numbers."""


class JoiningWriter(Writer, Protocol):
    """What ends a stream that was read in parts."""

    def adopt(self, digests: Sequence[Digest | None], ranges: Sequence[range]) -> None:
        """Take over what each part has written, before anything is written here.

        Args:
            digests: Of the keys; nothing where a part has none.
            ranges: The keys of all parts; none if no row that comes may have one of them.
        """

    def activate(self) -> None:
        """Tell the target to retire every row of this stream that no part has written."""


class Run(Protocol):
    """What all passes of a run share. A tap is one."""

    upper_bound: dt.datetime
    """No bookmark of this run passes this instant."""

    @property
    def name(self) -> str:
        """Return the name of the tap."""

    @property
    def system(self) -> str:
        """Return which system is read: an address without spaces."""

    @property
    def streams(self) -> Mapping[str, object]:
        """Return every stream there is, selected or not, by name."""

    @property
    def unread_opt_in(self) -> Sequence[str]:
        """Return the opt-in streams that nobody asked for."""

    @property
    def dynamic_catalog(self) -> bool:
        """Whether streams come and go with the server's tables."""

    @property
    def options(self) -> RunOptions:
        """Return the settings of the run."""

    @property
    def bookmarks(self) -> Bookmarks:
        """Return the state."""

    @property
    def stop(self) -> StopSignal:
        """Return the signal that ends the run early."""

    @property
    def transport(self) -> Transport:
        """Return the way to the server, which counts the requests."""

    @property
    def prefetch(self) -> Prefetcher:
        """Return the threads, which end with the run."""

    @property
    def progress(self) -> Progress:
        """Return what tells how far the run is."""

    @property
    def redactor(self) -> Redactor:
        """Return what keeps secrets out of what is told."""

    @property
    def account(self) -> Account:
        """Return what is told to whoever started the run."""

    @property
    def credential_proof(self) -> CredentialProof:
        """Return what tells whether the credential is still good."""

    @property
    def receipts(self) -> Receipts:
        """Return what tells the target what was proved."""

    def check_connection(self) -> None:
        """Prove that server and credential are good, or raise a TapError."""

    def write_state(self) -> None:
        """Write the bookmarks as they are now."""

    def offer_state(self) -> bool:
        """Write the bookmarks, unless they were written too shortly before; tell which it was."""
