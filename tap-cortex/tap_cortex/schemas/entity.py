"""Tables of the streams that ask for each entity."""

from __future__ import annotations

from singer_rest.records.columns import ANY, ARRAY, INSTANT, INTEGER, NUMBER, OBJECT, TEXT

from .common import ENTITY, SNAPSHOT, cols, flat_table, table

RAW = cols(OBJECT, raw="The whole row as the server sent it; no document describes it.")

GROUPS = table(
    ("entity_id", "tag"),
    ENTITY,
    cols(TEXT, tag="Group that the entity belongs to, by its descriptor or by API."),
)
DOCUMENTATION_OPENAPI = table(
    ("entity_id",),
    ENTITY,
    cols(TEXT, spec="OpenAPI document as it was stored; not always valid JSON."),
    cols(OBJECT, document="The same document parsed; null where the text is no JSON object."),
)
DOCS_LIST = flat_table(
    ("entity_id", "doc_key"),
    ENTITY,
    cols(
        TEXT,
        doc_key="Identifies the document within the entity: a digest of type, name and address.",
        name="Name or title of the document.",
        type="Kind of document.",
        url="Address of the document.",
        description="Free text about what it contains.",
        origin="endpoint if the server has a route for documents, links if the entity's links "
        "stand in for it.",
    ),
    RAW,
)
DEPENDENCIES = table(
    ("callerTag", "calleeTag", "method", "path"),
    cols(
        TEXT,
        callerTag="Tag of the entity that calls: entities.tag.",
        calleeTag="Tag of the entity that is called: entities.tag.",
        method="HTTP method of the call; empty for an edge between whole entities.",
        path="HTTP path of the call; empty for an edge between whole entities.",
        callerType="Type of the entity that calls, as in entities.type.",
        calleeType="Type of the entity that is called, as in entities.type.",
        description="Free text about why one calls the other.",
        entity_id="Id (CID) of the entity that calls: entities.id.",
    ),
    cols(ANY, metadata="Custom data of the edge; any JSON value."),
)
ENTITY_SCORECARDS = table(
    ("entity_id", "scorecardId"),
    ENTITY,
    cols(
        INTEGER, scorecardId="Number that Cortex gave the scorecard: scorecard_scores.scorecard_id."
    ),
    cols(TEXT, scorecardName="Its display name, as in scorecards.name."),
    cols(
        NUMBER,
        score="Points the entity has.",
        scorePercentage="Points in relation to the possible ones, as the server scales it.",
        totalPossibleScore="Points it could have.",
    ),
    cols(ARRAY, ladderLevels="Level that the entity has reached, if the scorecard has levels."),
)
CUSTOM_DATA = table(
    ("entity_id", "key", "source"),
    ENTITY,
    cols(
        TEXT,
        key="Name that the value was stored under.",
        source="Where it was set: YAML, API or INTEGRATION.",
        description="Free text about what the value means.",
    ),
    cols(INTEGER, id="Number of the custom data; null for data from descriptors."),
    cols(ANY, value="Value; any JSON value."),
    cols(TEXT, value_json="The same value as JSON text, for targets that want one type."),
    cols(INSTANT, dateUpdated="When the value was last set."),
)
CUSTOM_EVENTS = table(
    ("entity_id", "uuid"),
    ENTITY,
    cols(
        TEXT,
        uuid="UUID that Cortex gave the event.",
        title="Headline, as whoever recorded it wrote it.",
        type="Kind of event, in the workspace's own words.",
        description="Free text about what happened.",
        url="Address with more about it.",
    ),
    cols(INSTANT, timestamp="When the event happened; not when it was recorded."),
    cols(OBJECT, customData="Further data that was recorded with it; any JSON object."),
)
CUSTOM_METRICS = table(
    ("custom_metric_key", "entity_id", "timestamp"),
    cols(
        TEXT,
        custom_metric_key="Metric it is a point of; the setting custom_metric_keys names them.",
    ),
    ENTITY,
    cols(INSTANT, timestamp="When the point was measured."),
    cols(NUMBER, value="Measured number, in the unit that the workspace gave the metric."),
)
_DEPLOY = (
    *cols(
        TEXT,
        uuid="UUID that Cortex gave the deploy.",
        title="Headline, as whoever recorded it wrote it.",
        type="DEPLOY, SCALE, ROLLBACK or RESTART.",
        environment="Where it went, such as production; in the workspace's own words.",
        sha="Hash of the commit that was deployed.",
        url="Address with more about it.",
        deployerEmail="Email of who deployed, in the older form; see deployer.",
        deployerName="Name of who deployed, in the older form; see deployer.",
    ),
    *cols(INSTANT, timestamp="When the deploy happened."),
    *cols(
        OBJECT,
        deployer="Who deployed: email and name.",
        customData="Further data that was recorded with it; any JSON object.",
    ),
)
DEPLOYS = table(("entity_id", "uuid"), ENTITY, _DEPLOY)
DEPLOYS_SEARCH = flat_table(("uuid",), _DEPLOY, RAW)
DEPLOY_ENVIRONMENTS = flat_table(
    ("environment",), cols(TEXT, environment="Name in use by deploys: deploys.environment."), RAW
)
PACKAGES = table(
    ("entity_id", "id"),
    ENTITY,
    cols(INTEGER, id="Number that Cortex gave it."),
    cols(
        TEXT,
        name="What the package is called in its ecosystem.",
        packageType="Ecosystem: NODE, JAVA, PYTHON, GO or NUGET.",
        version="Version that the entity uses.",
    ),
    cols(INSTANT, dateCreated="When Cortex first saw the package."),
)
ONCALL_CURRENT = table(
    ("entity_id", "row_index"),
    ENTITY,
    cols(INTEGER, row_index="Place of the row in the answer, from 0."),
    cols(ARRAY, current="Who is on call now: per provider, the escalation levels and people."),
)
ONCALL_DAILY = flat_table(
    ("snapshot_date", "entity_id", "provider", "escalation_level", "person_key"),
    SNAPSHOT,
    ENTITY,
    cols(
        TEXT,
        provider="On-call system: OPSGENIE, PAGERDUTY, VICTOROPS or XMATTERS.",
        person_key="Email of the person, or else the name.",
        name="First and last name, as the on-call system knows them.",
        email="Email of the person; may be missing.",
    ),
    cols(INTEGER, escalation_level="Level of the escalation; 1 is called first."),
)
ONCALL_REGISTRATIONS = table(
    ("entity_id", "provider", "id"),
    ENTITY,
    cols(
        TEXT,
        provider="On-call system: OPSGENIE, PAGERDUTY, VICTOROPS or XMATTERS.",
        id="Id of the schedule or service there.",
        source="DEFINED in the descriptor, or AUTO_MAPPED by Cortex.",
        type="Kind of filter that the registration came from.",
    ),
)
ENTITY_GITOPS_LOGS = table(
    ("entity_id", "repository_name", "fileName", "commit"),
    ENTITY,
    cols(
        TEXT,
        repository_name="Path of the repository at its host, such as org/repo.",
        fileName="File that describes the entity.",
        commit="Commit that was read last.",
        repository_provider="System that hosts the repository.",
    ),
    cols(INSTANT, dateCreated="When the commit was read."),
    cols(OBJECT, repository="Repository as the server shows it: provider and repositoryName."),
)
K8S_RESOURCES = table(
    ("entity_id", "cluster", "namespace", "type", "name"),
    ENTITY,
    cols(
        TEXT,
        cluster="Cluster the resource runs in; empty if the server names none.",
        namespace="Namespace of the resource; empty if the server names none.",
        type="Kind of resource, such as DEPLOYMENT.",
        name="What the resource is called within its namespace.",
    ),
    cols(INSTANT, lastUpdated="When Cortex last heard of the resource; its data is cached."),
)
AWS_RESOURCES = flat_table(
    ("entity_id", "row_index"),
    ENTITY,
    cols(INTEGER, row_index="Place of the row in the answer, from 0."),
    RAW,
)
