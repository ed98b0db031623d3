"""What a 3.x list may be asked: sorts, filters, includes, and the refusal of anything else."""

from __future__ import annotations

import dataclasses
import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from sandbox.cachet.php import ApiError, page_number, to_int
from sandbox.cachet.v3.writer import schedule_status

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sandbox.cachet.options import Options

    Test = Callable[[Any], bool]

DEFAULT_PAGE_SIZE, LARGEST_PAGE = 15, 100
STATUSES = frozenset({"0", "1", "2"})
BOOLEAN = re.compile(r"[01]|t(rue)?|f(alse)?|y(es)?|no?|on|off", re.IGNORECASE)
TYPES = {
    "status": re.compile(r"\s*[+-]?\d{1,9}\s*"),
    "enabled": BOOLEAN,
    "global": BOOLEAN,
}


@dataclasses.dataclass(frozen=True)
class Allowed:
    """The parameters of one route.

    Attributes:
        sorts: Columns.
        filters: Names and kinds: ``exact``, ``contains``, ``meta``, ``after``, ``before``,
            ``on``, ``status`` (worked out from the clock), ``tags``.
        includes: Names; a plain one also allows its ``Count`` and ``Exists``.
        bare: Names in ``includes`` that allow neither.
        default_sort: What holds without a sort; empty for none.
        reads_filters: Whether the route looks at filters at all.
        reads_includes: Whether it looks at includes.
    """

    sorts: tuple[str, ...] = ()
    filters: tuple[tuple[str, str], ...] = ()
    includes: tuple[str, ...] = ()
    bare: tuple[str, ...] = ()
    default_sort: str = ""
    reads_filters: bool = True
    reads_includes: bool = True

    @property
    def all_includes(self) -> list[str]:
        """Return every name ``include`` may hold."""
        names: list[str] = []
        for name in self.includes:
            alone = "." in name or name in self.bare
            names += [name] if alone else [name, f"{name}Count", f"{name}Exists"]
        return list(dict.fromkeys(names))


@dataclasses.dataclass(frozen=True)
class Listing:
    """One request for a list, understood."""

    page: int
    per_page: int
    per_page_shown: int | str
    sort: tuple[str, ...]
    filters: tuple[tuple[str, tuple[str, ...]], ...]
    """Filter name (``meta.key`` for meta) and the values any of which fits."""
    kinds: tuple[tuple[str, str], ...]


def includes_of(query: dict[str, Any], allowed: Allowed) -> tuple[str, ...]:
    """Return the names in ``include``.

    Raises:
        ApiError: It is no text, or holds a name the route does not know.
    """
    value = query.get("include", "")
    words = value.split(",") if isinstance(value, str) else list(value.values())
    names = tuple(dict.fromkeys(name for name in words if name))
    known = allowed.all_includes
    unknown = [name for name in names if name not in known]
    if unknown and allowed.reads_includes:
        rest = f"Allowed include(s) are `{', '.join(known)}`."
        raise ApiError(
            400,
            f"Requested include(s) `{', '.join(unknown)}` are not allowed. "
            + (rest if known else "There are no allowed includes."),
        )
    if not isinstance(value, str):
        # The filters take a list, the library that writes the answer does not; its spelling.
        raise ApiError(
            400, "The include parameter must be a comma seperated list of relationship paths."
        )
    return names if allowed.reads_includes else ()


def fields_of(query: dict[str, Any]) -> dict[str, list[str]]:
    """Return the attributes asked for by type (``fields[components]=id,name``)."""
    fields = query.get("fields")
    if not isinstance(fields, dict):
        return {}
    return {kind: names.split(",") for kind, names in fields.items() if isinstance(names, str)}


def listing_of(query: dict[str, Any], allowed: Allowed, options: Options) -> Listing:
    """Read the parameters of a list.

    Raises:
        ApiError: A sort or filter the route does not know.
    """
    per_page, shown = _page_size(query.get("per_page"), options)
    return Listing(
        page=page_number(query.get("page")),
        per_page=per_page,
        per_page_shown=shown,
        sort=_sort(query.get("sort"), allowed),
        filters=_filters(query.get("filter"), allowed, options),
        kinds=allowed.filters,
    )


def _page_size(value: Any, options: Options) -> tuple[int, int | str]:
    if value is None:
        return DEFAULT_PAGE_SIZE, DEFAULT_PAGE_SIZE
    size = to_int(value) if isinstance(value, str) else int(bool(value))
    if options.build.reworked_api:
        size = min(max(size, 1), LARGEST_PAGE)
        return size, size
    if not isinstance(value, str) or not value.strip().lstrip("+-").isdigit():
        raise ApiError(500, "Server Error")
    return (size, value) if size > 0 else (DEFAULT_PAGE_SIZE, DEFAULT_PAGE_SIZE)


