"""Names chosen to break clients that paste them into addresses."""

from __future__ import annotations

HOSTILE_TAGS: tuple[str, ...] = (
    "a/b",
    "..",
    "x?y",
    "x#f",
    "rocket-\N{ROCKET}",
    "two words",
    "%2e%2e",
    "/leading",
    "trailing/",
    "a//b",
    "{api_key}",
    ".",
    "definitions",
    "a%2Fb",
    "plus+sign&and=equals",
    "Payments:V2",
    "payments:v2",
    "caf\u00e9",
    "cafe\u0301",
    'quote"back\\slash',
    "semi;colon,comma",
    "n" * 200,
)
"""Tags of entities."""

SHADOWED_TAG = "definitions"
"""An entity that is reached by its id alone: its tag is also the name of a route under
``/catalog``, which wins. Its dependencies, which only a tag could ask for, are out of reach, so it
has none."""

HOSTILE_SCORECARD_TAG = "dora/2026 ready?"
HOSTILE_RELATIONSHIP_TAG = "owned/by"
HOSTILE_METRIC_KEY = "lead time/p95"
HOSTILE_WORKFLOW_TAG = "restart/service #1"
HOSTILE_GROUP = "tier/1 & critical"
HOSTILE_TYPE = "AWS::S3::Bucket"
