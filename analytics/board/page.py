"""One HTML file: tiles, charts, and everything that draws them."""

from __future__ import annotations

import dataclasses
import html
import json
import re
from importlib import resources
from typing import TYPE_CHECKING

import vl_convert as vlc

from board.sections import SECTIONS, Section
from board.tiles import TILES, Tile
from board.words import moment

if TYPE_CHECKING:
    from board.database import Database

VEGA_LITE = "6.4"
CHAPTERS = ("Status page", "Developer portal", "Data platform", "Proofs")


@dataclasses.dataclass(frozen=True)
class Board:
    """Everything the page shows."""

    read_at: str | None
    tiles: dict[str, list[Tile]]
    sections: dict[str, list[Section]]


def collect(database: Database) -> Board:
    """Ask the marts for everything the page shows; a system without marts is left out."""
    there = database.tables()
    tiles: dict[str, list[Tile]] = {}
    for chapter, marts, make in TILES:
        if there.issuperset(marts):
            tiles.setdefault(chapter, []).extend(make(database))
    sections: dict[str, list[Section]] = {}
    for chapter, mart, build in SECTIONS:
        if mart in there:
            sections.setdefault(chapter, []).append(build(database))
    return Board(_read_at(database, there), tiles, sections)


def _read_at(database: Database, there: set[str]) -> str | None:
    """Return the newest moment the marts know of."""
    clocks = [name for name in ("int_cachet__clock", "int_cortex__clock") if name in there]
    found = [
        database.row(f"select max(known_until) as at from {{marts}}.{name}")["at"]  # noqa: S608
        for name in clocks
    ]
    return max((at for at in found if at), default=None)


def render(board: Board, *, source: str) -> str:
    """Return the page.

    Args:
        board: What to show.
        source: Where the data comes from, for the foot of the page; no secrets in it.
    """
    specs = {
        section.key: section.chart.to_dict()
        for found in board.sections.values()
        for section in found
        if section.chart is not None
    }
    # The bundle is the drawing library; it is taken once and serves all charts.
    bundle = vlc.javascript_bundle("window.vegaEmbed = vegaEmbed;", vl_version=VEGA_LITE)
    return _text("page.html").format(
        style=_text("page.css"),
        read_at=html.escape(moment(board.read_at)),
        tiles="\n".join(_tile(name, tile) for name, found in board.tiles.items() for tile in found),
        chapters="\n".join(
            _chapter(name, board.sections[name]) for name in CHAPTERS if name in board.sections
        ),
        source=html.escape(source),
        bundle=_in_script(bundle),
        specs=json.dumps(specs, allow_nan=False).replace("<", "\\u003C"),
        script=_text("page.js"),
    )


def _text(name: str) -> str:
    return resources.files("board").joinpath(name).read_text(encoding="utf-8")


def _in_script(text: str) -> str:
    """Keep a text from ending the script element it stands in.

    Nothing else is touched: a regular expression of the library may begin with ``</``.
    """
    return re.sub(r"<(?=/script|!--)", r"\\x3C", text, flags=re.IGNORECASE)


def _tile(chapter: str, tile: Tile) -> str:
    return (
        f'<div class="tile {tile.tone}" title="{html.escape(chapter)}">'
        f'<p class="label">{html.escape(tile.label)}</p>'
        f'<p class="value">{html.escape(tile.value)}</p>'
        f'<p class="note">{html.escape(tile.note)}</p></div>'
    )


def _chapter(name: str, sections: list[Section]) -> str:
    return f"<h2>{html.escape(name)}</h2>" + "".join(map(_section, sections))


def _section(section: Section) -> str:
    if section.chart is None:
        body = f'<p class="empty">{html.escape(section.why_empty)}</p>'
    else:
        about = html.escape(f"{section.title}. {section.note}", quote=True)
        body = f'<div class="chart" id="{section.key}" role="img" aria-label="{about}"></div>'
    return (
        f'<section class="card"><h3>{html.escape(section.title)}</h3>'
        f'<p class="note">{html.escape(section.note)}</p>{body}</section>'
    )
