"""What a workspace is set up with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from tap_cortex.client import by_first_of
from tap_cortex.integrations import IntegrationsFanOut
from tap_cortex.schemas import entity as entity_tables
from tap_cortex.schemas import workspace as tables
from tap_cortex.streams.base import CortexStream, ListStream, WholeStream
from tap_cortex.values import digest, member, redacted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from singer_rest.sources.base import Source
    from singer_rest.sources.pages import Page
    from tap_cortex.client import Key, Record


class ApiKeys(ListStream):
    """The API keys of the workspace, by their last characters; never the keys."""

    name = "api_keys"
    table = tables.API_KEYS
    route = "GET /auth/key"
    permission = "Edit API keys"
    selected_by_default = False
    path = "/auth/key"
    envelope = "apiKeys"
    identity = ("cid",)


class IpAllowlist(ListStream):
    """The addresses that may use the workspace."""

    name = "ip_allowlist"
    table = tables.IP_ALLOWLIST
    route = "GET /ip-allowlist"
    permission = "a key that may see the IP allowlist"
    selected_by_default = False
    path = "/ip-allowlist"
    envelope = "entries"
    identity = ("address",)


class Secrets(ListStream):
    """The names of the secrets that workflows use; never their values."""

    name = "secrets"
    table = tables.SECRETS
    route = "GET /secrets"
    permission = "Create secrets"
    selected_by_default = False
    path = "/secrets"
    envelope = "secrets"
    identity = ("id",)


class Plugins(ListStream):
    """Plugins, drafts among them; without their code."""

    name = "plugins"
    table = tables.PLUGINS
    route = "GET /plugins"
    selected_by_default = False
    filtered_by = ("include_drafts",)
    path = "/plugins"
    envelope = "plugins"
    flags: ClassVar[dict[str, str]] = {"includeDrafts": "include_drafts"}
    identity = ("tag",)


class Workflows(ListStream):
    """Workflows with their actions."""

    name = "workflows"
    table = tables.WORKFLOWS
    route = "GET /workflows"
    permission = "View workflows"
    path = "/workflows"
    envelope = "workflows"
    params: ClassVar[dict[str, Any]] = {"includeActions": True}
    identity = ("tag",)

    def row(self, record: Record) -> Record:
        """Return the workflow; whatever looks like a secret in its actions is masked."""
        return {**record, "actions": redacted(record.get("actions"))}


class IdOrDigestStream(ListStream):
    """A list of a route that no document describes, whose records may or may not have ids.

    Only where no record has one is a key made up: a record that lost its id has none.

    Attributes:
        ids: The fields that may be the id, the best first.
    """

    ids: ClassVar[tuple[str, ...]]
    undocumented = True
    _have_ids = False

    def key(self) -> Key:
        """Return what tells records apart."""
        return by_first_of(*self.ids)

    def rows(self, page: Page) -> Iterable[Mapping[str, Any]]:
        """Return a row for every record."""
        self._have_ids = self._have_ids or any(map(self._own_id, page.rows))
        return super().rows(page)

    def read_id(self, record: Record) -> Any:
        """Return the id of a record, a made-up one, or nothing."""
        return self._own_id(record) or (None if self._have_ids else digest(record))

    def _own_id(self, record: Record) -> Any:
        return next((record[name] for name in self.ids if record.get(name)), None)


class WorkflowRuns(IdOrDigestStream):
    """The runs of all workflows."""

    name = "workflow_runs"
    table = tables.WORKFLOW_RUNS
    route = "GET /workflows/runs"
    permission = "View workflow runs, and the licence for them"
    selected_by_default = False
    path = "/workflows/runs"
    envelope = "runs"
    ids = ("id", "runId")
    marks = ("status", "runId", "workflowTag", "startedAt")

    def row(self, record: Record) -> Record:
        """Return what a run can be known by; the rest is in ``raw``."""
        return {
            "id": self.read_id(record),
            "status": record.get("status"),
            "workflow_tag": member(record.get("workflow"), "tag") or record.get("workflowTag"),
            "startedAt": record.get("startedAt"),
            "raw": redacted(record),
        }


class Scaffolders(ListStream):
    """Scaffolder templates."""

    name = "scaffolders"
    table = tables.SCAFFOLDERS
    route = "GET /scaffolders"
    permission = "the licence for scaffolders"
    selected_by_default = False
    path = "/scaffolders"
    envelope = "scaffolders"
    identity = ("tag",)
    undocumented = True


class AwsTypes(ListStream):
    """The kinds of AWS resources that can be imported."""

    name = "aws_types"
    table = tables.AWS_TYPES
    route = "GET /aws/types"
    selected_by_default = False
    filtered_by = ("include_disabled_types",)
    path = "/aws/types"
    envelope = "types"
    flags: ClassVar[dict[str, str]] = {"includeDisabled": "include_disabled_types"}
    identity = ("type",)


class AzureResourceTypes(ListStream):
    """The kinds of Azure resources that can be imported."""

    name = "azure_resource_types"
    table = tables.AZURE_RESOURCE_TYPES
    route = "GET /azure-resources/types"
    selected_by_default = False
    filtered_by = ("include_disabled_types",)
    path = "/azure-resources/types"
    envelope = "types"
    flags: ClassVar[dict[str, str]] = {"includeDisabled": "include_disabled_types"}
    identity = ("type",)


class UserLabels(ListStream):
    """The labels that engineering intelligence groups people by."""

    name = "user_labels"
    table = tables.USER_LABELS
    route = "GET /eng-intel/labels"
    permission = "View Eng Intelligence, and the licence for it"
    selected_by_default = False
    path = "/eng-intel/labels"
    envelope = "labels"
    identity = ("id",)


class MetricDefinitions(WholeStream):
    """The metrics that engineering intelligence can be asked for."""

    name = "metric_definitions"
    table = tables.METRIC_DEFINITIONS
    route = "GET /eng-intel/registry/metrics/definitions"
    permission = "View Dev Metrics, and the licence for it"
    selected_by_default = False
    path = "/eng-intel/registry/metrics/definitions"
    envelope = "metrics"
    identity = ("key",)
    params: ClassVar[dict[str, Any]] = {"view": "full"}


class IntegrationConfigurations(CortexStream):
    """How every integration is configured, without credentials."""

    name = "integration_configurations"
    table = tables.INTEGRATION_CONFIGURATIONS
    route = "GET /{provider}/configurations or /{provider}/default-configuration"
    permission = "a key that may configure integrations"
    cost = "1 per integration, 48 in all"
    selected_by_default = False

    def new_source(self) -> Source:
        """Return one request per integration."""
        return IntegrationsFanOut(self.api)

    def rows(self, page: Page) -> Iterable[Mapping[str, Any]]:
        """Return a row for every configuration; whatever looks like a secret is masked."""
        found = []
        for record in page.rows:
            alias = record.get("alias") or record.get("accountId") or ""
            found.append({**redacted(record), "provider": page.parent, "alias": str(alias)})
        return self.move_unknown(found)


class DeploysSearch(IdOrDigestStream):
    """The deploys of the whole workspace; their entities are not named."""

    name = "deploys_search"
    table = entity_tables.DEPLOYS_SEARCH
    route = "GET /deploys/search"
    selected_by_default = False
    is_history = True
    path = "/deploys/search"
    envelope = "deployments"
    ids = ("uuid", "id")
    marks = ("uuid", "timestamp", "environment", "title")

    def row(self, record: Record) -> Record:
        """Return the deploy; where none has an id it gets a made-up one that stays."""
        return {**record, "uuid": self.read_id(record), "raw": record}


class DeployEnvironments(ListStream):
    """The environments that anything was deployed to."""

    name = "deploy_environments"
    table = entity_tables.DEPLOY_ENVIRONMENTS
    route = "GET /deploys/environments"
    selected_by_default = False
    path = "/deploys/environments"
    envelope = "environments"
    undocumented = True

    def key(self) -> Key:
        """Return what tells environments apart."""
        return by_first_of("value", "environment", "name")

    def row(self, record: Record) -> Record:
        """Return the name, wherever it stands."""
        names = (record.get(name) for name in ("value", "environment", "name"))
        found = next((name for name in names if isinstance(name, str)), None)
        return {"environment": found or digest(record), "raw": record}
