"""Every number of the marts equals what the worlds say, to the second and to the row."""

from __future__ import annotations

import datetime as dt
import itertools
import re
import subprocess
from pathlib import Path

import pytest

from analytics import truth
from analytics.loading import DBT, PACKAGE, ROOT, Warehouse

pytestmark = [pytest.mark.integration, pytest.mark.timeout(1800)]
"""The first test waits until three systems are loaded and dbt has built everything."""

STATES = (
    "operational",
    "performance_issues",
    "partial_outage",
    "major_outage",
    "unknown",
    "maintenance",
)


def cachet(warehouse: Warehouse) -> truth.CachetTruth:
    return truth.CachetTruth(warehouse.worlds.cachet, warehouse.worlds.cachet_options)


def test_uptime_of_every_component_and_month(warehouse: Warehouse) -> None:
    columns = ", ".join(f"{state}_seconds" for state in STATES)
    rows = warehouse.ask(
        f"select component_id, date_month, {columns} from analytics.fct_component_uptime_monthly"
    )
    found = {(row[0], row[1]): dict(zip(STATES, row[2:], strict=True)) for row in rows}
    expected = cachet(warehouse).uptime_by_month()
    assert len(expected) > 500
    assert found == expected


def test_uptime_is_the_share_without_an_outage(warehouse: Warehouse) -> None:
    rows = warehouse.ask(
        "select component_id, date_month, uptime from analytics.fct_component_uptime_monthly"
    )
    found = {(row[0], row[1]): row[2] for row in rows}
    for key, seconds in cachet(warehouse).uptime_by_month().items():
        judged = sum(seconds.values()) - seconds["maintenance"] - seconds["unknown"]
        down = seconds["partial_outage"] + seconds["major_outage"]
        expected = 1 - down / judged if judged else None
        assert found[key] == expected or abs(found[key] - expected) < 1e-12, key


def test_days_add_up_to_months(warehouse: Warehouse) -> None:
    assert warehouse.ask(
        "select sum(observed_seconds), sum(major_outage_seconds) "
        "from analytics.fct_component_uptime_daily"
    ) == warehouse.ask(
        "select sum(observed_seconds), sum(major_outage_seconds) "
        "from analytics.fct_component_uptime_monthly"
    )


def test_times_to_fix_and_to_acknowledge(warehouse: Warehouse) -> None:
    expected = cachet(warehouse)
    fixed = warehouse.ask(
        "select incident_id, seconds_to_fix from analytics.fct_incidents "
        "where seconds_to_fix is not null"
    )
    assert dict(fixed) == expected.seconds_to_fix()
    answered = warehouse.ask(
        "select incident_id, seconds_to_acknowledge from analytics.fct_incidents "
        "where seconds_to_acknowledge is not null"
    )
    assert dict(answered) == expected.seconds_to_acknowledge()
    still_open = warehouse.ask("select incident_id from analytics.fct_incidents where is_open")
    assert {row[0] for row in still_open} == expected.open_incidents()


def test_failing_rules(warehouse: Warehouse) -> None:
    rows = warehouse.ask(
        "select scorecard_tag, rule_key, entities, failing from analytics.agg_rule_failures"
    )
    found = {(row[0], row[1]): (row[2], row[3]) for row in rows}
    assert found == truth.cortex_failing_rules(warehouse.worlds.cortex)


def test_rule_results_of_the_day(warehouse: Warehouse) -> None:
    rows = warehouse.ask(
        "select scorecard_tag, rule_key, count(*), count(case when is_failed then 1 end) "
        "from analytics.fct_rule_results_daily "
        "where snapshot_date = (select max(snapshot_date) from analytics.fct_rule_results_daily) "
        "group by 1, 2"
    )
    found = {(row[0], row[1]): (row[2], row[3]) for row in rows}
    assert found == truth.cortex_failing_rules(warehouse.worlds.cortex)


def test_deploys_per_week(warehouse: Warehouse) -> None:
    rows = warehouse.ask(
        "select week_start, sum(deploys) from analytics.fct_deploys_weekly group by 1"
    )
    found = {week: int(deploys) for week, deploys in rows}
    expected = truth.cortex_deploys_by_week(warehouse.worlds.cortex)
    assert {week: count for week, count in found.items() if count} == expected
    weeks = sorted(found)
    assert all(after - week == dt.timedelta(days=7) for week, after in itertools.pairwise(weeks))


def test_entities_without_an_owner(warehouse: Warehouse) -> None:
    rows = warehouse.ask("select entity_id from analytics.dim_entities where not is_owned")
    assert {row[0] for row in rows} == truth.cortex_unowned(warehouse.worlds.cortex)
    days = warehouse.ask("select entity_id from analytics.fct_ownership_daily where not is_owned")
    assert sorted(days) == sorted(rows)


def test_links_between_tables(warehouse: Warehouse) -> None:
    rows = warehouse.ask("select from_table, column_name, to_table from analytics.fct_table_links")
    found = {(row[0], row[1]): row[2] for row in rows}
    assert len(found) == len(rows)
    assert found == truth.cinchy_links(warehouse.worlds.cinchy)


def test_rows_of_every_loaded_table(warehouse: Warehouse) -> None:
    rows = warehouse.ask(
        "select table_full_name, rows_alive from analytics.fct_table_rows_daily where is_latest"
    )
    assert dict(rows) == truth.cinchy_rows_alive(warehouse.worlds.cinchy)


