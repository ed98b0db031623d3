"""A body in which an object has a name twice is no answer, and any other one is."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from singer_rest.http.json_body import UnreadableBodyError, decode

# Colons, quotes and backslashes in names and texts are what could be taken for the end of a name.
LETTERS = st.sampled_from(':"\\ {}[],\n') | st.characters(exclude_categories=["Cs"])
TEXTS = st.text(LETTERS, max_size=8).filter(lambda text: "\x00" not in text)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**25), 10**25) | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=20,
)
spaced = pytest.mark.parametrize("separators", [(",", ":"), (" , ", " \n: ")])


@spaced
@settings(deadline=None)
@given(value=VALUES, ascii_only=st.booleans())
def test_colons_in_texts_are_no_alarm(
    *, separators: tuple[str, str], value: Any, ascii_only: bool
) -> None:
    decode(json.dumps(value, separators=separators, ensure_ascii=ascii_only).encode())


@spaced
@settings(deadline=None)
@given(row=st.dictionaries(TEXTS, VALUES, min_size=1, max_size=4), other=VALUES)
def test_a_name_twice_is_noticed_whatever_else_is_there(
    separators: tuple[str, str], row: dict[str, Any], other: Any
) -> None:
    name, value, whole = (
        json.dumps(one, separators=separators) for one in (next(iter(row)), other, row)
    )
    body = "[{" + name + separators[1] + value + separators[0] + whole[1:] + "]"
    with pytest.raises(UnreadableBodyError, match="a name twice"):
        decode(body.encode())
