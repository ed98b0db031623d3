"""Cortex as a local server: a generated workspace of any size, and every route that reads it.

```python
from sandbox.cortex import Options, World, WorldSpec, create_app
from sandbox.serve import serve

world = World(WorldSpec(seed=7, entities=500))
with serve(create_app(world, Options(latency=0.2))) as server:
    ...  # read server.url with world keys, then compare with world.truth("entities")
```
"""

from .answers import Answer, too_many
from .app import CortexApp, create_app
from .churn import Churn
from .keys import ApiKey, make_key, make_token
from .limiter import Limit
from .model import Entity, Row, Scorecard
from .options import DEFAULT_TOKEN, Options
from .plain import PlainWorld, plain_world
from .routing import Call
from .snowflake import Failure, SnowflakeApp, SnowflakeOptions, create_snowflake_app
from .world import World, WorldSpec

__all__ = [
    "DEFAULT_TOKEN",
    "Answer",
    "ApiKey",
    "Call",
    "Churn",
    "CortexApp",
    "Entity",
    "Failure",
    "Limit",
    "Options",
    "PlainWorld",
    "Row",
    "Scorecard",
    "SnowflakeApp",
    "SnowflakeOptions",
    "World",
    "WorldSpec",
    "create_app",
    "create_snowflake_app",
    "make_key",
    "make_token",
    "plain_world",
    "too_many",
]
