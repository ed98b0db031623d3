"""Whether a table has gone back in time since the last run.

A platform that was restored from a backup has rows as they were before; none of them changed after
the bookmark, so by what changed they would never come again, and rows that were added after the
backup would stay in the target. So a bookmark keeps the latest changes that its run has seen: as
long as a row is there, the time of its last change never falls.
"""

from __future__ import annotations

import dataclasses
import enum
from typing import TYPE_CHECKING, Any

from singer_rest.errors import StreamError
from tap_cinchy.cql import ID
from tap_cinchy.incremental import ROUNDING, oldest
from tap_cinchy.ordering import read_keys
from tap_cinchy.questions import TableQuestions
from tap_cinchy.shapes import MODIFIED
from tap_cinchy.values import wall_clock
from tap_cinchy.witnesses import MOST, read_witnesses

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    from tap_cinchy.client import CinchyApi
    from tap_cinchy.questions import Reading

TRIES = 3


class Time(enum.Enum):
    """What witnesses say."""

    GOES_ON = enum.auto()
    WENT_BACK = enum.auto()
    """A row shows an earlier change than it did."""
    UNKNOWN = enum.auto()
    """None of the rows is there any more."""


def ask(api: CinchyApi, reading: Reading, text: Any, anchor: str | None) -> Time:
    """Ask for the witnesses of the last run, with one request as a rule.

    Where several machines answer for the server, one of them may be behind the others for a
    moment; so what speaks of the past is asked for again.

    Args:
        api: The requests.
        reading: Of their table.
        text: The witnesses, as the bookmark keeps them.
        anchor: The oldest row of the table, as the last run was shown it: in another zone all
            times differ.
    """
    before = {id_: wall_clock(stamp) for id_, stamp in read_witnesses(text)}
    questions = TableQuestions(api, reading)
    found = Time.GOES_ON
    try:
        for _try in range(TRIES if before else 0):
            found = _compare(questions, before)
            if found is Time.GOES_ON:
                break
        if found is Time.WENT_BACK and oldest(api, questions.form().table) != anchor:
            return Time.GOES_ON
    except StreamError:
        return Time.GOES_ON  # the reading itself says what is wrong
    return found


def _compare(questions: TableQuestions, before: Mapping[int, dt.datetime | None]) -> Time:
    any_of = " OR ".join(f"t.[{ID}] = {id_}" for id_ in before)
    _reply, columns = questions.bare(
        lambda select: dataclasses.replace(select, conditions=(f"({any_of})",)).text(top=MOST),
        (f"[{ID}]", f"[{MODIFIED}]"),
    )
    now = zip(read_keys(questions.reading.where, columns[:1]), columns[1], strict=True)
    times = [(before.get(key[0]), wall_clock(shown)) for key, shown in now]
    if any(was and shown and shown < was - ROUNDING for was, shown in times):
        return Time.WENT_BACK
    return Time.GOES_ON if times else Time.UNKNOWN
