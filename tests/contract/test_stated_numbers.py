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
from singer_rest.http.freshness import OLDEST
from singer_rest.records.personal import DIGITS, MIN_KEY
from singer_rest.run.credential_proof import INTERVAL
from singer_rest.run.progress import FIRST
from singer_rest.run.reader import SHRUNK_BELOW
from singer_rest.run.receipts import MAX_BOOKMARK
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
            f"When less than {half} of the rows of the last complete run come",
            f"complete, and less than {half} of the rows of the last time",
            f"whether the key is still good, at most {a_minute} and at the end",
        ],
        "docs/errors.md": [
            f"in lines of at most {WIDTH} columns",
            f"it says within {spelt(FIRST)} seconds where it is",
            f"more than {spelt(OLDEST / 60)} minutes old by its `Age`",
        ],
        "docs/guides/many-machines.md": [
            f"{asked} requests a minute is {round(1000 / 60)} a second, which one process",
            f"the limit, where there is one ({allowed} a minute by default)",
        ],
        "docs/guides/schedule.md": [
            f"An outage of a minute or {spelt(TWO_MINUTES / 60)} is waited for by the tap itself"
        ],
        "docs/receipts.md": [f"longer than {MAX_BOOKMARK / 1000:.0f} kB, as"],
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
            f"windows of {WINDOW.days} days, by the `time_attribute`",
            f"With {number(default(cortex, 'page_size'))} rows a page that is most of them",
            f"two passes bring the same keys, {spelt(MAX_PASSES)} at most",
            f"{spelt(default(cortex, 'concurrency'))} requests at a time within",
            f"within one budget of {default(cortex, 'requests_per_minute')} a minute",
            f"`wide_lookback_days` ({default(cortex, 'wide_lookback_days')})",
            f"from `start_date` ({spelt(DEFAULT_PAST.days / 365)} years ago",
            f"in windows of {WINDOW.days} days",
        ],
    }


NOT_OURS = {
    "dlt-bridge/README.md": (
        "go beyond 64 bits",
        "3 000 texts of 112 kB took 760 MB",
        "They took 500 MB with",
        '"128MB"}',
        "outside of the years 1 to 9999",
        "needs a `pipeline_name` or a `pipelines_dir` of its own",
    ),
    "docs/completeness.md": (
        "takes 40 requests",  # tests/readme/test_completeness.py
        "`confirm_complete` asks for two passes",
    ),
    "docs/guides/kubernetes.md": ("starts another pod, three times at most",),
    "docs/guides/library.md": ("a 404 for an order",),
    "docs/guides/many-machines.md": ("half a minute for Spark", "so a million"),
    "docs/guides/targets.md": ("first 63 bytes",),
    "docs/receipts.md": ("8 to 16 bytes",),
    "docs/guides/schedule.md": (
        "Meltano refuses a second run of the same state, and two loads",
        "it refuses the same run for five minutes",
        "run at least once a day",
    ),
    "docs/troubleshooting.md": ("wait five minutes, or `meltano run --force`",),
    "docs/tuning.md": ("`confirm_complete` reads lists twice",),
    "docs/versions.md": ("Before 1.0",),
    "singer-rest/README.md": ("instants are RFC 3339", "two passes with the same keys"),
    "tap-cachet/README.md": (
        "moved `updated_at` to 09:58:41",
        "writes a component only once a page",
    ),
    "tap-cinchy/README.md": (
        "Before 5.5, or for an account",
        "lock the account for 15 minutes",
        "hours = rows / page_size",
        "first 63 bytes",
    ),
    "tap-cortex/README.md": (
        "with 120 entities and 20 scorecards it takes 40",
        "of the last two, from `eng_intel_lookback_days`",
    ),
}
"""What is no default and no limit of ours: Kubernetes' and Meltano's, versions, times, counts; or
is measured by a test."""

