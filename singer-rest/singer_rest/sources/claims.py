"""What an answer says about the list beside its rows, read strictly.

An answer that says nothing needs another proof; one that says what cannot be contradicts itself,
and is never believed in the other things it says.
"""

from __future__ import annotations

import dataclasses
import decimal
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_DIGITS = re.compile(r"\d{1,18}")

TOTALS = ("total", "totalCount", "total_count", "totalResults", "totalElements")
PAGE_COUNTS = ("totalPages", "total_pages", "pageCount", "lastPage", "last_page")
MORE = ("hasMore", "has_more", "hasNext", "hasNextPage", "moreAvailable")
NEXT = ("next", "nextPage", "next_page", "nextPageToken", "nextCursor", "next_cursor", "nextToken")
PARTIAL = ("partial", "isPartial", "truncated", "isTruncated", "incomplete")


@dataclasses.dataclass(frozen=True)
class Claims:
    """What one answer says about the whole list; what it does not say is ``None``."""

    total: int | None = None
    """Rows in the list."""
    more: bool | None = None
    """Whether rows follow; false is an explicit end."""
    pages: int | None = None
    """Pages of the list."""
    size: int | None = None
    """Rows a page, as the server counts them."""
    page: int | None = None
    """Number of the page, counted as it is asked for."""
    contradictions: tuple[str, ...] = ()
    """What cannot be, as sentences without a full stop."""

    @property
    def silent(self) -> bool:
        """Whether the answer says nothing of its end."""
        return self.total is None and self.more is None and self.pages is None


class UntrueClaimError(ValueError):
    """A claim is there and cannot be."""


def read_count(value: Any) -> int | None:
    """Read a number of rows or pages.

    ``350``, ``"350"`` and ``350.0`` are the same number; nothing and null are an absence.

    Raises:
        UntrueClaimError: It is there and is no integer of 0 or more.
    """
    if value is None:
        return None
    if type(value) is int and value >= 0:
        return value
    if isinstance(value, (float, decimal.Decimal)) and value >= 0 and value == int(value):
        return int(value)
    if isinstance(value, str) and _DIGITS.fullmatch(value.strip()):
        return int(value)
    raise UntrueClaimError(f"{_show(value)} is no number of rows")


def read_flag(value: Any) -> bool | None:
    """Read a yes or no; nothing and null are an absence.

    Raises:
        UntrueClaimError: It is neither.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str) and value.strip().lower() in {"true", "false"}:
        return value.strip().lower() == "true"
    raise UntrueClaimError(f"{_show(value)} is neither true nor false")


def read_claims(
    body: Any,
    *,
    totals: Iterable[str] = TOTALS,
    pages: Iterable[str] = PAGE_COUNTS,
    more: Iterable[str] = MORE,
    following: Iterable[str] = NEXT,
) -> Claims:
    """Read the claims under the names that APIs use for them.

    Args:
        body: The decoded answer; one that is no object claims nothing.
        totals: Names of the number of rows.
        pages: Names of the number of pages.
        more: Names of the flag that rows follow.
        following: Names of the next page, token or address: null is an explicit end.
    """
    if not isinstance(body, dict):
        return Claims()
    wrong: list[str] = []
    total = _agreed(body, totals, read_count, wrong)
    count = _agreed(body, pages, read_count, wrong)
    flag = _agreed(body, more, read_flag, wrong)
    for name in following:
        if name not in body:
            continue
        said = body[name] not in (None, "", False)
        if flag is not None and flag != said:
            wrong.append(f"it says that rows follow and that none do ({name})")
        flag = said if flag is None else flag
    wrong += [
        f"it says of itself that it is not whole ({name})"
        for name in PARTIAL
        if body.get(name) is True
    ]
    return Claims(total, flag, count, contradictions=tuple(wrong))


def _agreed(body: Mapping[str, Any], names: Iterable[str], read: Any, wrong: list[str]) -> Any:
    """Return what is said under any of several names; two that differ are a contradiction."""
    found: Any = None
    for name in names:
        if name not in body:
            continue
        try:
            value = read(body[name])
        except UntrueClaimError as error:
            wrong.append(f"{name}: {error}")
            continue
        if found is not None and value is not None and value != found:
            wrong.append(f"it counts {found} and {value} at once ({name})")
        found = value if found is None else found
    return found


def _show(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."  # noqa: PLR2004  # fits into a line


def says_more(claims: Claims, position: int) -> bool | None:
    """Tell whether rows follow the first ``position`` ones; nothing where nothing says so."""
    if claims.more is not None:
        return claims.more
    if claims.total is not None:
        return position < claims.total
    if claims.pages is not None:
        return claims.pages > 1
    return None


def check_one_answer(claims: Claims, rows: int) -> list[str]:
    """Return what an answer that is the whole list says against that.

    Args:
        claims: Of the answer.
        rows: That came with it.
    """
    wrong = list(claims.contradictions)
    if claims.total is not None and claims.total != rows:
        wrong.append(f"it counts {claims.total} rows and brings {rows}")
    if claims.more:
        wrong.append("it says that more rows follow")
    if claims.pages is not None and claims.pages > 1:
        wrong.append(f"it says that it is one of {claims.pages} pages")
    return wrong


def check_page(
    claims: Claims, *, rows: int, position: int, asked: int, number: int | None = None
) -> list[str]:
    """Return what the claims of one page say against each other and against its rows.

    Args:
        claims: Of the page.
        rows: That came with it.
        position: Rows of the list before it.
        asked: Rows that were asked for.
        number: Of the page that was asked for, where pages have numbers.
    """
    wrong = list(claims.contradictions)
    if claims.page is not None and number is not None and claims.page != number:
        wrong.append(f"asked for page {number}, it answers with page {claims.page}")
    total, pages = claims.total, claims.pages
    if total is not None and total < rows:
        wrong.append(f"it counts {total} rows and brings {rows} on one page")
    if total is not None and pages is not None:
        sizes = {size for size in (asked, claims.size, rows) if size}
        possible = {-(-total // size) for size in sizes} | ({0, 1} if total == 0 else set())
        if pages not in possible:
            wrong.append(f"it counts {total} rows and {pages} pages, which cannot both be")
    if claims.more and not rows:
        wrong.append("it says that rows follow and brings none")
    if total is not None and claims.more is not None:
        came = position + rows
        if claims.more and came >= total and rows:
            wrong.append(f"it says that rows follow the last of {total}")
        if claims.more is False and came < total:
            wrong.append(f"it says that no rows follow, after {came} of {total}")
    return wrong


def check_length(claims: Claims, rows: int, asked: int, position: int) -> list[str]:
    """Return that a page lacks rows or has too many, where rows may be alike in everything.

    The rows behind would stand at other places than they are asked for, and one that comes twice
    would count as two, so that another one is missing and the number is right.

    Args:
        claims: Of a page that is not the first one, so that the server's own size is known.
        rows: That came with it.
        asked: Rows that were asked for.
        position: Rows of the list before it.
    """
    if rows > asked:
        return [f"it brings {rows} rows on a page, where {asked} were asked for"]
    if claims.total is None or not 0 < rows < asked or position + rows >= claims.total:
        return []
    return [f"it brings {rows} of {asked} rows on a page, and counts more behind them"]
