"""Bookmarks: read with suspicion, compared as instants, of constant size."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

from singer_rest.errors import StateError
from singer_rest.records import timestamps

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Mapping

logger = logging.getLogger(__name__)

TOLERANCE = timestamps.minutes(5)
"""By so much two clocks may differ without a word."""
HOW_TO_RESET = (
    "remove the stream from the state's bookmarks to read it from the start (with Meltano: "
    "meltano state edit, or meltano run --full-refresh)"
)
KEY = "replication_key"
VALUE = "replication_key_value"
ROWS = "complete_rows"
COVERS = "covers"
MARK = "mark"
RESUME = "resume"
COMPLETED = "completed"


def read_state(text: str) -> dict[str, Any]:
    """Parse the text of a state file.

    A whole STATE message, as a target prints it, is unwrapped. Nothing at all means no state.

    Raises:
        StateError: It is not JSON, or not an object.
    """
    if not text.strip():
        raise StateError(
            "The state file is empty; leave --state out for a first run, or restore the last "
            "line the target printed."
        )
    try:
        state = json.loads(text)
    except json.JSONDecodeError as error:
        raise StateError(
            f"The state file is not JSON (line {error.lineno}, column {error.colno}: "
            f"{error.msg}); restore the last line the target printed, or leave --state out to "
            "read everything again."
        ) from error
    except RecursionError:
        raise StateError("The state file is nested too deeply to be one of this tap.") from None
    return unwrap(state)


def unwrap(state: Any) -> dict[str, Any]:
    """Return the state inside whatever it was wrapped in, checked for its shape.

    Raises:
        StateError: It has no shape this tap ever wrote.
    """
    if isinstance(state, dict) and state.get("type") == "STATE":
        state = state.get("value")
    if isinstance(state, dict) and "singer_state" in state:  # as Meltano's state command prints it
        state = state["singer_state"]
    if not isinstance(state, dict):
        raise StateError(f"The state is not an object but {type(state).__name__}.")
    bookmarks = state.get("bookmarks", {})
    if state and "bookmarks" not in state:
        raise StateError(
            "The state has no bookmarks; it is not one that this tap wrote "
            f"(it has: {', '.join(sorted(map(str, state))[:5])})."
        )
    if not isinstance(bookmarks, dict):
        raise StateError(f"The state's bookmarks are not an object; {HOW_TO_RESET}.")
    for stream, bookmark in bookmarks.items():
        if not isinstance(bookmark, dict):
            raise StateError(f"The bookmark of {stream} is not an object; {HOW_TO_RESET}.")
        partitions = bookmark.get("partitions", [])
        if not isinstance(partitions, list) or not all(
            isinstance(part, dict) and _names_a_partition(part.get("context"))
            for part in partitions
        ):
            raise StateError(f"The partitions of {stream} are damaged; {HOW_TO_RESET}.")
    return state


def _adopt(stream: str, entry: dict[str, Any], key: str) -> None:
    """Bring a bookmark of an older shape into today's."""
    if KEY not in entry:
        if key in entry:  # before the SDK: the value under the name of the column
            entry[VALUE] = entry.pop(key)
        if VALUE in entry:
            entry[KEY] = key
    elif entry[KEY] != key and entry.get(VALUE) is not None:
        logger.warning(
            "The bookmark of %s is for %s, but the stream is read by %s now: it is read from the "
            "start.",
            stream,
            entry[KEY],
            key,
        )


def _names_a_partition(context: Any) -> bool:
    return isinstance(context, dict) and not any(
        isinstance(value, (dict, list)) for value in context.values()
    )


