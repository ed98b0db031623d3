"""Texts for generated worlds: plausible names, and the odd ones real users write."""

from __future__ import annotations

from typing import Any

COMPONENTS = (
    "API gateway",
    "Web dashboard",
    "Mobile app",
    "Webhooks",
    "Billing",
    "Search",
    "File storage",
    "Email delivery",
    "SMS delivery",
    "Login and SSO",
    "CDN",
    "DNS",
    "Background jobs",
    "Data exports",
    "Reports",
    "Audit log",
    "Database EU-West",
    "Database US-East",
    "Message queue",
    "Cache",
    "Realtime feed",
    "Documentation",
    "Support desk",
    "Card payments",
    "SEPA payments",
    "Image resizing",
    "Video transcoding",
    "GraphQL endpoint",
    "Partner API",
    "Legacy FTP",
)
GROUPS = (
    "Public API",
    "Customer apps",
    "Back office",
    "Data centres",
    "Payments",
    "Skunkworks",
)
TROUBLES = (
    "Elevated error rates",
    "Slow responses",
    "Delayed delivery",
    "Failing logins",
    "Connection timeouts",
    "Data centre power event",
    "Expired certificate",
    "Missing reports",
    "Duplicate charges",
    "Full disk",
)
MESSAGES = (
    "We are looking into it.",
    "Some requests **fail** with a `502`. We are investigating.",
    "A deploy made things worse; we are rolling it back.\n\n- step one\n- step two",
    "Our provider confirmed a fault. See [their page](https://status.example.net/incidents/7).",
    "> Customers in Europe may see errors.\n\nNext update in 30 minutes.",
)
PROGRESS = (
    "We found the cause.",
    "A fix is rolling out.",
    "We keep watching.",
    "All clear. Sorry for the trouble.",
)
MAINTENANCE = (
    "Database upgrade",
    "Network maintenance",
    "Key rotation",
    "Switch replacement",
    "Index rebuild",
)
ODD = (
    "Zürich \u2194 東京",
    "naïve café \u2615\ufe0f",
    "quotes \" and ' and \\ backslash",
    "\u05e2\u05d1\u05e8\u05d9\u05ea \u202eRTL",
    "\U0001f469\u200d\U0001f4bb\U0001f525",
    "tab\tand\r\nnew line",
    "<b>html</b> &amp; entities",
    "line\u2028separator",
    "  spaces  ",
    "a,b;c|d",
    "NULL",
    "e\u0301 combining",
)
METAS: tuple[Any, ...] = (
    {"region": "eu-west", "tier": 1, "tags": ["edge", "http"]},
    {"ticket": "OPS-42"},
    {"nested": {"list": [1, 2.5, None, True], "empty": {}}, "größe": "\u221e"},
    {"big": 9007199254740993, "ratio": 0.1},
    {"0": "zero", "key with spaces": "", "id": "7"},
)
TAGS = (("edge", "Edge"), ("http", "HTTP"), ("customer-facing", "Customer facing"))
"""Slugs and names."""
METRICS = (
    ("API requests", "req/s", "Requests to the API."),
    ("Response time", "ms", None),
    ("Cups of tea", "cups", ""),
    ("Queue depth", "jobs", "Jobs waiting; **lower** is better."),
    ("Errors", "%", "Share of failed requests."),
    ("Temperature", "°C", "Server room."),
)
TEMPLATES = (
    ("Third-party outage", "third-party-outage", "Provider {{ name }} is down.", "twig"),
    ("Planned work", "planned-work", "We will work on {{ $component }}.", "blade"),
    ("Slow", "slow", "Things are slow.\n\n{% if eta %}ETA {{ eta }}{% endif %}", "twig"),
    ("Entschuldigung", "entschuldigung", "Es tut uns leid \u2014 {{ name }}.", "twig"),
    ("Empty", "empty", "", "twig"),
)


def named(words: tuple[str, ...], number: int) -> str:
    """Return the name of the n-th row (from 1): unlike its neighbours, some with odd letters."""
    name = words[(number - 1) % len(words)]
    if number > len(words):
        name = f"{name} {number}"
    return f"{name} {ODD[number % len(ODD)]}" if number % 9 == 0 else name
