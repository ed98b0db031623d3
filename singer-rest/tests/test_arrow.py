"""Pages as record batches: what becomes of values that Arrow would change."""

from __future__ import annotations

import datetime as dt
import decimal
import json
from typing import Any

import pyarrow as pa
import pytest
from singer_sdk.singerlib.encoding.simple import SchemaMessage, StateMessage

from singer_rest import BOOLEAN, DATE, INSTANT, INTEGER, NUMBER, OBJECT, TEXT, Column, Table
from singer_rest.errors import StreamError
from singer_rest.records.columns import UNPARSED, RejectedValues
from singer_rest.records.rows import Records
from singer_rest.sdk.arrow import BYTES_AT_ONCE, ROWS_AT_ONCE, ArrowOutput, Times
from singer_rest.sdk.tap import RestTap

KINDS = {
    "id": INTEGER,
    "name": TEXT,
    "size": NUMBER,
    "done": BOOLEAN,
    "at": INSTANT,
    "day": DATE,
    "meta": OBJECT,
}
TABLE = Table([Column(name, kind, name) for name, kind in KINDS.items()], ["id"])
UTC = dt.UTC


class Taken:
    """Takes what an output hands over."""

    def __init__(self, *, takes: bool = True) -> None:
        self.lines: list[dict[str, Any]] = []
        self.pages: list[pa.RecordBatch] = []
        self.times: list[Any] = []
        self.takes = takes
        self.output: ArrowOutput = RestTap.column_output(self.line, self.page)
        self.output.write_message(SchemaMessage("t", TABLE.schema, key_properties=["id"]))

    def line(self, line: bytes) -> None:
        self.lines.append(json.loads(line, parse_float=decimal.Decimal))

    def page(
        self, stream: str, page: pa.RecordBatch, version: int | None, extracted: Times
    ) -> bool:
        assert (stream, version) == ("t", 7)
        assert sum(rows for _time, rows in extracted) == page.num_rows
        if self.takes:
            self.pages.append(page)
            self.times.append(list(extracted))
        return self.takes

    def write(self, *rows: dict[str, Any], time: str = "2026-11-20T10:00:00Z") -> None:
        records = TABLE.reader()(rows, RejectedValues())
        self.output.write_records("t", records, version=7, time_extracted=time)

    @property
    def records(self) -> list[dict[str, Any]]:
        return [line["record"] for line in self.lines if line["type"] == "RECORD"]


def test_a_page_is_typed_as_its_schema_says() -> None:
    taken = Taken()
    first = {"id": 1, "name": "ä", "size": 1, "done": True, "at": "2026-11-20 10:00:00"}
    taken.write(first | {"day": "2026-11-20", "meta": {"n": [1.5, None]}}, {"id": 2, "size": 0.1})
    [page] = taken.pages
    assert taken.records == []
    assert taken.output.records == 2
    assert page.schema.field("at").type == pa.timestamp("us", "UTC")
    assert page.to_pylist() == [
        first
        | {
            "at": dt.datetime(2026, 11, 20, 10, tzinfo=UTC),
            "day": dt.date(2026, 11, 20),
            "meta": '{"n":[1.5,null]}',
            UNPARSED: None,
        },
        dict.fromkeys([*KINDS, UNPARSED]) | {"id": 2, "size": 0.1},
    ]


def test_local_times_have_no_zone() -> None:
    taken = Taken()
    schema = {"properties": {"at": {"type": ["string", "null"], "format": "date-time-local"}}}
    taken.output.write_message(SchemaMessage("t", schema, key_properties=[]))
    for text in ("2026-11-20T10:00:00", "2026-11-20T10:00:00Z"):
        local = Records({"at": [text, None]}, 2, {})
        taken.output.write_records("t", local, version=7, time_extracted="2026-11-20T10:00:00Z")
    taken.output.flush()
    [page] = taken.pages
    assert page.schema.field("at").type == pa.timestamp("us")
    assert page.column("at").to_pylist() == [dt.datetime(2026, 11, 20, 10), None]  # noqa: DTZ001
    assert [record["at"] for record in taken.records] == ["2026-11-20T10:00:00Z", None]


