"""The charts of the page, to explore: ``marimo edit examples/board.py -- --database FILE``.

``examples/README.md`` has the command. The charts are those of ``analytics/board``:
the page and this notebook never disagree.
"""

import marimo

app = marimo.App(width="medium", app_title="Status page, developer portal, data platform")


@app.cell
def _():
    import sys
    from pathlib import Path

    import marimo as mo

    sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "analytics"))
    from board import charts, sections
    from board.database import connect

    default = "output/demo/warehouse.duckdb"
    database = connect(str(mo.cli_args().get("database") or default), "analytics")
    return charts, database, mo, sections


@app.cell
def _(database, mo, sections):
    found = {
        built.key: built
        for _chapter, mart, build in sections.SECTIONS
        if mart in database.tables()
        for built in [build(database)]
    }
    choice = mo.ui.dropdown(
        options={built.title: key for key, built in found.items()},
        value=next(iter(found.values())).title,
        label="Show",
        full_width=True,
    )
    choice  # noqa: B018  # a cell shows its last expression
    return choice, found


@app.cell
def _(choice, found, mo):
    chosen = found[choice.value]
    shown = chosen.chart if chosen.chart is not None else mo.md(chosen.why_empty)
    mo.vstack([mo.md(f"### {chosen.title}"), mo.md(chosen.note), shown])
    return


@app.cell
def _(database, mo):
    rows = database.rows(
        """
        select component_name as component, date_month as month, uptime, incidents
        from {marts}.fct_component_uptime_monthly
        inner join {marts}.dim_components using (component_id)
        order by month desc, uptime
        """
    )
    mo.ui.table(rows, label="Uptime by month, to sort and to search")
    return


if __name__ == "__main__":
    app.run()
