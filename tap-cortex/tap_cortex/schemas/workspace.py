"""Tables of what a workspace is set up with."""

from __future__ import annotations

from singer_rest.records.columns import ANY, ARRAY, BOOLEAN, INSTANT, OBJECT, TEXT, TEXTS

from .common import cols, flat_table, table
from .entity import RAW

API_KEYS = table(
    ("cid",),
    cols(
        TEXT,
        cid="Id (CID) of the key.",
        name="Name of the key.",
        description="Description of the key.",
        last4="Last four characters of the key.",
    ),
    cols(
        INSTANT,
        createdDate="When the key was created.",
        expirationDate="When the key expires.",
    ),
    cols(ARRAY, roles="Roles of the key: built-in ones, or custom ones by tag."),
)
IP_ALLOWLIST = table(
    ("address",),
    cols(
        TEXT,
        address="Address or range that may use the workspace.",
        description="Description of the entry.",
    ),
)
SECRETS = table(
    ("id",),
    cols(
        TEXT,
        id="Id (CID) of the secret; its value is never served.",
        tag="Tag that workflows name the secret by.",
        name="Name of the secret.",
    ),
)
PLUGINS = table(
    ("tag",),
    cols(
        TEXT,
        tag="Tag of the plugin.",
        name="Name of the plugin.",
        description="Description of the plugin.",
        iconTag="Icon of the plugin.",
        lastUpdated="When the plugin was last changed, as the server writes it.",
        minimumRoleRequired="Least role that may see the plugin.",
        proxyTag="Proxy that the plugin's requests go through.",
        version="Version of the plugin.",
    ),
    cols(BOOLEAN, isDraft="Whether the plugin is a draft."),
    cols(OBJECT, createdBy="Who created it."),
    cols(ARRAY, contexts="Where it is shown, and for which entities."),
)
WORKFLOWS = table(
    ("tag",),
    cols(
        TEXT,
        tag="Tag of the workflow.",
        name="Name of the workflow.",
        description="Description of the workflow.",
        iconTag="Icon of the workflow.",
        runResponseTemplate="What is shown when a run succeeds.",
        failedRunResponseTemplate="What is shown when a run fails.",
    ),
    cols(
        BOOLEAN,
        isDraft="Whether the workflow is a draft.",
        isRunnableViaApi="Whether the API may start it.",
        restrictActionCompletionToRunnerUser="Whether only who started a run may complete its "
        "actions.",
    ),
    cols(OBJECT, filter="Whether it runs globally or for entities, and for which."),
    cols(
        ARRAY,
        actions="Actions with their settings; values that look like secrets are masked.",
        runRestrictionPolicies="Who may start it.",
        variables="Variables with type and default.",
    ),
)
WORKFLOW_RUNS = flat_table(
    ("id",),
    cols(
        TEXT,
        id="Id of the run; a digest of the row where the server sends none.",
        status="How the run stands; COMPLETED, FAILED and CANCELLED are final.",
        workflow_tag="Tag of the workflow, if the row names it.",
    ),
    cols(INSTANT, startedAt="When the run began, if the row says."),
    RAW,
)
SCAFFOLDERS = table(
    ("tag",),
    cols(
        TEXT,
        tag="Tag of the scaffolder.",
        name="Name of the scaffolder.",
        description="Description of the scaffolder.",
    ),
)
_TYPE = (
    *cols(TEXT, type="Name of the resource type."),
    *cols(BOOLEAN, enabled="Whether the workspace imports such resources."),
)
AWS_TYPES = table(("type",), _TYPE)
AZURE_RESOURCE_TYPES = table(("type",), _TYPE)
USER_LABELS = table(
    ("id",),
    cols(
        TEXT,
        id="Id of the label.",
        name="Name of the label.",
        description="Description of the label.",
    ),
    cols(TEXTS, values="Values that users can have."),
)
METRIC_DEFINITIONS = table(
    ("key",),
    cols(
        TEXT,
        key="Key that queries name the metric by.",
        displayName="Name that is shown.",
        description="What the metric measures.",
        orderByAttribute="Attribute that results are sorted by.",
        sourceRef="Which source provides the metric.",
        type="DURATION, COUNT, VALUE or RATE.",
        units="Unit of the values.",
        valence="Whether high values are good or bad.",
    ),
    cols(TEXTS, supportedAggregations="Ways in which values may be aggregated."),
    cols(
        OBJECT,
        readiness="Whether the metric can be queried, and if not what to do.",
        timeAttribute="Attribute that places values in time.",
    ),
)
_TEXTS = {
    "provider": "Integration, as it stands in the address.",
    "alias": "Alias of the configuration (AWS: the account id); empty if it has none.",
    "accountId": "Account that is read.",
    "accountName": "Name of that account.",
    "role": "Role that Cortex takes on there.",
    "host": "Host of a self-managed installation.",
    "type": "Kind of access, such as APP.",
    "organizationSlug": "Organisation that is read.",
    "username": "User that Cortex signs in as.",
    "azureTenantId": "Azure tenant.",
    "tenantId": "Tenant of the directory.",
    "prometheusTenantId": "Tenant of Prometheus.",
    "subscriptionId": "Azure subscription.",
    "clientId": "Client that Cortex signs in as.",
    "region": "Region of the service.",
    "customSubdomain": "Subdomain of the service.",
    "environment": "Environment that is read.",
    "groupsFilter": "Which groups are read.",
    "appUrl": "Address of the app.",
    "lastFour": "Last four characters of the credential.",
    "lastFourApiKey": "Last four characters of the API key.",
    "lastFourAppKey": "Last four characters of the app key.",
    "clientSecretLastFour": "Last four characters of the client's credential.",
}
INTEGRATION_CONFIGURATIONS = table(
    ("provider", "alias"),
    cols(TEXT, **_TEXTS),
    cols(
        BOOLEAN,
        isDefault="Whether it is used where no alias is named.",
        isTokenReadonly="Whether the credential may only read.",
        hidePersonalProjects="Whether personal projects are left out.",
    ),
    cols(TEXTS, environments="Environments that are read.", groupNames="Groups that are read."),
    cols(ANY, installation="The app's installation."),
)
