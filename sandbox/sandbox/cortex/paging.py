"""Pages: numbered from 0, at most 1000 rows, and the three ways in which routes deviate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from .answers import BAD_REQUEST, ApiError, ViolationError, ok

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .answers import Answer
    from .routing import Call

T = TypeVar("T")

DEFAULT_SIZE = 250
LARGEST_SIZE = 1000


def selection(call: Call, build: Callable[[], list[T]]) -> list[T]:
    """Return what ``build`` selects, remembered for the other pages of the same request."""
    pairs = tuple(pair for pair in call.query.pairs if pair[0] not in {"page", "pageSize"})
    key = (call.route, tuple(call.names.items()), pairs)
    return call.world.view(key, build)


def page_and_size(call: Call) -> tuple[int, int]:
    """Return the page, counted from 0, and its size.

    Raises:
        ApiError: The size is not between 1 and 1000, or the page is negative.
    """
    size = call.query.integer("pageSize", DEFAULT_SIZE)
    if not 1 <= size <= LARGEST_SIZE:
        raise ApiError(
            BAD_REQUEST,
            f"Page size must be set between 1 and 1000; requested value: {size}",
            "ILLEGAL_ARGUMENT_ERROR",
        )
    page = call.query.integer("page", 0)
    if page < 0:
        raise ViolationError("page", "Page index must not be less than zero")
    return page, size


def part(call: Call, rows: Sequence[T], show: Callable[[T], Any] | None = None) -> list[Any]:
    """Return the rows of the page that was asked for, each as ``show`` presents it."""
    page, size = served(call)
    chosen = rows[page * size : (page + 1) * size]
    return list(chosen) if show is None else [show(row) for row in chosen]


def served(call: Call) -> tuple[int, int]:
    """Return the page and the size that the server keeps to, which may be a smaller one."""
    page, size = page_and_size(call)
    return page, min(size, call.options.page_cap or size)


def totals(call: Call, count: int) -> dict[str, Any]:
    """Return what stands beside the rows, three numbers as a rule; nothing has no pages."""
    page, size = served(call)
    body: dict[str, Any] = {"page": page, "total": count, "totalPages": -(-count // size)}
    rows = max(0, min(size, count - page * size))
    odd: dict[str, Any] = {
        "text": str(count),
        "float": float(count),
        "page": rows,
        "minus_one": -1,
        "zero": 0,
        "capped": min(count, size),
    }
    form = call.options.totals
    if form == "pages_only":
        del body["total"]
    elif form != "exact":
        body["total"] = odd[form]
    return body


def paged(
    call: Call, key: str, rows: Sequence[T], show: Callable[[T], Any] | None = None, **more: Any
) -> Answer:
    """Answer with one page in the usual envelope: the rows under a key, and totals."""
    return ok({key: part(call, rows, show), **totals(call, len(rows)), **more})
