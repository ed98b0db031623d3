"""STATE is written seldom, and never tells of what has not been written."""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from singer_rest import INSTANT, INTEGER, Column, RestTap, Source, SourceStream, Table, settings, th
from singer_rest.records import timestamps
from singer_rest.sdk.messages import SingerOutput
from singer_rest.sdk.state_pace import MAX_INTERVAL, MIN_BYTES, TIMES, StatePace
from singer_rest.sources.evidence import ProofKind
from singer_rest.sources.pages import Page

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PARENTS = 3000
EARLIER = timestamps.now() - timestamps.minutes(PARENTS)


class Readings(Source):
    """One reading of every meter, as a server without a limit would give them."""

    where = "/readings"

    def pages(self) -> Iterator[Page]:
        for meter in range(PARENTS):
            at = timestamps.text(EARLIER + timestamps.minutes(meter % 500))
            row = {"meter": meter, "at": at}
            yield Page([row], None, parent=meter, ends_parent=True)  # type: ignore[arg-type]
        self.evidence.prove(ProofKind.ONE_ANSWER)

    def probe(self) -> None:
        return None


class Meters(SourceStream):
    name = "readings"
    table = Table((Column("meter", INTEGER, "Meter."), Column("at", INSTANT, "When.")), ("meter",))
    replication_key = "at"
    state_partitioning_keys: ClassVar[list[str]] = ["meter"]

    def new_source(self) -> Source:
        return Readings()

    def find_partition(self, page: Page) -> Mapping[str, Any]:
        return {"meter": page.parent}


class TapMeters(RestTap):
    name = "tap-meters"
    config_jsonschema: ClassVar[dict[str, Any]] = th.PropertiesList(
        *settings.common(page_size=1, largest_page=1, requests_per_minute=0, concurrency=1)
    ).to_dict()

    def discover_streams(self) -> list[SourceStream]:
        return [Meters(self)]

    def connect(self) -> None:
        """There is no server to ask."""


class Kept(SingerOutput):
    """Keeps what would be written."""

    def __init__(self, pace: StatePace) -> None:
        super().__init__(pace)
        self.lines: list[bytes] = []

    def _write(self, data: bytes) -> None:
        self.lines += data.splitlines(keepends=True)


def read(seconds_a_look: float) -> list[bytes]:
    """Run the tap by a clock that moves on whenever somebody looks at it."""
    clock = itertools.count(step=seconds_a_look)
    output = Kept(StatePace(lambda: float(next(clock))))
    TapMeters(config={"receipts": False}, message_writer=output).sync_all()
    return output.lines


def of_type(lines: list[bytes], kind: str) -> list[bytes]:
    return [line for line in lines if json.loads(line)["type"] == kind]


def test_states_have_no_more_bytes_than_records_and_two_last_ones() -> None:
    lines = read(0.015)
    states, records = of_type(lines, "STATE"), of_type(lines, "RECORD")
    assert len(records) == PARENTS
    assert len(states) > 3
    assert sum(map(len, states)) <= sum(map(len, records)) + len(states[-1]) + len(states[-2])


def test_no_state_tells_of_a_record_that_has_not_been_written() -> None:
    seen: set[int] = set()
    for line in read(0.015):
        message = json.loads(line)
        if message["type"] == "RECORD":
            seen.add(message["record"]["meter"])
        elif message["type"] == "STATE":
            parts = message["value"]["bookmarks"]["readings"].get("partitions", [])
            assert {part["context"]["meter"] for part in parts} <= seen
    assert seen == set(range(PARENTS))


def test_the_last_state_tells_of_everything() -> None:
    last = json.loads(of_type(read(0.0), "STATE")[-1])
    assert len(last["value"]["bookmarks"]["readings"]["partitions"]) == PARENTS


def test_states_come_once_a_second_where_they_are_a_large_part_of_what_is_written() -> None:
    moments = iter([0.0, 0.0, 0.9, 1.0])
    pace = StatePace(lambda: next(moments))
    looks = [pace.due]
    pace.state_written(MIN_BYTES)
    pace.count_records(TIMES * MIN_BYTES - 1)
    looks += [pace.due, pace.due]
    assert looks == [True, False, True]


@pytest.mark.parametrize(("size", "needed"), [(MIN_BYTES, TIMES * MIN_BYTES), (10, MIN_BYTES)])
def test_a_small_state_comes_sooner_when_many_times_its_bytes_have_come(
    size: int, needed: int
) -> None:
    moments = iter([0.0, 0.1, 0.2])
    pace = StatePace(lambda: next(moments))
    pace.state_written(size)
    pace.count_records(needed - 1)
    looks = [pace.due]
    pace.count_records(1)
    assert [*looks, pace.due] == [False, True]


def test_records_that_come_slowly_are_told_of_after_a_minute() -> None:
    moments = iter([0.0, MAX_INTERVAL - 1, MAX_INTERVAL])
    pace = StatePace(lambda: next(moments))
    pace.state_written(1000)
    assert [pace.due, pace.due] == [False, True]
