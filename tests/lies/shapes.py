"""Where the rows and the claims of an answer stand, vendor by vendor."""

from __future__ import annotations

import copy
import dataclasses
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

ABSENT = object()
"""In place of a claim that an answer does not make."""
Path = tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class Shape:
    """How the answers of some routes are built.

    Attributes:
        rows: Path to the list of rows; ``()`` is the body itself, ``None`` the only list in it.
        claims: Path of every claim, by what it claims; those that an answer lacks are no matter.
        page: Name of the parameter for the page, if there is one.
        size: Name of the parameter for its size.
        first: Number of the first page.
    """

    rows: Path | None = None
    claims: Mapping[str, Path] = dataclasses.field(default_factory=dict)
    page: str = "page"
    size: str = ""
    first: int = 1

    def find(self, body: Any) -> list[Any] | None:
        """Return the rows of a body; nothing if it has none."""
        if self.rows is None:
            if isinstance(body, list):
                return body
            lists = [v for v in body.values() if isinstance(v, list)] if _is_map(body) else []
            return lists[0] if len(lists) == 1 else None
        found = _get(body, self.rows)
        return found if isinstance(found, list) else None

    def row_path(self, body: Any) -> Path:
        """Return where the rows stand in a body."""
        if self.rows is not None:
            return self.rows
        if isinstance(body, list):
            return ()
        return next((name,) for name, value in body.items() if isinstance(value, list))

    def claim(self, body: Any, name: str) -> Any:
        """Return a claim; :data:`ABSENT` if it is not made."""
        path = self.claims.get(name)
        return ABSENT if path is None else _get(body, path)


def put(body: Any, path: Path, value: Any) -> Any:
    """Return a copy of a body with a value elsewhere; :data:`ABSENT` takes it out."""
    if not path:
        return value
    changed = copy.deepcopy(body)
    inner = changed
    for name in path[:-1]:
        inner = inner[name]
    if value is ABSENT:
        inner.pop(path[-1], None)
    else:
        inner[path[-1]] = value
    return changed


def _get(body: Any, path: Path) -> Any:
    for name in path:
        if not _is_map(body) or name not in body:
            return ABSENT
        body = body[name]
    return body


def _is_map(value: Any) -> bool:
    return isinstance(value, dict)


CACHET_3 = Shape(
    rows=("data",),
    claims={
        "next": ("links", "next"),
        "page": ("meta", "current_page"),
        "size": ("meta", "per_page"),
        "from": ("meta", "from"),
        "to": ("meta", "to"),
    },
    size="per_page",
)
CACHET_2 = Shape(
    rows=("data",),
    claims={
        "total": ("meta", "pagination", "total"),
        "count": ("meta", "pagination", "count"),
        "size": ("meta", "pagination", "per_page"),
        "page": ("meta", "pagination", "current_page"),
        "pages": ("meta", "pagination", "total_pages"),
        "next": ("meta", "pagination", "links", "next_page"),
    },
    size="per_page",
)
CORTEX = Shape(
    claims={
        "total": ("total",),
        "pages": ("totalPages",),
        "page": ("page",),
        "more": ("hasMore",),
    },
    size="pageSize",
    first=0,
)
SCORES = dataclasses.replace(CORTEX, rows=("serviceScores",))
SCIM = Shape(
    rows=("Resources",),
    claims={
        "total": ("totalResults",),
        "page": ("startIndex",),
        "size": ("itemsPerPage",),
    },
    page="startIndex",
    size="count",
)
CINCHY = Shape(rows=("data",), page="", size="")
OBJECT = Shape(rows=("no rows",), page="")
