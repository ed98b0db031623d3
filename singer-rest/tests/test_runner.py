"""A run needs no tap: streams, writers and a server's answers are enough."""

from __future__ import annotations

import dataclasses
import logging
from typing import TYPE_CHECKING, Any

import pytest

from singer_rest.errors import Outcome, StatusError, TapError
from singer_rest.http.client import Transport, TransportOptions
from singer_rest.http.credentials import OriginCredentials
from singer_rest.http.prefetch import Prefetcher
from singer_rest.http.rate_limit import RateLimit
from singer_rest.records import timestamps
from singer_rest.records.columns import RejectedValues
from singer_rest.records.tally import KeyTally
from singer_rest.redact import Redactor
from singer_rest.run import preflight
from singer_rest.run.account import Account
from singer_rest.run.bookmarks import Bookmarks
from singer_rest.run.contract import RunOptions
from singer_rest.run.credential_proof import CredentialProof
from singer_rest.run.progress import Progress
from singer_rest.run.receipts import RunReceipts
from singer_rest.run.runner import Runner, group_passes
from singer_rest.sdk.metrics import SdkMetrics
from singer_rest.sources.base import Source
from singer_rest.sources.evidence import ProofKind
from singer_rest.stop import StopSignal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from singer_rest.sources.pages import Page


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
    source: type[Empty] = Empty
    primary_keys: tuple[str, ...] = ("id",)
    replication_key: None = None
    permission: str = "the right to look"
    cost: str = "1 request"
    is_full_table: bool = True
    daily_snapshot: bool = False
    has_instant_bookmark: bool = False
    state_partitioning_keys: None = None

    @property
    def source_key(self) -> str:
        return self.name

    def find_partition(self, _page: Page) -> None:
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

    def write(self, _rows: object, _partition: object) -> None:
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


def run(shared: Shared) -> Runner[Plain]:
    passes = group_passes(shared.streams.values(), ("second",))
    return Runner(shared, passes, lambda stream: Silent(stream, shared))


def test_a_failing_stream_does_not_stop_the_others() -> None:
    shared = Shared([Plain("first", Refused), Plain("second"), Plain("third")])
    runner = run(shared)
    with pytest.raises(TapError, match="first is forbidden: Refused; it needs the right to look"):
        runner.read_all()
    outcomes = {result.stream: result.outcome for result in runner.report.results}
    assert outcomes == {
        "second": Outcome.COMPLETE,
        "first": Outcome.FORBIDDEN,
        "third": Outcome.COMPLETE,
    }
    assert shared.told[0] == "connect"
    assert shared.taken == [
        ("second", "unfinished", None),
        ("second", "complete", "whole"),
        ("first", "forbidden", "run"),
        ("third", "unfinished", None),
        ("third", "complete", "whole"),
    ]
    last = len(shared.told) - 1 - shared.told[::-1].index("receipt third")
    assert shared.told[last - 1 :] == ["activate third", "receipt third", "state"]
    assert "activate first" not in shared.told
    assert "activate third" in shared.told


def test_the_receipt_of_a_read_that_is_taken_up_is_about_its_own_rows() -> None:
    taken_up = Plain("second")
    taken_up.earlier_rows = 30
    shared = Shared([taken_up])
    run(shared).read_all()
    assert shared.taken[-1] == ("second", "complete", "run")


def test_stop_stops(caplog: pytest.LogCaptureFixture) -> None:
    shared = Shared([Plain("first", Refused), Plain("third")], on_stream_error="stop")
    runner = run(shared)
    with caplog.at_level(logging.INFO), pytest.raises(TapError):
        runner.read_all()
    assert [result.outcome for result in runner.report.results] == [
        Outcome.FORBIDDEN,
        Outcome.SKIPPED,
    ]
    assert "open third" not in shared.told
    assert shared.taken == [("first", "forbidden", "run"), ("third", "unfinished", None)]


def test_the_preflight_needs_no_tap_either() -> None:
    shared = Shared([Plain("first", Refused), Plain("second")], on_stream_error="skip")
    findings = preflight.examine(shared, group_passes(shared.streams.values()))
    assert [(finding.stream, finding.result) for finding in findings] == [
        ("first", "forbidden"),
        ("second", preflight.OK),
    ]
    assert preflight.verdict(shared, findings) is None


@pytest.mark.parametrize(("pattern", "accepted"), [("sc*", True), ("scores", True), ("x", False)])
def test_unproved_streams_are_accepted_by_pattern(pattern: str, accepted: bool) -> None:  # noqa: FBT001
    assert RunOptions(accept_unproved=(pattern,)).accepts_unproved("scores") is accepted
