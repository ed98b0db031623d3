"""What a page of Cachet says about its list, read strictly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from singer_rest.errors import BodyError
from singer_rest.sources.claims import Claims, UntrueClaimError, read_count

if TYPE_CHECKING:
    from collections.abc import Iterable

    from singer_rest.sources.pages import Page


def read_v3_claims(page: Page) -> Claims:
    """Read the end signal of 3.x: the presence of ``links.next``, whose address is wrong.

    A page also says which rows it holds.

    Raises:
        BodyError: There are no links; without them a first page would pass for the whole list.
    """
    links = page.reply.body.get("links")
    if not isinstance(links, dict):
        raise BodyError(
            f"{page.reply.url} answered without links, so its end cannot be seen.",
            code="UNEXPECTED-BODY",
            url=page.reply.url,
        )
    meta = page.reply.body.get("meta")
    found, wrong = _counts(meta, ("current_page", "per_page", "from", "to"))
    number, size, count = found["current_page"], found["per_page"], len(page.rows)
    if number is None or size is None:
        wrong.append("it does not say which page it is")
    elif count and (found["from"], found["to"]) != (
        first := (number - 1) * size + 1,
        first + count - 1,
    ):
        wrong.append(
            f"it says that it holds the rows {found['from']} to {found['to']}, and brings {count}"
        )
    elif not count and (found["from"] or found["to"]):
        wrong.append(f"it says that it holds the rows from {found['from']}, and brings none")
    return Claims(more=links.get("next") is not None, page=number, contradictions=tuple(wrong))


def _counts(block: Any, names: Iterable[str]) -> tuple[dict[str, int | None], list[str]]:
    """Read counts; returns them by name, and what is wrong with them."""
    found: dict[str, int | None] = {}
    wrong = []
    for name in names:
        try:
            found[name] = read_count(block.get(name) if isinstance(block, dict) else None)
        except UntrueClaimError as error:
            found[name] = None
            wrong.append(f"{name}: {error}")
    return found, wrong


def claims_of_v2(page: Page) -> Claims:
    """Read what a 2.x list says of itself: total, pages, rows of this page.

    Raises:
        BodyError: There is no pagination block.
    """
    meta = page.reply.body.get("meta")
    block = meta.get("pagination") if isinstance(meta, dict) else None
    if not isinstance(block, dict):
        raise BodyError(
            f"{page.reply.url} answered without meta.pagination, so its end cannot be seen.",
            code="UNEXPECTED-BODY",
            url=page.reply.url,
        )
    found, wrong = _counts(block, ("total", "count", "per_page", "current_page", "total_pages"))
    count = found["count"]
    if count is not None and count != len(page.rows):
        wrong.append(f"it counts {count} rows on a page of {len(page.rows)}")
    current, last = found["current_page"], found["total_pages"]
    more = None if current is None or last is None else current < last
    return Claims(found["total"], more, last, found["per_page"], current, tuple(wrong))
