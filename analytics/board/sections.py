"""What the page shows below its tiles: a finding as title, a chart, or why there is none."""

from __future__ import annotations

import dataclasses
import itertools
from typing import TYPE_CHECKING, Any

from board import charts
from board.words import count, percent, plural, shortened

if TYPE_CHECKING:
    from collections.abc import Callable

    from board.database import Database, Row

MAX_NAMES = 25
"""More names than that make an axis nobody reads; the worst ones are shown, and it is said."""
MAX_FALLEN = 12

BAR_DAYS = 90


@dataclasses.dataclass(frozen=True)
class Section:
    """One part of the page."""

    key: str
    title: str
    """What is seen, as a sentence."""
    note: str
    """What exactly is drawn, and what is left out."""
    chart: Any = None
    """An Altair chart, or nothing."""
    why_empty: str = ""


def uptime(database: Database) -> Section:
    """Show every component's last 90 days."""
    key, note = "uptime", f"A bar is one day of the last {BAR_DAYS}; maintenance does not count."
    rows = database.rows(
        f"""
        with last as (select max(date_day) as day from {{marts}}.fct_component_uptime_daily)
        select
            components.component_name as component,
            components.component_id,
            days.date_day as day,
            days.uptime,
            days.incidents,
            days.observed_seconds - days.maintenance_seconds - days.unknown_seconds as judged,
            case
                when days.uptime is null then 'maintenance'
                when days.uptime >= 1 then '100 %'
                when days.uptime >= 0.999 then '99.9 % or more'
                when days.uptime >= 0.99 then '99 % or more'
                else 'below 99 %'
            end as grade
        from {{marts}}.fct_component_uptime_daily as days
        inner join {{marts}}.dim_components as components
            on components.component_id = days.component_id
        cross join last
        where days.date_day > last.day - interval '{BAR_DAYS} days' and components.is_enabled
        order by days.date_day
        """  # noqa: S608  # numbers of this module
    )
    if not rows:
        why = "No component of a status page was loaded, so there is no uptime to show."
        return Section(key, "No components yet", note, why_empty=why)
    mean = _mean_uptime(rows)
    worst = sorted(mean, key=lambda one: (mean[one], one))
    names = {row["component_id"]: row["component"] for row in rows}
    kept = worst[:MAX_NAMES]
    labels = _distinct({one: names[one] for one in kept})
    shown = [
        {**row, "component": labels[row["component_id"]]}
        for one in kept
        for row in rows
        if row["component_id"] == one
    ]
    hit = sum(1 for one in mean if mean[one] < 1)
    title = (
        f"{plural(hit, 'component')} of {count(len(mean))} had an outage in {BAR_DAYS} days; "
        f"{shortened(names[worst[0]])} was up least: {percent(mean[worst[0]], 3)}"
        if hit
        else f"No component had an outage in {BAR_DAYS} days"
    )
    if len(mean) > MAX_NAMES:
        note += f" The {MAX_NAMES} components with least uptime are shown."
    return Section(key, title, note, charts.uptime_bars(shown))


def _mean_uptime(rows: list[Row]) -> dict[int, float]:
    """Return uptime over all days by component, weighted with the seconds judged."""
    up: dict[int, float] = {}
    judged: dict[int, float] = {}
    for row in rows:
        seconds = row["judged"] if row["uptime"] is not None else 0
        judged[row["component_id"]] = judged.get(row["component_id"], 0) + seconds
        up[row["component_id"]] = up.get(row["component_id"], 0) + seconds * (row["uptime"] or 0)
    return {one: up[one] / judged[one] if judged[one] else 1.0 for one in up}


def _distinct(names: dict[Any, str]) -> dict[Any, str]:
    """Return names that can stand on one axis: equal ones get their key behind them."""
    seen = list(names.values())
    return {
        key: f"{name or key} ({key})" if not name or seen.count(name) > 1 else name
        for key, name in names.items()
    }


