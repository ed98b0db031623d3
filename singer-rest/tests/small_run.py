"""A run without a tap: streams, writers and what they share, for the tests of the run."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import TYPE_CHECKING, Any

from singer_rest.errors import StatusError
from singer_rest.http.client import Transport, TransportOptions
from singer_rest.http.credentials import OriginCredentials
from singer_rest.http.prefetch import Prefetcher
from singer_rest.http.rate_limit import RateLimit
from singer_rest.records import timestamps
from singer_rest.records.columns import RejectedValues
from singer_rest.records.tally import KeyTally
from singer_rest.redact import Redactor
from singer_rest.run.account import Account
from singer_rest.run.bookmarks import Bookmarks
from singer_rest.run.contract import RunOptions
from singer_rest.run.credential_proof import CredentialProof
from singer_rest.run.progress import Progress
from singer_rest.run.reader import SourceReader
from singer_rest.run.receipts import RunReceipts
from singer_rest.sdk.metrics import SdkMetrics
from singer_rest.sources.base import Source
from singer_rest.sources.evidence import Evidence, ProofKind
from singer_rest.sources.pages import Page
from singer_rest.stop import StopSignal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence


class Empty(Source):
    """A source that is proved to have nothing."""

    def __init__(self, where: str, _reason: str) -> None:
        super().__init__()
        self.where = where

    def pages(self) -> Any:
        self.evidence.prove(ProofKind.ONE_ANSWER)
        return iter(())

    def probe(self) -> Any:
        return None


class Refused(Empty):
    """A source that the account may not read."""

    def pages(self) -> Any:
        raise self.error

    def probe(self) -> Any:
        raise self.error

    @property
    def error(self) -> StatusError:
        url = "http://127.0.0.1/closed"
        return StatusError("Refused.", code="HTTP-403", url=url, status=403, headers={})


@dataclasses.dataclass
class Plain:
    """A stream that is nothing but what the run asks of it."""

    name: str
    source: Callable[[str, str], Source] = Empty
    primary_keys: tuple[str, ...] = ("id",)
    replication_key: str | None = None
    permission: str = "the right to look"
    cost: str = "1 request"
    is_full_table: bool = True
    daily_snapshot: bool = False
    has_instant_bookmark: bool = False
    state_partitioning_keys: tuple[str, ...] | None = None

    @property
    def source_key(self) -> str:
        return self.name

    def find_partition(self, _page: Page) -> Mapping[str, Any] | None:
        return None

    def rows(self, page: Page) -> Iterable[Mapping[str, Any]]:
        return page.rows

    def move_bookmark(self, _source: Source) -> bool:
        return False

    is_named = False
    covers = ""
    concealed_by = ""

    def widen(self, _covered: str) -> bool:
        return True

    def partition_mark(self, _partition: Mapping[str, Any]) -> str:
        return ""

    can_resume = False
    earlier_rows = 0
    begun = timestamps.now()

    def resume_text(self, _source: Source, _position: str, _rows: int) -> str:
        return ""

    def new_source(self) -> Source:
        return self.source(self.name, "nothing to read here")

    def part_source(self) -> Source:
        return self.new_source()


class Silent:
    """A writer that only notes what it is told."""

    waiting = False
    rows = 0
    table_version = 1
    notes = ()
    knows_all_keys = True

    def __init__(self, stream: Plain, shared: Shared) -> None:
        self.stream = stream
        self.rejected = RejectedValues()
        self.greatest: dict[Any, Any] = {}
        self.tallies = {stream.name: KeyTally({"id": "integer"})}
        self.activated = False
        self.told = shared.told
        self.receipts = shared.receipts

    def open(self) -> None:
        self.told.append(f"open {self.stream.name}")
        self.receipts.open(self)

    def write(self, rows: Any, partition: Any) -> None:  # noqa: ARG002
        self.told.append(f"write {self.stream.name}")

    def flush(self) -> None:
        pass

    def activate(self) -> None:
        self.told.append(f"activate {self.stream.name}")
        self.activated = True


class Shared:
    """What the passes share, without a tap."""

    name = "tap-nothing"
    dynamic_catalog = False
    unread_opt_in = ()
    system = "https://nothing.example.com"

    def __init__(self, streams: Iterable[Plain], **options: Any) -> None:
        self.streams = {stream.name: stream for stream in streams}
        self.options = RunOptions(**options)
        self.upper_bound = timestamps.now()
        self.bookmarks = Bookmarks({})
        self.stop = StopSignal()
        self.redactor = Redactor()
        self.account = Account(self.name, "1.0.0")
        self.prefetch = Prefetcher(1)
        self.transport = Transport(
            TransportOptions(user_agent="test"),
            origin_credentials=OriginCredentials(),
            rate_limit=RateLimit(0, self.stop),
            stop=self.stop,
            redactor=self.redactor,
        )
        self.progress = Progress(0, self.transport, SdkMetrics())
        self.credential_proof = CredentialProof()
        self.told: list[str] = []
        self.receipts: RunReceipts = RunReceipts(self, "1.0.0", self.take_receipt)
        self.taken: list[tuple[str, str, str | None]] = []

    def take_receipt(self, receipt: dict[str, Any]) -> None:
        self.told.append(f"receipt {receipt['stream_name']}")
        self.taken.append((receipt["stream_name"], receipt["verdict"], receipt.get("scope")))

    def check_connection(self) -> None:
        self.told.append("connect")

    def write_state(self) -> None:
        self.told.append("state")

    def offer_state(self) -> bool:
        return False


NOON = dt.datetime(2026, 11, 1, 12, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)


def page(*ids: int | None, **more: Any) -> Page:
    """Return rows with these keys; ``at`` is when they changed."""
    at, odd = more.pop("at", None), more.pop("odd", ())
    return Page([{"id": key, "at": at, "odd": odd} for key in ids], None, **more)  # type: ignore[arg-type]


def proved(evidence: Evidence) -> None:
    evidence.prove(ProofKind.ONE_ANSWER, "total 2")


class Scripted(Source):
    """Brings what it was given, and raises what is an error."""

    where = "/scripted"

    def __init__(self, steps: Sequence[Any], end: Callable[[Evidence], None]) -> None:
        super().__init__()
        self.steps = steps
        self.end = end

    def pages(self) -> Iterator[Page]:
        for step in self.steps:
            if not isinstance(step, Page):
                raise step
            self.evidence.received += len(step.rows)
            yield step
        self.end(self.evidence)

    def probe(self) -> None:
        return None


@dataclasses.dataclass
class Told(Plain):
    """A stream whose partitions, marks and bookmark are as a test says."""

    own: bool = False
    """Whether the source knows where the bookmark goes."""
    mark: str = ""
    is_named: bool = False
    can_resume: bool = False
    earlier_rows: int = 0
    makes: Callable[[list[dict[str, Any]]], list[dict[str, Any]]] = list

    def rows(self, page: Page) -> Iterable[Mapping[str, Any]]:
        return self.makes(page.rows)

    def find_partition(self, page: Page) -> Mapping[str, Any] | None:
        return None if page.parent is None else {"of": page.parent}

    def partition_mark(self, partition: Mapping[str, Any]) -> str:
        return self.mark and f"{self.mark} {partition['of']}"

    def move_bookmark(self, _source: Source) -> bool:
        return self.own

    def resume_text(self, _source: Source, position: str, rows: int) -> str:
        return f"{position} after {rows}"


class Counting(Silent):
    """A writer that keeps the account that a run asks for, and writes nowhere."""

    def __init__(self, stream: Plain, shared: Shared) -> None:
        super().__init__(stream, shared)
        self.rows = 0

    def write(self, rows: Any, partition: Any) -> None:
        for row in rows:
            if row["id"] is None:
                self.rejected.without_key += 1
                continue
            self.rows += 1
            for column in row["odd"]:
                self.rejected.unfit[column] = self.rejected.unfit.get(column, 0) + 1
            if row["at"] is not None:
                self.greatest[frozenset((partition or {}).items())] = row["at"]

    def flush(self) -> None:
        self.told.append(f"flush {self.stream.name}")


class Kept(Shared):
    """A run whose output takes a STATE in the middle or does not."""

    takes_state = False

    def offer_state(self) -> bool:
        self.told.append("offer")
        return self.takes_state


def stream(*steps: Any, name: str = "a", end: Any = proved, **more: Any) -> Told:
    return Told(name, lambda *_: Scripted(steps, end), **more)


def incremental(*steps: Any, **more: Any) -> Told:
    return stream(*steps, is_full_table=False, replication_key="at", **more)


def reading(*streams: Plain, **options: Any) -> tuple[SourceReader, Kept]:
    """Return a reader of streams that share the source of the first, and its run."""
    shared = Kept(streams, **options)
    return SourceReader(shared, [Counting(one, shared) for one in streams]), shared


def ended(*streams: Plain, **options: Any) -> tuple[Any, Kept]:
    """Read to the end and return how the first stream ended."""
    reader, shared = reading(*streams, **options)
    return reader.run()[0], shared


def concluded(*streams: Plain, **options: Any) -> tuple[Any, Kept]:
    reader, shared = reading(*streams, **options)
    results = reader.run()
    reader.conclude()
    return results[0], shared


def bookmark(shared: Kept, name: str = "a") -> Any:
    return shared.bookmarks.state.get("bookmarks", {}).get(name, {})
