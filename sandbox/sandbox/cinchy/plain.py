"""The data platform of Harbourline: eleven linked tables, written over a year of working days.

No name and no value is meant to break a reader. Rows are created, changed and deleted at the
moments when people or syncs would have done so.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from sandbox import company

from .clock import START, Clock
from .furnish import _add_settings, add_accounts, add_feed, add_saved_query
from .plain_tables import (
    ACCOUNTS,
    CONTACTS,
    CONTRACTS,
    DEPOTS,
    EMPLOYEES,
    INCIDENTS,
    INVOICES,
    PAYMENTS,
    SERVICES,
    SHIPMENTS,
    TEAMS,
    tables,
)
from .world import World

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable

    Make = Callable[..., dict[str, Any]]


DAY, HOUR = 86_400, 3_600
ACCOUNT_WORDS = (
    "Alder", "Birch", "Cedar", "Dune", "Elm", "Fern", "Grove", "Heath", "Iris", "Juniper",
    "Kestrel", "Larch", "Maple", "Nettle", "Oak",
)  # fmt: skip
ACCOUNT_KINDS = ("Foods", "Books", "Textiles", "Tools")
CITIES = {
    "Rotterdam": (4.48, 51.92),
    "Hamburg": (9.99, 53.55),
    "Lyon": (4.84, 45.76),
    "Madrid": (-3.70, 40.42),
    "Gdansk": (18.65, 54.35),
    "Turin": (7.69, 45.07),
}
FEEDS = (
    ("Accounts from CRM", 0.01),
    ("Employees from payroll", 0.02),
    ("Shipments from depots", 0.05),
    ("Invoices to ledger", 0.03),
    ("Incidents from status page", 0.08),
)
"""Nightly data syncs, and how often each fails."""
FEED_DAYS = 120
QUERIES = (
    (
        "Customers",
        "Active Accounts",
        (
            "SELECT [Cinchy Id], [Account Name], [Segment] FROM [Customers].[Accounts] "
            "WHERE [Active] = 1 ORDER BY [Cinchy Id]"
        ),
    ),
    (
        "Operations",
        "Open Shipments",
        (
            "SELECT [Cinchy Id], [Shipment Number], [Status] FROM [Operations].[Shipments] "
            "WHERE [Status] <> 'Delivered' ORDER BY [Cinchy Id]"
        ),
    ),
    (
        "Finance",
        "Unpaid Invoices",
        (
            "SELECT [Cinchy Id], [Invoice Number], [Amount] FROM [Finance].[Invoices] "
            "WHERE [Status] = 'Sent' ORDER BY [Cinchy Id]"
        ),
    ),
)
"""Saved queries: domain, name, CQL."""


def build_plain_world(
    seed: int = 1, *, clock: Clock | None = None, days_ago: int = 0, version: str = "5.11.0"
) -> World:
    """Make the platform of a year.

    Args:
        seed: Different seeds give different years.
        clock: The server's clock, which shows the moment that is looked at.
        days_ago: How many days after that moment the year ends: the same year, seen earlier.
        version: The release it claims to be.
    """
    world = World(seed, version=version, clock=clock or Clock(START))
    add_accounts(world)
    world.define(tables(), {ACCOUNTS: {"description": "Who sends parcels with us."}})
    _Year(world, seed, days_ago).write()
    for domain, name, cql in QUERIES:
        add_saved_query(world, domain, name, cql)
    _add_settings(world)
    return world


class _Year:
    """Collects what happens, then lets it happen in its order up to the present."""

    def __init__(self, world: World, seed: int, days_ago: int) -> None:
        self.world = world
        self.now = int(world.now().timestamp())
        self.end = self.now + days_ago * DAY
        self.seed = seed
        self.rng = random.Random(f"harbourline platform {seed}")
        self.events: list[tuple[int, int, Callable[[dt.datetime], None]]] = []
        self.ids: dict[tuple[str, Any], int] = {}

    def write(self) -> None:
        self._people()
        self._customers()
        self._shipments()
        self._syncs()
        self.events.sort(key=lambda event: event[:2])
        for at, _, happen in self.events:
            if at <= self.now:
                happen(company.instant(at))

    # What may happen

    def _at(self, at: int, happen: Callable[[dt.datetime], None]) -> None:
        self.events.append((at, len(self.events), happen))

    def _add(self, at: int, table: str, key: Any, make: Make, *told: Any) -> None:
        def happen(moment: dt.datetime) -> None:
            by = 1 + len(self.ids) % 2
            self.ids[table, key] = self.world.insert(table, make(*told), at=moment, by=by)

        self._at(at, happen)

    def _edit(self, at: int, table: str, key: Any, values: dict[str, Any]) -> None:
        self._at(
            at,
            lambda moment: self.world.update(table, self.ids[table, key], values, at=moment, by=2),
        )

    def _drop(self, at: int, table: str, key: Any) -> None:
        self._at(at, lambda moment: self.world.delete(table, self.ids[table, key], at=moment, by=1))

    def _id(self, table: str, key: Any) -> int | None:
        return self.ids.get((table, key))

    # What does

    def _people(self) -> None:
        start = self.end - company.HISTORY_DAYS * DAY
        for place, team in enumerate(company.TEAMS):
            self._add(start + place, TEAMS, team.tag, dict, {"Name": team.name, "Tag": team.tag})
        for place, person in enumerate(company.PEOPLE):
            hired = wall(start - (900 - 25 * place) * DAY)
            self._add(
                start + HOUR + place, EMPLOYEES, person.name, self._employee, person, hired, place
            )
        for team in company.TEAMS:
            leader = next(one for one in company.PEOPLE if one.team == team.tag).name
            self._at(start + 2 * HOUR, self._leading(team.tag, leader))
        ordered = sorted(company.SERVICES, key=lambda one: len(one.needs))
        for place, service in enumerate(ordered):
            self._add(start + 3 * HOUR + place, SERVICES, service.tag, self._service, service)
        for one in company.troubles(self.seed, self.end):
            self._add(one.noticed, INCIDENTS, one.number, self._incident, one)
            if one.fixed is not None:
                values = {"Fixed": wall(one.fixed), "Cause": one.cause}
                self._edit(one.fixed, INCIDENTS, one.number, values)

    def _employee(self, person: company.Person, hired: dt.datetime, place: int) -> dict[str, Any]:
        return {
            "Name": person.name,
            "Email": person.email,
            "Team": self._id(TEAMS, person.team),
            "Title": "Engineer" if place % 4 else "Lead",
            "Hired": hired,
            "Active": True,
        }

    def _leading(self, tag: str, name: str) -> Callable[[dt.datetime], None]:
        def happen(moment: dt.datetime) -> None:
            values = {"Lead": self._id(EMPLOYEES, name)}
            self.world.update(TEAMS, self.ids[TEAMS, tag], values, at=moment)

        return happen

    def _service(self, service: company.Service) -> dict[str, Any]:
        needs = (self._id(SERVICES, tag) for tag in service.needs)
        return {
            "Name": service.name,
            "Tag": service.tag,
            "Owner": self._id(TEAMS, service.team),
            "Depends On": tuple(id_ for id_ in needs if id_) or None,
            "Tier": float(service.tier),
            "Domain": company.DOMAINS[service.domain],
        }

    def _incident(self, one: company.Trouble) -> dict[str, Any]:
        return {
            "Title": one.title,
            "Service": self._id(SERVICES, one.services[0]),
            "Severity": f"SEV{one.severity}",
            "Began": wall(one.began),
            "Cause": None,
        }

    def _customers(self) -> None:
        rng, start = self.rng, self.end - company.HISTORY_DAYS * DAY
        for place, (city, (east, north)) in enumerate(CITIES.items()):
            values: dict[str, Any] = {
                "Name": f"Depot {city}",
                "City": city,
                "Parcels A Day": float(2000 + 500 * place),
                "Position": f"POINT ({east} {north})",
            }
            self._add(start + 4 * HOUR + place, DEPOTS, city, dict, values)
        countries = ("Netherlands", "Germany", "France", "Spain", "Poland", "Italy")
        self.accounts: list[tuple[str, int]] = []
        for number_, word in enumerate(ACCOUNT_WORDS * len(ACCOUNT_KINDS)):
            name = f"{word} {ACCOUNT_KINDS[number_ // len(ACCOUNT_WORDS)]}"
            early = number_ % 3 != 0
            days = 1 if early else rng.randrange(2, 300)
            day = company.days_until(self.end)[days - 1]
            since = min(company.working(rng, day), self.end)
            self.accounts.append((name, since))
            self._account(rng, number_, name, since, countries[number_ % len(countries)])

    def _account(self, rng: random.Random, place: int, name: str, since: int, country: str) -> None:
        manager = rng.choice(company.PEOPLE).name
        self._add(
            since + 5 * HOUR,
            ACCOUNTS,
            name,
            lambda: {
                "Account Name": name,
                "Segment": ("Small", "Medium", "Large")[place % 3],
                "Country": country,
                "Manager": self._id(EMPLOYEES, manager),
                "Customer Since": wall(since),
                "Active": True,
            },
        )
        for role in ("Logistics", "Finance")[: 1 + place % 2]:
            person = f"{role} desk of {name}"
            address = f"{role.lower()}@{name.lower().replace(' ', '-')}.example"
            told = (person, address, name, role)
            self._add(since + 6 * HOUR, CONTACTS, person, self._contact, *told)
            if place % 14 == 5:  # noqa: PLR2004
                self._drop(since + rng.randrange(20, 200) * DAY, CONTACTS, person)
        value = round(rng.lognormvariate(9.6, 0.7), -2)
        self._contract(rng, place, name, since + 7 * HOUR, value)

    def _contact(self, person: str, address: str, name: str, role: str) -> dict[str, Any]:
        account = self._id(ACCOUNTS, name)
        return {"Name": person, "Email": address, "Account": account, "Role": role}

    def _contract(self, rng: random.Random, place: int, name: str, at: int, value: float) -> None:
        code = f"C-{place + 1:04d}"
        self._add(
            at,
            CONTRACTS,
            code,
            lambda: {
                "Contract Number": code,
                "Account": self._id(ACCOUNTS, name),
                "Signed By": self._id(EMPLOYEES, company.PEOPLE[place % 28].name),
                "Annual Value": value,
                "Starts": wall(at),
                "Ends": wall(at + 730 * DAY),
                "Status": "Running",
            },
        )
        leaves = at + rng.randrange(120, 330) * DAY if place % 12 == 7 else None  # noqa: PLR2004
        if leaves is not None:
            self._edit(leaves, CONTRACTS, code, {"Status": "Cancelled"})
            self._edit(leaves + HOUR, ACCOUNTS, name, {"Active": False})
        month = at + 30 * DAY
        while month < min(self.end, leaves or self.end):
            self._invoice(rng, code, name, month, round(value / 12, 2))
            month += 30 * DAY

    def _invoice(
        self, rng: random.Random, contract: str, name: str, at: int, amount: float
    ) -> None:
        key = (contract, at)
        self._add(
            at,
            INVOICES,
            key,
            lambda: {
                "Invoice Number": f"INV-{company.instant(at):%Y%m}-{contract[2:]}",
                "Account": self._id(ACCOUNTS, name),
                "Contract": self._id(CONTRACTS, contract),
                "Amount": amount,
                "Issued": wall(at),
                "Due": wall(at + 30 * DAY),
                "Status": "Sent",
            },
        )
        paid = at + int(rng.gauss(24, 9) * DAY)
        if rng.random() < 0.03 or paid <= at:  # noqa: PLR2004
            return
        self._add(
            paid,
            PAYMENTS,
            key,
            lambda: {
                "Invoice": self._id(INVOICES, key),
                "Amount": amount,
                "Received": wall(paid),
            },
        )
        self._edit(paid + 60, INVOICES, key, {"Status": "Paid"})

    def _shipments(self) -> None:
        rng, cities, count = self.rng, list(CITIES), 0
        for day in company.days_until(self.end):
            for _ in range(company.count_of(rng, 8 * company.pace(day))):
                at = company.working(rng, day)
                known = [name for name, since in self.accounts if since + DAY < at]
                start, goal = rng.sample(cities, 2)
                arrives, lost = at + int(rng.gauss(52, 14) * HOUR), rng.random() < 0.01  # noqa: PLR2004
                if not known:
                    continue
                count += 1
                name, weight = rng.choice(known), round(rng.lognormvariate(3, 1), 1)
                self._shipment(count, at, (name, start, goal, weight))
                end: dict[str, Any] = {"Status": "Lost" if lost else "Delivered"}
                if not lost:
                    end["Delivered"] = wall(max(arrives, at + HOUR))
                self._edit(max(arrives, at + HOUR), SHIPMENTS, count, end)

    def _shipment(self, place: int, at: int, what: tuple[str, str, str, float]) -> None:
        name, start, goal, weight = what
        self._add(
            at,
            SHIPMENTS,
            place,
            lambda: {
                "Shipment Number": f"HL{place:07d}",
                "Account": self._id(ACCOUNTS, name),
                "From": self._id(DEPOTS, start),
                "To": self._id(DEPOTS, goal),
                "Status": "Booked",
                "Weight": weight,
                "Booked": wall(at),
            },
        )

    def _syncs(self) -> None:
        feeds = {name: add_feed(self.world, name) for name, _ in FEEDS}
        for day in company.days_until(self.end, FEED_DAYS):
            for place, (name, share) in enumerate(FEEDS):
                at = company.midnight(day) + 2 * HOUR + place * 600
                failed, seconds = self.rng.random() < share, self.rng.uniform(20, 180)
                rows = self.rng.randrange(5, 400)
                self._sync(at, feeds[name], seconds, rows, failed=failed)

    def _sync(self, at: int, feed: int, seconds: float, rows: int, *, failed: bool) -> None:
        code = f"{self.rng.getrandbits(128):032x}"

        def happen(moment: dt.datetime) -> None:
            values = {
                "Execution ID": code,
                "Command": "Data Sync",
                "Server Name": "worker-1",
                "State": "Failed" if failed else "Succeeded",
                "Execution Output": "The source did not answer" if failed else f"{rows} rows",
                "Execution Time": round(seconds, 1),
                "Data Sync Config": feed,
            }
            run = self.world.insert("Cinchy.Execution Log", values, at=moment)
            if failed:
                error = {
                    "Error Class": "SourceError",
                    "Error Type": "Timeout",
                    "Row Count": 1.0,
                    "Execution ID": run,
                }
                self.world.insert("Cinchy.Execution Errors", error, at=moment)

        self._at(at, happen)


def wall(at: int) -> dt.datetime:
    """Return seconds since 1970 as a date of a column, which has no zone."""
    return company.instant(at).replace(tzinfo=None, microsecond=0)
