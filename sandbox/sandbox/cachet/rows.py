"""The rows of a Cachet database: one type per table, columns of 2.x and 3.x together.

Dates are whole seconds since 1970 (UTC) or nothing. Rows never change; a table replaces them.
"""

from __future__ import annotations

from typing import Any, NamedTuple

Json = Any


class Link(NamedTuple):
    """One row of a pivot table: a component of an incident, schedule or subscriber."""

    component_id: int
    status: int | None = None
    """The status of the component in that incident or schedule."""
    id: int = 0
    created_at: int | None = None
    updated_at: int | None = None


class Tag(NamedTuple):
    """A word that rows of several kinds share."""

    id: int
    name: str
    slug: str


class Component(NamedTuple):
    """A part of the system whose status is shown."""

    id: int
    name: str
    created_at: int | None
    updated_at: int | None
    description: str | None = None
    link: str | None = None
    order: int | None = 0
    status: int | None = 1
    enabled: bool = True
    group_id: int | None = None
    meta: Json = None
    tags: tuple[tuple[str, str], ...] = ()
    """Slug and name; 2.x, and 3.x where they are restored."""
    deleted_at: int | None = None


class ComponentGroup(NamedTuple):
    """A named set of components. ``visible``: 0 signed-in readers, 1 everybody, 2 nobody."""

    id: int
    name: str
    created_at: int | None
    updated_at: int | None
    order: int = 0
    order_column: str | None = None
    order_direction: str | None = None
    collapsed: int = 0
    visible: int = 1
    meta: Json = None


class Incident(NamedTuple):
    """Something that went wrong. ``visible`` as for groups."""

    id: int
    guid: str
    name: str
    message: str
    created_at: int | None
    updated_at: int | None
    status: int | None = 1
    visible: int = 1
    stickied: bool = False
    notifications: bool = False
    user_id: int | None = None
    occurred_at: int | None = None
    published_at: int | None = None
    """3.x only; a date to come keeps the incident back until then."""
    component_id: int | None = None
    """2.x only: the one component; 3.x has ``components``."""
    scheduled_at: int | None = None
    """2.3 only: maintenance is an incident with status 0."""
    components: tuple[Link, ...] = ()
    meta: Json = None
    tags: tuple[tuple[str, str], ...] = ()
    deleted_at: int | None = None


class Update(NamedTuple):
    """A message about an incident or a schedule; both kinds share one space of ids."""

    id: int
    parent_type: str
    """"incident" or "schedule"."""
    parent_id: int
    message: str
    created_at: int | None
    updated_at: int | None
    status: int | None = None
    user_id: int | None = None


class IncidentTemplate(NamedTuple):
    """A text to start an incident from."""

    id: int
    name: str
    slug: str
    template: str
    created_at: int | None
    updated_at: int | None
    engine: str = "twig"


class Metric(NamedTuple):
    """A measured quantity. ``default_value`` is a decimal with three places, as text."""

    id: int
    name: str
    suffix: str
    created_at: int | None
    updated_at: int | None
    description: str | None = None
    default_value: str | None = "0.000"
    calc_type: int = 0
    display_chart: bool = True
    places: int = 2
    default_view: int = 1
    threshold: int = 5
    order: int = 0
    visible: int = 1
    tags: tuple[tuple[str, str], ...] = ()


class MetricPoint(NamedTuple):
    """One measurement, or several merged (``counter``)."""

    id: int
    metric_id: int
    value: float
    created_at: int
    updated_at: int
    counter: int = 1


class Schedule(NamedTuple):
    """A planned maintenance."""

    id: int
    name: str
    scheduled_at: int
    created_at: int | None
    updated_at: int | None
    message: str | None = None
    completed_at: int | None = None
    published_at: int | None = None
    """3.x only."""
    status: int = 0
    """2.4 only, set by hand; 3.x works it out from the clock."""
    components: tuple[Link, ...] = ()
    meta: Json = None
    tags: tuple[tuple[str, str], ...] = ()
    deleted_at: int | None = None


class Subscriber(NamedTuple):
    """Somebody who wants mail. The code and the webhook are secrets that 2.x shows."""

    id: int
    email: str | None
    created_at: int | None
    updated_at: int | None
    verify_code: str = ""
    verified_at: int | None = None
    is_global: bool = True
    phone_number: str | None = None
    slack_webhook_url: str | None = None
    components: tuple[Link, ...] = ()
    meta: Json = None
