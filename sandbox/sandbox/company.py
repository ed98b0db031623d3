"""Harbourline, a made-up company whose year the plain worlds tell.

It runs software for parcel carriers. Its status page, its developer portal and its data platform
know the same teams, people, services and incidents, so that answers of one system can be held
against those of another. Every name is harmless: nothing here is meant to break a reader.
"""

from __future__ import annotations

import datetime as dt
import math
import random
from typing import NamedTuple

HISTORY_DAYS = 365
MINUTE, HOUR = 60, 3600
SPREADS = 0.6
"""How likely what needs a broken service breaks with it."""


class Person(NamedTuple):
    """Somebody who works there."""

    name: str
    team: str

    @property
    def email(self) -> str:
        """The address at work."""
        return f"{self.name.lower().replace(' ', '.')}@harbourline.example"


class Team(NamedTuple):
    """A team: its tag, its name, and how well it looks after its services (0 to 1)."""

    tag: str
    name: str
    care: float


class Service(NamedTuple):
    """A service of the company.

    Attributes:
        tag: Its tag in the developer portal.
        name: What people call it.
        team: Tag of the team that owns it; empty for one that nobody owns.
        domain: Tag of the domain it is part of.
        tier: 1 for what customers feel at once, to 3.
        deploys: Deploys to production in an ordinary week.
        component: Name on the status page; empty if it is not shown there.
        needs: Tags of the services it calls.
    """

    tag: str
    name: str
    team: str
    domain: str
    tier: int
    deploys: float
    component: str = ""
    needs: tuple[str, ...] = ()


class Trouble(NamedTuple):
    """One incident of the year, in seconds since 1970."""

    number: int
    title: str
    cause: str
    services: tuple[str, ...]
    severity: int
    """1 is the worst, to 3."""
    began: int
    noticed: int
    found: int
    fixed: int | None
    """Nothing while it is open."""


