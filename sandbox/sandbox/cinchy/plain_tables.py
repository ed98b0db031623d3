"""The tables of Harbourline's data platform."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox import company

from .columns import ColumnType, calculated, choice, date, link, number, plain, text, yes_no

if TYPE_CHECKING:
    from .columns import Column, Reading

TEAMS, EMPLOYEES = "People.Teams", "People.Employees"
SERVICES, INCIDENTS = "Product.Services", "Product.Incidents"
ACCOUNTS, CONTACTS = "Customers.Accounts", "Customers.Contacts"
CONTRACTS = "Sales.Contracts"
DEPOTS, SHIPMENTS = "Operations.Depots", "Operations.Shipments"
INVOICES, PAYMENTS = "Finance.Invoices", "Finance.Payments"


def _minutes(row: Reading) -> float | None:
    began, fixed = row["Began"], row["Fixed"]
    return None if began is None or fixed is None else (fixed - began).total_seconds() / 60


def tables() -> dict[str, list[Column]]:
    """Return the columns of every table, by ``Domain.Table``."""
    return {
        TEAMS: [text("Name", mandatory=True), text("Tag"), link("Lead", f"{EMPLOYEES}.Name")],
        EMPLOYEES: [
            text("Name", mandatory=True),
            text("Email", classification="Personal"),
            link("Team", f"{TEAMS}.Name"),
            choice("Title", "Engineer,Lead,Designer"),
            date("Hired"),
            yes_no("Active"),
        ],
        SERVICES: [
            text("Name", mandatory=True),
            text("Tag"),
            link("Owner", f"{TEAMS}.Name"),
            link("Depends On", f"{SERVICES}.Name", multi=True),
            number("Tier"),
            choice("Domain", ",".join(company.DOMAINS.values())),
        ],
        INCIDENTS: [
            text("Title", mandatory=True),
            link("Service", f"{SERVICES}.Name"),
            choice("Severity", "SEV1,SEV2,SEV3"),
            date("Began"),
            date("Fixed"),
            text("Cause", max_length=2000),
            calculated(
                "Minutes",
                ColumnType.NUMBER,
                _minutes,
                "DATEDIFF(MINUTE, [Began], [Fixed])",
            ),
        ],
        ACCOUNTS: [
            text("Account Name", mandatory=True),
            choice("Segment", "Small,Medium,Large"),
            choice("Country", "Netherlands,Germany,France,Spain,Poland,Italy"),
            link("Manager", f"{EMPLOYEES}.Name"),
            date("Customer Since"),
            yes_no("Active"),
        ],
        CONTACTS: [
            text("Name", mandatory=True),
            text("Email", classification="Personal"),
            link("Account", f"{ACCOUNTS}.Account Name"),
            choice("Role", "Logistics,Finance,Technical"),
        ],
        CONTRACTS: [
            text("Contract Number", mandatory=True),
            link("Account", f"{ACCOUNTS}.Account Name"),
            link("Signed By", f"{EMPLOYEES}.Name"),
            number("Annual Value"),
            date("Starts"),
            date("Ends"),
            choice("Status", "Running,Ended,Cancelled"),
        ],
        DEPOTS: [
            text("Name", mandatory=True),
            text("City"),
            number("Parcels A Day"),
            plain("Position", ColumnType.GEOGRAPHY),
        ],
        SHIPMENTS: [
            text("Shipment Number", mandatory=True),
            link("Account", f"{ACCOUNTS}.Account Name"),
            link("From", f"{DEPOTS}.Name"),
            link("To", f"{DEPOTS}.Name"),
            choice("Status", "Booked,Delivered,Lost"),
            number("Weight"),
            date("Booked"),
            date("Delivered"),
        ],
        INVOICES: [
            text("Invoice Number", mandatory=True),
            link("Account", f"{ACCOUNTS}.Account Name"),
            link("Contract", f"{CONTRACTS}.Contract Number"),
            number("Amount"),
            date("Issued"),
            date("Due"),
            choice("Status", "Sent,Paid"),
        ],
        PAYMENTS: [
            link("Invoice", f"{INVOICES}.Invoice Number", mandatory=True),
            number("Amount"),
            date("Received"),
        ],
    }
