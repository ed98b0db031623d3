"""A column's description says more than its name: what it holds, its unit, what it joins with."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from .test_house_rules import tracked

if TYPE_CHECKING:
    from collections.abc import Iterable

SAYS_NOTHING = frozenset(
    re.findall(
        r"\w+",
        """a an and are as at be been by cid did do does for from had has have how id ids if in is
        it its key kind list no not number of on one or row so than that the their them then there
        they this to type was were what when where whether which who with""",
    )
)
REFERENCE = re.compile(r"\w\.\w")
"""``components.id``: the column that it joins with."""
SHARED = 5
"""Words that begin alike are taken for one: delivered and delivery."""


def words(text: str) -> Iterable[str]:
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", text)
    return (word.lower() for word in re.findall(r"[A-Za-z0-9]+", parted))


def adds_something(stream: str, column: str, description: str) -> bool:
    """Whether a description has a word that neither name has, or says what it joins with."""
    known = {word[:SHARED] for word in words(f"{stream} {column}")}
    known |= {word.rstrip("s") for word in known}
    return bool(REFERENCE.search(description)) or any(
        word not in SAYS_NOTHING and word[:SHARED] not in known and word.rstrip("s") not in known
        for word in words(description)
    )


@pytest.mark.parametrize("tap", ["cachet", "cortex", "cinchy"])
def test_no_description_repeats_the_name(tap: str) -> None:
    empty = []
    snapshots = tracked(f"tests/{tap}/snapshots/*.json")
    assert snapshots
    for path in snapshots:
        schema = json.loads(path.read_text(encoding="utf-8"))["schema"]
        for name, column in schema["properties"].items():
            if not adds_something(path.stem, name, column.get("description", "")):
                empty.append(f"{path.stem}.{name}: {column.get('description')}")
    assert empty == []


def test_what_repeats_the_name_is_seen() -> None:
    assert not adds_something("scorecards", "dateCreated", "When the scorecard was created.")
    assert not adds_something("scim_users", "phoneNumbers", "Phone numbers.")
    assert adds_something("metric_points", "metric_id", "What was measured: metrics.id.")
