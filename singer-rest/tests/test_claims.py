"""What an answer says beside its rows: read strictly, and held against the rows."""

from __future__ import annotations

import dataclasses
import decimal
from typing import Any

import pytest

from singer_rest.sources.claims import (
    Claims,
    UntrueClaimError,
    check_length,
    check_one_answer,
    check_page,
    read_claims,
    read_count,
    read_flag,
    says_more,
)


@pytest.mark.parametrize(
    ("value", "count"),
    [
        (None, None),
        (0, 0),
        (350, 350),
        (0.0, 0),
        (350.0, 350),
        (decimal.Decimal("350.00"), 350),
        ("0", 0),
        (" 350 ", 350),
        ("9" * 18, 10**18 - 1),
    ],
)
def test_a_count_may_be_written_in_many_ways(value: Any, count: int | None) -> None:
    found = read_count(value)
    assert found == count
    assert type(found) is type(count)


@pytest.mark.parametrize(
    "value",
    [
        *(-1, -1.0, 3.5, -0.5, decimal.Decimal("0.1")),
        *(True, False, "", "many", "-1", "3.5", "9" * 19, [], {}),
    ],
)
def test_what_is_no_count_is_untrue_and_shown(value: Any) -> None:
    with pytest.raises(UntrueClaimError) as error:
        read_count(value)
    assert str(error.value) == f"{value!r} is no number of rows"


@pytest.mark.parametrize(
    ("value", "flag"),
    [(None, None), (True, True), (False, False), ("true", True), (" False ", False)],
)
def test_a_flag_may_be_written_in_many_ways(value: Any, flag: bool | None) -> None:  # noqa: FBT001
    assert read_flag(value) is flag


@pytest.mark.parametrize("value", [0, 1, "", "yes", "0", [], {}])
def test_what_is_neither_yes_nor_no_is_untrue(value: Any) -> None:
    with pytest.raises(UntrueClaimError) as error:
        read_flag(value)
    assert str(error.value) == f"{value!r} is neither true nor false"


def test_an_untrue_value_is_shown_as_far_as_it_fits_into_a_line() -> None:
    fits, longer = "x" * 38, "x" * 39  # with their quotes, 40 and 41
    assert read_claims({"total": fits}).contradictions == (f"total: '{fits}' is no number of rows",)
    assert read_claims({"total": longer}).contradictions == (
        f"total: '{'x' * 36}... is no number of rows",
    )


@pytest.mark.parametrize(
    ("body", "claims"),
    [
        ([1, 2], Claims()),
        (None, Claims()),
        ({}, Claims()),
        ({"rows": []}, Claims()),
        ({"total": 3, "pages": 9}, Claims(total=3)),
        ({"totalElements": 3}, Claims(total=3)),
        ({"total": None, "totalCount": "3"}, Claims(total=3)),
        ({"total": 3, "totalCount": None}, Claims(total=3)),
        ({"total": 3, "totalCount": "3"}, Claims(total=3)),
        ({"totalPages": 2, "last_page": 2.0}, Claims(pages=2)),
        ({"hasMore": "true"}, Claims(more=True)),
        ({"hasNext": False, "has_more": False}, Claims(more=False)),
        ({"nextCursor": "abc"}, Claims(more=True)),
        ({"next": 7}, Claims(more=True)),
        ({"next": True}, Claims(more=True)),
        ({"nextToken": None}, Claims(more=False)),
        ({"next": ""}, Claims(more=False)),
        ({"next": False}, Claims(more=False)),
        ({"hasMore": True, "next": "/2"}, Claims(more=True)),
        ({"hasMore": False, "next": None, "nextPage": None}, Claims(more=False)),
        ({"partial": False, "truncated": None}, Claims()),
    ],
)
def test_claims_are_read_under_the_names_that_apis_use(body: Any, claims: Claims) -> None:
    assert read_claims(body) == claims


def test_a_route_may_name_its_claims_differently() -> None:
    body = {"count": 7, "of": 2, "again": False, "after": None, "total": "x", "next": 1}
    names: dict[str, Any] = {"totals": ["count"], "pages": ["of"], "more": ["again"]}
    assert read_claims(body, **names, following=["after"]) == Claims(7, more=False, pages=2)


@pytest.mark.parametrize(
    ("body", "total", "more", "sentence"),
    [
        ({"total": 3, "totalCount": 4}, 3, None, "it counts 3 and 4 at once (totalCount)"),
        ({"total": "x", "total_count": 4}, 4, None, "total: 'x' is no number of rows"),
        ({"hasMore": 1, "hasNext": True}, None, True, "hasMore: 1 is neither true nor false"),
        ({"hasMore": True, "hasNext": False}, None, True, "it counts True and False at once"),
        ({"hasMore": True, "next": None}, None, True, "rows follow and that none do (next)"),
        ({"hasMore": False, "nextPage": 2}, None, False, "rows follow and that none do (nextPage)"),
        ({"next": None, "nextToken": "a"}, None, False, "follow and that none do (nextToken)"),
        ({"isTruncated": True}, None, None, "it says of itself that it is not whole (isTruncated)"),
    ],
)
def test_an_answer_that_says_two_things_contradicts_itself(
    body: Any, total: int | None, *, more: bool | None, sentence: str
) -> None:
    claims = read_claims(body)
    assert (claims.total, claims.more) == (total, more)
    (wrong,) = claims.contradictions
    assert sentence in wrong


@pytest.mark.parametrize(
    ("claims", "silent"),
    [
        (Claims(), True),
        (Claims(size=10, page=1), True),
        (Claims(total=0), False),
        (Claims(more=False), False),
        (Claims(pages=0), False),
        (Claims(total=1, more=True, pages=1), False),
    ],
)
def test_silent_is_an_answer_that_says_nothing_of_its_end(claims: Claims, *, silent: bool) -> None:
    assert claims.silent is silent


