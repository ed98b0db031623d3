"""Columns with names that JSON has to escape are written like any other."""

from __future__ import annotations

import json

import pytest

from singer_rest.records.rows import Records
from singer_rest.sdk.messages import SingerOutput


class Kept(SingerOutput):
    """Keeps what would be written."""

    def __init__(self) -> None:
        super().__init__()
        self.data = b""

    def _write(self, data: bytes) -> None:
        self.data += data


@pytest.mark.parametrize("name", ['5" pipes', "a\\b", "two\nlines", "bell\x07", "naïve ü", ""])
def test_any_name_can_be_written(name: str) -> None:
    output = Kept()
    records = Records({"id": [1, 2], name: ["x", "y"]}, 2, {})
    output.write_records("odd", records, version=None, time_extracted="2026-01-31T00:00:00Z")
    messages = [json.loads(line) for line in output.data.splitlines()]
    assert [message["record"] for message in messages] == [
        {"id": 1, name: "x"},
        {"id": 2, name: "y"},
    ]
