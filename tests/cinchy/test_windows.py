"""Walks over tables that are nothing but keys: what comes, what is asked, and what is noticed."""

from __future__ import annotations

import bisect
import dataclasses
import itertools
import random
from typing import TYPE_CHECKING

import pytest

from singer_rest.sources.evidence import IncompleteError
from tap_cinchy.client import SlowQueryError
from tap_cinchy.extent import Extent
from tap_cinchy.windows import Key, Piece, Stretch, TableWalk, Window, stretches

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator


@dataclasses.dataclass
class Keys:
    """A table of keys, of which those that ``meets`` names meet the condition."""

    ids: set[int]
    chosen: Container[int] | None = None
    size: int = 10
    cap: int = 1_000_000
    scans: int = 1_000_000
    """Rows that may be looked at in one question."""
    asked: int = 0
    before: Callable[[Keys], None] | None = None
    _sorted: list[int] | None = None
    lie: Callable[[str, Window | Key | None], list[int] | None] = lambda _question, _about: None

    def _ids(self) -> list[int]:
        self.asked += 1
        if self.before is not None:
            self.before(self)
        if self._sorted is None or self.before is not None or len(self._sorted) != len(self.ids):
            self._sorted = sorted(self.ids)
        return self._sorted

    def page(self, window: Window, most: int | None) -> Piece:
        after = window.after[0] if window.after else -1 << 62
        upto = window.upto[0] if window.upto else 1 << 62
        ids = self._ids()
        within = itertools.islice(ids, bisect.bisect(ids, after), bisect.bisect(ids, upto))
        top = min(self.size if most is None else min(self.size, most), self.cap)
        found: list[int] = []
        for looked, id_ in enumerate(within, 1):
            if looked > self.scans:
                raise SlowQueryError("too slow")
            sentinel = window.sentinel is not None and id_ == window.sentinel[0]
            if self.chosen is None or id_ in self.chosen or sentinel:
                found.append(id_)
            if len(found) == top:
                break
        told = self.lie("page", window)
        found = found if told is None else told
        return Piece([(id_,) for id_ in found], full=len(found) == top)

    def first(self, after: Key | None) -> Key | None:
        told = self.lie("first", after)
        ids = self._ids()
        index = bisect.bisect(ids, after[0]) if after is not None else 0
        found = ids[index : index + 1]
        found = found if told is None else told
        return (found[0],) if found else None

    def has(self, key: Key) -> bool:
        return self._ids() is not None and key[0] in self.ids and self.lie("has", key) is None

    def highest(self) -> Key | None:
        told = self.lie("highest", None)
        found = self._ids() if told is None else told
        return (found[-1],) if found else None

    def meets(self, piece: Piece, index: int) -> bool:
        return self.chosen is None or piece.keys[index][0] in self.chosen


class NotThirds:
    """Meets a condition without naming every number."""

    def __contains__(self, id_: object) -> bool:
        return isinstance(id_, int) and id_ % 3 != 0


def taken(piece: Piece) -> Iterator[int]:
    for index, key in enumerate(piece.keys[: piece.last]):
        if index != piece.skip:
            yield key[0]


def walk(table: Keys, width: int | None = None) -> TableWalk:
    extent = None if width is None else Extent(1 << 60, start=width)
    return TableWalk(table, "D.T", extent)


def read(table: Keys, width: int | None = None) -> list[int]:
    going = walk(table, width)
    if not going.find_end():
        return []
    return [id_ for piece in going.pieces() for id_ in taken(piece)]


def read_in_stretches(table: Keys, width: int | None = None) -> list[int]:
    """Read as several connections do: what is known when a stretch begins is soon old."""
    going = walk(table, width)
    if not going.find_end():
        return []
    rest = going.pieces()
    first = next(rest)
    found = list(taken(first))
    if first.keys[-1] >= (going.end or ()):
        return found + [id_ for piece in rest for id_ in taken(piece)]
    cut = stretches(going, first.keys[-1], lambda: width or table.size)
    waiting: list[Stretch] = []
    for stretch in cut:
        waiting.append(stretch)
        if len(waiting) == 4:
            found += [id_ for piece in going.pieces(waiting.pop(0)) for id_ in taken(piece)]
    for stretch in waiting:
        found += [id_ for piece in going.pieces(stretch) for id_ in taken(piece)]
    return found


def some_ids(chance: random.Random) -> set[int]:
    """Return ids with holes, some of them wide, from below 0 on."""
    ids, id_ = set(), chance.choice([1, -7, 0, 10**12])
    for _ in range(chance.randrange(0, 300)):
        ids.add(id_)
        id_ += chance.choice([1, 1, 1, 1, 2, 5, 5000])
    return ids


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("way", [read, read_in_stretches])
def test_every_row_comes_once_in_order(seed: int, way: Callable[..., list[int]]) -> None:
    chance = random.Random(seed)
    ids = some_ids(chance)
    table = Keys(ids, size=chance.choice([1, 7, 50]), cap=chance.choice([5, 1000]))
    assert way(table) == sorted(ids)
    table.chosen = chosen = {id_ for id_ in ids if chance.random() < chance.choice([0.02, 0.5])}
    table.scans = chance.choice([20, 1_000_000])
    assert way(table, chance.choice([3, 40, 3000])) == sorted(chosen)


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("way", [read, read_in_stretches])
@pytest.mark.parametrize("conditional", [False, True])
def test_rows_that_stay_come_while_others_come_and_go(
    seed: int,
    way: Callable[..., list[int]],
    conditional: bool,  # noqa: FBT001
) -> None:
    chance = random.Random(seed)
    ids = some_ids(chance) | {3}
    stays = {id_ for id_ in ids if chance.random() < 0.7} | {3}

    def change(table: Keys) -> None:
        for id_ in chance.sample(sorted(table.ids), min(2, len(table.ids))):
            if id_ not in stays:
                table.ids.discard(id_)
        if chance.random() < 0.5:
            table.ids.add(max(table.ids) + chance.choice([1, 1, 3]))

    table = Keys(ids, size=chance.choice([2, 7, 50]), before=change)
    table.chosen = NotThirds() if conditional else None
    found = way(table, 40 if conditional else None)
    assert found == sorted(set(found))
    wanted = stays if table.chosen is None else {id_ for id_ in stays if id_ in table.chosen}
    assert wanted <= set(found)
    assert table.chosen is None or all(id_ in table.chosen for id_ in found)


