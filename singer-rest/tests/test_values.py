"""Ids, dates, numbers and bodies: what goes in and what must come out."""

from __future__ import annotations

import datetime as dt
import decimal
import json
import zoneinfo
from typing import Any
from urllib.parse import unquote

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from singer_rest.errors import ConfigError, StateError
from singer_rest.http import json_body, retry, urls
from singer_rest.records import columns, timestamps
from singer_rest.run import bookmarks as state
from singer_rest.sources.keys import KeyLedger


@settings(deadline=None)
@given(st.text(min_size=1).filter(lambda text: text not in {".", ".."}))
def test_an_id_is_one_segment_whatever_it_holds(value: str) -> None:
    value = value.encode("utf-8", "replace").decode()
    encoded = urls.segment(value)
    assert not set("/?#% ") & set(encoded.replace("%", "", encoded.count("%")))
    assert unquote(encoded) == value


@pytest.mark.parametrize("value", ["", ".", ".."])
def test_ids_that_would_change_the_path_are_refused(value: str) -> None:
    with pytest.raises(urls.UnsafeIdError):
        urls.segment(value)


def test_a_value_never_fills_another_place() -> None:
    assert urls.path("/a/{one}/b/{two}", one="{two}", two="x/y") == "/a/%7Btwo%7D/b/x%2Fy"


@pytest.mark.parametrize(
    "url", ["host", "ftp://host", "https://", "https://u:p@host", "http://h:x"]
)
def test_bad_base_urls(url: str) -> None:
    with pytest.raises(ConfigError):
        urls.base_url(url, example="https://host")


@pytest.mark.parametrize(
    ("text", "zone", "expected"),
    [
        ("2026-01-05 09:10:00", "UTC", "2026-01-05T09:10:00Z"),
        ("2026-01-05 09:10:00", "Europe/Berlin", "2026-01-05T08:10:00Z"),
        ("2026-10-25 02:30:00", "Europe/Berlin", "2026-10-25T00:30:00Z"),
        ("2026-01-05T09:10:00.250+02:00", "UTC", "2026-01-05T07:10:00.250000Z"),
        ("2026-01-05", "UTC", "2026-01-05T00:00:00Z"),
        ("1969-07-20 20:17:40", "UTC", "1969-07-20T20:17:40Z"),
        (1_767_604_200, "UTC", "2026-01-05T09:10:00Z"),
        (1_767_604_200_000, "UTC", "2026-01-05T09:10:00Z"),
        ("0000-00-00 00:00:00", "UTC", None),
        ("2026-02-30 00:00:00", "UTC", None),
        ("soon", "UTC", None),
        (True, "UTC", None),
        (None, "UTC", None),
    ],
)
def test_dates_become_instants(text: Any, zone: str, expected: str | None) -> None:
    assert timestamps.instant(text, timestamps.zone(zone)) == expected


def test_unknown_zone() -> None:
    with pytest.raises(ConfigError, match="IANA"):
        timestamps.zone("Mars/Olympus")


@pytest.mark.parametrize(
    "literal",
    ["1.10", "68.2", "12345678901234567.1234567890", "123456789012345678901234567890", "-0.5"],
)
def test_numbers_keep_their_digits(literal: str) -> None:
    value, _repairs = json_body.decode(f'{{"n": {literal}}}'.encode())
    encoded = msgspec.json.Encoder(decimal_format="number").encode(value)
    assert encoded == f'{{"n":{literal}}}'.encode()


@pytest.mark.parametrize(
    ("body", "value", "field"),
    [
        (b'\xef\xbb\xbf{"a": 1}', {"a": 1}, None),
        (b'{"a": "x\xffy"}', {"a": "x\ufffdy"}, "bad_utf8"),
        (b'{"a": NaN, "b": -Infinity}', {"a": None, "b": None}, "not_a_number"),
        (b'{"a": 1e400}', {"a": None}, "not_a_number"),
        (b'{"a": "x\\u0000y"}', {"a": "xy"}, "removed_characters"),
        (b'{"a": "x\\ud800y"}', {"a": "xy"}, "removed_characters"),
        (b'{"a": "\\ud83d\\ude00"}', {"a": "\U0001f600"}, None),
    ],
)
def test_bodies_are_mended_and_counted(body: bytes, value: Any, field: str | None) -> None:
    decoded, repairs = json_body.decode(body)
    assert decoded == value
    assert bool(repairs) == (field is not None)
    if field:
        assert getattr(repairs, field) >= 1


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"a": 1', b"[" * 100_000 + b"]" * 100_000])
def test_bodies_that_cannot_be_read(body: bytes) -> None:
    with pytest.raises(json_body.UnreadableBodyError):
        json_body.decode(body)


