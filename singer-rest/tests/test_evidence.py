"""The account of a pass, and its verdict: complete by a proof, and by nothing else."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import pytest
from list_server import ListServer

from singer_rest.errors import Outcome, StatusError
from singer_rest.http.prefetch import Prefetcher
from singer_rest.sources.base import Source
from singer_rest.sources.evidence import (
    NO_PROOF,
    Evidence,
    Proof,
    ProofKind,
    Verdict,
    left_out,
    not_rows,
)
from singer_rest.sources.keys import Order
from singer_rest.sources.pages import Page
from singer_rest.sources.parents import NamedParents, PerParentSource

if TYPE_CHECKING:
    from collections.abc import Iterator


def proved(**counts: Any) -> Evidence:
    evidence = Evidence(**counts)
    evidence.prove(ProofKind.ONE_ANSWER)
    return evidence


def test_a_proof_is_told_with_what_was_seen() -> None:
    assert str(Proof(ProofKind.ONE_ANSWER)) == "one answer"
    assert str(Proof(ProofKind.ONE_ANSWER, "total 350")) == "one answer: total 350"


def test_no_verdict_of_complete_without_a_proof() -> None:
    proof = Proof(ProofKind.TWO_PASSES)
    assert Verdict(Outcome.COMPLETE, proof).proof is proof
    assert Verdict(Outcome.PARTIAL, None, "why").proof is None
    with pytest.raises(ValueError, match="complete by a proof only"):
        Verdict(Outcome.COMPLETE)
    unproved = Verdict(Outcome.UNPROVED)
    with pytest.raises(dataclasses.FrozenInstanceError):
        unproved.outcome = Outcome.COMPLETE  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError):
        proof.kind = ProofKind.ONE_ANSWER  # type: ignore[misc]


def test_a_pass_that_shows_nothing_is_unproved() -> None:
    assert Evidence().verdict == Verdict(Outcome.UNPROVED, None, NO_PROOF)


def test_a_proof_without_a_reason_against_it_makes_complete() -> None:
    evidence = proved()
    assert evidence.verdict == Verdict(Outcome.COMPLETE, Proof(ProofKind.ONE_ANSWER))
    assert (evidence.outcome, evidence.reason) == (Outcome.COMPLETE, "")


def test_contradictions_weigh_more_than_anything() -> None:
    evidence = proved(rejected=1, without_key=1)
    evidence.doubt("a doubt.")
    evidence.contradict("rows are missing.")
    assert evidence.verdict == Verdict(Outcome.PARTIAL, evidence.proof, "rows are missing")
    assert (evidence.outcome, evidence.reason) == (Outcome.PARTIAL, "rows are missing")
    evidence.contradict("a second thing")
    assert evidence.reason == "rows are missing (and 1 more)"
    evidence.contradict("a third")
    assert evidence.reason == "rows are missing (and 2 more)"


def test_a_doubt_takes_the_proof() -> None:
    evidence = proved()
    evidence.doubt("nobody knows.")
    assert evidence.verdict == Verdict(Outcome.UNPROVED, None, "nobody knows")
    evidence.doubt("really")
    assert evidence.reason == "nobody knows (and 1 more)"


def test_what_was_no_row_makes_partial() -> None:
    evidence = proved(rejected=2, without_key=1, keyless_allowed=True)
    assert evidence.verdict == Verdict(Outcome.PARTIAL, evidence.proof, not_rows(2))


def test_a_row_without_a_key_makes_partial_unless_it_is_allowed() -> None:
    evidence = proved(without_key=1)
    assert evidence.verdict == Verdict(Outcome.PARTIAL, evidence.proof, left_out(1))
    evidence.keyless_allowed = True
    assert evidence.outcome is Outcome.COMPLETE
    assert proved(keyless_allowed=True).outcome is Outcome.COMPLETE


def test_rows_that_are_lost_are_counted_in_words() -> None:
    assert left_out(1) == "1 row came without a key and was left out"
    assert left_out(2, ["a", "b"]) == "2 rows came without a key (a, b) and were left out"
    assert not_rows(1) == "1 item among the rows was no rows and could not be read"
    assert not_rows(2) == "2 items among the rows were no rows and could not be read"


COUNTS = ("received", "duplicates", "rereads", "repeated", "pages", "without_key", "rejected")


def test_the_counts_of_a_whole_are_those_of_its_parts() -> None:
    whole = Evidence()
    for step in (10, 100):
        part = Evidence()
        for place, name in enumerate(COUNTS):
            setattr(part, name, getattr(part, name) + step + place)
        whole.absorb(part)
    assert {name: getattr(whole, name) for name in COUNTS} == {
        name: 110 + 2 * place for place, name in enumerate(COUNTS)
    }


def test_a_whole_of_proved_parts_needs_a_proof_of_its_own() -> None:
    whole = Evidence()
    whole.absorb(proved(received=3), "a")
    whole.inherit(proved(received=4), "b")
    assert whole.verdict == Verdict(Outcome.UNPROVED, None, NO_PROOF)
    whole.prove(ProofKind.EVERY_PARENT)
    assert whole.outcome is Outcome.COMPLETE
    assert whole.received == 3


@pytest.mark.parametrize("way", [Evidence.absorb, Evidence.inherit])
def test_what_speaks_against_a_part_speaks_against_the_whole(way: Any) -> None:
    whole, part = proved(), Evidence()
    part.contradict("rows are missing")
    way(whole, part, "a")
    assert whole.verdict == Verdict(Outcome.PARTIAL, whole.proof, "a: rows are missing")
    assert whole.doubts == []


@pytest.mark.parametrize("way", [Evidence.absorb, Evidence.inherit])
def test_a_part_that_nothing_proves_takes_the_proof_of_the_whole(way: Any) -> None:
    whole, doubted = proved(), proved()
    way(whole, Evidence(), "a")
    assert whole.verdict == Verdict(Outcome.UNPROVED, None, f"a: {NO_PROOF}")
    doubted.proof = None
    doubted.doubt("nobody knows")
    whole = proved()
    way(whole, doubted)
    assert whole.verdict == Verdict(Outcome.UNPROVED, None, "nobody knows")


def test_rows_that_were_lost_of_the_list_of_parents_make_partial() -> None:
    for what, head in (("the parents", "the parents: "), ("", "")):
        whole = proved()
        whole.inherit(proved(without_key=2), what)
        assert whole.verdict == Verdict(Outcome.PARTIAL, whole.proof, head + left_out(2))
        assert whole.without_key == 0


def test_a_list_that_moves_is_accounted_for() -> None:
    """Every request and every row that came once more than it is there."""
    found, quiet = ListServer([*range(1, 26)], totals=True).read(10)
    assert quiet.outcome is Outcome.COMPLETE
    assert (quiet.received, quiet.repeated, quiet.skipped, quiet.expected) == (25, 0, 0, 25)
    assert len(found) == 25
    server = ListServer([*range(1, 26)], Order.UNKNOWN)
    _, twice = server.read(10)
    assert twice.rereads == 1
    assert twice.proof is not None
    assert twice.proof.kind is ProofKind.TWO_PASSES
    assert twice.pages == len(server.asked) // 2
    assert (twice.received, twice.duplicates) == (25, 0)


class OneRow(Source):
    """What one parent has; a negative one is gone."""

    where = "/of/parent"

    def __init__(self, parent: int) -> None:
        super().__init__()
        self.parent = parent

    def begin(self) -> None:
        if self.parent < 0:
            raise StatusError("Gone.", code="HTTP-404", url="u", status=404, headers={})

    def pages(self) -> Iterator[Page]:
        self.evidence.received += 1
        self.evidence.prove(ProofKind.ONE_ANSWER)
        yield Page([{"id": self.parent}], None)  # type: ignore[arg-type]

    def probe(self) -> None:
        return None


def test_parents_are_counted_by_what_they_answered() -> None:
    source = PerParentSource("/of", NamedParents([1, 2, -3]), OneRow, prefetch=Prefetcher(1))
    assert len([*source.pages()]) == 2
    evidence = source.evidence
    assert str(evidence.proof) == "every parent: 2 of 3 answered"
    assert (evidence.parents_expected, evidence.skipped, evidence.received) == (3, 1, 2)
    assert evidence.reason == "/of answered 404 for 1 of 3 parents that still exist (-3)"