TEAMS = (
    Team("checkout", "Checkout", 0.85),
    Team("tracking", "Tracking", 0.8),
    Team("routing", "Routing", 0.7),
    Team("billing", "Billing", 0.75),
    Team("platform", "Platform", 0.9),
    Team("data", "Data", 0.6),
    Team("mobile", "Mobile", 0.65),
    Team("partners", "Partners", 0.5),
)
DOMAINS = {
    "customer": "Customer experience",
    "logistics": "Logistics",
    "finance": "Finance",
    "foundation": "Foundation",
    "insights": "Insights",
}
_PEOPLE = {
    "checkout": "Amara Osei,Lukas Brandt,Priya Nair,Tomas Novak",
    "tracking": "Elena Rossi,Samuel Wright,Mei Tanaka,Oskar Lind",
    "routing": "Nadia Haddad,Peter Kowalski,Ines Moreau",
    "billing": "Grace Murphy,Daniel Weiss,Aisha Khan,Victor Silva",
    "platform": "Ruth Adler,Henrik Dahl,Sofia Marin,James Okoro,Yuki Sato",
    "data": "Clara Becker,Rahul Mehta,Anna Virtanen",
    "mobile": "Leo Fischer,Maya Cohen,Pablo Reyes",
    "partners": "Julia Santos,Ben Carter",
}
PEOPLE = tuple(Person(name, team) for team, names in _PEOPLE.items() for name in names.split(","))
SERVICES = (
    Service("web-shop", "Web shop", "checkout", "customer", 1, 6, "Web shop", ("cart", "identity")),
    Service("cart", "Cart", "checkout", "customer", 1, 4, "", ("pricing", "catalogue")),
    Service("pricing", "Pricing", "checkout", "customer", 1, 2.5, "", ("catalogue",)),
    Service("catalogue", "Catalogue", "checkout", "customer", 2, 2, "Product catalogue"),
    Service("checkout-api", "Checkout API", "checkout", "customer", 1, 5, "Checkout",
            ("payments",)),
    Service("tracking-api", "Tracking API", "tracking", "logistics", 1, 5, "Parcel tracking",
            ("events", "identity")),
    Service("tracking-page", "Tracking page", "tracking", "customer", 2, 3, "", ("tracking-api",)),
    Service("events", "Event stream", "tracking", "logistics", 1, 2, "Event stream"),
    Service("notifications", "Notifications", "tracking", "customer", 2, 3, "Notifications",
            ("events", "mailer")),
    Service("mailer", "Mailer", "tracking", "customer", 3, 1),
    Service("route-planner", "Route planner", "routing", "logistics", 1, 3, "Route planning",
            ("maps", "depots")),
    Service("maps", "Maps", "routing", "logistics", 2, 1),
    Service("depots", "Depots", "routing", "logistics", 2, 1.5),
    Service("driver-sync", "Driver sync", "routing", "logistics", 2, 2, "", ("route-planner",)),
    Service("label-printer", "Label printer", "", "logistics", 3, 0.3),
    Service("payments", "Payments", "billing", "finance", 1, 2, "Payments", ("ledger",)),
    Service("ledger", "Ledger", "billing", "finance", 1, 1),
    Service("invoices", "Invoices", "billing", "finance", 2, 2, "Invoices", ("ledger", "mailer")),
    Service("tariffs", "Tariffs", "billing", "finance", 3, 0.7),
    Service("customs", "Customs papers", "billing", "finance", 2, 1, "", ("partner-api",)),
    Service("identity", "Identity", "platform", "foundation", 1, 2, "Sign-in"),
    Service("gateway", "API gateway", "platform", "foundation", 1, 1.5, "API", ("identity",)),
    Service("files", "File storage", "platform", "foundation", 2, 1, "File storage"),
    Service("scheduler", "Scheduler", "platform", "foundation", 3, 0.7),
    Service("feature-flags", "Feature flags", "platform", "foundation", 2, 1),
    Service("audit-trail", "Audit trail", "platform", "foundation", 3, 0.5),
    Service("warehouse-loads", "Warehouse loads", "data", "insights", 2, 2, "Reports", ("files",)),
    Service("forecasts", "Forecasts", "data", "insights", 3, 1, "", ("warehouse-loads",)),
    Service("dashboards", "Dashboards", "data", "insights", 2, 2, "", ("warehouse-loads",)),
    Service("old-reports", "Old reports", "", "insights", 3, 0.1),
    Service("driver-app", "Driver app", "mobile", "logistics", 1, 1, "Driver app",
            ("driver-sync",)),
    Service("customer-app", "Customer app", "mobile", "customer", 1, 1, "Customer app",
            ("tracking-api", "identity")),
    Service("push", "Push messages", "mobile", "customer", 3, 0.7),
    Service("partner-api", "Partner API", "partners", "logistics", 1, 1.5, "Partner API",
            ("gateway",)),
    Service("partner-portal", "Partner portal", "partners", "customer", 2, 1, "Partner portal"),
    Service("edi-bridge", "EDI bridge", "", "logistics", 3, 0.2),
)  # fmt: skip
BY_TAG = {service.tag: service for service in SERVICES}
GROUPS = {
    "Shop and apps": ("Web shop", "Product catalogue", "Checkout", "Customer app"),
    "Parcels": ("Parcel tracking", "Event stream", "Notifications", "Route planning", "Driver app"),
    "Money": ("Payments", "Invoices"),
    "Partners and API": ("API", "Partner API", "Partner portal", "Sign-in"),
    "Data": ("File storage", "Reports"),
}
"""The groups of the status page, and the components in each."""
_CAUSES = (
    ("Slow responses", "A query without an index made the database slow."),
    ("Elevated error rate", "A release contained a fault and was rolled back."),
    ("Delayed processing", "A queue grew after one worker stopped."),
    ("Unavailable", "A certificate had expired."),
    ("Failing requests", "A provider of ours had an outage."),
    ("Timeouts", "A connection pool was too small for the load."),
    ("Wrong results", "A change of configuration was applied to the wrong region."),
)
_SHARE_BY_TIER = {1: 5, 2: 3, 3: 1}


