"""The list that the example tap reads, as a server of its own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from .runner import SECRET
from .server import FaultServer, Reply
from .stage import QUICK

if TYPE_CHECKING:
    from .server import Seen


class BookServer(FaultServer):
    """Serves ``rows`` page by page and tells their total.

    Args:
        count: Rows at first.
    """

    def __init__(self, count: int = 0) -> None:
        super().__init__(self._answer)
        self.rows: list[Any] = [{"id": number, "title": f"T{number}"} for number in range(count)]

    def _answer(self, seen: Seen) -> Reply:
        if seen.path != "/books":
            return Reply(200, (), b"{}")
        page, size = int(seen.query["page"]), int(seen.query["per_page"])
        return self.page(page, size)

    def page(self, number: int, size: int, total: int | None = None) -> Reply:
        """Return one page."""
        rows = self.rows[(number - 1) * size : number * size]
        body = {"rows": rows, "total": len(self.rows) if total is None else total}
        return Reply(200, (("Content-Type", "application/json"),), json.dumps(body).encode())

    def config(self, **settings: Any) -> dict[str, Any]:
        """Return a configuration for this server."""
        return {"api_url": self.url, "api_key": SECRET, "page_size": 10, **QUICK, **settings}
