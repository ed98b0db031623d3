"""The Cortex part of the ``sandbox`` command."""

from __future__ import annotations

import argparse
import datetime as dt
from typing import TYPE_CHECKING

from sandbox.settings import set_options

from .app import create_app
from .churn import Churn
from .keys import PERMISSIONS, ROLES, ApiKey
from .limiter import Limit
from .options import DEFAULT_TOKEN, Options
from .plain import plain_world
from .scoring import EVALUATED_EVERY
from .snowflake import DEFAULT_TOKEN as SNOWFLAKE_TOKEN
from .snowflake import create_snowflake_app
from .world import World, WorldSpec

if TYPE_CHECKING:
    from .app import App

SIZES = {
    "seed": "decides every value",
    "entities": "catalog entities, teams not counted",
    "scorecards": "scorecards, drafts included",
    "teams": "teams, member-less ones included",
    "users": "users of the workspace",
    "logs": "rows of each log",
    "deleted": "entities that are listed but answer 404",
}
DEFAULTS = WorldSpec()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what can be chosen about the workspace and the server."""
    world = parser.add_argument_group("workspace")
    for name, text in SIZES.items():
        world.add_argument(f"--{name}", type=int, default=getattr(DEFAULTS, name), help=text)
    world.add_argument(
        "--company",
        action="store_true",
        help="the year of a made-up company, no name of which is meant to break a client;"
        " sizes do not apply",
    )
    world.add_argument(
        "--days-ago",
        type=int,
        default=0,
        metavar="N",
        help="of the company: the same year as it was N days before its end",
    )
    world.add_argument(
        "--plain",
        action="store_true",
        help="no names meant to break a client, no nulls, no undocumented fields",
    )
    world.add_argument(
        "--odd-rules",
        action="store_true",
        help="scorecards with weight 0, exemptions, and rules that are not in force yet",
    )
    world.add_argument(
        "--churn-every",
        type=int,
        default=0,
        metavar="N",
        help="a row is added, changed, deleted or moved before every N-th request",
    )
    world.add_argument(
        "--now",
        type=dt.datetime.fromisoformat,
        default=argparse.SUPPRESS,
        metavar="DATE-TIME",
        help="the latest moment of the workspace, UTC (default: the current hour)",
    )
    world.add_argument(
        "--evaluation",
        type=int,
        default=0,
        metavar="N",
        help="how often the scorecards were evaluated again, four hours apart; some scores move",
    )
    server = parser.add_argument_group("behaviour")
    server.add_argument("--key", default=DEFAULT_TOKEN, help="the API key that is accepted")
    server.add_argument("--role", choices=sorted(ROLES), default="ADMIN", help="role of the key")
    server.add_argument(
        "--requests-per-minute", type=int, default=0, help="rate limit; 0 means none"
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
    server.add_argument(
        "--may",
        action="append",
        default=[],
        metavar="PERMISSION",
        help="what a key of role CUSTOM may do, such as 'View Scorecards' (repeatable)",
    )
    server.add_argument(
        "--option",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a field of sandbox.cortex.Options, such as page_cap=100 (repeatable)",
    )
    server.add_argument(
        "--snowflake",
        action="store_true",
        help=f"serve Snowflake's chat completions instead, with the token {SNOWFLAKE_TOKEN}",
    )


def _now(args: argparse.Namespace) -> dt.datetime:
    """Return the chosen moment, or one that puts the last evaluation into the current hour."""
    chosen: dt.datetime | None = getattr(args, "now", None)
    if chosen is None:
        hour = dt.datetime.now(dt.UTC).replace(minute=0, second=0, microsecond=0)
        evaluations: int = args.evaluation
        return hour - evaluations * EVALUATED_EVERY
    return chosen if chosen.tzinfo else chosen.replace(tzinfo=dt.UTC)


def build(args: argparse.Namespace) -> App:
    """Return the application that the arguments describe.

    Raises:
        ValueError: A size or a rate is negative, or an option or a permission does not exist.
    """
    if args.snowflake:
        return create_snowflake_app()
    if args.requests_per_minute < 0:
        raise ValueError("--requests-per-minute cannot be negative; 0 means no limit.")
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
        odd_rules=args.odd_rules,
        now=_now(args),
    )
    world = World(spec)
    if args.company:
        world = plain_world(args.seed, now=_now(args), days_ago=args.days_ago)
    for _ in range(args.evaluation):
        world.reevaluate()
    if args.churn_every:
        world.on_request(Churn(world, every=args.churn_every, seed=args.seed))
    limit = None
    if args.requests_per_minute:
        limit = Limit(requests=args.requests_per_minute, kind=args.window)
    strange = set(args.may) - PERMISSIONS
    if strange:
        raise ValueError(
            f"there is no permission {', '.join(sorted(strange))}:"
            f" use one of {', '.join(sorted(PERMISSIONS))}"
        )
    options = Options(
        keys=[ApiKey(token=args.key, role=args.role, grants=frozenset(args.may))],
        limit=limit,
        teams_in_catalog=args.teams_in_catalog,
        scores_totals=args.scores_totals,
    )
    return create_app(world, set_options(options, args.option))