class Bookmarks:
    """The bookmarks of one state, in the SDK's form."""

    def __init__(self, state: dict[str, Any]) -> None:
        self.state = state
        self._index: dict[str, dict[frozenset[tuple[str, Any]], dict[str, Any]]] = {}

    def _partitions(
        self, stream: str, bookmark: dict[str, Any]
    ) -> dict[frozenset[tuple[str, Any]], dict[str, Any]]:
        if stream not in self._index:
            self._index[stream] = {
                frozenset(part["context"].items()): part for part in bookmark.get("partitions", [])
            }
        return self._index[stream]

    def _entry(self, stream: str, partition: Mapping[str, Any] | None) -> dict[str, Any]:
        """Return what is kept for a stream or one of its partitions, made if it is new."""
        bookmark: dict[str, Any] = self.state.setdefault("bookmarks", {}).setdefault(stream, {})
        if not partition:
            return bookmark
        known = self._partitions(stream, bookmark)
        found = known.get(frozenset(partition.items()))
        if found is None:
            found = {"context": dict(partition)}
            bookmark.setdefault("partitions", []).append(found)
            known[frozenset(partition.items())] = found
        return found

    def value(self, stream: str, key: str, partition: Mapping[str, Any] | None = None) -> Any:
        """Return the value of a bookmark for this replication key; nothing if there is none."""
        entry = self.state.get("bookmarks", {}).get(stream, {})
        if partition:
            known = self._partitions(stream, entry)
            entry = known.get(frozenset(partition.items()), {})
        return entry.get(VALUE) if entry.get(KEY) == key else None

    def start(
        self, stream: str, key: str, partition: Mapping[str, Any] | None = None
    ) -> dt.datetime | None:
        """Return the instant of a bookmark.

        Raises:
            StateError: The bookmark is not a point in time.
        """
        value = self.value(stream, key, partition)
        if value is None:
            return None
        moment = timestamps.parse(value)
        if moment is None:
            raise StateError(
                f"The bookmark of {stream} is not a point in time: {str(value)[:40]!r}; "
                f"{HOW_TO_RESET}."
            )
        return moment

    def validate(self, stream: str, key: str, bound: dt.datetime | None = None) -> None:
        """Check the bookmarks of a stream and bring older shapes into today's.

        Args:
            stream: Its name.
            key: Its replication key, whose values are points in time.
            bound: The present. A bookmark behind it is none of ours, or from a clock that was
                wrong, and would keep back whatever comes meanwhile; it is taken back to here.

        Raises:
            StateError: A bookmark is not a point in time.
        """
        bookmark = self.state.get("bookmarks", {}).get(stream, {})
        ahead: dt.datetime | None = None
        for entry in (bookmark, *bookmark.get("partitions", [])):
            _adopt(stream, entry, key)
            moment = self.start(stream, key, entry.get("context"))
            if moment is not None and bound is not None and moment > bound:
                entry[VALUE] = timestamps.text(bound)
                ahead = max(ahead or moment, moment)
        if ahead is not None and bound is not None and ahead - bound > TOLERANCE:
            logger.warning(
                "The bookmark of %s lies in the future (%s) and is taken back to the present. What "
                "changed before is not read; to have it, %s.",
                stream,
                timestamps.text(ahead),
                HOW_TO_RESET,
            )

    def check_owner(self, tap: str, streams: Collection[str], *, streams_vary: bool) -> None:
        """Refuse a state that would not be used: nobody expects everything to be read again.

        Args:
            tap: Its name, for the sentence.
            streams: Every stream of the tap.
            streams_vary: Whether all of them may be new, because the server has other tables now.

        Raises:
            StateError: It has bookmarks, and none of them is of a stream of this tap.
        """
        given = sorted(self.state.get("bookmarks", {}))
        if not given or any(name in streams for name in given):
            return
        sentence = (
            f"The state has no bookmark of any stream of {tap}; those it has are of "
            f"{', '.join(given[:3])}{' ...' if given[3:] else ''}."
        )
        if not streams_vary:
            raise StateError(f"{sentence} Give it its own state, or leave --state out.")
        logger.warning("%s Everything is read from the start.", sentence)

    def advance(
        self,
        stream: str,
        key: str,
        moment: dt.datetime,
        partition: Mapping[str, Any] | None = None,
    ) -> None:
        """Move a bookmark forward, never back."""
        before = self.start(stream, key, partition)
        if before is None or moment > before:
            self.put(stream, key, timestamps.text(moment), partition)

    def put(
        self, stream: str, key: str, value: Any, partition: Mapping[str, Any] | None = None
    ) -> None:
        """Set a bookmark."""
        entry = self._entry(stream, partition)
        entry[KEY] = key
        entry[VALUE] = value

    def entry(self, stream: str) -> Mapping[str, Any]:
        """Return what is kept for a stream; empty, and not in the state, if that is nothing.

        A stream may be begun before its turn, in another thread, while STATE is written.
        """
        entry: Mapping[str, Any] = self.state.get("bookmarks", {}).get(stream, {})
        return entry

    def note(self, stream: str, **values: Any) -> None:
        """Keep what only the stream itself knows the meaning of."""
        self._entry(stream, None).update(values)

    def mark(self, stream: str, partition: Mapping[str, Any]) -> str:
        """Return the one text that a stream keeps in the bookmark of a partition."""
        entry = self.state.get("bookmarks", {}).get(stream, {})
        known = self._partitions(stream, entry)
        text = known.get(frozenset(partition.items()), {}).get(MARK)
        return text if isinstance(text, str) else ""

    def put_mark(self, stream: str, partition: Mapping[str, Any], text: str) -> None:
        """Keep a text in the bookmark of a partition."""
        self._entry(stream, partition)[MARK] = text

    def was_complete(self, stream: str) -> bool:
        """Tell whether the state knows of a complete read of a stream."""
        entry = self.state.get("bookmarks", {}).get(stream, {})
        return any(entry.get(name) is not None for name in (ROWS, VALUE)) or bool(
            entry.get("partitions")
        )

    def covered(self, stream: str) -> tuple[str, str] | None:
        """Return which system the bookmark of a stream is of, and what it covers of the stream.

        Returns:
            Nothing where there is no bookmark, or an older one that does not say.
        """
        entry = self.state.get("bookmarks", {}).get(stream, {})
        text = entry.get(COVERS)
        if not isinstance(text, str) or not text:
            return None
        system, _, rest = text.partition(" ")
        return system, rest

    def cover(self, stream: str, text: str) -> None:
        """Stamp what the bookmark of a stream covers."""
        self._entry(stream, None)[COVERS] = text

    def resume(self, stream: str) -> str:
        """Return where a read of a stream stood that ended early; empty if there is none."""
        text = self.state.get("bookmarks", {}).get(stream, {}).get(RESUME)
        return text if isinstance(text, str) else ""

    def put_resume(self, stream: str, text: str) -> None:
        """Keep where a read of a stream stands; empty when it has come to its end."""
        self._entry(stream, None)[RESUME] = text

    def completed(self, stream: str) -> dt.datetime | None:
        """Return when the last complete read of a stream began, if that was noted."""
        return timestamps.parse(self.state.get("bookmarks", {}).get(stream, {}).get(COMPLETED))

    def note_completed(self, stream: str, begun: dt.datetime) -> None:
        """Note when a read began that is complete."""
        self._entry(stream, None)[COMPLETED] = begun.isoformat()

    def refresh(self, stream: str) -> None:
        """Take note that the entry of a stream was replaced."""
        self._index.pop(stream, None)

    def forget(self, stream: str) -> None:
        """Read a stream from the start, whatever its bookmark says."""
        bookmark = self.state.get("bookmarks", {}).get(stream, {})
        for entry in (bookmark, *bookmark.get("partitions", [])):
            entry.pop(VALUE, None)

    def rows_last_time(self, stream: str) -> int | None:
        """Return the rows of the last complete full read; nothing if there was none."""
        rows = self.state.get("bookmarks", {}).get(stream, {}).get(ROWS)
        return rows if isinstance(rows, int) else None

    def note_rows(self, stream: str, rows: int) -> None:
        """Remember the rows of a complete full read."""
        self._entry(stream, None)[ROWS] = rows
