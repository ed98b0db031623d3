"""What stands between a tap in this process and those who want its messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from dlt_bridge.capture import PageSink, Sink


class _NobodyListensError(BaseException):
    """Ends a tap whose messages nobody wants any more.

    No `Exception`, since a tap goes on with its other streams after those.
    """


class Listener:
    """Hands messages on for as long as somebody wants them; the first error ends that.

    Args:
        sink: Gets the messages.
        pages: Gets rows as columns.
    """

    def __init__(self, sink: Sink, pages: PageSink | None = None) -> None:
        self.error: BaseException | None = None
        self._sink = sink
        self._pages = pages
        self._tap: Any = None
        self._wanted = True

    def __call__(self, line: bytes) -> None:
        """Hand on a line."""
        self._hand_on(self._sink, line)

    def page(self, *page: Any) -> bool:
        """Hand on the rows of a page; returns whether they were taken."""
        return bool(self._pages is not None and self._hand_on(self._pages, *page))

    def _hand_on(self, take: Callable[..., Any], *what: Any) -> Any:
        if not self._wanted:
            raise _NobodyListensError
        try:
            return take(*what)
        except BaseException as error:  # noqa: BLE001  # raised again where the tap was started
            self.error = error
            self.end()
            raise _NobodyListensError from None

    def begin(self, tap: Any) -> bool:
        """Note which tap is about to read; returns whether it still should."""
        self._tap = tap
        return self._wanted

    def end(self) -> None:
        """Let the tap end, by its own stop signal if it has one."""
        self._wanted = False
        request = getattr(getattr(self._tap, "stop", None), "request", None)
        if request is not None:
            request()
