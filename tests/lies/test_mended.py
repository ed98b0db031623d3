"""Lies that were silent once, kind by kind: none of them is believed again.

Excuses do not count here: each of these can be noticed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lies.matrix import now, parsed, run_unit
from lies.runs import Theatre

if TYPE_CHECKING:
    from collections.abc import Iterator

KINDS: dict[str, tuple[str, ...]] = {
    "an answer of something before the API": (
        "cachet-3.status:status_404:first:bookmark",
        "cachet-2.4.version:status_503:first:bookmark",
    ),
    "an empty answer": (
        "cachet-3.metrics:empty_every_page:all:bookmark",
        "cortex.custom_data:last_page_instead:first:bookmark",
        "cortex.custom_data:next_page_instead:middle:bookmark",
    ),
    "a page that lacks rows, where rows may be alike": (
        "cortex.gitops_logs:drop_middle_row:last:bookmark",
        "cortex.gitops_logs:never_show_a_row:all:bookmark",
    ),
    "a page that comes again in every pass": (
        "cortex.custom_data:repeat_page_before:middle:fresh",
        "cortex.custom_data:repeat_rows_before:middle:fresh",
    ),
    "a row that comes twice in one answer": (
        "cortex.entity_gitops_logs:double_row:first:bookmark",
        "cortex.workflow_runs:key_is_of_its_neighbour:last:fresh",
        "cortex.deploys_search:key_is_of_its_neighbour:first:fresh",
    ),
    "a row without a key": (
        "cachet-3.components:key_is_missing:last:fresh",
        "cortex.workflow_runs:key_is_null:first:bookmark",
        "cortex.deploys_search:key_is_null:last:fresh",
        "cortex.k8s_resources:key_is_null:first:bookmark",
        "cortex.k8s_resources:key_is_a_list:first:bookmark",
        "cortex.initiatives:key_is_null:first:bookmark",
    ),
    "a key that no server gives": (
        "cortex.scim_users:key_is_empty:first:bookmark",
        "cortex.entity_gitops_logs:key_is_empty:last:fresh",
        "cortex.user_labels:key_is_negative:first:bookmark",
        "cortex.workflow_runs:key_is_negative:first:fresh",
        "cortex.deploys_search:key_is_negative:last:fresh",
    ),
    "a total that is too low": (
        "cortex.scim_users:total_of_this_page:all:fresh",
        "cortex.scim_users:total_one_less:all:bookmark",
    ),
    "the record of another": (
        "cortex.catalog_entity:wrong_record:first:fresh",
        "cortex.scorecard_descriptors:answer_of_another_parent:first:fresh",
    ),
    "the answer to another question": (
        "cortex.audit_logs:last_page_instead:first:fresh",
        "cortex.notification_runs:next_page_instead:first:fresh",
        "cortex.custom_metrics:dates_ignored:all:fresh",
    ),
    "types that are asked for and not looked at": (
        "cortex.parents:parameters_ignored:all:fresh",
        "cortex.entity_descriptors:parameters_ignored:all:fresh",
    ),
    "rows of another shape": (
        "cortex.docs_list:row_is_text:first:bookmark",
        "cortex.k8s_resources:row_is_text:first:fresh",
        "cortex.integrations.default:error_called_200:first:fresh",
        "cortex.docs_list:rows_are_an_object:first:bookmark",
        "cortex.docs_list:error_called_200:last:bookmark",
        "cortex.engineering_metrics:row_is_empty_object:first:bookmark",
        "cortex.engineering_metrics_by_period:row_is_empty_object:middle:fresh",
    ),
    "a text that is none, or half of one": (
        "cortex.scorecard_descriptors:body_is_an_empty_object:middle:fresh",
        "cortex.scorecard_descriptors:body_is_plain:first:fresh",
        "cortex.scorecard_descriptors:body_is_cut:first:fresh",
        "cortex.scorecard_descriptors:zip_is_cut:last:bookmark",
        "cortex.scorecard_descriptors:body_is_no_utf8:first:fresh",
    ),
}


@pytest.fixture(scope="module")
def theatre() -> Iterator[Theatre]:
    found = Theatre(now())
    yield found
    found.close()


@pytest.mark.parametrize("kind", KINDS)
def test_a_lie_that_was_silent_is_not_any_more(theatre: Theatre, kind: str) -> None:
    for pair in KINDS[kind]:
        [result] = run_unit(theatre, parsed(pair))
        assert result.verdict in {"exact", "honest"}, (pair, result.verdict, result.what)
