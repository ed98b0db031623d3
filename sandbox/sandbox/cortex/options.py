"""How the server behaves where Cortex varies, is licensed, is undocumented, or fails."""

from __future__ import annotations

import dataclasses
import time
from typing import TYPE_CHECKING, Literal

from .keys import ApiKey

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .limiter import Limit

DEFAULT_TOKEN = "cortex-sandbox-key"  # noqa: S105
"""The key that the server accepts unless others are given."""

UncertainShape = Literal["envelope", "array", "unpaged", "other_key", "absent"]
DocumentationShape = Literal["absent", "array", "object", "single"]
HealthShape = Literal["absent", "json", "text"]
UnauthorizedShape = Literal["error", "empty", "text"]
DateBounds = Literal["closed", "half_open"]


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
    clock: Callable[[], float] = time.monotonic
