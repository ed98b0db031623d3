"""Writes the rows of the story: the same seed and sizes always give the same rows."""

from __future__ import annotations

import dataclasses
import datetime as dt
import random
from typing import TYPE_CHECKING, Any

from . import columns as c
from . import story

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .columns import Column
    from .table import Table
    from .world import World

FIRST_NAMES = [
    "Ada", "Bjørn", "Chloé", "Dmitri", "Élodie", "Fatima", "Grace", "Hiro", "Inés", "Jürgen",
    "Kwame", "Li", "Mary", "Noor",
]  # fmt: skip
LAST_NAMES = [
    "Smith", "O'Neil", "García", "van der Berg", "Nguyễn", "Müller", "Smith, Jr.", "Łuczak", "李",
    "Doe",
]  # fmt: skip
THINGS = [
    "Boiler", "Bridge", "Catalogue", "Depot", "Elevator", "Forecast", "Gate", "Harbour", "Index",
    "Journal",
]  # fmt: skip
VERBS = [
    "Plan", "Build", "Check", "Move", "Paint", "Write", "Test", "Ship",
]  # fmt: skip
TEXTS: tuple[str | None, ...] = (
    None, "", "NULL", "null", "  padded  ", "line\nbreak\tand tab", "it's “quoted” \"twice\"",
    "👩‍🚀 to the moon", "Straße, 日本語", "\u202eright to left", "sep\u2028arated", "a,b,c",
    "<b>bold</b> & more", "0012", "1e5", "true", "C:\\new\\table", "--comment", "'; DROP", "{0}",
)  # fmt: skip
NUMBERS: tuple[float | None, ...] = (
    None, 0.0, -0.0, 42.0, 0.1 + 0.2, 1e-7, 1e21, 9007199254740993.0, -123456789012345.67, 99.95,
)  # fmt: skip
DATES: tuple[dt.datetime | None, ...] = (
    None,
    dt.datetime(1900, 1, 1),  # noqa: DTZ001
    dt.datetime(9999, 12, 31, 23, 59, 59),  # noqa: DTZ001
    dt.datetime(2024, 2, 29, 12, 34, 56, 789000),  # noqa: DTZ001
    dt.datetime(2026, 11, 1, 1, 30),  # noqa: DTZ001
)
YEAR = 365 * 86_400
REPEATED = (
    dt.datetime(2026, 11, 1, 5, 40, 1, 250000, tzinfo=dt.UTC),
    dt.datetime(2026, 11, 1, 6, 20, 2, tzinfo=dt.UTC),
)
"""Both are 01:something in Toronto and New York, the later one with the smaller wall time."""
MOST_CHANGES = 4000
SOME = 0.4
"""How likely one option of several is chosen."""


