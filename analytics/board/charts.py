"""The charts, each defined once: the page draws them, and so does the notebook in ``examples/``.

Every function takes rows of plain values (days as ISO text, in UTC) and returns an Altair chart as
wide as what it is put into. Colours are those of Okabe and Ito, or cividis: they can be told apart
with every kind of colour vision.
"""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

import altair as alt

Rows = list[dict[str, Any]]

GREEN, SKY, ORANGE, VERMILLION = "#009E73", "#56B4E9", "#E69F00", "#D55E00"
BLUE, PURPLE, YELLOW, GREY = "#0072B2", "#CC79A7", "#F0E442", "#8C8C8C"

UPTIME_COLOURS = {
    "100 %": GREEN,
    "99.9 % or more": SKY,
    "99 % or more": ORANGE,
    "below 99 %": VERMILLION,
    "maintenance": GREY,
}
VERDICT_COLOURS = {
    "complete": GREEN,
    "unproved_accepted": SKY,
    "unproved": ORANGE,
    "partial": VERMILLION,
    "failed": PURPLE,
    "forbidden": BLUE,
    "unavailable": YELLOW,
    "skipped": GREY,
    "unfinished": "#5B3A29",
}
DEPLOY_COLOURS = {
    "DEPLOY": BLUE,
    "SCALE": SKY,
    "RESTART": ORANGE,
    "ROLLBACK": VERMILLION,
    "UNKNOWN": GREY,
}
ROW, FEWEST_ROWS = 22, 3
"""Height in pixels of one name on an axis, and for how many there is room at least."""
LINE = 17
"""Height of one of several lines of a name."""
PROOF_DAYS = 30
"""So many days of proofs have room."""
LABEL = {"labelLimit": 150, "title": None, "ticks": False, "domain": False}
DAY = "utcyearmonthdate"


def _inline(rows: Rows) -> alt.InlineData:
    return alt.InlineData(values=rows)


def _chart(rows: Rows, names: int | None = None, height: int = 220) -> alt.Chart:
    """Return an empty chart, high enough for that many names on its vertical axis."""
    high = height if names is None else max(names, FEWEST_ROWS) * ROW
    return alt.Chart(_inline(rows)).properties(width="container", height=high)


def _scale(colours: dict[str, str], rows: Rows, field: str) -> alt.Scale:
    """Return the colours of the values there are, in their fixed order."""
    there = {row[field] for row in rows}
    kept = {name: colour for name, colour in colours.items() if name in there}
    return alt.Scale(domain=list(kept), range=list(kept.values()))


def _days(rows: Rows | None = None, at_least: int = 0) -> alt.X:
    """Return an axis of days.

    Args:
        rows: What is drawn on it.
        at_least: So many days back from the last one have room, whether there is anything or not.
    """
    axis = alt.Axis(
        title=None, labelOverlap="greedy", labelSeparation=8, format="%d %b", grid=False
    )
    if not rows:
        return alt.X("day:T", timeUnit=DAY, axis=axis)
    days = [dt.datetime.fromisoformat(row["day"]).replace(tzinfo=dt.UTC) for row in rows]
    end = max(days) + dt.timedelta(days=1)
    begin = min(*days, end - dt.timedelta(days=at_least))
    domain = [int(moment.timestamp() * 1000) for moment in (begin, end)]
    return alt.X("day:T", timeUnit=DAY, axis=axis, scale=alt.Scale(type="utc", domain=domain))


def _whole(most: float) -> list[int]:
    """Return at most six whole numbers that an axis up to this one shows."""
    return list(range(0, math.ceil(most) + 1, max(1, math.ceil(most / 5))))


def _bottom(title: str | None = None) -> alt.Legend:
    return alt.Legend(orient="bottom", title=title, columns=3, labelLimit=140)


