"""Loads in which nothing went wrong are never reported, whatever their schemas, keys and rows.

Many streams a load, of every scope: whole reads, reads that retire nothing (shrink guard), daily
snapshots, and incremental reads with rows that are deleted, restored and sent twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from .messages import TEXT
from .receipted import sent

if TYPE_CHECKING:
    from .conftest import Warehouse

STREAMS = 20
LOADS = 50
PARTS_OF_A_THOUSAND = 5
DELETED = {"_sdc_deleted_at": {"type": ["string", "null"], "format": "date-time"}}
GONE = {"_sdc_deleted_at": "2026-11-20T10:00:00Z"}
NAMES = st.sampled_from(["id", "Key", "version", "d", "order", "a b", "é", "_x", "table", "on"])
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=6) | st.sampled_from(
    ["a", "A", "a ", " a", "\x1f", "0", "0.0", "null", "'", '"', "\\", "%s"]
)
INSTANTS = st.datetimes().map(lambda moment: f"{moment.isoformat()}Z")
PARTS: list[tuple[dict[str, Any], st.SearchStrategy[Any]]] = [
    ({"type": "integer"}, st.integers(-(2**63), 2**63 - 1) | st.integers(-9, 9)),
    ({"type": "string"}, TEXTS),
    ({"type": "boolean"}, st.booleans()),
    ({"type": "string", "format": "date-time"}, INSTANTS),
    ({"type": "string", "format": "date"}, st.dates().map(str)),
]


@st.composite
def read(draw: st.DrawFn) -> dict[str, Any]:
    """One stream's part of a load: properties, keys, rows and scope."""
    names = draw(st.lists(NAMES, min_size=1, max_size=3, unique_by=str.casefold))
    parts = {name: draw(st.sampled_from(PARTS)) for name in names}
    scope = draw(st.sampled_from(["whole", "version", "day", "run"]))
    properties = {name: declared for name, (declared, _) in parts.items()} | {"v": TEXT}
    row = st.fixed_dictionaries({name: values for name, (_, values) in parts.items()})
    rows = draw(st.lists(row, max_size=12))
    keys = draw(st.sampled_from([tuple(names), ()])) if scope in {"whole", "run"} else tuple(names)
    if scope == "run" and keys:
        properties |= DELETED
        again = draw(st.lists(st.sampled_from(rows), max_size=6)) if rows else []
        rows = [*rows, *(draw(st.sampled_from([one, one | GONE])) for one in again)]
    elif keys:
        distinct = {tuple(map(repr, one.values())): one for one in rows}
        rows = list(distinct.values())
    return {"properties": properties, "keys": keys, "rows": rows, "scope": scope}


def load_and_check(warehouse: Warehouse, reads: list[dict[str, Any]], number: int) -> None:
    messages: list[Any] = []
    for index, one in enumerate(reads):
        version = number * 10 + 1 if one["scope"] in {"whole", "version"} else None
        messages += sent(
            f"s{number}_{index}",
            one["properties"],
            one["keys"],
            one["rows"],
            version=version,
            scope=one["scope"],
            run_id=f"run-{number}-{index}",
        )
    run = warehouse.load(*messages, verify="values", replace_when="trusted")
    assert run.code == 0, run.stderr
    found = warehouse.query(
        "SELECT stream_name, verdict, reason FROM singer_proofs "
        f"WHERE verdict <> 'equal' AND run_id LIKE 'run-{number}-%'"
    )
    assert found == []


def clean_loads(warehouse: Warehouse, loads: int, part: int) -> None:
    """Load so many times; one that is reported is not made smaller, which takes as long again."""
    numbers = iter(range(1, 10 * loads))

    @seed(part)
    @settings(
        max_examples=loads,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(reads=st.lists(read(), min_size=STREAMS, max_size=STREAMS))
    def one(reads: list[dict[str, Any]]) -> None:
        load_and_check(warehouse, reads, next(numbers))

    one()


def test_clean_loads_are_not_reported(warehouse: Warehouse) -> None:
    clean_loads(warehouse, 2, 0)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("part", range(1, PARTS_OF_A_THOUSAND + 1))
def test_a_thousand_clean_batches_are_not_reported(warehouse: Warehouse, part: int) -> None:
    """Fifty loads of twenty streams, in several datasets: one with a thousand tables is slow."""
    clean_loads(warehouse, LOADS // PARTS_OF_A_THOUSAND, part)
