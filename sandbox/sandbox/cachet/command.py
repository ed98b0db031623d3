"""The options of ``python -m sandbox cachet``."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import TYPE_CHECKING, Any

from sandbox.cachet.app import create_app
from sandbox.cachet.churn import Churn
from sandbox.cachet.clock import DAY, Clock
from sandbox.cachet.generate import Size, generate
from sandbox.cachet.generate.quirks import QUIRKS
from sandbox.cachet.options import ADMIN_TOKEN, Options, Token
from sandbox.cachet.plain import plain_world

if TYPE_CHECKING:
    import argparse

    from sandbox.serve import App

SWITCHES = {
    "always_authenticate": "2.4: everything but ping, version and status needs the key",
    "api_protected": "3.x: every route needs a valid token",
    "stale_host_config": "3.x: an old host configuration that wins over the core's",
    "maintenance": "answer 503 to everything",
    "first_record": "3.x: a single record is always the first of its kind",
    "tags": "3.x: tags may be included again",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    what = parser.add_argument_group("Cachet")
    what.add_argument("--api", default="3", help="2.3, 2.4, 3, 3-2025 or 3-YYYY-MM-DD (a build)")
    what.add_argument(
        "--token",
        action="append",
        metavar="TEXT[=ABILITY,...]",
        help=f"a valid key, with every ability unless some are named; {ADMIN_TOKEN} if none",
    )
    what.add_argument("--prefix", default="", help="path before /api, such as /status")
    what.add_argument("--timezone", default="UTC", help="APP_TIMEZONE of the server")
    what.add_argument("--app-timezone", default="UTC", help="2.x: zone of presented dates")
    what.add_argument(
        "--language", choices=("en", "fr", "de"), default="en", help="2.x: of month names"
    )
    what.add_argument(
        "--database", choices=("postgresql", "mysql", "sqlite"), default="postgresql", help="typing"
    )
    what.add_argument(
        "--insertion-order", action="store_true", help="unsorted lists come by id, not scrambled"
    )
    what.add_argument("--rate-limit", type=int, help="3.x: requests a minute; Cachet's own: 300")
    what.add_argument("--api-disabled", action="store_true", help="3.x: every route is a 404")
    for name, text in SWITCHES.items():
        what.add_argument(f"--{name.replace('_', '-')}", action="store_true", help=text)
    made = parser.add_argument_group("generated data")
    made.add_argument("--seed", type=int, default=1, help="another seed, other data")
    made.add_argument(
        "--company",
        action="store_true",
        help="the year of a made-up company, no name of which is meant to break a reader;"
        " sizes and quirks do not apply",
    )
    made.add_argument(
        "--days-ago",
        type=int,
        default=0,
        metavar="N",
        help="of the company: the same year as it was N days before its end",
    )
    made.add_argument(
        "--quirk",
        action="append",
        choices=[quirk.replace("_", "-") for quirk in QUIRKS],
        default=[],
        help="add a rarer thing (repeatable)",
    )
    made.add_argument(
        "--churn-every",
        type=int,
        default=0,
        metavar="N",
        help="a row is added, changed, deleted or moved before every N-th request",
    )
    made.add_argument("--now", help="stand still at this time, as 2026-11-20T10:00:00+00:00")
    for field in dataclasses.fields(Size):
        kind = "points per metric" if field.name == "metric_points" else "rows"
        flag = f"--{field.name.replace('_', '-')}"
        made.add_argument(flag, type=int, default=field.default, metavar="N", help=kind)


def build(args: argparse.Namespace) -> App:
    """Make the application the options ask for.

    Raises:
        ValueError: An option has no meaning.
    """
    options = Options(
        api=args.api,
        tokens=tuple(map(parse_token, args.token or [ADMIN_TOKEN])),
        prefix=args.prefix.rstrip("/"),
        database=args.database,
        scrambled=not args.insertion_order,
        timezone=args.timezone,
        app_timezone=args.app_timezone,
        language=args.language,
        rate_limit=args.rate_limit,
        api_enabled=not args.api_disabled,
        **{name: getattr(args, name) for name in SWITCHES},
    )
    sizes: dict[str, Any] = {
        field.name: getattr(args, field.name) for field in dataclasses.fields(Size)
    }
    clock = Clock(parse_moment(args.now) if args.now else None)
    quirks = [quirk.replace("-", "_") for quirk in args.quirk]
    if args.company:
        if args.days_ago:
            clock = Clock(clock.now() - args.days_ago * DAY)
        world = plain_world(args.seed, clock=clock, days_ago=args.days_ago)
    else:
        world = generate(Size(**sizes), seed=args.seed, api=args.api, clock=clock, quirks=quirks)
    if args.churn_every:
        world.on_request(Churn(world, every=args.churn_every, seed=args.seed))
    return create_app(world, options)


def parse_moment(text: str) -> dt.datetime:
    """Read a time; without a zone it is UTC."""
    moment = dt.datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)


def parse_token(text: str) -> Token:
    """Read ``TEXT`` or ``TEXT=ability,ability``; ``TEXT=`` has no ability."""
    name, given, abilities = text.partition("=")
    return Token(name, tuple(filter(None, abilities.split(",")))) if given else Token(name)