def sizes(rows: int) -> dict[str, int]:
    """Return how many rows each table gets when Tasks gets ``rows``."""
    return {
        story.DEPARTMENTS: 9,
        story.EMPLOYEES: max(24, min(rows // 5, 2000)),
        story.PROJECTS: max(10, min(rows // 15, 500)),
        story.TASKS: rows,
        story.INVOICES: max(20, min(rows // 5, 5000)),
        story.LEDGER: 40,
        story.SITES: 6,
        story.ASSETS: max(12, min(rows // 10, 1000)),
        story.READINGS: max(30, min(rows // 3, 5000)),
        story.ACCOUNTS: max(15, min(rows // 10, 2000)),
        story.ACCOUNTS_TOO: 7,
        story.ORDERS: 30,
    }


@dataclasses.dataclass(frozen=True)
class Numbering:
    """Which Cinchy Ids the rows of a table get."""

    first: int = 1
    step: int = 1

    def id_of(self, number: int) -> int:
        """Return the id of the n-th row, counted from 1."""
        return self.first + (number - 1) * self.step

    def linked(self, value: Any) -> Any:
        """Return what a link cell holds, given the numbers of the rows it points to."""
        if isinstance(value, tuple):
            return tuple(map(self.id_of, value))
        return None if value is None else self.id_of(value)


class Author:
    """Invents rows, then changes, deletes and erases some of them."""

    def __init__(
        self,
        world: World,
        counts: Mapping[str, int],
        numbering: Numbering,
        bulk_loaded: frozenset[str],
    ) -> None:
        self.world = world
        self.counts = counts
        self.numbering = numbering
        self.bulk_loaded = bulk_loaded
        self.random: random.Random = random.Random(world.random.random())
        self.now = world.now()

    # Values

    def pick(self, values: tuple[Any, ...] | list[str]) -> Any:
        """Return one of some values."""
        return values[int(self.random.random() * len(values))]

    def some(self, values: tuple[str, ...]) -> tuple[str, ...] | None:
        """Return none, one or several of some options, in their order."""
        return tuple(one for one in values if self.random.random() < SOME) or None

    def to(self, table: str, chance: float = 0.9) -> int | None:
        """Return the number of a row of another table, or nothing now and then."""
        if self.random.random() > chance:
            return None
        return 1 + int(self.random.random() * self.counts[table]) if self.counts[table] else None

    def several(self, table: str) -> tuple[int, ...] | None:
        """Return the numbers of none, one or up to four rows of another table."""
        count = int(self.random.random() * 5)
        return tuple({self.to(table, 1) or 0 for _ in range(count)} - {0}) or None

    def day(self) -> dt.datetime:
        """Return a wall-clock time of the last years, at the full minute."""
        minutes = int(self.random.random() * 5 * 525_600)
        return dt.datetime(2022, 1, 1) + dt.timedelta(minutes=minutes)  # noqa: DTZ001

    def amount(self) -> float:
        """Return an amount of money."""
        return round(self.random.random() * 100_000, 2)

    # Rows

    def fill(self, name: str, make: Callable[[int], Mapping[str, Any]]) -> None:
        """Write the rows of one table, then let some of them change."""
        table = self.world.table(name)
        count = self.counts[name]
        places = [column for column in table.columns if not column.system and not column.live]
        places.sort(key=lambda column: column.slot)
        names = [column.name for column in places]
        links = [index for index, column in enumerate(places) if self._is_renumbered(column)]
        bulk = name in self.bulk_loaded
        step = 0 if bulk else YEAR / max(count, 1)
        start = self.now - dt.timedelta(seconds=YEAR + 3600)
        versions = (1, 0) if table.versioned else (None, None)
        id_of = self.numbering.id_of

        def rows() -> Any:
            for number in range(1, count + 1):
                at = start + dt.timedelta(microseconds=int(step * 1e6 * number))
                by = 1 + number % 3
                values = list(map(make(number).get, names))
                for index in links:
                    values[index] = self.numbering.linked(values[index])
                head = (id_of(number), *versions, None, by, at, by, at, None, None, None)
                yield (*head, *values)

        table.load(rows())
        if not bulk:
            self._change(table)

    def _is_renumbered(self, column: Column) -> bool:
        return column.type is c.ColumnType.LINK and self.numbering != Numbering()

    def _change(self, table: Table) -> None:
        ids = list(table.ids)
        texts = [one.name for one in table.columns if one.type is c.ColumnType.TEXT]
        changed = self.random.sample(ids, min(len(ids) // 6, MOST_CHANGES))
        for place, id_ in enumerate(changed):
            row = table.rows[id_]
            at = row[c.MODIFIED] + (self.now - row[c.MODIFIED]) * self.random.random()
            if place < len(REPEATED) and row[c.MODIFIED] < REPEATED[place]:
                at = REPEATED[place]
            name = self.pick(texts) if texts and place % 2 else None
            values = {name: f"changed {place}"} if name else {}
            table.update(id_, values, at, 1 + place % 3)
        for id_ in self.random.sample(ids, min(len(ids) // 15, 500)):
            row = table.rows[id_]
            at = row[c.MODIFIED] + (self.now - row[c.MODIFIED]) * self.random.random()
            table.delete(id_, at, 1, stamp=self.world.delete_moves_modified)

    def write(self) -> None:
        """Write every table."""
        for name, make in MAKERS.items():
            self.fill(name, lambda id_, make=make: make(self, id_))  # type: ignore[misc]
        for place, id_ in enumerate(list(self.world.table(story.INVOICES).ids)[:6:2]):
            self.world.propose(story.INVOICES, id_, {"Amount": 1000.0 + place})
        self.world.propose(story.INVOICES, None, {"Invoice Number": "INV-NEW", "Amount": 5.0})
        if self.counts[story.EMPLOYEES]:
            erased = self.numbering.id_of(self.counts[story.EMPLOYEES] // 2)
            self.world.erase(story.EMPLOYEES, erased)


def _department(author: Author, id_: int) -> dict[str, Any]:
    name = f"{THINGS[id_ % len(THINGS)]} Department" + (f" {id_}" if id_ > len(THINGS) else "")
    return {
        "Name": name,
        "Code": f"{id_:04d}",
        "Head": author.to(story.EMPLOYEES),
        "Part Of": id_ // 2 or None,
        "Budget": NUMBERS[id_ % len(NUMBERS)],
    }


def _employee(author: Author, id_: int) -> dict[str, Any]:
    first, last = author.pick(FIRST_NAMES), LAST_NAMES[id_ % len(LAST_NAMES)]
    return {
        "Employee Number": f"E{id_:05d}",
        "First Name": first,
        "Last Name": last,
        "Email": f"person{id_}@example.com",
        "Department": author.to(story.DEPARTMENTS),
        "Reports To": id_ // 3 or None,
        "Title": author.pick(["Engineer", "Designer", "Manager", "Analyst", "Director"]),
        "Skills": author.some(("CQL", "Python", "Design", "Finance", "French")),
        "Hire Date": author.day() if id_ % 7 else None,
        "Salary": author.amount(),
        "Active": (True, False, None)[id_ % 3],
        "Photo": author.random.randbytes(48) if id_ % 2 else None,
        "Notes": TEXTS[id_ % len(TEXTS)],
    }


def _project(author: Author, id_: int) -> dict[str, Any]:
    return {
        "Name": f"{author.pick(THINGS)}, phase {id_}",
        "Department": author.to(story.DEPARTMENTS),
        "Owner": author.to(story.EMPLOYEES),
        "Members": author.several(story.EMPLOYEES),
        "Customer": author.to(story.ACCOUNTS),
        "Status": author.pick(["Planned", "Running", "On Hold", "Finished"]),
        "Tags": author.some(("internal", "urgent", "research", "regulated")),
        "Starts": author.day(),
        "Ends": DATES[id_ % len(DATES)],
        "Budget": author.amount(),
        "On Track": id_ % 2 == 0,
    }


def _task(author: Author, id_: int) -> dict[str, Any]:
    shade = id_ % 16
    needs = {1: (id_ - 1,), 5: (1, id_ - 2)}.get(shade) if id_ > 1 else None
    return {
        "Title": f"{VERBS[id_ % 8]} the {THINGS[id_ % 10]} {id_}",
        "Project": author.to(story.PROJECTS),
        "Assignee": author.to(story.EMPLOYEES),
        "Depends On": needs,
        "Status": ("Open", "In Progress", "Blocked", "Done")[id_ % 4],
        "Priority": ("Low", "Normal", "High")[id_ % 3],
        "Estimate": float(shade) / 2 if shade else None,
        "Due": author.day() if shade else None,
        "Billable": shade % 5 > 0,
        "Description": TEXTS[id_ % len(TEXTS)] if shade % 4 == 0 else None,
    }


def _invoice(author: Author, id_: int) -> dict[str, Any]:
    return {
        "Invoice Number": f"INV-{id_:06d}",
        "Customer": author.to(story.ACCOUNTS),
        "Project": author.to(story.PROJECTS),
        "Issued": author.day(),
        "Amount": NUMBERS[id_ % len(NUMBERS)] if id_ % 5 == 0 else author.amount(),
        "Status": author.pick(["Draft", "Sent", "Paid", "Void"]),
        "Sign Off": ("Approved", "Pending", None)[id_ % 3],
        "Scan": b"%PDF-" + bytes(range(id_ % 9)) if id_ % 4 == 0 else None,
    }


def _order(author: Author, id_: int) -> dict[str, Any]:
    return {
        "Customer's Name": LAST_NAMES[id_ % len(LAST_NAMES)],
        "Order No": f"{id_}",
        "Order-No": f"{id_}-dash",
        "Order/No": f"{id_}/slash",
        "Total $": NUMBERS[id_ % len(NUMBERS)],
        "% off (max=100)": float(id_ % 100),
        "select": TEXTS[id_ % len(TEXTS)],
        "from": TEXTS[-id_ % len(TEXTS)],
        "c0": f"not the id {id_}",
        "A=B & C!": id_ % 2 == 0,
        "Ship @ (date/time)": DATES[id_ % len(DATES)],
        "Buyer": author.to(story.EMPLOYEES),
        "Buyer Label": f"label {id_}",
        "Items: all": author.several(story.ASSETS),
        "Flags/Kinds": author.some(("A&B", "C+D", "E/F", "G'H")),
        f"{story.LONG}A": "a",
        f"{story.LONG}B": "b",
    }


def _site(author: Author, id_: int) -> dict[str, Any]:
    return {
        "Name": f"Site {id_}",
        "Position": f"POINT (-79.{380 + id_} 43.{650 + id_})" if id_ % 3 else None,
        "Floor Plan": f"POLYGON ((0 0, {id_} 0, {id_} 9, 0 9, 0 0))",
        "Time Zone": author.pick(["Eastern Standard Time", "Romance Standard Time"]),
    }


MAKERS: Mapping[str, Callable[[Author, int], dict[str, Any]]] = {
    story.DEPARTMENTS: _department,
    story.EMPLOYEES: _employee,
    story.PROJECTS: _project,
    story.TASKS: _task,
    story.INVOICES: _invoice,
    story.LEDGER: lambda author, id_: {
        "Account": f"{4000 + id_ % 7}",
        "Amount": author.amount(),
        "Booked": author.day(),
        "Entered By": author.to(story.EMPLOYEES),
    },
    story.SITES: _site,
    story.ASSETS: lambda author, id_: {
        "Tag": f"A-{id_:05d}",
        "Site": author.to(story.SITES),
        "Used By": author.to(story.EMPLOYEES, 0.5),
        "Bought": author.day(),
        "Price": author.amount(),
        "Insured": id_ % 3 == 0,
    },
    story.READINGS: lambda author, id_: {
        "Asset": author.to(story.ASSETS),
        "Taken": author.day(),
        "Value": author.random.gauss(20, 4),
        "Within Limits": id_ % 9 > 0,
    },
    story.ACCOUNTS: lambda author, id_: {
        "Account Name": f"{author.pick(LAST_NAMES)} & Co. {id_}",
        "Manager": author.to(story.EMPLOYEES),
        "Segment": author.pick(["Retail", "Public", "Industry"]),
        "Revenue": author.amount() * 1000,
        "Remarks": TEXTS[id_ % len(TEXTS)],
    },
    story.ACCOUNTS_TOO: lambda author, id_: {
        "Account Name": f"Twin {id_}",
        "Merged Into": author.to(story.ACCOUNTS),
    },
    story.ORDERS: _order,
}
