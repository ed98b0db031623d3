"""The Cortex part of the ``sandbox`` command."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from .app import create_app
from .keys import ROLES, ApiKey
from .limiter import Limit
from .options import DEFAULT_TOKEN, Options
from .world import World, WorldSpec

if TYPE_CHECKING:
    import argparse

    from .app import App

DEFAULTS = WorldSpec()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what can be chosen about the workspace and the server."""
    world = parser.add_argument_group("workspace")
    for name, text in (
        ("seed", "decides every value"),
        ("entities", "catalog entities, teams not counted"),
        ("scorecards", "scorecards, drafts included"),
        ("teams", "teams, member-less ones included"),
        ("users", "users"),
        ("logs", "rows of each log"),
        ("deleted", "entities that are listed but answer 404"),
    ):
        default = getattr(DEFAULTS, name)
        world.add_argument(
            f"--{name}", type=int, default=default, help=f"{text} (default {default})"
        )
    world.add_argument(
        "--plain", action="store_true", help="no hostile names, no nulls, no undocumented fields"
    )
    world.add_argument(
        "--now",
        type=dt.datetime.fromisoformat,
        metavar="DATE-TIME",
        help="the latest moment of the workspace, UTC (default: the current hour)",
    )
    world.add_argument(
        "--evaluation",
        type=int,
        default=0,
        metavar="N",
        help="how often the scorecards were evaluated again; some scores move each time",
    )
    server = parser.add_argument_group("server")
    server.add_argument("--key", default=DEFAULT_TOKEN, help=f"API key (default {DEFAULT_TOKEN})")
    server.add_argument("--role", choices=sorted(ROLES), default="ADMIN", help="role of the key")
    server.add_argument("--latency", type=float, default=0.0, help="seconds every answer waits")
    server.add_argument(
        "--requests-per-minute", type=int, default=0, help="rate limit (default 0: none)"
    )
    server.add_argument(
        "--window",
        choices=("fixed", "sliding", "bucket"),
        default="fixed",
        help="how the rate limit counts",
    )
    server.add_argument(
        "--teams-in-catalog", action="store_true", help="the catalog shows teams when asked to"
    )
    server.add_argument(
        "--scores-totals", action="store_true", help="pages of scores say how many there are"
    )


def _now(chosen: dt.datetime | None) -> dt.datetime:
    if chosen is None:
        return dt.datetime.now(dt.UTC).replace(minute=0, second=0, microsecond=0)
    return chosen if chosen.tzinfo else chosen.replace(tzinfo=dt.UTC)


def build(args: argparse.Namespace) -> App:
    """Return the application that the arguments describe."""
    spec = WorldSpec(
        seed=args.seed,
        entities=args.entities,
        scorecards=args.scorecards,
        teams=args.teams,
        users=args.users,
        logs=args.logs,
        deleted=args.deleted,
        hostile=not args.plain,
        sparse=not args.plain,
        extras=not args.plain,
        now=_now(args.now),
    )
    world = World(spec)
    for _ in range(args.evaluation):
        world.reevaluate()
    limit = None
    if args.requests_per_minute:
        limit = Limit(requests=args.requests_per_minute, kind=args.window)
    options = Options(
        keys=[ApiKey(token=args.key, role=args.role)],
        latency=args.latency,
        limit=limit,
        teams_in_catalog=args.teams_in_catalog,
        scores_totals=args.scores_totals,
    )
    return create_app(world, options)
