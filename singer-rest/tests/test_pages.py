"""In which size a page overlaps the one before, and what cannot be done with pages."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from list_server import listed

from singer_rest.http.exchange import Request
from singer_rest.sources.pages import Page, Paging, RowTaker, overlapping_size


@pytest.mark.parametrize(
    ("position", "limit", "size"),
    [
        (1, 1, 2),  # no page of one row holds two
        (2, 1, 3),  # one of two ends there
        (6, 1, 4),  # those of two and three do
        (1, 2, 2),
        (2, 2, 3),
        (1, 3, 3),
        (3, 3, 2),
        (12, 3, 5),  # those of two, three and four rows end there
        (60, 3, 7),
        (10, 10, 9),
        (100, 100, 99),  # 98 new ones
        (50, 10, 8),  # 8 and 7 bring six
        (150, 100, 74),  # 72 new ones
        (199, 100, 99),
    ],
)
def test_a_page_holds_the_row_before_and_as_many_new_ones_as_it_can(
    position: int, limit: int, size: int
) -> None:
    assert overlapping_size(position, limit) == size


def test_a_page_is_asked_for_beside_the_parameters_of_the_list() -> None:
    """Ours win: a page that is asked for twice would never end."""
    request = Request("http://x", params={"status": "open", "page": 7})
    asked = Paging("page", "size", 100, 1).asking(request, 3, 50)
    assert asked.params == {"status": "open", "page": 3, "size": 50}
    assert request.params == {"status": "open", "page": 7}


def test_how_a_route_is_paged_does_not_change_under_its_threads() -> None:
    paging = Paging("page", "size", 100, 1)
    with pytest.raises(dataclasses.FrozenInstanceError):
        paging.size = 50  # type: ignore[misc]


def test_a_page_has_no_other_attributes() -> None:
    page = listed(1).fetch(1, 10)
    with pytest.raises(AttributeError):
        page.row = []  # type: ignore[attr-defined]


def test_what_takes_rows_says_which_it_takes_and_which_it_knows() -> None:
    class TakesOnly(RowTaker):
        def take(self, page: Page, *, only_new: bool = False) -> tuple[Page, list[Any], list[Any]]:
            raise NotImplementedError

    class KnowsOnly(RowTaker):
        def knows(self, row: dict[str, Any]) -> bool:
            raise NotImplementedError

    for half in (TakesOnly, KnowsOnly):
        with pytest.raises(TypeError, match="abstract"):
            half()  # type: ignore[abstract]
