"""Cinchy as a local server: a platform in memory, a small CQL engine and the HTTP surface.

``build_world`` makes a platform with content, ``create_app`` serves it::

    world = build_world(seed=1, rows=300)
    with serve(create_app(world, Options(base_path="/Cinchy"))) as server:
        ...
"""

from .accounts import Account
from .app import CinchyApp, create_app
from .build import build_world
from .churn import Churn
from .clock import START, Clock
from .options import Health, Options
from .plain import build_plain_world
from .request import SandboxRequest, Seen
from .world import World

__all__ = [
    "START",
    "Account",
    "Churn",
    "CinchyApp",
    "Clock",
    "Health",
    "Options",
    "SandboxRequest",
    "Seen",
    "World",
    "build_plain_world",
    "build_world",
    "create_app",
]
