"""The settings of reading with several processes, and how a number is declared."""

from __future__ import annotations

from typing import Any

from singer_sdk import typing as th

MAX_COUNT = 1_000_000


def integer(
    name: str,
    default: int,
    title: str,
    description: str,
    *,
    minimum: int = 0,
    maximum: int | None = None,
) -> th.Property[int]:
    """Return an integer setting with bounds."""
    kind = th.IntegerType(minimum=minimum, maximum=maximum)
    return th.Property(name, kind, default=default, title=title, description=description)


def number(
    name: str, default: float, title: str, description: str, *, maximum: int
) -> th.Property[float]:
    """Return a setting for a number that may have decimals, from 0 on."""
    kind = th.NumberType(minimum=0, maximum=maximum)
    return th.Property(name, kind, default=default, title=title, description=description)


def of_parts() -> list[th.Property[Any]]:
    """Return the settings of a read in parts."""
    return [
        th.Property(
            "rate_budget",
            th.StringType,
            secret=True,  # the address of a Redis may hold a password
            title="Rate budget",
            description="Where several processes count their requests together, so that all of "
            "them keep below requests_per_minute: file:///path/to/budget.sqlite on one machine, "
            "redis://host:6379/0 on many, one file or one database for each system. A file that "
            "does not exist is made.",
        ),
        integer(
            "parts_at_once",
            0,
            "Parts at once",
            "How many parts of a plan (--parts) are read at the same time: requests_per_minute is "
            "divided by it, unless there is a rate_budget. 0 stands for all parts of the plan.",
            maximum=MAX_COUNT,
        ),
        integer(
            "max_plan_hours",
            24,
            "Largest age of a plan",
            "Hours after which the parts of a plan (--parts) are neither read nor joined: what "
            "they have read lies too far apart in time to be one table.",
            minimum=1,
            maximum=MAX_COUNT,
        ),
    ]