def team_scores(database: Database) -> Section:
    """Show team by scorecard."""
    key, note = "teams", "Mean score of the entities a team owns, in per cent, newest snapshot."
    rows = database.rows(
        """
        select team_tag, team_name as team, scorecard_tag, scorecard_name as scorecard,
            mean_score as score, entities, cast(round(100 * mean_score) as integer) as label
        from {marts}.fct_team_scores_daily
        where is_latest and mean_score is not null
        order by 1, 3
        """
    )
    if not rows:
        why = "No scores of entities with an owning team were loaded (scorecard_scores_daily)."
        return Section(key, "No team scores yet", note, why_empty=why)
    teams = _distinct({row["team_tag"]: row["team"] for row in rows})
    cards = _distinct({row["scorecard_tag"]: row["scorecard"] for row in rows})
    for row in rows:
        row["team"], row["scorecard"] = teams[row["team_tag"]], cards[row["scorecard_tag"]]
    low = min(rows, key=lambda row: (row["score"], row["team"], row["scorecard"]))
    title = (
        f"{shortened(low['team'])} scores lowest: {percent(low['score'], 0)} in "
        f"{shortened(low['scorecard'])}"
    )
    lowest: dict[str, float] = {}
    for row in rows:
        lowest[row["team"]] = min(row["score"], lowest.get(row["team"], 1))
    if len(lowest) > MAX_NAMES:
        kept = set(sorted(lowest, key=lambda team: lowest[team])[:MAX_NAMES])
        rows = [row for row in rows if row["team"] in kept]
        note += f" The {MAX_NAMES} teams with the lowest scores are shown."
    return Section(key, title, note, charts.team_heat_map(rows))


def fallen_scores(database: Database) -> Section:
    """Show what fell since the snapshot before."""
    key, note = "fallen", "From the snapshot before (ring) to the newest one (dot)."
    rows = database.rows(
        """
        select entity_name, scorecard_name, score_before as before, score as now
        from {marts}.fct_scorecard_scores_daily
        where is_latest and has_fallen
        order by score - score_before, entity_name, scorecard_name
        """
    )
    if not rows:
        known = database.row(
            "select count(distinct snapshot_date) as days from {marts}.fct_scorecard_scores_daily"
        )
        why = (
            "No score is below that of the snapshot before."
            if known.get("days", 0) > 1
            else "Scores can fall only between two snapshots, and there are not two yet: one is "
            "kept for every day on which scorecard_scores_daily is read."
        )
        return Section(key, "No score fell", note, why_empty=why)
    names = _distinct(
        {
            place: f"{shortened(row['entity_name'], 24)} in {shortened(row['scorecard_name'], 20)}"
            for place, row in enumerate(rows[:MAX_FALLEN])
        }
    )
    shown = [{**row, "name": names[place]} for place, row in enumerate(rows[:MAX_FALLEN])]
    first = rows[0]
    title = (
        f"{plural(len(rows), 'score')} fell; {shortened(first['entity_name'])} most, from "
        f"{percent(first['before'], 0)} to {percent(first['now'], 0)} in "
        f"{shortened(first['scorecard_name'])}"
    )
    if len(rows) > MAX_FALLEN:
        note += f" The {MAX_FALLEN} that fell most are shown."
    return Section(key, title, note, charts.fallen_scores(shown))


def unowned(database: Database) -> Section:
    """Show what nobody owns."""
    key, note = "unowned", "Entities with neither team nor person as owner; archived ones left out."
    rows = database.rows(
        """
        select entity_type as name, count(*) as entities,
            count(case when not is_owned then 1 end) as number
        from {marts}.dim_entities
        where not is_archived
        group by 1
        order by 3 desc, 1
        """
    )
    total, without = sum(row["entities"] for row in rows), sum(row["number"] for row in rows)
    if not without:
        why = "Every entity has an owner." if total else "No entities were loaded."
        return Section(key, "Nothing is without an owner", note, why_empty=why)
    shown = [
        {**row, "label": f"{row['number']} of {row['entities']}"} for row in rows if row["number"]
    ]
    title = (
        f"{plural(without, 'entity', 'entities')} of {count(total)} have no owner, most of them "
        f"of type {shown[0]['name']}"
    )
    return Section(key, title, note, charts.named_bars(shown[:MAX_NAMES], "entities without owner"))


def deploys(database: Database) -> Section:
    """Show how often there is a deploy."""
    key, note = "deploys", "Deploys of all entities, by kind; the running week is not over."
    rows = database.rows(
        """
        select week_start as day, cast(week_start + interval '7 days' as date) as until,
            deploy_type as kind, sum(deploys) as deploys, is_running_week
        from {marts}.fct_deploys_weekly
        where week_start > (select max(week_start) from {marts}.fct_deploys_weekly)
            - interval '53 weeks'
        group by 1, 2, 3, 5
        order by 1, 3
        """
    )
    if not rows:
        why = (
            "No deploys were loaded: the stream deploys costs a request for every entity, and is "
            "read only if the setting opt_in_streams names it."
        )
        return Section(key, "No deploys yet", note, why_empty=why)
    weeks: dict[str, float] = {}
    for row in rows:
        if not row["is_running_week"]:
            weeks[row["day"]] = weeks.get(row["day"], 0) + row["deploys"]
    recent = sorted(weeks)[-4:]
    mean = sum(weeks[week] for week in recent) / len(recent) if recent else 0
    title = f"{mean:.1f}\u00a0deploys a week over the last {len(recent)} full weeks"
    return Section(key, title, note, charts.deploys_per_week(rows))