def test_a_text_of_digits_is_the_double_that_it_stands_for() -> None:
    taken = Taken()
    taken.write(
        {"id": 1, "size": "10.00"}, {"id": 2, "size": decimal.Decimal("0.6428571428571429")}
    )
    assert taken.pages[0].column("size").to_pylist() == [10.0, 0.6428571428571429]


def test_what_does_not_fit_its_column_is_kept_beside() -> None:
    taken = Taken()
    taken.write({"id": 1, "at": "soon"}, {"id": 2})
    assert taken.pages[0].column(UNPARSED).to_pylist() == ['{"at":"soon"}', None]
    assert taken.pages[0].column("at").to_pylist() == [None, None]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("size", decimal.Decimal("0.12345678901234567890")),
        ("size", 2**53 + 1),
        ("id", 2**63),
        ("at", "0001-01-01T00:00:00.1234567"),
    ],
)
def test_values_that_arrow_would_change_go_as_records(column: str, value: Any) -> None:
    taken = Taken()
    taken.write({"id": 1, column: value}, {"id": 2})
    expected = [{**dict.fromkeys(KINDS), "id": 1, column: value}, {**dict.fromkeys(KINDS), "id": 2}]
    if column == "at":
        expected[0]["at"] = "0001-01-01T00:00:00.123456Z"
        assert taken.pages[0].num_rows == 2
        return
    assert taken.pages == []
    assert taken.records == expected
    assert taken.output.records == 2


def test_a_page_that_nobody_takes_goes_as_records() -> None:
    taken = Taken(takes=False)
    taken.write({"id": 1})
    assert [record["id"] for record in taken.records] == [1]


def row(number: int, **more: Any) -> dict[str, Any]:
    return {"id": number, **more}


def test_small_pages_become_a_batch_together() -> None:
    """The first page shows what rows weigh; what follows is handed over in their order, once."""
    taken = Taken()
    for number in range(ROWS_AT_ONCE + 1):
        taken.write(row(number, meta={"n": number} if number % 2 else None), time=f"t{number}")
    assert [page.num_rows for page in taken.pages] == [1, ROWS_AT_ONCE]
    found = [cell for page in taken.pages for cell in page.to_pylist()]
    assert [cell["id"] for cell in found] == list(range(ROWS_AT_ONCE + 1))
    assert [cell["meta"] for cell in found[:4]] == [None, '{"n":1}', None, '{"n":3}']
    assert taken.times[1] == [(f"t{number}", 1) for number in range(1, ROWS_AT_ONCE + 1)]
    taken.write(row(-1), time="late")
    assert len(taken.pages) == 2
    taken.output.flush()
    assert taken.pages[2].column("id").to_pylist() == [-1]
    assert taken.output.records == ROWS_AT_ONCE + 2


def test_what_did_not_fit_stays_with_its_row() -> None:
    taken = Taken()
    for number in range(4):
        taken.write(row(number, at="soon" if number == 2 else None))
    taken.output.flush()
    unparsed = [cell for page in taken.pages for cell in page.column(UNPARSED).to_pylist()]
    assert unparsed == [None, None, '{"at":"soon"}', None]


def test_rows_of_great_size_do_not_wait() -> None:
    taken = Taken()
    for number in range(5):
        taken.write(row(number, name="x" * (BYTES_AT_ONCE // 2)))
    assert [page.num_rows for page in taken.pages] == [1, 2, 2]


def test_every_other_message_comes_behind_the_rows_before_it() -> None:
    taken = Taken()
    for number in range(3):
        taken.write(row(number))
    taken.output.write_message(StateMessage({"bookmarks": {}}))
    assert [page.num_rows for page in taken.pages] == [1, 2]
    assert taken.lines[-1]["type"] == "STATE"


def test_of_gathered_pages_only_those_that_do_not_fit_go_as_records() -> None:
    taken = Taken()
    for number in range(5):
        taken.write(row(number, size=2**53 + 1 if number == 3 else 1), time=f"t{number}")
    taken.output.flush()
    assert [page.column("id").to_pylist() for page in taken.pages] == [[0], [1], [2], [4]]
    assert [record["id"] for record in taken.records] == [3]
    assert taken.lines[-1]["time_extracted"] == "t3"
    assert taken.output.records == 5


def test_half_a_character_is_refused_as_ever() -> None:
    taken = Taken()
    with pytest.raises(StreamError, match="cannot be written as JSON"):
        taken.write({"id": 1, "name": "\ud800"})