def test_every_column_is_documented(warehouse: Warehouse) -> None:
    stored: dict[str, set[str]] = {}
    for table, column in warehouse.ask(
        "select table_name, column_name from information_schema.columns "
        "where table_schema = 'analytics'"
    ):
        stored.setdefault(table, set()).add(column)
    models = [
        node for node in warehouse.manifest["nodes"].values() if node["resource_type"] == "model"
    ]
    assert {node["name"] for node in models} == set(stored)
    for node in models:
        assert node["description"], node["name"]
        described = {name for name, column in node["columns"].items() if column["description"]}
        assert described == stored[node["name"]], node["name"]


def test_without_receipts_nothing_is_called_proved(warehouse: Warehouse) -> None:
    assert warehouse.ask("select count(*) from analytics.fct_loads") == [(0,)]
    assert warehouse.ask(
        "select count(*) from analytics.fct_incidents where proved_until is not null"
    ) == [(0,)]
    assert "No receipts (table singer_receipts)" in warehouse.output


def question(name: str) -> str:
    (path,) = (ROOT / "docs" / "questions").glob(f"tap-{name}-*.sql")
    return path.read_text(encoding="utf-8")


def test_the_questions_about_the_status_page(warehouse: Warehouse) -> None:
    expected = cachet(warehouse)
    found = warehouse.ask(question("cachet-1"))
    assert [(row[0], row[1], row[2]) for row in found] == expected.most_hit()[:5]
    for row, (_name, _hits, _fixed, hours) in zip(
        found, expected.most_hit_with_hours(), strict=False
    ):
        assert (row[3] is None) == (hours is None)
        assert hours is None or abs(float(row[3]) - hours) < 0.051
    found = warehouse.ask(question("cachet-2"))
    assert [(row[0], row[2]) for row in found] == expected.still_open()
    assert len(found) == len(expected.open_incidents())
    found = warehouse.ask(question("cachet-3"))
    assert [(row[0], row[1], row[2]) for row in found] == expected.maintenance_ahead()
    assert {"under way", "to come"} == {row[1] for row in found}
    found = warehouse.ask(question("cachet-4"))
    assert len(found) == len(expected.seen.ids("components"))


def test_the_questions_about_the_portal(warehouse: Warehouse) -> None:
    world = warehouse.worlds.cortex
    fell = truth.cortex_teams_that_fell(world)
    assert fell
    found = warehouse.ask(question("cortex-1"))
    assert {row[0]: (float(row[1]), float(row[2])) for row in found} == fell
    failing = sorted(
        (count for _all, count in truth.cortex_failing_rules(world).values() if count), reverse=True
    )
    assert [row[2] for row in warehouse.ask(question("cortex-2"))] == failing[:5]
    unowned = {
        (entity.type, entity.tag)
        for entity in world.entities
        if entity.id in truth.cortex_unowned(world) and not entity.is_archived
    }
    found = warehouse.ask(question("cortex-3"))
    assert len(found) == len(unowned)
    assert {(row[0], row[1]) for row in found} == unowned


def test_the_questions_about_the_platform(warehouse: Warehouse) -> None:
    world = warehouse.worlds.cinchy
    links = {
        (table, column, target)
        for (table, column), target in truth.cinchy_links(world).items()
        if not table.startswith("Cinchy.") and not target.startswith("Cinchy.")
    }
    assert set(warehouse.ask(question("cinchy-1"))) == links
    alive = truth.cinchy_rows_alive(world)
    found = warehouse.ask(question("cinchy-2"))
    assert {row[0]: row[3] for row in found} == alive
    failed = [
        row["Cinchy Id"]
        for row in world.truth("Cinchy.Execution Log", deleted=False)
        if row["State"] == "Failed"
    ]
    assert sorted(row[0] for row in warehouse.ask(question("cinchy-3"))) == sorted(failed)


def sql_blocks() -> list[tuple[str, str]]:
    """Return every SQL block of every page, with where it stands."""
    pages = [*ROOT.glob("*.md"), *ROOT.glob("*/*.md"), *ROOT.glob("docs/*/*.md")]
    fenced = re.compile(r"^```sql\n(.*?)^```$", re.MULTILINE | re.DOTALL)
    return [
        (f"{page.relative_to(ROOT)}, block {place}", block)
        for page in sorted(pages)
        for place, block in enumerate(fenced.findall(page.read_text(encoding="utf-8")), 1)
    ]


def test_every_sql_block_of_every_page_runs(warehouse: Warehouse) -> None:
    blocks = sql_blocks()
    assert len(blocks) >= 11
    for where, block in blocks:
        rows = warehouse.ask(block)
        assert rows, where


def test_the_page_is_one_file_that_asks_nobody(warehouse: Warehouse, tmp_path: Path) -> None:
    page = tmp_path / "board.html"
    command = [str(DBT.parent / "python"), "-m", "board", warehouse.database]
    done = subprocess.run(
        [*command, "--no-dbt", "--output", str(page)],
        cwd=PACKAGE,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    text = page.read_text(encoding="utf-8")
    assert re.findall(r"<(?:link|img|iframe)\b|\bsrc=|@import", text.split("<script")[0]) == []
    assert re.findall(r"<script[^>]*\bsrc=", text) == []
    assert "no receipts were loaded" in text
