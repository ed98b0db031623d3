"""Times without a zone stay what the clock showed, in both databases."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from .conftest import Warehouse
from .messages import INTEGER, activate, record, schema, state

LOCAL = {"type": ["string", "null"], "format": "date-time-local"}
INSTANT = {"type": ["string", "null"], "format": "date-time"}
ZONELESS = {"TIMESTAMP", "timestamp without time zone"}
SHOWN = (
    "2026-03-29T02:30:00",  # a time that many clocks leave out
    "2026-11-02T09:12:00.1234567",
    "1066-10-14T00:00:00",
    None,
)


def test_the_loaded_time_is_the_written_one(warehouse: Warehouse) -> None:
    declared = schema("t", {"id": INTEGER, "at": LOCAL}, ("id",))
    records = [record("t", id=place, at=text) for place, text in enumerate(SHOWN)]
    for _ in range(2):  # into a new table, and into one that exists
        run = warehouse.load(declared, *records, verify="values")
        assert run.code == 0, run.stderr
    assert warehouse.types("t")["at"] in ZONELESS
    assert warehouse.query('SELECT "at" FROM t ORDER BY id') == [
        (datetime(2026, 3, 29, 2, 30),),  # noqa: DTZ001  # a wall clock
        (datetime(2026, 11, 2, 9, 12, 0, 123456),),  # noqa: DTZ001
        (datetime(1066, 10, 14),),  # noqa: DTZ001
        (None,),
    ]


def test_a_key_may_be_a_time_without_a_zone(warehouse: Warehouse) -> None:
    declared = schema("t", {"at": LOCAL, "n": INTEGER}, ("at",))
    for n in (1, 2):
        run = warehouse.load(
            declared, record("t", n, at=SHOWN[0], n=n), activate("t", n), verify="values"
        )
        assert run.code == 0, run.stderr
    assert warehouse.query("SELECT n FROM t") == [(2,)]


def test_an_offset_is_not_dropped(warehouse: Warehouse) -> None:
    declared = schema("t", {"id": INTEGER, "at": LOCAL}, ("id",))
    run = warehouse.load(declared, record("t", id=1, at="2026-11-02T09:12:00+05:00"))
    assert run.code == 0, run.stderr
    assert "the others go into the column at__v_text" in run.stderr
    rows = warehouse.query('SELECT "at", at__v_text FROM t')
    assert rows == [(None, "2026-11-02T09:12:00+05:00")]


def test_a_zone_that_is_known_later_has_a_column_of_its_own(warehouse: Warehouse) -> None:
    """The instants of one run and the clock of another cannot be told apart in one column."""
    marked: dict[str, Any] = {"id": INTEGER, "at": LOCAL, "_sdc_deleted_at": LOCAL}
    first = warehouse.load(
        schema("t", marked, ("id",)),
        record("t", id=1, at="2026-11-02T09:12:00", _sdc_deleted_at=None),
        record("t", id=2, at="2026-11-02T09:12:00", _sdc_deleted_at=None),
        state(n=1),
    )
    assert first.code == 0, first.stderr
    known = {**marked, "at": INSTANT, "_sdc_deleted_at": INSTANT}
    second = warehouse.load(
        schema("t", known, ("id",)),
        record("t", id=1, at="2026-11-02T14:12:00Z", _sdc_deleted_at="2026-11-02T14:13:00Z"),
    )
    assert second.code == 0, second.stderr
    assert "the others go into the column at__v_timestamp" in second.stderr
    rows = warehouse.query('SELECT id, "at", at__v_timestamp FROM t ORDER BY id')
    assert rows == [
        (1, None, datetime(2026, 11, 2, 14, 12, tzinfo=UTC)),
        (2, datetime(2026, 11, 2, 9, 12), None),  # noqa: DTZ001
    ]
    # A mark stays in its column, or the row would count as living.
    assert warehouse.query("SELECT id FROM t WHERE _sdc_deleted_at IS NOT NULL") == [(1,)]