def _sort(value: Any, allowed: Allowed) -> tuple[str, ...]:
    words = value.split(",") if isinstance(value, str) else list((value or {}).values())
    words = [word for word in words if word]
    unknown = [word for word in words if word.lstrip("-") not in allowed.sorts]
    if unknown:
        names = ", ".join(dict.fromkeys(word.lstrip("-") for word in unknown))
        known = ", ".join(allowed.sorts)
        raise ApiError(
            400, f"Requested sort(s) `{names}` is not allowed. Allowed sort(s) are `{known}`."
        )
    if not words and allowed.default_sort:
        return (allowed.default_sort,)
    return tuple(words)


def _filters(
    value: Any, allowed: Allowed, options: Options
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    if not allowed.reads_filters:
        return ()
    asked = value if isinstance(value, dict) else {}
    known = dict(allowed.filters)
    unknown = [name for name in asked if name not in known]
    if unknown:
        raise ApiError(
            400,
            f"Requested filter(s) `{', '.join(unknown)}` are not allowed. "
            f"Allowed filter(s) are `{', '.join(known)}`.",
        )
    found = [
        (f"{name}.{key}" if key else name, values)
        for name, given in asked.items()
        for key, values in _values(given, known[name])
        if values
    ]
    if "enabled" in known and "enabled" not in asked and options.build.visibility:
        found.append(("enabled", ("true",)))
    return tuple(found)


def _values(given: Any, kind: str) -> Iterable[tuple[str, tuple[str, ...]]]:
    if kind == "meta":
        for key, value in given.items() if isinstance(given, dict) else ():
            if isinstance(value, str):
                yield key, tuple(value.split(","))
    elif isinstance(given, dict):
        yield "", tuple(value for value in given.values() if isinstance(value, str))
    elif given:
        yield "", tuple(given.split(","))


def tests_of(listing: Listing, options: Options, now: int) -> list[Test]:
    """Return the tests a row must pass."""
    kinds = dict(listing.kinds)
    tests: list[Test] = []
    for name, values in listing.filters:
        test = _test(kinds[name.partition(".")[0]], name, values, options, now)
        if test:
            tests.append(test)
    return tests


def _test(kind: str, name: str, values: tuple[str, ...], options: Options, now: int) -> Test | None:
    column, _, key = name.partition(".")
    if kind == "exact":
        if options.database == "postgresql":
            _refuse_badly_typed(column, values)
        wanted = {{"true": "1", "false": "0"}.get(value, value) for value in values}
        attribute = "is_global" if column == "global" else column
        return lambda row: _text(getattr(row, attribute)) in wanted
    if kind == "status":
        statuses = {value for value in values if value in STATUSES}
        if not statuses:
            return None  # what is no status is left out, and nothing else filters
        return lambda row: str(schedule_status(row, now)) in statuses
    if kind == "tags":
        return lambda row: any(slug in values for slug, _ in row.tags)
    if kind == "contains":
        parts = [value.casefold() for value in values]
        return lambda row: any(part in _text(getattr(row, column)).casefold() for part in parts)
    if kind == "meta":
        return lambda row: isinstance(row.meta, dict) and _text(row.meta.get(key)) in values
    return _date_test(kind, values[0], options)


def _refuse_badly_typed(column: str, values: tuple[str, ...]) -> None:
    """Compare with a column as PostgreSQL does.

    Raises:
        ApiError: A value is none of the column's type.
    """
    fits = TYPES.get(column)
    if fits and not all(fits.fullmatch(value) for value in values):
        raise ApiError(500, "Server Error")


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(int(value))
    return "\0" if value is None else str(value)


def _date_test(kind: str, text: str, options: Options) -> Test | None:
    try:
        day = datetime.fromisoformat(text)
    except ValueError:
        if options.database == "postgresql":
            raise ApiError(500, "Server Error") from None
        # SQLite compares texts, and letters come after digits.
        return lambda row: kind == "before" and row.occurred_at is not None
    zone = ZoneInfo(options.timezone)
    at = int((day if day.tzinfo else day.replace(tzinfo=zone)).timestamp())
    if kind == "after":
        return lambda row: row.occurred_at is not None and row.occurred_at >= at
    if kind == "before":
        return lambda row: row.occurred_at is not None and row.occurred_at <= at
    midnight = day.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=zone)
    start, end = (int((midnight + timedelta(days=n)).timestamp()) for n in (0, 1))
    return lambda row: row.occurred_at is not None and start <= row.occurred_at < end