GENERATED = (
    re.compile(r"<!-- (\w+): (?:written|compared).*?<!-- end of \1 -->", re.DOTALL),
    re.compile(r"<!-- (\w+): begin -->.*?<!-- \1: end -->", re.DOTALL),
)
BY_ANOTHER = re.compile(r"docs/tap-|bench/|sandbox/|hub/|analytics/|CONTRIBUTING|.*CHANGELOG")
"""Generated, measured by a command, of no setting and no limit that a user has, or compared in
test_stated_defaults.py."""
SPELT_OUT = (
    "two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|forty|fifty|"
    "sixty|ninety|hundred|thousand|million|dozen|half|quarter|tenth|twice"
)
"""Without "one", which is an article in most sentences."""
NUMBER = re.compile(
    rf"(?<![\w.`/-])`?(?:\d[\d ]*(?:[.,]\d+)?|once an?\b|(?:{SPELT_OUT})\b)"
    r"(?:\s?(?:s|ms|min|h|kB|MB|GB)\b|\s?%)?`?(?![\w/`]|[.,]\w)",
    re.IGNORECASE,
)
DATE = re.compile(
    r"\b(?:January|February|March|April|May|June|July|August|September|October|"
    r"November|December) \d{4}"
)
LONE = re.compile(r"\| `[a-z_]+` \| `?\d[\d ]*`? \|")
"""The row of a table that begins with a setting and a number."""
LIMIT = re.compile(
    r"\b(?:defaults?|at most|at least|up to|no more than|limit|within|unless|less than|more than|"
    r"seconds|minutes?|hours?|days?|[kMG]B|megabytes?|bytes|a page|times|ceiling|maximum|minimum|"
    r"largest|tries|retries)\b|\d\s?(?:s|ms|min|h|[kMG]B)\b",
    re.IGNORECASE,
)


def pages() -> list[Path]:
    return [path for path in tracked("*.md") if not BY_ANOTHER.match(name_of(path))]


def by_hand(path: Path) -> str:
    """Return what a person wrote of a page, on one line a paragraph."""
    text = prose(path)
    for part in GENERATED:
        text = part.sub("", text)
    return text


def statements(text: str) -> list[str]:
    """Return the sentences that state a default or a limit."""
    names = {f"`{name}`" for tap in TAPS.values() for name in tap}
    names |= {f"`{name}`" for name in TARGET["properties"]}
    text = DATE.sub("then", text)
    parts = re.split(r"(?<=[.;:])\s+|\n\n|\n(?=[|*-])|\|", text)
    sentences = [" ".join(part.split()) for part in parts]
    sentences += [row for row in re.findall(r"^\|.+", text, re.MULTILINE) if LONE.match(row)]
    return [
        sentence
        for sentence in sentences
        if NUMBER.search(sentence)
        and (LIMIT.search(sentence) or any(name in sentence for name in names))
    ]


@pytest.mark.parametrize(
    "lie",
    [
        "The default of `page_size` is 500.",
        "It is 500 by default.",
        "`page_size` is `500`.",
        "Answers may take 300s, and no longer; that is the default.",
        "By default twenty requests are under way.",
        "A request that failed is repeated a dozen times.",
        "An answer may have up to 64MB.",
        "The tap never waits longer than an answer of two minutes.",
        "Names are cut at 63 bytes.",
        "`max_wait`: a quarter of an hour.",
        "At most 50 % of the rows may go.",
        "The key is proved twice a minute.",
        "| `concurrency` | 12 |",
    ],
)
def test_a_number_that_nobody_holds_against_the_code_is_seen(lie: str) -> None:
    assert statements(lie)


@pytest.mark.parametrize(
    "words",
    ["one request per stream", "Cachet 2.3 to 3.x", "see [errors](errors.md)", "no limit is set"],
)
def test_what_states_no_number_is_let_pass(words: str) -> None:
    assert statements(words) == []


@pytest.mark.parametrize("path", pages(), ids=name_of)
def test_no_default_or_limit_is_stated_uncovered(path: Path) -> None:
    covered = [*stated().get(name_of(path), ()), *NOT_OURS.get(name_of(path), ())]
    bare = [
        sentence
        for sentence in statements(by_hand(path))
        if not any(words in sentence or sentence in words for words in covered)
    ]
    assert bare == []


@pytest.mark.parametrize("name", stated())
def test_what_is_stated_is_so(name: str) -> None:
    [path] = [path for path in pages() if name_of(path) == name]
    text = " ".join(by_hand(path).split())
    missing = [words for words in stated()[name] if words.strip() not in text]
    assert missing == []