def test_a_table_that_fits_a_page_costs_two_questions() -> None:
    table = Keys(set(range(1, 9)))
    assert read(table) == list(range(1, 9))
    assert table.asked == 2
    table = Keys(set())
    assert read(table) == []
    assert table.asked == 2


def test_a_large_table_costs_one_question_a_page() -> None:
    table = Keys(set(range(1, 100_001)), size=500)
    assert len(read(table)) == 100_000
    assert table.asked == 1 + 200 + 1  # the last page is full, so somebody asks what follows
    table.asked = 0
    assert len(read_in_stretches(table)) == 100_000
    assert table.asked <= 1 + 200 + 2
    table.ids -= set(range(0, 100_001, 9))
    table.asked = 0
    assert read_in_stretches(table) == sorted(table.ids)
    assert table.asked <= 1.1 * len(table.ids) / 500


def test_few_changes_in_a_large_table_are_found_whatever_may_be_looked_at() -> None:
    table = Keys(set(range(1, 100_001)), {77_777}, size=5000, scans=20_000)
    assert read(table, 100_000) == [77_777]
    assert table.asked < 50


def test_a_wide_hole_costs_next_to_nothing() -> None:
    ids = set(range(1, 2001)) | set(range(10**9, 10**9 + 2000))
    table = Keys(ids, size=50)
    assert read_in_stretches(table) == sorted(ids)
    assert table.asked < 110
    chosen = set(range(0, 3000, 7)) | {10**9 + 5}
    table = Keys(ids, chosen, size=50)
    assert read_in_stretches(table, 500) == sorted(ids & chosen)
    assert table.asked < 110


@pytest.mark.parametrize("conditional", [False, True])
@pytest.mark.parametrize("after", [-1, 20, 80])
@pytest.mark.parametrize("way", [read, read_in_stretches])
def test_no_answer_without_rows_is_believed(
    conditional: bool,  # noqa: FBT001
    after: int,
    way: Callable[..., list[int]],
) -> None:
    """One such answer passes unnoticed by nobody, and is made good if it was the only one."""
    for times in (1, 2, 10**6):
        left = [times]

        def lie(
            question: str, about: Window | Key | None, left: list[int] = left
        ) -> list[int] | None:
            if question != "page" or not isinstance(about, Window):
                return None
            beyond = about.after is not None and about.after[0] > after
            if left[0] and (beyond or after < 0):
                left[0] -= 1
                return []
            return None

        chosen = set(range(1, 101, 3))
        table = Keys(set(range(1, 101)), chosen if conditional else None, lie=lie)
        width = 30 if conditional else None
        if times < 3:
            assert way(table, width) == sorted(chosen if conditional else table.ids)
        else:
            with pytest.raises(IncompleteError, match="answers without rows"):
                way(table, width)


@pytest.mark.parametrize("told", [[], [40], [45]])
@pytest.mark.parametrize("conditional", [False, True])
def test_a_highest_key_that_is_too_low_is_noticed(told: list[int], conditional: bool) -> None:  # noqa: FBT001
    def lie(question: str, _about: object) -> list[int] | None:
        return told if question == "highest" else None

    table = Keys(set(range(1, 101)), set(range(1, 101)) if conditional else None, lie=lie)
    with pytest.raises(IncompleteError, match="contradicts itself"):
        read(table, 1000 if conditional else None)
    times = [1]

    def lie_once(question: str, _about: object) -> list[int] | None:
        if question == "highest" and times[0]:
            times[0] = 0
            return told
        return None

    table.lie = lie_once
    assert read(table, 1000 if conditional else None) == list(range(1, 101))


def test_a_server_that_has_nothing_any_more_is_not_believed() -> None:
    def lie(_question: str, _about: object) -> list[int] | None:
        return [] if table.asked > 4 else None

    table = Keys(set(range(1, 101)), lie=lie)
    with pytest.raises(IncompleteError, match="has no row any more"):
        read(table)


def test_a_table_that_grows_as_fast_as_it_is_read_has_an_end() -> None:
    def grow(table: Keys) -> None:
        high = max(table.ids)
        table.ids.update(range(high + 1, high + 21))

    table = Keys(set(range(1, 101)), before=grow)
    found = read(table)
    assert found == list(range(1, len(found) + 1))
    assert len(found) >= 100


def test_time_outs_that_do_not_end_are_told() -> None:
    table = Keys(set(range(1, 101)), set(), scans=0)
    with pytest.raises(SlowQueryError):
        read(table, 50)
