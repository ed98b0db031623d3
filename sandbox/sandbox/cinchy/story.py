"""The company the sandbox tells of: twelve tables in seven domains, with every column type.

Two domains and tables become one name in snake case, one table has names that only the platform's
own rule allows, one has no versions, one no Cinchy Id.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from .columns import ColumnType, calculated, choice, date, link, number, plain, text, yes_no

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .columns import Column, Reading

EMPLOYEES = "HR.Employees"
DEPARTMENTS = "HR.Departments"
PROJECTS = "Delivery.Projects"
TASKS = "Delivery.Tasks"
INVOICES = "Finance.Invoices"
LEDGER = "Finance.Imported Ledger"
SITES = "Facilities.Sites"
ASSETS = "Facilities.Assets"
READINGS = "Facilities.Sensor Readings"
ACCOUNTS = "Sales & Marketing.Accounts"
ACCOUNTS_TOO = "Sales Marketing.Accounts"
ORDERS = "O'Brien & Sons (EU).Staff's Orders/Returns - 100% (a+b): x=y @z!"

LONG = "One name that is longer than PostgreSQL's sixty-three bytes can ever hold and ends in "
"""Two columns share it: cut to 63 bytes they are one."""

OPTIONS: Mapping[str, Mapping[str, Any]] = {
    EMPLOYEES: {"description": "Everybody who works here, and who did."},
    TASKS: {"description": "Work to do; the table that grows with the size asked for."},
    INVOICES: {"description": "Changes wait for approval, so drafts exist."},
    SITES: {"kind": "Spatial", "description": "Where we are."},
    READINGS: {"kind": "Unversioned", "description": "Machine data, kept without versions."},
    LEDGER: {"keyed": False, "description": "Loaded from the old books; it has no Cinchy Id."},
}


def _full_name(row: Reading) -> str:
    return f"{row['First Name'] or ''} {row['Last Name'] or ''}"  # CONCAT reads NULL as nothing


def _anniversary(row: Reading) -> dt.datetime | None:
    hired: dt.datetime | None = row["Hire Date"]
    return None if hired is None else hired + dt.timedelta(days=3653)


def _service(row: Reading) -> float | None:
    hired: dt.datetime | None = row["Hire Date"]
    return None if hired is None else float(row.around.now().year - hired.year)


def _gross(row: Reading) -> float | None:
    amount: float | None = row["Amount"]
    return None if amount is None else round(amount * 1.13, 2)


def _overdue(row: Reading) -> bool | None:
    due: dt.datetime | None = row["Due"]
    if due is None:
        return None
    return bool(due < row.around.now().replace(tzinfo=None)) and row["Status"] != "Done"


def _employees() -> list[Column]:
    return [
        text("Employee Number", mandatory=True, max_length=20, description="As on the badge"),
        text("First Name", mandatory=True, max_length=100),
        text("Last Name", mandatory=True, max_length=100),
        calculated(
            "Full Name", ColumnType.TEXT, _full_name, "CONCAT([First Name], ' ', [Last Name])"
        ),
        text("Email", max_length=200, classification="Personal"),
        link("Department", f"{DEPARTMENTS}.Name"),
        link("Reports To", f"{EMPLOYEES}.Full Name", description="The same table again"),
        choice("Title", "Engineer,Designer,Manager,Analyst,Director"),
        choice("Skills", "CQL,Python,Design,Finance,French", multi=True),
        date("Hire Date"),
        number("Salary", classification="Confidential"),
        yes_no("Active"),
        plain("Photo", ColumnType.BINARY),
        text("Notes", html=True, max_length=4000),
        calculated(
            "Tenth Anniversary", ColumnType.DATE, _anniversary, "DATEADD(DAY, 3653, [Hire Date])"
        ),
        calculated(
            "Years Of Service",
            ColumnType.NUMBER,
            _service,
            "DATEDIFF(YEAR, [Hire Date], GETDATE())",
            cached=False,
        ),
        calculated(
            "Leads Others",
            ColumnType.YES_NO,
            lambda row: row["Title"] in {"Manager", "Director"},
            "CASE WHEN [Title] IN ('Manager', 'Director') THEN 1 ELSE 0 END",
        ),
    ]


def _departments() -> list[Column]:
    return [
        text("Name", mandatory=True),
        text("Code", max_length=10),
        link("Head", f"{EMPLOYEES}.Full Name"),
        link("Part Of", f"{DEPARTMENTS}.Name"),
        number("Budget"),
    ]


def _projects() -> list[Column]:
    return [
        text("Name", mandatory=True),
        link("Department", f"{DEPARTMENTS}.Name"),
        link("Owner", f"{EMPLOYEES}.Full Name"),
        link("Members", f"{EMPLOYEES}.Full Name", multi=True),
        link("Customer", f"{ACCOUNTS}.Account Name"),
        choice("Status", "Planned,Running,On Hold,Finished"),
        choice("Tags", "internal,urgent,research,regulated", multi=True),
        date("Starts"),
        date("Ends"),
        number("Budget"),
        yes_no("On Track"),
        calculated(
            "Owner Email",
            ColumnType.TEXT,
            lambda row: row.linked("Owner", "Email"),
            "[Owner].[Email]",
            cached=False,
        ),
    ]


def _tasks() -> list[Column]:
    return [
        text("Title", mandatory=True, max_length=200),
        link("Project", f"{PROJECTS}.Name"),
        link("Assignee", f"{EMPLOYEES}.Full Name"),
        link("Depends On", f"{TASKS}.Title", multi=True),
        choice("Status", "Open,In Progress,Blocked,Done"),
        choice("Priority", "Low,Normal,High"),
        number("Estimate"),
        date("Due"),
        yes_no("Billable"),
        text("Description", max_length=4000),
        calculated(
            "Overdue",
            ColumnType.YES_NO,
            _overdue,
            "CASE WHEN [Due] < GETDATE() AND [Status] <> 'Done' THEN 1 ELSE 0 END",
            cached=False,
        ),
    ]


def _invoices() -> list[Column]:
    return [
        text("Invoice Number", mandatory=True, max_length=40),
        link("Customer", f"{ACCOUNTS}.Account Name"),
        link("Project", f"{PROJECTS}.Name"),
        date("Issued"),
        number("Amount"),
        calculated("Gross", ColumnType.NUMBER, _gross, "ROUND([Amount] * 1.13, 2)"),
        choice("Status", "Draft,Sent,Paid,Void"),
        plain("Sign Off", ColumnType.APPROVAL),
        plain("Scan", ColumnType.BINARY),
    ]


def _orders() -> list[Column]:
    return [
        text("Customer's Name"),
        text("Order No"),
        text("Order-No"),
        text("Order/No"),
        number("Total $"),
        number("% off (max=100)"),
        text("select"),
        text("from"),
        text("c0", description="The name a generated query may want for its first alias"),
        yes_no("A=B & C!"),
        date("Ship @ (date/time)"),
        link("Buyer", f"{EMPLOYEES}.Full Name"),
        text("Buyer Label", description="What a reader may want to call the label of Buyer"),
        link("Items: all", f"{ASSETS}.Tag", multi=True),
        choice("Flags/Kinds", "A&B,C+D,E/F,G'H", multi=True),
        text(f"{LONG}A"),
        text(f"{LONG}B"),
    ]


def story_tables() -> dict[str, list[Column]]:
    """Return the columns of the twelve tables, by ``Domain.Table``."""
    return {
        DEPARTMENTS: _departments(),
        EMPLOYEES: _employees(),
        PROJECTS: _projects(),
        TASKS: _tasks(),
        INVOICES: _invoices(),
        LEDGER: [
            text("Account"),
            number("Amount"),
            date("Booked"),
            link("Entered By", f"{EMPLOYEES}.Full Name"),
        ],
        SITES: [
            text("Name", mandatory=True),
            plain("Position", ColumnType.GEOGRAPHY),
            plain("Floor Plan", ColumnType.GEOMETRY),
            text("Time Zone"),
        ],
        ASSETS: [
            text("Tag", mandatory=True),
            link("Site", f"{SITES}.Name"),
            link("Used By", f"{EMPLOYEES}.Full Name"),
            date("Bought"),
            number("Price"),
            yes_no("Insured"),
        ],
        READINGS: [
            link("Asset", f"{ASSETS}.Tag"),
            date("Taken"),
            number("Value"),
            yes_no("Within Limits"),
        ],
        ACCOUNTS: [
            text("Account Name", mandatory=True),
            link("Manager", f"{EMPLOYEES}.Full Name"),
            choice("Segment", "Retail,Public,Industry"),
            number("Revenue"),
            text("Remarks"),
        ],
        ACCOUNTS_TOO: [
            text("Account Name", mandatory=True),
            link("Merged Into", f"{ACCOUNTS}.Account Name"),
        ],
        ORDERS: _orders(),
    }
