"""The next page is asked for while the last one is written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from singer_rest.http.prefetch import Prefetcher

T = TypeVar("T")

SLOW_ENOUGH = 0.01
"""Seconds an answer must take before it pays to ask for the next one ahead."""


class Ahead(Generic[T]):
    """One request ahead: the very one that would be made next, so that order and proofs stay.

    One page more is in memory. What it fails with surfaces where the page is wanted, after all
    pages before it; what nobody asks for any more is dropped.

    Args:
        prefetch: The threads; without any, nothing is asked ahead of time.
    """

    def __init__(self, prefetch: Prefetcher | None) -> None:
        self._prefetch = prefetch
        self._begun: tuple[Hashable, Callable[[], T]] | None = None

    def pays(self, seconds: float) -> bool:
        """Tell whether answers take long enough to be asked for ahead of time."""
        prefetch = self._prefetch
        return prefetch is not None and prefetch.workers > 1 and seconds > SLOW_ENOUGH

    def begin(self, name: Hashable, request: Callable[[], T]) -> None:
        """Make the request that :meth:`ask` will be called for next; not if threads are busy."""
        begun = self._prefetch.start(request) if self._prefetch is not None else None
        self._begun = (name, begun) if begun is not None else None

    def ask(self, name: Hashable, request: Callable[[], T]) -> T:
        """Return what was begun under this name; makes the request if that was another one."""
        begun, self._begun = self._begun, None
        if begun is not None and begun[0] == name:
            return begun[1]()
        return request()