def tables(database: Database) -> Section:
    """Show where the tables are."""
    key, note = "tables", "Tables the account may see, by domain; the platform's own left out."
    rows = database.rows(
        """
        select domain_name as name, count(*) as number, sum(columns) as columns
        from {marts}.dim_tables
        where not is_system
        group by 1
        order by 2 desc, 1
        """
    )
    if not rows:
        return Section(key, "No tables yet", note, why_empty="No tables of a platform were loaded.")
    shown = [
        {**row, "label": f"{row['number']} tables with {count(row['columns'])} columns"}
        for row in rows
    ]
    title = (
        f"{plural(sum(row['number'] for row in rows), 'table')} in {plural(len(rows), 'domain')}; "
        f"{shortened(rows[0]['name'])} has most"
    )
    return Section(key, title, note, charts.named_bars(shown[:MAX_NAMES], "tables"))


def links(database: Database) -> Section:
    """Show what links to what."""
    key, note = "links", "Columns that link one domain's tables to another's, or to its own."
    rows = database.rows(
        """
        select from_domain as origin, to_domain as target, from_table, column_name, to_table,
            is_between_domains
        from {marts}.fct_table_links
        where not touches_system
        order by 1, 2, 3, 4
        """
    )
    if not rows:
        return Section(key, "No links yet", note, why_empty="No table links to another.")
    shown = []
    for (origin, target), group in itertools.groupby(
        rows, key=lambda row: (row["origin"], row["target"])
    ):
        found = list(group)
        names = ", ".join(f"{row['from_table']}.{row['column_name']}" for row in found[:4])
        more = "" if len(found) <= 4 else f" and {len(found) - 4} more"  # noqa: PLR2004
        cell = {"origin": origin or "?", "target": target or "?", "links": len(found)}
        shown.append({**cell, "columns": names + more})
    across = sum(1 for row in rows if row["is_between_domains"])
    targets: dict[str, int] = {}
    for row in rows:
        targets[row["to_table"]] = targets.get(row["to_table"], 0) + 1
    most = max(sorted(targets), key=lambda one: targets[one])
    title = (
        f"{plural(len(rows), 'link')}, {count(across)} of them between domains; "
        f"{shortened(most)} is linked to most"
    )
    return Section(key, title, note, charts.links(shown))


def proofs(database: Database) -> Section:
    """Show what was proved of every stream, day by day."""
    key = "proofs"
    note = (
        f"The last run of every day, {charts.PROOF_DAYS} days back. Only green was proved complete."
    )
    rows = database.rows(
        f"""
        select
            tap_name, stream_name, load_date as day, verdict, proof, reason, rows_written as rows,
            source_system
        from (
            select *, row_number() over (
                partition by tap_name, source_system, stream_name, load_date
                order by started_at desc, run_id desc
            ) as age
            from {{marts}}.fct_loads
            where load_date > (select max(load_date) from {{marts}}.fct_loads)
                - interval '{charts.PROOF_DAYS} days'
        ) as runs
        where age = 1
        order by tap_name, stream_name, load_date
        """  # noqa: S608  # a number of this module
    )
    if not rows:
        why = (
            "No receipts were loaded (table singer_receipts), so it cannot be said which stream "
            "was read completely. The taps write them since they prove completeness; load once "
            "more with a tap of that version."
        )
        return Section(key, "Nothing is proved yet", note, why_empty=why)
    last = max(row["day"] for row in rows)
    newest: dict[tuple[str, str, str], Row] = {}
    for row in rows:
        row["stream"] = f"{row['tap_name'].removeprefix('tap-')} · {row['stream_name']}"
        newest[row["tap_name"], row["source_system"], row["stream_name"]] = row
    proved = sum(1 for row in newest.values() if row["verdict"] == "complete")
    others = sorted({row["stream"] for row in newest.values() if row["verdict"] != "complete"})
    title = f"{count(proved)} of {plural(len(newest), 'stream')} proved complete by {last}"
    if others:
        title += f"; not {shortened(', '.join(others), 60)}"
    return Section(key, title, note, charts.proofs(rows))


SECTIONS: tuple[tuple[str, str, Callable[[Database], Section]], ...] = (
    ("Status page", "fct_component_uptime_daily", uptime),
    ("Developer portal", "fct_team_scores_daily", team_scores),
    ("Developer portal", "fct_scorecard_scores_daily", fallen_scores),
    ("Developer portal", "dim_entities", unowned),
    ("Developer portal", "fct_deploys_weekly", deploys),
    ("Data platform", "dim_tables", tables),
    ("Data platform", "fct_table_links", links),
    ("Proofs", "fct_loads", proofs),
)
"""Chapter, the mart that has to exist, and what makes the section."""