def instant(at: int) -> dt.datetime:
    """Return seconds since 1970 as a moment in UTC."""
    return dt.datetime.fromtimestamp(at, dt.UTC)


def midnight(day: dt.date) -> int:
    """Return when a day begins in UTC, in seconds since 1970."""
    return int(dt.datetime(day.year, day.month, day.day, tzinfo=dt.UTC).timestamp())


def working(rng: random.Random, day: dt.date) -> int:
    """Return a moment of a day, most likely in working hours, in seconds since 1970."""
    hour = min(23.9, max(0.0, rng.gauss(13.5, 3.2)))
    return int(midnight(day) + hour * HOUR)


def days_until(now: int, count: int = HISTORY_DAYS) -> list[dt.date]:
    """Return so many days, the last one being today."""
    today = instant(now).date()
    return [today - dt.timedelta(days=number) for number in range(count - 1, -1, -1)]


def pace(day: dt.date) -> float:
    """Return how busy a day is: little on weekends, nothing around New Year."""
    if (day.month, day.day) in {(12, 24), (12, 25), (12, 31), (1, 1)}:
        return 0.0
    return {5: 0.12, 6: 0.06}.get(day.weekday(), 1.0)


def count_of(rng: random.Random, mean: float) -> int:
    """Throw how often something happens that happens so often on the average."""
    limit, product, count = math.exp(-mean), rng.random(), 0
    while product > limit:
        product *= rng.random()
        count += 1
    return count


def troubles(seed: int, now: int) -> list[Trouble]:
    """Return the incidents of the year before a moment, oldest first; the last one is open.

    They begin on working days more often than not, mostly where a service changes often, and are
    fixed in about three quarters of an hour as a rule, in minutes or half a day now and then.
    """
    rng = random.Random(f"harbourline troubles {seed}")
    shown = [service for service in SERVICES if service.component]
    weights = [_SHARE_BY_TIER[one.tier] * (0.5 + one.deploys) for one in shown]
    found: list[Trouble] = []
    for day in days_until(now):
        for _ in range(count_of(rng, 0.22 * (0.35 + 0.65 * pace(day)))):
            began = working(rng, day)
            if began < now - 6 * HOUR:
                found.append(_trouble(rng, len(found) + 1, began, shown, weights))
    last = _trouble(rng, len(found) + 1, now - 50 * MINUTE, shown, weights)
    found.append(last._replace(noticed=now - 44 * MINUTE, found=now - 20 * MINUTE, fixed=None))
    return sorted(found, key=lambda one: one.began)


def seen(found: list[Trouble], now: int) -> list[Trouble]:
    """Return the incidents that were noticed by a moment, open if they were open then."""
    return [
        one if one.fixed is None or one.fixed <= now else one._replace(fixed=None)
        for one in found
        if one.noticed <= now
    ]


def _trouble(
    rng: random.Random, number: int, began: int, shown: list[Service], weights: list[float]
) -> Trouble:
    main = rng.choices(shown, weights)[0]
    also = [one.tag for one in shown if main.tag in one.needs and rng.random() < SPREADS]
    what, cause = rng.choice(_CAUSES)
    severity = rng.choices((1, 2, 3), (1, 3, 5))[0]
    noticed = began + int(rng.lognormvariate(1.5, 0.7) * MINUTE)
    found = noticed + int(rng.lognormvariate(2.4, 0.7) * MINUTE)
    fixed = found + int(rng.lognormvariate(3.1, 0.9) * MINUTE)
    return Trouble(
        number,
        f"{what}: {main.component}",
        cause,
        (main.tag, *also[:2]),
        severity,
        began,
        noticed,
        found,
        fixed,
    )