TABLE = columns.Table(
    (
        columns.Column("id", columns.INTEGER, "Id."),
        columns.Column("n", columns.NUMBER, "Number."),
        columns.Column("b", columns.BOOLEAN, "Truth."),
        columns.Column("at", columns.INSTANT, "Time."),
        columns.Column("o", columns.OBJECT, "Object."),
    ),
    ("id",),
)


def conform(row: dict[str, Any]) -> tuple[list[dict[str, Any]], columns.RejectedValues]:
    rejected = columns.RejectedValues()
    return TABLE.conformer()([row], rejected), rejected


def test_values_are_converted_where_nothing_is_lost() -> None:
    rows, rejected = conform({"id": "12", "n": "0.000", "b": 1, "at": "2026-01-05", "o": []})
    assert rows == [
        {
            "id": 12,
            "n": decimal.Decimal("0.000"),
            "b": True,
            "at": "2026-01-05T00:00:00Z",
            "o": {},
        }
    ]
    assert not rejected.unfit


def test_values_that_do_not_fit_are_kept_aside() -> None:
    rows, rejected = conform({"id": 1, "n": "many", "at": "soon"})
    assert rows[0]["n"] is None
    assert rows[0][columns.UNPARSED] == {"n": "many", "at": "soon"}
    assert rejected.unfit == {"n": 1, "at": 1}


def test_rows_without_a_key_are_refused() -> None:
    rows, rejected = conform({"n": 1})
    assert rows == []
    assert rejected.without_key == 1


@settings(deadline=None)
@given(st.lists(st.lists(st.integers(-50, 50), max_size=8), max_size=12))
def test_the_ledger_counts_every_key_once(pages: list[list[int]]) -> None:
    ledger = KeyLedger(lambda row: row["id"])
    written: list[int] = []
    for page in pages:
        rows, _again = ledger.take([{"id": key, "page": key} for key in page])
        written += [row["id"] for row in rows]
    distinct = {key for page in pages for key in page}
    assert set(written) == distinct
    assert ledger.count == len(distinct)
    assert all(ledger.knows({"id": key}) for key in distinct)


def test_the_ledger_keeps_a_row_that_changed() -> None:
    ledger = KeyLedger(lambda row: row["id"])
    ledger.take([{"id": 1, "v": 1}, {"id": 2, "v": 1}])
    rows, again = ledger.take([{"id": 2, "v": 2}, {"id": 1, "v": 1}, {"id": 3, "v": 1}])
    assert again == 2
    assert rows == [{"id": 2, "v": 2}, {"id": 3, "v": 1}]


NOW = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "7"}, 7.0),
        ({"Retry-After": "-3"}, 0.0),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "Sat, 21 Nov 2026 12:00:30 GMT"}, 30.0),
        (
            {
                "Retry-After": "Sat, 21 Nov 2026 15:00:30 GMT",
                "Date": "Sat, 21 Nov 2026 15:00:00 GMT",
            },
            30.0,
        ),
        ({"Retry-After": "Sat, 21 Nov 2026 11:00:00 GMT"}, 0.0),
    ],
)
def test_retry_after_in_both_forms(headers: dict[str, str], seconds: float | None) -> None:
    assert retry.retry_after(headers, NOW) == seconds


def test_states_are_unwrapped_or_refused() -> None:
    value: dict[str, Any] = {"bookmarks": {"a": {}}}
    assert state.read_state(json.dumps({"type": "STATE", "value": value})) == value
    assert state.read_state(json.dumps({"singer_state": value})) == value
    for text in ("", "{", "[]", '{"bookmarks": []}', '{"other": 1}', '{"bookmarks": {"a": 1}}'):
        with pytest.raises(StateError):
            state.read_state(text)


def test_bookmarks_are_compared_as_instants() -> None:
    marks = state.Bookmarks({"bookmarks": {}})
    berlin = zoneinfo.ZoneInfo("Europe/Berlin")
    marks.advance("s", "k", NOW)
    marks.advance("s", "k", dt.datetime(2026, 11, 21, 12, 30, tzinfo=berlin))
    assert marks.value("s", "k") == "2026-11-21T12:00:00Z"
    assert marks.value("s", "other") is None


def test_items_of_a_list_are_converted_or_the_list_is_refused() -> None:
    refused: list[int] = []
    cells = [[1, 2], ["3", 4.0], None, [], {}, ["a"], [None], 5]
    found = columns.INTEGERS.conform(cells, timestamps.UTC, refused.append)
    assert found == [[1, 2], [3, 4], None, [], [], None, None, None]
    assert refused == [5, 6, 7]
    as_text = columns.TEXTS.conform([["a", 1], [True]], timestamps.UTC, refused.append)
    assert as_text == [["a", "1"], ["true"]]
