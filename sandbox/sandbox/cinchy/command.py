"""What ``python -m sandbox cinchy`` takes, and the application it makes of that."""

from __future__ import annotations

import dataclasses
import datetime as dt
import random
import sys
import typing
from typing import TYPE_CHECKING, Any

from .app import create_app
from .build import build_world
from .churn import Churn
from .clock import START, Clock
from .furnish import CLIENT_ID
from .options import Options
from .plain import build_plain_world
from .scale import EVENTS
from .story import TASKS

if TYPE_CHECKING:
    import argparse

    from .app import CinchyApp
    from .request import SandboxRequest
    from .world import World


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what can be chosen about the platform and its behaviour."""
    made = parser.add_argument_group("Cinchy")
    made.add_argument("--seed", type=int, default=1, help="another seed, other data")
    made.add_argument("--rows", type=int, default=300, help=f"rows of {TASKS}")
    made.add_argument(
        "--empty-tables", type=int, default=0, metavar="N", help="further tables without a row"
    )
    made.add_argument(
        "--series-rows", type=int, default=0, metavar="N", help=f"rows of {EVENTS}, made when read"
    )
    made.add_argument("--first-id", type=int, default=1, help="Cinchy Id of every first row")
    made.add_argument("--id-step", type=int, default=1, help="more than 1 leaves holes in the ids")
    made.add_argument("--release", default="5.11.0", help="the release it claims to be")
    made.add_argument(
        "--churn", type=int, default=0, metavar="N", help="tasks to change before every request"
    )
    made.add_argument(
        "--company",
        action="store_true",
        help="the year of a made-up company that ends now, no name of which is meant to"
        " break a reader; rows do not apply",
    )
    made.add_argument(
        "--days-ago",
        type=int,
        default=0,
        metavar="N",
        help="of the company: the same year as it was N days before its end",
    )
    made.add_argument(
        "--now",
        type=dt.datetime.fromisoformat,
        metavar="DATE-TIME",
        help="of the company: where the year ends, UTC (default: the current hour)",
    )
    made.add_argument(
        "--churn-every",
        type=int,
        default=0,
        metavar="N",
        help="a row of any table is added, changed, deleted or moved before every N-th request",
    )
    made.add_argument(
        "--option",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a field of sandbox.cinchy.Options, such as page_cap=100; may be repeated",
    )


def build(args: argparse.Namespace) -> CinchyApp:
    """Return the application the arguments describe, and say on stderr how to sign in.

    Raises:
        ValueError: An option that does not exist, or a value it cannot take.
    """
    options = options_from(args.option)
    if args.company:
        world = _plain(args)
    else:
        clock = Clock(START, running=True)
        world = build_world(
            args.seed,
            args.rows,
            version=args.release,
            clock=clock,
            first_id=args.first_id,
            id_step=args.id_step,
            empty_tables=args.empty_tables,
            series_rows=args.series_rows,
        )
    if args.churn:
        world.on_request(_Churn(world, args.churn))
    if args.churn_every:
        world.on_request(Churn(world, every=args.churn_every, seed=args.seed))
    reader = world.accounts["reader"]
    for what, value in (
        ("personal access token", reader.token),
        ("user name", reader.username),
        ("password", reader.password),
        ("client id", CLIENT_ID),
        ("client secret", world.clients[CLIENT_ID]),
    ):
        print(f"{what}: {value}", file=sys.stderr)
    return create_app(world, options)


def _plain(args: argparse.Namespace) -> World:
    """Return the year that ends now, or its view of some days ago."""
    end = args.now or dt.datetime.now(dt.UTC).replace(minute=0, second=0, microsecond=0)
    moment = end.replace(tzinfo=end.tzinfo or dt.UTC) - dt.timedelta(days=args.days_ago)
    clock = Clock(moment, running=True)
    return build_plain_world(args.seed, clock=clock, days_ago=args.days_ago, version=args.release)


def options_from(settings: list[str]) -> Options:
    """Return options from ``name=value`` texts.

    Raises:
        ValueError: An option that does not exist, or a value it cannot take.
    """
    options = Options()
    types = typing.get_type_hints(Options)
    for setting in settings:
        name, _, value = setting.partition("=")
        wanted = types.get(name)
        if wanted is None or dataclasses.is_dataclass(wanted) or typing.get_origin(wanted) is dict:
            raise ValueError(f"there is no option {name!r}")
        setattr(options, name, _read(name, value, wanted))
    return options


def _read(name: str, value: str, wanted: Any) -> Any:
    choices = typing.get_args(wanted)
    if bool in {wanted, *choices}:
        choices = ("true", "false")
    if typing.get_origin(wanted) is typing.Literal or choices == ("true", "false"):
        for choice in choices:
            if str(choice) == value:
                return choice if choices != ("true", "false") else value == "true"
        allowed = ", ".join(map(str, choices))
        raise ValueError(f"option {name} takes one of {allowed}, not {value!r}")
    if value == "" and type(None) in choices:
        return None
    make = next(one for one in (wanted, *choices) if one in {int, float, str})
    try:
        return make(value)
    except ValueError:
        raise ValueError(f"option {name} takes a number, not {value!r}") from None


class _Churn:
    """Changes, inserts and deletes tasks before every request, so that a demo sees life."""

    def __init__(self, world: World, count: int) -> None:
        self.world = world
        self.count = count
        self.random = random.Random(world.random.random())

    def __call__(self, _request: SandboxRequest) -> None:
        for _ in range(self.count):
            ids = self.world.table(TASKS).ids
            chance = self.random.random()
            if chance < 0.3 or not ids:  # noqa: PLR2004
                self.world.insert(TASKS, {"Title": "A new task", "Status": "Open"})
            elif chance < 0.4:  # noqa: PLR2004
                self.world.delete(TASKS, self.random.choice(ids))
            else:
                self.world.update(TASKS, self.random.choice(ids), {"Status": "Done"})
