"""The tables of every stream: what a row holds, and what identifies it.

Names and meanings are the vendor's. Columns that a document names have their own place; what else
a server sends is kept in ``other_fields``, and rows that no document describes are kept whole in
``raw``. Columns in snake case are lifted out of nested objects or made up, as their descriptions
say. Objects are open.
"""

from __future__ import annotations

from tap_cortex.schemas import catalog, entity, logs, other, people, scorecards, workspace

__all__ = ["catalog", "entity", "logs", "other", "people", "scorecards", "workspace"]
