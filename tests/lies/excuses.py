"""What no client can notice: named once a way, with the reason, and nowhere else."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from .matrix import Pair

    Where = Callable[[Pair, frozenset[str]], bool]


def everywhere(_pair: Pair, _claims: frozenset[str]) -> bool:
    """Take every pair."""
    return True


def uncounted(_pair: Pair, claims: frozenset[str]) -> bool:
    """Take lists whose answers do not say how many rows there are."""
    return "total" not in claims


@dataclasses.dataclass(frozen=True)
class Excuse:
    """Why a way of lying may go unnoticed.

    Attributes:
        reason: What a client would have to know.
        where: On which pairs, by what the answers of the route claim.
    """

    reason: str
    where: Where = everywhere


def bare(pair: Pair, claims: frozenset[str]) -> bool:
    """Take lists whose answers say nothing at all beside their rows, and are not asked by key."""
    return not claims and "query" not in pair.route.traits


def bare_or_worded(pair: Pair, claims: frozenset[str]) -> bool:
    """Take also what a user has worded, so that no other question can be put."""
    return bare(pair, claims) or "worded" in pair.route.traits


def bare_or_accepted(pair: Pair, claims: frozenset[str]) -> bool:
    """Take also what a user has said to know the end of, though nothing proves it."""
    return bare(pair, claims) or "accept_unproved" in pair.route.scenario.settings


def unnamed(pair: Pair, _claims: frozenset[str]) -> bool:
    """Take children that do not say whose they are."""
    return "named" not in pair.route.traits


def may_be_none(pair: Pair, _claims: frozenset[str]) -> bool:
    """Take routes on which the vendor's word for "none" is 404."""
    return "none" in pair.route.traits


def numbered(pair: Pair, _claims: frozenset[str]) -> bool:
    """Take lists whose rows are known by their places only, in no order that was asked for."""
    return "numbered" in pair.route.traits


def bare_list(pair: Pair, claims: frozenset[str]) -> bool:
    """Take routes whose whole answer is a list."""
    return bare(pair, claims) and pair.route.shape.rows is None


def keyless(pair: Pair, _claims: frozenset[str]) -> bool:
    """Take lists whose rows have no key of the server's."""
    return "keyed" not in pair.route.traits


def own_key(pair: Pair, _claims: frozenset[str]) -> bool:
    """Take queries whose key a user has named."""
    return pair.route.name in {"cinchy.cql", "cinchy.saved"}


def part(pair: Pair, _claims: frozenset[str]) -> bool:
    """Take rows that several fields tell apart, of which the key of the route is one."""
    return "part" in pair.route.traits


def uncounted_or_keyless(pair: Pair, claims: frozenset[str]) -> bool:
    """Take both."""
    return uncounted(pair, claims) or keyless(pair, claims)


def uncounted_keyless_or_unnamed(pair: Pair, claims: frozenset[str]) -> bool:
    """Take also children whose rows do not say whose they are."""
    is_child = "child" in pair.route.traits and unnamed(pair, claims)
    return is_child or uncounted_or_keyless(pair, claims)


NOT_COUNTED = "no answer says how many rows there are; a row left out is like one that never was"
SAYS_NOTHING = "the answer is all there is: nothing beside the rows says that there are more"
HAS_NONE = "it is what the vendor answers where there is none"
PLACES = "rows that have no key are numbered as they come, and no order was asked for"
ADDED = "no answer says which rows a parameter has added"
ALIKE = "rows without a key of the server's may be alike"
NOT_COUNTED_OR_ALIKE = f"{NOT_COUNTED}; {ALIKE}"
OF_ANOTHER = f"{NOT_COUNTED_OR_ALIKE}; a row of another parent does not say whose it is"
EXCUSES: dict[str, Excuse] = {
    "drop_row_and_count_it_out": Excuse(
        "a server that leaves out a row and counts without it says the same as one without it"
    ),
    "drop_first_row": Excuse(NOT_COUNTED_OR_ALIKE, uncounted_or_keyless),
    "drop_middle_row": Excuse(NOT_COUNTED_OR_ALIKE, uncounted_or_keyless),
    "drop_last_row": Excuse(NOT_COUNTED_OR_ALIKE, uncounted_or_keyless),
    "never_show_the_first_row": Excuse(NOT_COUNTED, uncounted),
    "never_show_a_row": Excuse(NOT_COUNTED, uncounted),
    "never_show_the_last_row": Excuse(NOT_COUNTED, uncounted),
    "row_of_another_page": Excuse(OF_ANOTHER, uncounted_keyless_or_unnamed),
    "row_in_place_of_its_neighbour": Excuse(ALIKE, keyless),
    "last_row_in_place_of_the_first": Excuse(ALIKE, keyless),
    "double_row": Excuse(ALIKE, keyless),
    "rows_moved_to_the_next_page": Excuse(OF_ANOTHER, uncounted_keyless_or_unnamed),
    "cut_page": Excuse(SAYS_NOTHING, bare_or_accepted),
    "cut_every_page": Excuse(SAYS_NOTHING, bare_or_accepted),
    "empty_page": Excuse(SAYS_NOTHING, bare_or_accepted),
    "empty_every_page": Excuse(SAYS_NOTHING, bare_or_worded),
    "answer_of_another_parent": Excuse("nothing in the answer says whose it is", unnamed),
    "body_is_an_empty_list": Excuse(SAYS_NOTHING, bare_list),
    "swap_rows": Excuse(PLACES, numbered),
    "reverse_page": Excuse(PLACES, numbered),
    "shuffle_rows": Excuse(PLACES, numbered),
    "status_400": Excuse(HAS_NONE, may_be_none),
    "status_404": Excuse(HAS_NONE, may_be_none),
    "status_405": Excuse(HAS_NONE, may_be_none),
    "status_410": Excuse(HAS_NONE, may_be_none),
    "columns_are_swapped": Excuse("a value of the right type does not say whose column it is of"),
    "key_is_negative": Excuse(
        "a user has named the key, and a negative number may be one", own_key
    ),
    "key_is_of_its_neighbour": Excuse(
        "with one of several fields of its neighbour's key, a row may be one that never was", part
    ),
    "key_is_empty": Excuse("an empty text is a text, and the key of another row", keyless),
    "credential_is_not_seen": Excuse(
        "the credential is good wherever it is proved, and guests get rows of the same form"
    ),
    "nested_lists_are_empty": Excuse("nothing counts the lists inside a row"),
    "switches_ignored": Excuse(ADDED),
    "parameters_ignored": Excuse(ADDED),
}
