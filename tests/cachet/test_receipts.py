"""Receipts: one for every selected stream, about what was written, whichever way it was."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from support.tap_run import RECEIPTS, TapRun, discover, select
from support.warm import run_warm

from sandbox.cachet.generate import Size
from singer_rest.records.digest import key_kinds
from singer_rest.records.tally import KeyTally

from .conftest import Site, site

SMALL = Size(incidents=30, metric_points=20)


@pytest.fixture(scope="module")
def served() -> Any:
    with site("3", SMALL) as running:
        yield running


def digest_of(schema: dict[str, Any], rows: list[dict[str, Any]]) -> tuple[int, int, str]:
    """Return rows, keys and digest of records, made of them one by one."""
    tally = KeyTally(key_kinds(schema["schema"], schema["key_properties"]))
    for row in rows:
        tally.add({name: [row.get(name)] for name in tally.columns}, 1)
    assert tally.digest is not None
    return tally.rows, tally.digest.keys, tally.digest.text


def written(receipt: dict[str, Any]) -> tuple[int, int, str]:
    return receipt["rows_written"], receipt["key_count"], receipt["key_digest"]


def check(run: TapRun) -> None:
    """Assert that receipts are about the records that came."""
    for receipt in run.receipts.values():
        table = receipt["table_name"]
        assert written(receipt) == digest_of(run.schemas[table], run.records[table]), table


def test_every_selected_stream_has_one(served: Site) -> None:
    run = served.run()
    assert run.exit_code == 0, run.stderr
    assert run.receipts.keys() == run.schemas.keys()
    check(run)
    truth = served.truth().keys
    for name, receipt in run.receipts.items():
        assert receipt["verdict"] == "complete"
        assert receipt["proof"]
        assert receipt["reason"] is None
        assert receipt["scope"] == ("run" if name == "metric_points" else "whole")
        if name in truth:
            assert receipt["key_count"] == len(truth[name])
    tables = [m for m in run.sent if m.get("stream") == RECEIPTS]
    verdicts = [m["record"]["verdict"] for m in tables if m["type"] == "RECORD"]
    assert verdicts.count("unfinished") == verdicts.count("complete") == len(run.receipts)
    assert run.sent.index(tables[0]) == 1, "right behind the first SCHEMA"
    assert run.sent[-1]["type"] == "STATE"
    assert sum(1 for m in tables if m["type"] == "SCHEMA") == 1


def test_what_stream_maps_send_is_what_counts(served: Site) -> None:
    maps = {
        "incidents": {"__alias__": "events", "id": "str(id)", "__filter__": "id > 5"},
        "components": {"__key_properties__": ["name"]},
        "metrics": None,
        "copied": {"__source__": "schedules", "__filter__": "False"},
    }
    run = served.run(settings={"stream_maps": maps})
    assert run.exit_code == 0, run.stderr
    events = run.receipts["incidents"]
    assert events["table_name"] == "events"
    assert json.loads(events["key_columns"]) == {"id": "text"}
    assert written(events) == digest_of(run.schemas["events"], run.records["events"])
    assert "stream_maps changes the key (id)" in events["reason"]
    assert f"stream_maps sends {events['rows_written']} of" in events["reason"]
    assert json.loads(run.receipts["components"]["key_columns"]) == {"name": "text"}
    assert "makes (name) the key of components" in run.receipts["components"]["reason"]
    none = run.receipts["metrics"]
    assert (none["rows_written"], none["scope"]) == (0, "version")
    assert "stream_maps sends none of the" in none["reason"]
    copies = [
        m["record"]["table_name"]
        for m in run.sent
        if m["type"] == "RECORD" and m["record"].get("stream_name") == "schedules"
    ]
    assert copies == ["schedules", "copied"] * 2


def test_the_walk_of_the_sdk_and_batch_files_count_alike(served: Site, tmp_path: Path) -> None:
    plain = served.run()
    walked = served.run(settings={"flattening_enabled": True, "flattening_max_depth": 1})
    files = {
        "encoding": {"format": "jsonl", "compression": "gzip"},
        "storage": {"root": tmp_path.as_uri()},
    }
    batched = served.run(settings={"batch_config": files})
    for run in (walked, batched):
        assert run.exit_code == 0, run.stderr
        assert {n: written(r) for n, r in run.receipts.items()} == {
            name: written(receipt) for name, receipt in plain.receipts.items()
        }
    zipped = [path.read_bytes() for path in tmp_path.iterdir()]
    lines = [line for data in zipped for line in gzip.decompress(data).splitlines()]
    assert len(lines) == sum(receipt["rows_written"] for receipt in batched.receipts.values())


def test_the_setting_switches_them_off(served: Site) -> None:
    known = select(discover("tap-cachet"), "incidents", RECEIPTS)
    run = served.run(settings={"receipts": False}, catalog=known)
    assert (run.exit_code, run.receipts) == (0, {}), run.stderr
    found = run_warm("tap-cachet", served.config(receipts=False), "--discover")
    assert RECEIPTS not in found.stdout


def test_they_never_count_as_selected(served: Site) -> None:
    only = select(discover("tap-cachet"), RECEIPTS)
    run = served.run(catalog=only)
    assert run.exit_code == 2
    assert "No stream is selected" in run.last_line
    without = discover("tap-cachet")
    kept = {"streams": [s for s in without["streams"] if s["tap_stream_id"] != RECEIPTS]}
    run = served.run(catalog=select(kept, "incidents"))
    assert list(run.receipts) == ["incidents"]
    tested = run_warm("tap-cachet", served.config(), "--test")
    assert RECEIPTS not in tested.stdout


def test_a_credential_that_dies_leaves_no_receipt_that_says_complete(served: Site) -> None:
    tokens = served.options.tokens
    try:
        served.options.tokens = ()
        run = served.run()
    finally:
        served.options.tokens = tokens
    assert run.exit_code != 0
    assert run.sent == [], "nothing was begun"