def uptime_bars(rows: Rows) -> alt.Chart:
    """Draw a bar per component and day (component, day, grade, uptime, incidents)."""
    names = len({row["component"] for row in rows})
    return (
        _chart(rows, names)
        .mark_rect(cornerRadius=1.5)
        .encode(
            x=_days(),
            y=alt.Y("component:N", sort=None, axis=alt.Axis(**LABEL)),
            color=alt.Color(
                "grade:N", scale=_scale(UPTIME_COLOURS, rows, "grade"), legend=_bottom("that day")
            ),
            tooltip=[
                alt.Tooltip("component:N", title="Component"),
                alt.Tooltip("day:T", timeUnit=DAY, title="Day"),
                alt.Tooltip("uptime:Q", title="Uptime", format=".3%"),
                alt.Tooltip("incidents:Q", title="Incidents"),
            ],
        )
    )


def team_heat_map(rows: Rows) -> alt.LayerChart:
    """Draw the mean score of every team in every scorecard (team, scorecard, score, entities)."""
    names = len({row["team"] for row in rows})
    base = _chart(rows, names).encode(
        x=alt.X(
            "scorecard:N",
            axis=alt.Axis(title=None, labelAngle=-35, labelLimit=150, ticks=False, domain=False),
        ),
        y=alt.Y("team:N", axis=alt.Axis(**LABEL)),
    )
    cells = base.mark_rect().encode(
        color=alt.Color(
            "score:Q",
            scale=alt.Scale(scheme="cividis", domain=[0, 1]),
            legend=alt.Legend(
                orient="bottom", title="mean score", format=".0%", values=[0, 0.5, 1]
            ),
        ),
        tooltip=[
            alt.Tooltip("team:N", title="Team"),
            alt.Tooltip("scorecard:N", title="Scorecard"),
            alt.Tooltip("score:Q", title="Mean score", format=".1%"),
            alt.Tooltip("entities:Q", title="Entities"),
        ],
    )
    figures = base.mark_text(fontSize=10).encode(
        text=alt.Text("label:N"),
        color=alt.condition("datum.score > 0.55", alt.value("#111"), alt.value("#fff")),
    )
    return alt.layer(cells, figures)


def fallen_scores(rows: Rows) -> alt.LayerChart:
    """Draw from where to where scores fell (name, before, now)."""
    lines = alt.Axis(**LABEL, labelExpr="split(datum.label, ' in ')", labelLineHeight=12)
    base = _chart(rows, len(rows)).encode(y=alt.Y("name:N", sort=None, axis=lines))
    base = base.properties(height=max(len(rows), FEWEST_ROWS) * 2 * LINE)
    shares = alt.Axis(format=".0%", title="score", tickCount=5)
    tooltip = [
        alt.Tooltip("name:N", title="Entity and scorecard"),
        alt.Tooltip("before:Q", title="Before", format=".1%"),
        alt.Tooltip("now:Q", title="Now", format=".1%"),
    ]
    scale = alt.Scale(domain=[0, 1])
    line = base.mark_rule(strokeWidth=3, color=VERMILLION).encode(
        x=alt.X("before:Q", axis=shares, scale=scale), x2="now:Q", tooltip=tooltip
    )
    was = base.mark_point(size=60, filled=False, color=GREY, strokeWidth=2).encode(
        x="before:Q", tooltip=tooltip
    )
    now = base.mark_point(size=80, filled=True, color=VERMILLION, opacity=1).encode(
        x="now:Q", tooltip=tooltip
    )
    return alt.layer(line, was, now)


def named_bars(rows: Rows, unit: str, colour: str = BLUE) -> alt.LayerChart:
    """Draw a bar with its number for every name (name, number, label)."""
    base = _chart(rows, len(rows)).encode(
        y=alt.Y("name:N", sort=None, axis=alt.Axis(**LABEL)),
        x=alt.X(
            "number:Q",
            axis=alt.Axis(title=unit, values=_whole(max(r["number"] for r in rows)), format=",d"),
            scale=alt.Scale(domainMin=0, padding=28),
        ),
        tooltip=[alt.Tooltip("name:N", title=" "), alt.Tooltip("label:N", title=unit)],
    )
    bars = base.mark_bar(color=colour, cornerRadiusEnd=2)
    figures = base.mark_text(align="left", dx=4, fontSize=11).encode(text="number:Q")
    return alt.layer(bars, figures)


