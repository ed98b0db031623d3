"""Cachet 2.3, 2.4 and 3.x as one local server with generated data.

``create_app(generate(Size(incidents=500)), Options(api="3"))`` is an ASGI application; see
:mod:`sandbox.serve` for running it in a test.
"""

from sandbox.cachet.app import create_app
from sandbox.cachet.churn import Churn
from sandbox.cachet.clock import Clock
from sandbox.cachet.generate import Size, generate
from sandbox.cachet.options import ADMIN_TOKEN, Options, Token
from sandbox.cachet.plain import plain_world
from sandbox.cachet.truth import Truth, truth
from sandbox.cachet.world import World

__all__ = [
    "ADMIN_TOKEN",
    "Churn",
    "Clock",
    "Options",
    "Size",
    "Token",
    "Truth",
    "World",
    "create_app",
    "generate",
    "plain_world",
    "truth",
]
