"""Cachet in parts: the same rows, the same end, whatever the number of processes."""

from __future__ import annotations

import fcntl
import functools
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from cachet.conftest import Site, site
from support.tap_run import TapRun

from sandbox.cachet.generate import Size
from sandbox.cachet.options import ADMIN_TOKEN
from singer_rest.records.digest import Digest

from .reading import MANY, read_in_parts

SMALL = Size(metric_points=150, metrics=7, incidents=20)


@pytest.fixture(scope="module")
def page() -> Iterator[Site]:
    with site("3", SMALL) as running:
        yield running


@pytest.mark.parametrize("count", [1, 2, *MANY])
def test_parts_bring_what_one_run_brings(page: Site, tmp_path: Path, count: int) -> None:
    whole = page.run()
    parted = read_in_parts(page.run, tmp_path, count)
    assert parted.joined.exit_code == 0, parted.joined.stderr
    assert len(parted.plan["parts"]) == count
    for stream in whole.schemas:
        assert sorted(parted.keys(stream)) == sorted(whole.keys(stream)), stream
        receipts = [json.loads(path.read_text())["streams"].get(stream) for path in parted.receipts]
        digests = [Digest.read(one["keys"], one["digest"]) for one in receipts if one]
        assert functools.reduce(Digest.plus, digests) == digest_of(whole, stream), stream
    assert sorted(parted.joined.activated) == sorted(whole.activated)
    versions = {m.get("version") for m in parted.messages if m["type"] == "ACTIVATE_VERSION"}
    assert versions == {parted.plan["version"]}
    ours, theirs = parted.joined.states[-1]["bookmarks"], whole.states[-1]["bookmarks"]
    assert ours.keys() == theirs.keys()
    for stream, entry in theirs.items():
        partitions = {json.dumps(p, sort_keys=True) for p in entry.get("partitions", [])}
        found = {json.dumps(p, sort_keys=True) for p in ours[stream].get("partitions", [])}
        assert found == partitions, stream
        entry.pop("partitions", None)
        ours[stream].pop("partitions", None)
        assert ours[stream] == entry


def digest_of(run: TapRun, stream: str) -> Digest:
    """Return what the receipt of a plain run says of the keys."""
    found = run.receipts[stream]
    return Digest.read(found["key_count"], found["key_digest"])


def test_a_plan_holds_no_secret_and_says_why_a_stream_is_whole(page: Site) -> None:
    plan = page.run("--parts", "4").stdout
    assert ADMIN_TOKEN not in plan
    pieces = [piece for part in json.loads(plan)["parts"] for piece in part]
    assert all(piece.get("why_whole") or piece.get("span") for piece in pieces)


def test_a_plain_run_goes_on_from_the_joined_state(page: Site, tmp_path: Path) -> None:
    parted = read_in_parts(page.run, tmp_path, 3, streams=("metric_points", "components"))
    state = parted.joined.states[-1]
    first, again = page.run(state=state), page.run(state=page.run().states[-1])
    assert first.exit_code == again.exit_code == 0, first.stderr
    assert first.keys("metric_points") == again.keys("metric_points")


def test_a_receipt_comes_back_from_the_target_as_state(page: Site, tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    plan.write_text(page.run("--parts", "2", streams=("components", "metrics")).stdout)
    receipts = []
    for index in range(2):
        run = page.run("--part", f"{plan}#{index}")
        assert [m["type"] for m in run.messages][-1] == "STATE"
        receipts.append(tmp_path / f"{index}.json")
        receipts[-1].write_text(json.dumps(run.states[-1]))
    joined = page.run("--join", str(plan), *map(str, receipts))
    assert joined.exit_code == 0, joined.stderr
    assert sorted(joined.activated) == ["components", "metrics"]


def test_a_plan_is_joined_once(page: Site, tmp_path: Path) -> None:
    parted = read_in_parts(page.run, tmp_path, 2, streams=("components",))
    plan = str(tmp_path / "plan.json")
    again = page.run("--join", plan, *map(str, parted.receipts))
    assert again.exit_code == 2
    assert "was joined before" in again.last_line
    assert not again.stdout


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"component_ids": [1]}, "another configuration or another catalog"),
        ({"api_key": None}, "another configuration or another catalog"),
        ({"requests_per_minute": 100_000, "concurrency": 1}, ""),
    ],
)
def test_settings_that_decide_what_is_read_stay(
    page: Site, tmp_path: Path, settings: dict[str, object], words: str
) -> None:
    plan = tmp_path / "plan.json"
    plan.write_text(page.run("--parts", "2", streams=("components",)).stdout)
    run = page.run("--part", f"{plan}#0", settings=settings)
    assert run.exit_code == (2 if words else 0), run.stderr
    assert words in run.last_line
    assert not (words and run.stdout)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--part", "{plan}#7"), "has 2 parts, 0 to 1"),
        (("--part", "{plan}"), "plan.json#0"),
        (("--part", "nowhere.json#0"), "cannot be read"),
        (("--part", "{plan}#0", "--receipt", "no/such/folder/r"), "is no folder"),
        (("--part", "{plan}#0", "--join", "{plan}"), "give one of them"),
        (("--join", "{plan}"), "no receipt of 2 of 2 parts (0, 1)"),
        (("--join", "{plan}", "{plan}"), "is not the receipt of a part"),
        (("--receipt", "r"), "belongs to --part"),
        (("r.json",), "receipts belong to --join"),
        (("--parts", "0"), "must be from 1"),
    ],
)
def test_what_makes_no_sense_is_a_sentence(
    page: Site, tmp_path: Path, arguments: tuple[str, ...], words: str
) -> None:
    plan = tmp_path / "plan.json"
    plan.write_text(page.run("--parts", "2", streams=("components",)).stdout)
    run = page.run(*(argument.format(plan=plan) for argument in arguments))
    assert run.exit_code == 2, run.stderr
    assert words in run.last_line
    assert not run.stdout


def test_a_stream_that_is_not_whole_does_not_stop_the_others(page: Site, tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    plan.write_text(page.run("--parts", "2", streams=("components", "metrics")).stdout)
    receipts = []
    for index in range(2):
        receipts.append(tmp_path / f"{index}.json")
        page.run("--part", f"{plan}#{index}", "--receipt", str(receipts[-1]))
        receipt = json.loads(receipts[-1].read_text())
        for name, stream in receipt["streams"].items():
            if name == "metrics":
                stream |= {"outcome": "partial", "sentence": "a page was missing"}
        receipts[-1].write_text(json.dumps(receipt))
    joined = page.run("--join", str(plan), *map(str, receipts))
    assert joined.exit_code == 1
    assert "Stream metrics is partial: a page was missing" in joined.last_line
    assert joined.activated == ["components"]
    assert "metrics" not in joined.states[-1]["bookmarks"]


def test_two_joins_at_once_are_refused(page: Site, tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    parted = read_in_parts(page.run, tmp_path, 1, streams=("components",))
    (tmp_path / "plan.json.joined").unlink()
    with (tmp_path / "plan.json.joining").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        run = page.run("--join", str(plan), str(parted.receipts[0]))
    assert run.exit_code == 2
    assert "is being joined by another process" in run.last_line
    assert not run.stdout


def test_an_old_plan_is_refused(page: Site, tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    value = json.loads(page.run("--parts", "1", streams=("components",)).stdout)
    plan.write_text(json.dumps(value | {"created": "2026-01-01T00:00:00Z"}))
    run = page.run("--part", f"{plan}#0")
    assert run.exit_code == 2
    assert "max_plan_hours is 24" in run.last_line
    assert not run.stdout
