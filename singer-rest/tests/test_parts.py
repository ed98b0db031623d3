"""Plans, parts and receipts: whatever is not exactly the whole is refused."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from singer_rest.errors import ConfigError, StreamError
from singer_rest.run import parts, plans
from singer_rest.run.parts import PartReceipt, StreamReceipt, joined_bookmark
from singer_rest.run.plans import PartPlan, Piece
from singer_rest.sources.cuts import WHOLE, Border, Cut, Span, between, even, flaw

NOW = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
numbers = st.lists(st.integers(-(10**9), 10**9), unique=True)
texts = st.lists(st.text(max_size=5), unique=True)
borders: st.SearchStrategy[list[Border]] = st.one_of(numbers, texts)


@given(borders, st.randoms(use_true_random=False))
def test_any_cut_is_the_whole_in_any_order(found: list[Border], chance: Any) -> None:
    spans = list(between(found).spans)
    chance.shuffle(spans)
    assert not flaw(spans)
    for key in found:
        assert sum(span.holds(key) for span in spans) == 1


@given(borders.filter(len), st.data())
def test_a_missing_span_is_a_gap(found: list[Border], data: st.DataObject) -> None:
    spans = list(between(found).spans)
    spans.remove(data.draw(st.sampled_from(spans)))
    assert flaw(spans)


@given(borders.filter(len), st.data())
def test_a_span_twice_is_an_overlap(found: list[Border], data: st.DataObject) -> None:
    spans = list(between(found).spans)
    assert flaw([*spans, data.draw(st.sampled_from(spans))])


@given(st.lists(st.integers(), min_size=2, unique=True), st.data())
def test_a_moved_border_is_a_gap_or_an_overlap(found: list[int], data: st.DataObject) -> None:
    spans = list(between(found).spans)
    index = data.draw(st.integers(1, len(spans) - 1))
    low = spans[index].after
    assert isinstance(low, int)
    spans[index] = Span(low + data.draw(st.integers().filter(bool)), spans[index].upto)
    assert flaw(spans)


@given(st.lists(st.integers(), min_size=1), st.integers(1, 40))
def test_even_spans_have_about_as_many_keys(keys: list[int], count: int) -> None:
    cut = even(keys, count)
    assert not flaw(cut.spans)
    assert len(cut.spans) == max(1, min(count, len(set(keys))))
    sizes = [sum(span.holds(key) for key in set(keys)) for span in cut.spans]
    assert max(sizes) - min(sizes) <= 1


def test_what_cannot_be_compared_is_said() -> None:
    assert even(["a", 1], 2) == Cut(why_whole=even(["a", 1], 2).why_whole)
    assert flaw([Span(None, 1), Span(1, "b"), Span("b", None)])
    with pytest.raises(StreamError, match="cannot be held against the borders"):
        Span(1, 5).holds("3")


@given(st.lists(st.tuples(st.integers(1, 100), st.integers(1, 6)), max_size=20), st.integers(6, 40))
def test_parts_hold_every_piece_once_and_no_stream_twice(
    weights: list[tuple[int, int]], count: int
) -> None:
    pieces = [
        Piece((f"s{index}",), span, requests=weight)
        for index, (weight, number) in enumerate(weights)
        for span in between(range(number - 1)).spans
    ]
    dealt = plans.spread(pieces, count)
    assert len(dealt) == count
    found = [piece for part in dealt for piece in part]
    assert sorted(found, key=str) == sorted(pieces, key=str)
    assert not plans.flaws(found)
    for part in dealt:
        assert len({piece.streams for piece in part}) == len(part)


def estimate_requests(pieces: list[Piece], count: int) -> PartPlan:
    return PartPlan(
        plan=1,
        id="a" * 32,
        tap="tap-x",
        tap_version="1",
        system="https://x.example.com",
        created=NOW,
        fingerprint="f",
        version=7,
        upper_bound=NOW,
        state={},
        catalog=None,
        parts=plans.spread(pieces, count),
    )


def receipts_of(plan: PartPlan) -> list[PartReceipt]:
    return [
        PartReceipt(
            receipt=1,
            plan=plan.id,
            part=index,
            fingerprint=plan.fingerprint,
            pieces=pieces,
            complete=True,
            began=NOW,
            ended=NOW,
            requests=1,
            streams={name: ended() for piece in pieces for name in piece.streams},
        )
        for index, pieces in enumerate(plan.parts)
    ]


def ended(**more: Any) -> StreamReceipt:
    usual = {
        "outcome": "complete",
        "accepted": False,
        "proof": "one answer",
        "rows": 1,
        "expected": 1,
        "received": 1,
        "duplicates": 0,
        "skipped": 0,
        "sentence": "",
        "code": "",
        "bookmark": {},
    }
    return StreamReceipt(**{**usual, **more})


cuts = st.lists(st.integers(0, 100), unique=True, max_size=7)


@given(cuts, st.integers(8, 12), st.randoms(use_true_random=False))
def test_receipts_join_in_any_order(cut: list[int], count: int, chance: Any) -> None:
    plan = estimate_requests([Piece(("a", "b"), span) for span in between(cut).spans], count)
    receipts = receipts_of(plan)
    expected = list(receipts)
    chance.shuffle(receipts)
    assert parts.check_receipts(plan, receipts) == expected


@given(cuts, st.data())
def test_receipts_that_are_not_the_whole_are_refused(cut: list[int], data: st.DataObject) -> None:
    plan = estimate_requests([Piece(("a",), span) for span in between(cut).spans], 8)
    receipts = receipts_of(plan)
    index = data.draw(st.integers(0, 7))
    one = receipts[index]
    replace = msgspec.structs.replace
    other_pieces = (Piece(("a",), Span(-5, 200)),)
    wrong: dict[str, tuple[list[PartReceipt], str]] = {
        "missing": ([r for r in receipts if r is not one], "no receipt of 1 of 8"),
        "twice": ([*receipts, one], "has two receipts"),
        "foreign": ([replace(one, plan="b")], "is of another plan"),
        "changed": ([replace(one, fingerprint="g")], "another configuration"),
        "elsewhere": ([replace(one, pieces=other_pieces)], "something else than was planned"),
        "beyond": ([replace(one, part=8)], "something else than was planned"),
        "stale": ([replace(one, ended=NOW - dt.timedelta(days=2))], "older than its plan"),
        "silent": ([replace(one, streams={"z": ended()})], "does not tell of all its streams"),
    }
    kind = data.draw(st.sampled_from(sorted(wrong)))
    given_, words = wrong[kind]
    if kind not in {"missing", "twice"}:
        given_ = [*receipts[:index], *given_, *receipts[index + 1 :]]
    with pytest.raises(ConfigError, match=words):
        parts.check_receipts(plan, given_)


def test_a_plan_comes_back_as_it_was_written(tmp_path: Path) -> None:
    plan = estimate_requests([Piece(("a",), span, rows=3) for span in between([1, 2]).spans], 4)
    path = tmp_path / "plan.json"
    path.write_text(plans.text(plan))
    assert plans.read(str(path)) == plan
    receipt = receipts_of(plan)[0]
    for content in (
        parts.text(receipt),
        json.dumps({parts.STATE_KEY: json.loads(parts.text(receipt))}),
        '{"bookmarks": {}}\n'
        + json.dumps(
            {"type": "STATE", "value": {parts.STATE_KEY: json.loads(parts.text(receipt))}}
        ),
    ):
        path.write_text(content + "\n")
        assert parts.read(str(path)) == receipt


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda value: value.update(plan=2), "has the format 2"),
        (lambda value: value.pop("version"), "is not a plan of parts"),
        (lambda value: value.update(parts=[[]]) or value.update(version="x"), "is not a plan"),
        (lambda value: value.update(created="2026-03-01T00:00:00"), "a time has no zone"),
        (lambda value: value["parts"][0].clear(), "was changed by hand: of a: "),
        (lambda value: value["parts"][0].append({"streams": []}), "names no stream"),
        (lambda value: value["parts"][0].append({"streams": ["a", "b"]}), "different other"),
    ],
)
def test_a_damaged_plan_is_refused(tmp_path: Path, change: Any, words: str) -> None:
    value = json.loads(
        plans.text(estimate_requests([Piece(("a",), s) for s in between([1]).spans], 2))
    )
    change(value)
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(value))
    with pytest.raises(ConfigError, match=words):
        plans.read(str(path))


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", "null", "[" * 9999, "\x00", '{"type":"STATE"}']
)
def test_what_is_no_plan_and_no_receipt_is_said_in_a_sentence(tmp_path: Path, content: str) -> None:
    path = tmp_path / "file"
    path.write_text(content)
    with pytest.raises(ConfigError, match="is not a plan of parts"):
        plans.read(str(path))
    with pytest.raises(ConfigError, match="is not the receipt of a part"):
        parts.read(str(path))
    with pytest.raises(ConfigError, match="cannot be read"):
        parts.read(str(tmp_path))


def test_a_plan_is_for_one_tap_one_system_and_one_day() -> None:
    plan = estimate_requests([Piece(("a",), WHOLE)], 1)
    same = {"tap": "tap-x", "version": "1", "system": plan.system, "fingerprint": "f"}
    plans.check_same(plan, **same)
    for name, words in (
        ("tap", "of the command tap-x, and this is other"),
        ("version", "of the version 1"),
        ("system", "of the system"),
        ("fingerprint", "another configuration or another catalog"),
    ):
        with pytest.raises(ConfigError, match=words):
            plans.check_same(plan, **{**same, name: "other"})
    plans.check_age(plan, 24, NOW + dt.timedelta(hours=23))
    with pytest.raises(ConfigError, match=r"25\.0 hours old"):
        plans.check_age(plan, 24, NOW + dt.timedelta(hours=25))


@pytest.mark.parametrize("argument", ["", "plan.json", "#1", "plan.json#", "p#x", "p#-1", "p#²"])
def test_a_part_is_written_in_one_way(argument: str) -> None:
    assert plans.of_part("a#b.json#12") == ("a#b.json", 12)
    with pytest.raises(ConfigError, match=r"plan\.json#0"):
        plans.of_part(argument)


@given(st.permutations([0, 1, 2]))
def test_bookmarks_of_parts_become_one(order: list[int]) -> None:
    def entry(value: str | None, *marks: tuple[int, str]) -> dict[str, Any]:
        found: dict[str, Any] = {"replication_key": "at", "covers": "x"}
        if value is not None:
            found["replication_key_value"] = value
        if marks:
            found["partitions"] = [
                {"context": {"id": number}, "replication_key_value": text} for number, text in marks
            ]
        return found

    before = entry("2026-01-01T00:00:00Z", (1, "a"), (2, "a"))
    found = [
        entry("2026-01-02T00:00:00Z", (1, "b"), (2, "a")),
        entry("2026-01-02T00:00:00.5Z", (1, "a"), (2, "c"), (3, "d")),
        entry("2026-01-01T00:00:00Z", (1, "a"), (2, "a")),
    ]
    shuffled = [found[index] for index in order]
    joined = joined_bookmark(before, shuffled, least=False)
    assert joined["replication_key_value"] == "2026-01-02T00:00:00.5Z"
    assert {p["context"]["id"]: p["replication_key_value"] for p in joined["partitions"]} == {
        1: "b",
        2: "c",
        3: "d",
    }
    least = joined_bookmark(before, shuffled, least=True)
    assert least["replication_key_value"] == "2026-01-01T00:00:00Z"
    assert joined_bookmark({}, [{}, {}], least=True) == {}