def test_what_was_claimed_cannot_be_changed_afterwards() -> None:
    claims = Claims(total=3)
    with pytest.raises(dataclasses.FrozenInstanceError):
        claims.total = 4  # type: ignore[misc]


@pytest.mark.parametrize(
    ("claims", "more"),
    [
        (Claims(), None),
        (Claims(more=False, total=11, pages=2), False),
        (Claims(more=True, total=10, pages=1), True),
        (Claims(total=11, pages=1), True),
        (Claims(total=10, pages=2), False),
        (Claims(total=9), False),
        (Claims(pages=0), False),
        (Claims(pages=1), False),
        (Claims(pages=2), True),
    ],
)
def test_the_flag_is_believed_before_the_total_and_that_before_pages(
    claims: Claims, *, more: bool | None
) -> None:
    assert says_more(claims, 10) is more


@pytest.mark.parametrize(
    ("claims", "wrong"),
    [
        (Claims(), []),
        (Claims(total=10, more=False, pages=1), []),
        (Claims(pages=0), []),
        (Claims(total=9), ["it counts 9 rows and brings 10"]),
        (Claims(total=11), ["it counts 11 rows and brings 10"]),
        (Claims(more=True), ["it says that more rows follow"]),
        (Claims(pages=2), ["it says that it is one of 2 pages"]),
        (Claims(contradictions=("x",), total=1), ["x", "it counts 1 rows and brings 10"]),
    ],
)
def test_one_answer_that_is_the_list_says_nothing_else(claims: Claims, wrong: list[str]) -> None:
    assert check_one_answer(claims, 10) == wrong


@pytest.mark.parametrize(
    ("claims", "page", "wrong"),
    [
        (Claims(), {}, []),
        (Claims(contradictions=("x",)), {}, ["x"]),
        (Claims(page=2), {}, []),
        (Claims(page=2), {"number": 2}, []),
        (Claims(), {"number": 2}, []),
        (Claims(page=1), {"number": 2}, ["asked for page 2, it answers with page 1"]),
        (Claims(total=10), {}, []),
        (Claims(total=10), {"position": 10}, []),  # a row was deleted meanwhile
        (Claims(total=9), {"position": 10}, ["it counts 9 rows and brings 10 on one page"]),
        (Claims(total=9), {}, ["it counts 9 rows and brings 10 on one page"]),
        (Claims(total=0), {"rows": 0}, []),
        (Claims(pages=7), {}, []),
        (Claims(total=25, pages=3), {}, []),
        (Claims(total=30, pages=3), {}, []),
        (Claims(total=25, pages=5, size=5), {}, []),
        (Claims(total=25, pages=7), {"rows": 4}, []),
        (Claims(total=30, pages=4), {}, ["it counts 30 rows and 4 pages, which cannot both be"]),
        (Claims(total=25, pages=2), {}, ["it counts 25 rows and 2 pages, which cannot both be"]),
        (Claims(total=25, pages=0), {}, ["it counts 25 rows and 0 pages, which cannot both be"]),
        (Claims(total=0, pages=0), {"rows": 0}, []),
        (Claims(total=0, pages=1), {"rows": 0}, []),
        (Claims(total=0, pages=0), {"rows": 0, "asked": 0}, []),  # of a server that sets the size
        (Claims(total=0, pages=1), {"rows": 0, "asked": 0}, []),
        (
            Claims(total=0, pages=2),
            {"rows": 0},
            ["it counts 0 rows and 2 pages, which cannot both be"],
        ),
        (Claims(more=True), {}, []),
        (Claims(more=False), {"rows": 0}, []),
        (Claims(more=True), {"rows": 0}, ["it says that rows follow and brings none"]),
        (Claims(more=True, total=11), {}, []),
        (Claims(more=True, total=31), {"position": 20}, []),
        (Claims(more=True, total=10), {}, ["it says that rows follow the last of 10"]),
        (
            Claims(more=True, total=29),
            {"position": 20},
            ["it says that rows follow the last of 29"],
        ),
        (
            Claims(more=True, total=10),
            {"rows": 0, "position": 10},
            ["it says that rows follow and brings none"],
        ),
        (Claims(more=False, total=10), {}, []),
        (Claims(more=False, total=30), {"position": 20}, []),
        (Claims(more=False, total=28), {"position": 20}, []),
        (
            Claims(more=False, total=31),
            {"position": 20},
            ["it says that no rows follow, after 30 of 31"],
        ),
    ],
)
def test_a_page_is_held_against_what_it_claims(
    claims: Claims, page: dict[str, int], wrong: list[str]
) -> None:
    assert check_page(claims, **{"rows": 10, "position": 0, "asked": 10, **page}) == wrong


@pytest.mark.parametrize(
    ("total", "rows", "wrong"),
    [
        (None, 11, "it brings 11 rows on a page, where 10 were asked for"),
        (100, 11, "it brings 11 rows on a page, where 10 were asked for"),
        (100, 10, ""),
        (100, 9, "it brings 9 of 10 rows on a page, and counts more behind them"),
        (100, 1, "it brings 1 of 10 rows on a page, and counts more behind them"),
        (100, 0, ""),
        (None, 9, ""),
        (30, 9, "it brings 9 of 10 rows on a page, and counts more behind them"),
        (29, 9, ""),
        (28, 9, ""),
    ],
)
def test_a_page_of_rows_that_may_be_alike_has_just_as_many_as_were_asked_for(
    total: int | None, rows: int, wrong: str
) -> None:
    assert check_length(Claims(total), rows, 10, 20) == ([wrong] if wrong else [])