def deploys_per_week(rows: Rows) -> alt.Chart:
    """Draw deploys per week, the kinds on top of each other (day, until, kind, deploys)."""
    # Weeks begin on Monday here, and on Sunday in Vega. Bars that say where they end are not
    # stacked by Vega-Lite, so it is done here.
    heights: dict[str, float] = {}
    order = {kind: place for place, kind in enumerate(DEPLOY_COLOURS)}
    stacked = []
    for row in sorted(rows, key=lambda row: (row["day"], order.get(row["kind"], len(order)))):
        lower = heights.get(row["day"], 0)
        heights[row["day"]] = lower + row["deploys"]
        stacked.append({**row, "lower": lower, "upper": heights[row["day"]]})
    return (
        _chart(stacked)
        .mark_rect()
        .encode(
            x=alt.X(
                "day:T",
                scale=alt.Scale(type="utc"),
                axis=alt.Axis(
                    title="week of", format="%d %b", labelOverlap="greedy", grid=False, tickCount=12
                ),
            ),
            x2="until:T",
            y=alt.Y("lower:Q", axis=alt.Axis(title="deploys a week", tickMinStep=1)),
            y2="upper:Q",
            color=alt.Color("kind:N", scale=_scale(DEPLOY_COLOURS, rows, "kind"), legend=_bottom()),
            tooltip=[
                alt.Tooltip("day:T", timeUnit=DAY, title="Week of"),
                alt.Tooltip("kind:N", title="Kind"),
                alt.Tooltip("deploys:Q", title="Deploys"),
            ],
        )
    )


def links(rows: Rows) -> alt.LayerChart:
    """Draw how many columns link each domain to each (origin, target, links)."""
    names = len({row["origin"] for row in rows})
    base = _chart(rows, names).encode(
        x=alt.X(
            "target:N",
            axis=alt.Axis(title="to", labelAngle=-35, labelLimit=100, ticks=False, domain=False),
        ),
        y=alt.Y("origin:N", axis=alt.Axis(**{**LABEL, "title": "from"})),
    )
    most = max(row["links"] for row in rows)
    cells = base.mark_rect().encode(
        color=alt.Color(
            "links:Q",
            scale=alt.Scale(domain=[0, most], range=["#dbe9f6", "#08519c"]),
            legend=None,
        ),
        tooltip=[
            alt.Tooltip("origin:N", title="From"),
            alt.Tooltip("target:N", title="To"),
            alt.Tooltip("links:Q", title="Links"),
            alt.Tooltip("columns:N", title="Columns"),
        ],
    )
    figures = base.mark_text(fontSize=11, fontWeight="bold").encode(
        text="links:Q",
        color=alt.condition(f"datum.links > {most / 2}", alt.value("#fff"), alt.value("#111")),
    )
    return alt.layer(cells, figures)


def proofs(rows: Rows) -> alt.Chart:
    """Draw what every run proved of every stream (stream, day, verdict, proof, reason, rows)."""
    names = len({row["stream"] for row in rows})
    chart = _chart(rows, names)
    return (
        chart.properties(height=max(names, FEWEST_ROWS) * 15)
        .mark_rect(cornerRadius=1.5)
        .encode(
            x=_days(rows, PROOF_DAYS),
            y=alt.Y("stream:N", sort=None, axis=alt.Axis(**{**LABEL, "labelFontSize": 9})),
            color=alt.Color(
                "verdict:N",
                scale=_scale(VERDICT_COLOURS, rows, "verdict"),
                legend=_bottom("verdict"),
            ),
            tooltip=[
                alt.Tooltip("stream:N", title="Stream"),
                alt.Tooltip("day:T", timeUnit=DAY, title="Day"),
                alt.Tooltip("verdict:N", title="Verdict"),
                alt.Tooltip("proof:N", title="Proof"),
                alt.Tooltip("reason:N", title="Reason"),
                alt.Tooltip("rows:Q", title="Rows written"),
            ],
        )
    )
