"""Tables of what a workspace is set up with."""

from __future__ import annotations

from singer_rest.records.columns import ANY, ARRAY, BOOLEAN, INSTANT, OBJECT, TEXT, TEXTS

from .common import cols, flat_table, table
from .entity import RAW

API_KEYS = table(
    ("cid",),
    cols(
        TEXT,
        cid="Id (CID) that Cortex gave it; it is not the secret.",
        name="Label that whoever made it chose.",
        description="Free text about what uses it.",
        last4="Last four characters of the key.",
    ),
    cols(
        INSTANT,
        createdDate="When somebody made it.",
        expirationDate="From when on it is refused.",
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
        name="Label that is shown for it.",
    ),
)
PLUGINS = table(
    ("tag",),
    cols(
        TEXT,
        tag="Identifies it, also in its address.",
        name="Display name; not unique.",
        description="Free text about what it shows.",
        iconTag="Symbol it is shown with, by Cortex's own name.",
        lastUpdated="When the plugin was last changed, as the server writes it.",
        minimumRoleRequired="Least role that may see the plugin.",
        proxyTag="Proxy that the plugin's requests go through.",
        version="What its author calls this state of it.",
    ),
    cols(BOOLEAN, isDraft="Whether it is not published yet."),
    cols(OBJECT, createdBy="The person who uploaded it, as the server shows it."),
    cols(ARRAY, contexts="Where it is shown, and for which entities."),
)
WORKFLOWS = table(
    ("tag",),
    cols(
        TEXT,
        tag="Identifies it: workflow_runs.workflow_tag.",
        name="Display name; not unique.",
        description="Free text about what it does.",
        iconTag="Symbol it is shown with, by Cortex's own name.",
        runResponseTemplate="What is shown when a run succeeds.",
        failedRunResponseTemplate="What is shown when a run fails.",
    ),
    cols(
        BOOLEAN,
        isDraft="Whether it is not published yet.",
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
        workflow_tag="Workflow that was run: workflows.tag; null if the row does not name it.",
    ),
    cols(INSTANT, startedAt="When the run began, if the row says."),
    RAW,
)
SCAFFOLDERS = table(
    ("tag",),
    cols(
        TEXT,
        tag="Identifies it.",
        name="Display name; not unique.",
        description="Free text about what it makes new projects of.",
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
        id="Identifies it; no other stream refers to it.",
        name="What people are told apart by, such as location.",
        description="Free text about what it is for.",
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
        units="What the values are counted in, such as hours.",
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
    "accountName": "What the provider calls it.",
    "role": "Role that Cortex takes on there.",
    "host": "Host of a self-managed installation.",
    "type": "Kind of access, such as APP.",
    "organizationSlug": "Organisation that is read.",
    "username": "User that Cortex signs in as.",
    "azureTenantId": "Directory (Entra ID) that the Azure resources belong to, a UUID.",
    "tenantId": "Directory (Entra ID) that groups and people are read from, a UUID.",
    "prometheusTenantId": "What a shared Prometheus tells its customers apart by.",
    "subscriptionId": "Azure subscription whose resources are read, a UUID.",
    "clientId": "Client that Cortex signs in as.",
    "region": "Region of the service.",
    "customSubdomain": "Subdomain of the service.",
    "environment": "Which of the provider's environments is read.",
    "groupsFilter": "Expression that chooses the groups to read.",
    "appUrl": "Address that people open it at.",
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
