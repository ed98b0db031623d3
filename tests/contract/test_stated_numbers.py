"""Defaults and limits that pages written by hand state are those of the code.

Generated parts cannot drift. In prose, each sentence that states a number beside a setting, or
calls one a limit, stands in ``stated`` with where the number comes from, or in ``NOT_OURS``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from dlt_bridge.load_format import _OBJECTS_AT_ONCE
from dlt_bridge.settings import SCHEMA as TARGET
from singer_rest.records.personal import DIGITS, MIN_KEY
from singer_rest.run.credential_proof import INTERVAL
from singer_rest.run.progress import FIRST
from singer_rest.run.reader import SHRUNK_BELOW
from singer_rest.run.screen import WIDTH
from singer_rest.sdk.configured_tap import TWO_MINUTES
from singer_rest.sdk.state_pace import MIN_INTERVAL
from singer_rest.sources.passes import MAX_PASSES
from tap_cachet.statuses import PLANNED_PAGES
from tap_cachet.tap import TapCachet
from tap_cinchy.incremental import CLOCK_CHANGE, WIDEST
from tap_cinchy.metadata import COLUMNS_A_PAGE, TABLES_A_PAGE
from tap_cinchy.sources import TAIL
from tap_cinchy.tap import TapCinchy
from tap_cortex.eng_intel import DEFAULT_PAST, WINDOW
from tap_cortex.tap import TapCortex

from .test_house_rules import tracked
from .test_markdown import name_of, prose

if TYPE_CHECKING:
    import datetime as dt
    from pathlib import Path

TAPS = {tap.name: tap.config_jsonschema["properties"] for tap in (TapCachet, TapCortex, TapCinchy)}
HOUR = 3600
SPELT = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def default(tap: str, name: str) -> Any:
    return TAPS[tap][name]["default"]


def number(value: float) -> str:
    """Write a number as pages do: thousands apart."""
    return f"{round(value):,}".replace(",", " ")


def spelt(value: float) -> str:
    return SPELT[round(value)]


def hours(span: dt.timedelta) -> float:
    return span.total_seconds() / HOUR


def stated() -> dict[str, list[str]]:
    """Return the sentences by page, with the numbers that the code has."""
    cinchy, cortex, cachet = "tap-cinchy", "tap-cortex", "tap-cachet"
    asked = number(default(cortex, "requests_per_minute") / 0.9)
    allowed = number(default(cachet, "requests_per_minute") / 0.9)
    tables, columns = number(TABLES_A_PAGE), number(COLUMNS_A_PAGE)
    back = default(cinchy, "lookback_minutes") / 60
    half = "half" if SHRUNK_BELOW == 0.5 else f"{SHRUNK_BELOW}"
    a_minute = "once a minute" if INTERVAL == 60 else f"every {INTERVAL} seconds"
    a_second = "once a second" if MIN_INTERVAL == 1 else f"every {MIN_INTERVAL} seconds"
    return {
        "dlt-bridge/README.md": [f"`add_limit` counts pages of {number(_OBJECTS_AT_ONCE)} rows"],
        "docs/completeness.md": [
            f"When less than {half} of the rows of the last complete run come"
        ],
        "docs/errors.md": [
            f"in lines of at most {WIDTH} columns",
            f"it says within {spelt(FIRST)} seconds where it is",
            f"complete, and less than {half} of the rows of the last time",
        ],
        "docs/guides/many-machines.md": [
            f"the limit: {asked} requests a minute is {round(1000 / 60)} a second",
            f"the limit, where there is one ({allowed} a minute by default)",
        ],
        "docs/guides/schedule.md": [
            f"An outage of a minute or {spelt(TWO_MINUTES / 60)} is waited for by the tap itself"
        ],
        "docs/personal-data.md": [
            f"a hash of {DIGITS} digits, made with `personal_data_key`",
            f"`personal_data_key` is a secret text of {MIN_KEY} characters or more",
        ],
        "docs/troubleshooting.md": [f"or less than {half} of the rows came"],
        "docs/tuning.md": [
            f"{TWO_MINUTES:.0f} seconds are waited by default",
            f"the vendor allows {asked} requests a minute",
            f"For Cachet 3 it is {allowed}",
        ],
        "singer-rest/README.md": [f"STATE at most {a_second}"],
        "tap-cachet/README.md": [
            f"at most {a_minute}",
            f"at most {PLANNED_PAGES} pages of it",
            f"goes back {spelt(default(cachet, 'metric_points_lookback_minutes') / 60)} hours",
        ],
        "tap-cinchy/README.md": [
            f"five requests for up to {tables} tables and {columns} columns, and a run",
            f"and one more for each further {tables} tables or {columns} columns",
            f"with up to {number(TAIL)} ids before it",
            f"by `lookback_minutes` ({spelt(back)} hours) and {spelt(hours(CLOCK_CHANGE))} hour",
            f"goes back by {hours(WIDEST):.0f} hours more",
            f"than `resume_max_age` ({spelt(default(cinchy, 'resume_max_age'))} days)",
            f"`page_size` rows ({number(default(cinchy, 'page_size'))}), and",
            f"and `concurrency` ({default(cinchy, 'concurrency')}) of them are under way",
            f"(`requests_per_minute` is {default(cinchy, 'requests_per_minute')}:",
        ],
        "tap-cortex/README.md": [
            f"`page_size` is {default(cortex, 'page_size')} unless you set it",
            f"two passes bring the same keys, {spelt(MAX_PASSES)} at most",
            f"{spelt(default(cortex, 'concurrency'))} requests at a time within",
            f"within one budget of {default(cortex, 'requests_per_minute')} a minute",
            f"`wide_lookback_days` ({default(cortex, 'wide_lookback_days')})",
            f"from `start_date` ({spelt(DEFAULT_PAST.days / 365)} years ago",
            f"in windows of {WINDOW.days} days",
        ],
    }


NOT_OURS = {
    "docs/guides/kubernetes.md": ("starts another pod, three times at most",),
    "docs/guides/schedule.md": (
        "Meltano refuses a second run of the same state, and two loads",
        "run at least once a day",
    ),
    "singer-rest/README.md": ("instants are RFC 3339",),
    "tap-cachet/README.md": ("moved `updated_at` to 09:58:41",),
    "tap-cinchy/README.md": ("Before 5.5, or for an account",),
    "tap-cortex/README.md": ("a read-only key and about 20 requests, plus one per 500 entities",),
}
"""What is no default and no limit of ours: Kubernetes' and Meltano's, versions, times, counts."""

GENERATED = (
    re.compile(r"<!-- (\w+): (?:written|compared).*?<!-- end of \1 -->", re.DOTALL),
    re.compile(r"<!-- (\w+): begin -->.*?<!-- \1: end -->", re.DOTALL),
)
BY_ANOTHER = re.compile(r"docs/tap-|bench/|sandbox/|hub/|analytics/|CONTRIBUTING|.*CHANGELOG")
"""Generated, measured by a command, or of no setting and no limit that a user has."""
NUMBER = re.compile(
    r"(?<![\w.`/-])(?:\d[\d ]*(?:\.\d+)?|two|three|four|five|six|seven|eight|nine|ten|half|once a)"
    r"(?![\w./`])"
)
LIMIT = re.compile(
    r"by default|at most|at least|up to|no more than|\blimit\b|within|unless you set|less than"
)


def pages() -> list[Path]:
    return [path for path in tracked("*.md") if not BY_ANOTHER.match(name_of(path))]


def by_hand(path: Path) -> str:
    """Return what a person wrote of a page, on one line a paragraph."""
    text = prose(path)
    for part in GENERATED:
        text = part.sub("", text)
    return text


def statements(path: Path) -> list[str]:
    """Return the sentences that state a default or a limit."""
    names = {f"`{name}`" for tap in TAPS.values() for name in tap}
    names |= {f"`{name}`" for name in TARGET["properties"]}
    parts = re.split(r"(?<=[.;:])\s+|\n\n|\n(?=[|*-])|\|", by_hand(path))
    sentences = (" ".join(part.split()) for part in parts)
    return [
        sentence
        for sentence in sentences
        if NUMBER.search(sentence)
        and (LIMIT.search(sentence) or any(name in sentence for name in names))
    ]


@pytest.mark.parametrize("path", pages(), ids=name_of)
def test_no_default_or_limit_is_stated_uncovered(path: Path) -> None:
    covered = [*stated().get(name_of(path), ()), *NOT_OURS.get(name_of(path), ())]
    bare = [
        sentence
        for sentence in statements(path)
        if not any(words in sentence or sentence in words for words in covered)
    ]
    assert bare == []


@pytest.mark.parametrize("name", stated())
def test_what_is_stated_is_so(name: str) -> None:
    [path] = [path for path in pages() if name_of(path) == name]
    text = " ".join(by_hand(path).split())
    missing = [words for words in stated()[name] if words.strip() not in text]
    assert missing == []
