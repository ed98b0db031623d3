"""What the user of a dlt resource did to it, as far as the way rows are handed over goes."""

from __future__ import annotations

from typing import Any

import dlt
from dlt.common.schema import Schema
from dlt.extract.items_transform import LimitItem


def has_steps(resource: Any) -> bool:
    """Return whether there are further steps, which look at single rows."""
    return len(resource._pipe) > 1  # noqa: SLF001  # dlt has no other way to know


def is_limited(resource: Any) -> bool:
    """Return whether only a sample is wanted; after that, the next run must not go on behind it."""
    return any(isinstance(step, LimitItem) for step in resource._pipe.steps)  # noqa: SLF001


def is_restricted(table: str, resource: Any) -> bool:
    """Return whether a schema contract may take columns or rows out; for use inside a resource."""
    schema = dlt.current.source_schema()
    contract = schema.resolve_contract_settings_for_table(table)
    if resource.schema_contract:
        contract = Schema.expand_schema_contract_settings(resource.schema_contract)
    return any(mode != "evolve" for mode in contract.values())
