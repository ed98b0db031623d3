"""How the server behaves where Cortex varies, is licensed, is undocumented, or fails."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Sequence  # noqa: TC003  (the same)
from typing import Literal

from .keys import ApiKey
from .limiter import Limit  # noqa: TC001  (the command reads the types of the fields)

DEFAULT_TOKEN = "cortex-sandbox-key"  # noqa: S105
"""The key that the server accepts unless others are given."""

UncertainShape = Literal["envelope", "array", "unpaged", "other_key", "absent"]
DocumentationShape = Literal["absent", "array", "object", "single"]
HealthShape = Literal["absent", "json", "text"]
UnauthorizedShape = Literal["error", "empty", "text"]
DateBounds = Literal["closed", "half_open"]
Order = Literal["as_made", "by_key", "recent_first", "restless"]
Totals = Literal["exact", "text", "float", "pages_only", "page", "minus_one", "zero", "capped"]


def _default_keys() -> list[ApiKey]:
    return [ApiKey(token=DEFAULT_TOKEN)]


@dataclasses.dataclass(kw_only=True)
class Options:
    """Behaviour of one server. Every default is what the reference says of a plain workspace.

    Attributes:
        keys: The keys that are accepted.
        unauthorized: Body of a 401: an error object, nothing, or plain text. Not documented.
        unlicensed: Products that are not licensed (``ENG_METRICS``, ``SCAFFOLDERS``,
            ``WORKFLOW_RUNS``, ``VERIFICATIONS``); their routes answer 403.
        limit: Rate limit per key; none by default.
        latency: Seconds that every answer waits.
        teams_in_catalog: Whether the workspace has the feature that shows teams in ``/catalog``;
            without it ``types=team`` is answered 400.
        archived_children_gone: Whether routes below an archived entity answer 404.
        scores_totals: Whether ``scores`` has page, total and totalPages.
        catalogs_key: Envelope key of ``/catalog-pages``; an older version said ``catalogs``.
        departments_listable: Whether departments are listed without ``departmentTag``.
        uncertain: Shape of the routes whose answer is documented nowhere (deploy search and
            environments, workflow runs, AWS resources, SSO): usual envelope, paged root array,
            root array that ignores paging, a list under another key without totals, or 404.
        documentation: Shape of ``/catalog/{tagOrId}/documentation``, if it exists.
        health: Shape of ``/health``, if it exists.
        absent_status: Status of the two when they do not exist: 404, 405 or 501.
        date_bounds: Whether the upper end of a date filter is included.
        notification_date: Which date the filters of notifications look at.
        scim: Whether SCIM is set up; if not its routes answer 403.
        scim_page: Most resources of one SCIM answer, whatever ``count`` says.
        oncall_failing: Tags of entities whose on-call provider does not answer.
        query_polls: How often a CQL job says IN_PROGRESS before it ends.
        query_status: How a CQL job ends.
        query_conflict: Whether a CQL job is refused because another one runs.
        integration_missing: Status for an integration that is not set up: 400 or 404.
        order: Order of the lists whose order is documented nowhere (entities, descriptors,
            discovery audit, GitOps logs, relationships, deploy search, users): as the workspace
            holds them, by key, by date with the newest first (an update moves a row to the front),
            or shuffled anew after every few requests.
        restless_every: How many requests for one such list find the same restless order.
        totals: How totals are sent beside pages: as numbers that are right, as text or with a
            decimal point, ``totalPages`` alone, or wrong: the rows of this page, -1, 0, or no more
            than the size of a page. ``totalPages`` is right in all of them.
        page_cap: Most rows of one page, whatever ``pageSize`` asks for; totals follow it.
        not_found: Body of a 404: the vendor's, with ``type``, or that of something in front.
        configurations_unlisted: Integrations whose list of configurations has no GET (405), as
            PagerDuty's had none in January 2026.
        descriptors_yaml: Descriptors are YAML texts whatever ``yaml`` says, written by hand: with
            comments, quoted tags, and a description that speaks of tags.
        metric_rows: Rows of metrics and events: lists in the order of the columns, as documented,
            or objects by alias.
        columns_shuffled: Columns are listed in another order than their ordinals.
        metric_page: Most rows of one answer to a metric query; more follow by ``nextPage``. By
            default there is one answer, cut at ``limit`` without a word.
        trace_cursor: Whether ``nextPage`` of events stands behind the last row, or counts rows.
        clock: Monotonic seconds, for the rate limit.
    """

    keys: Sequence[ApiKey] = dataclasses.field(default_factory=_default_keys)
    unauthorized: UnauthorizedShape = "error"
    unlicensed: frozenset[str] = frozenset()
    limit: Limit | None = None
    latency: float = 0.0
    teams_in_catalog: bool = False
    archived_children_gone: bool = False
    scores_totals: bool = False
    catalogs_key: Literal["catalogPages", "catalogs"] = "catalogPages"
    departments_listable: bool = True
    uncertain: UncertainShape = "envelope"
    documentation: DocumentationShape = "absent"
    health: HealthShape = "absent"
    absent_status: int = 404
    date_bounds: DateBounds = "closed"
    notification_date: Literal["dateCreated", "dateUpdated"] = "dateCreated"
    scim: bool = True
    scim_page: int = 100
    oncall_failing: frozenset[str] = frozenset()
    query_polls: int = 1
    query_status: Literal["DONE", "CANCELLED", "FAILURE", "TIMED_OUT"] = "DONE"
    query_conflict: bool = False
    integration_missing: int = 404
    order: Order = "as_made"
    restless_every: int = 1
    totals: Totals = "exact"
    page_cap: int | None = None
    not_found: Literal["vendor", "gateway"] = "vendor"
    configurations_unlisted: frozenset[str] = frozenset()
    descriptors_yaml: bool = False
    metric_rows: Literal["positional", "keyed"] = "positional"
    columns_shuffled: bool = False
    metric_page: int | None = None
    trace_cursor: Literal["stable", "offset"] = "stable"
    clock: Callable[[], float] = time.monotonic
