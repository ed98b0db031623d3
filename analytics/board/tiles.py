"""The numbers at the top of the page."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import TYPE_CHECKING

from board.words import count, duration, moment, percent, plural, points

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from board.database import Database

RECENT_DAYS = 30
MEDIAN = "percentile_cont(0.5) within group (order by {column})"


@dataclasses.dataclass(frozen=True)
class Tile:
    """One number, what it is, and what to hold it against."""

    label: str
    value: str
    note: str
    tone: str = "plain"
    """good, bad or plain; never the only sign of it."""


def status_page(database: Database) -> Iterator[Tile]:
    """Say how the status page stands."""
    now = database.row(
        "select count(case when is_open then 1 end) as number, count(*) as incidents, "
        "max(seconds_open) as longest from {marts}.fct_incidents"
    )
    is_open = now["number"]
    yield Tile(
        "Open now",
        plural(is_open, "incident"),
        f"the oldest for {duration(now['longest'])}"
        if is_open
        else f"of {count(now['incidents'])} on record",
        "bad" if is_open else "good",
    )
    yield _time_to_fix(database)
    yield _uptime(database)


def _time_to_fix(database: Database) -> Tile:
    found = database.row(
        f"""
        select
            {MEDIAN.format(column="case when is_recent then seconds_to_fix end")} as recent,
            {MEDIAN.format(column="case when not is_recent then seconds_to_fix end")} as before,
            count(case when is_recent then seconds_to_fix end) as fixed
        from (
            select seconds_to_fix,
                resolved_at > known_until - interval '{RECENT_DAYS} days' as is_recent
            from {{marts}}.fct_incidents
            where resolved_at > known_until - interval '{2 * RECENT_DAYS} days'
        ) as incidents
        """  # noqa: S608  # constants of this module
    )
    before = "" if found["before"] is None else f", {duration(found['before'])} before"
    note = f"median of {plural(found['fixed'], 'incident')} fixed in {RECENT_DAYS} days{before}"
    value = duration(found["recent"]) if found["fixed"] else "nothing to fix"
    return Tile("Time to fix", value, note)


def _uptime(database: Database) -> Tile:
    months = database.rows(
        """
        select months.date_month as month,
            sum(months.uptime * judged) / sum(case when months.uptime is not null then judged end)
                as uptime
        from (
            select date_month, uptime, component_id,
                observed_seconds - maintenance_seconds - unknown_seconds as judged
            from {marts}.fct_component_uptime_monthly
        ) as months
        inner join {marts}.dim_components as components
            on components.component_id = months.component_id and components.is_enabled
        group by 1
        order by 1 desc
        limit 2
        """
    )
    if not months:
        return Tile("Uptime this month", "not known", "no component was loaded")
    name = f"{dt.date.fromisoformat(months[0]['month']):%B}"
    if len(months) == 1 or months[1]["uptime"] is None or months[0]["uptime"] is None:
        return Tile(f"Uptime in {name}", percent(months[0]["uptime"]), "mean of all components")
    change = months[0]["uptime"] - months[1]["uptime"]
    return Tile(
        f"Uptime in {name}",
        percent(months[0]["uptime"]),
        f"{points(change)} against the month before ({percent(months[1]['uptime'])})",
        "bad" if change < 0 else "good",
    )


def portal(database: Database) -> Iterator[Tile]:
    """Say how the developer portal stands."""
    entities = database.row(
        "select count(*) as number, count(case when is_owned then 1 end) as owned "
        "from {marts}.dim_entities where not is_archived"
    )
    share = entities["owned"] / entities["number"] if entities["number"] else None
    yield Tile(
        "Entities with owner",
        percent(share, 0),
        f"{count(entities['owned'])} of {count(entities['number'])}",
    )
    scores = database.row(
        f"select {MEDIAN.format(column='score')} as score, count(*) as number, "  # noqa: S608
        "count(distinct scorecard_tag) as cards, count(case when has_fallen then 1 end) as fallen "
        "from {marts}.fct_scorecard_scores_daily where is_latest"
    )
    yield Tile(
        "Median score",
        percent(scores["score"], 0),
        f"{count(scores['number'])} scores in {plural(scores['cards'], 'scorecard')}, "
        f"{count(scores['fallen'])} fell",
    )
    rules = database.row(
        "select count(*) as number, count(case when failing > 0 then 1 end) as failing, "
        "sum(failing) as results from {marts}.agg_rule_failures"
    )
    yield Tile(
        "Rules failing",
        f"{count(rules['failing'])} of {count(rules['number'])}",
        f"{count(rules['results'])} results are not passed",
        "bad" if rules["failing"] else "good",
    )


def platform(database: Database) -> Iterator[Tile]:
    """Say how the data platform stands."""
    found = database.row(
        "select count(*) as number, count(distinct domain_name) as domains "
        "from {marts}.dim_tables where not is_system"
    )
    yield Tile("Tables", count(found["number"]), f"in {plural(found['domains'], 'domain')}")
    rows = database.row(
        "select sum(rows_alive) as number, count(*) as tables, sum(rows_created) as fresh "
        "from {marts}.fct_table_rows_daily where is_latest"
    )
    yield Tile("Rows", count(rows["number"]), f"in the {plural(rows['tables'], 'loaded table')}")
    runs = database.row(
        "select count(*) as number, count(case when has_failed then 1 end) as failed "
        "from {marts}.fct_executions"
    )
    yield Tile(
        "Failed executions",
        count(runs["failed"]),
        f"of {count(runs['number'])} on record",
        "bad" if runs["failed"] else "good",
    )


def completeness(database: Database) -> Iterator[Tile]:
    """Say what is proved."""
    found = database.row(
        "select count(*) as number, count(case when is_proved then 1 end) as proved, "
        "count(case when is_fine then 1 end) as fine, max(finished_at) as finished "
        "from {marts}.fct_loads where is_latest and verdict <> 'skipped'"
    )
    if not found["number"]:
        yield Tile("Read completely", "not known", "no receipts were loaded")
        return
    yield Tile(
        "Read completely",
        f"{count(found['proved'])} of {plural(found['number'], 'stream')}",
        f"at {moment(found['finished'])}",
        "good" if found["proved"] == found["number"] else "bad",
    )


TILES: tuple[tuple[str, tuple[str, ...], Callable[[Database], Iterator[Tile]]], ...] = (
    ("Proofs", ("fct_loads",), completeness),
    ("Status page", ("fct_incidents", "fct_component_uptime_monthly"), status_page),
    ("Developer portal", ("dim_entities", "agg_rule_failures"), portal),
    ("Data platform", ("dim_tables", "fct_executions", "fct_table_rows_daily"), platform),
)
"""Chapter, the marts that have to exist, and what makes the tiles."""
