"""Every list, object, child and log route of the three taps, and the runs that read them."""

from __future__ import annotations

from .base import Route, Scenario
from .cachet import CACHET
from .cinchy import CINCHY
from .cortex import CORTEX

ROUTES: dict[str, Route] = {route.name: route for route in (*CACHET, *CORTEX, *CINCHY)}

__all__ = ["ROUTES", "Route", "Scenario"]
