"""Tables of the catalog: entities, what is made of them, types and relationships."""

from __future__ import annotations

from singer_rest.records.columns import ANY, ARRAY, BOOLEAN, INSTANT, OBJECT, TEXT, TEXTS

from .common import ARCHIVED, ENTITY, SNAPSHOT, cols, flat_table, table

_ENTITY = (
    *cols(
        TEXT,
        id="Id (CID) that Cortex gave the entity; it stays for the entity's life.",
        tag="Tag of the entity (x-cortex-tag); may contain slashes, colons and blanks.",
        name="Display name; not unique.",
        type="Type: service, domain, team, or one of entity_types.",
        description="Free text about it, from its descriptor (info.description).",
    ),
    *ARCHIVED,
    *cols(
        INSTANT,
        lastUpdated="When the entity was last changed. Whether data set by API moves it is not "
        "documented.",
    ),
    *cols(TEXTS, groups="Groups that the descriptor puts the entity into."),
    *cols(
        OBJECT,
        git="Repository: provider, repository, repositoryUrl, basepath, alias.",
        hierarchy="Parents and children, each a tree as deep as hierarchy_depth; as rows in "
        "entity_hierarchy.",
    ),
    *cols(
        ARRAY,
        links="Links: name, type, url, description; as rows in entity_links.",
        metadata="Custom data as key and value; as rows in entity_metadata.",
        slackChannels="Slack channels: name, description, notificationsEnabled.",
    ),
)
ENTITIES = table(
    ("id",),
    _ENTITY,
    cols(
        OBJECT,
        owners="Owning teams and individuals; as rows in entity_owners.",
    ),
    cols(ARRAY, members="Members, of teams only: email, name, roles, sources."),
)
CATALOG_ENTITY = table(
    ("id",),
    _ENTITY,
    cols(
        OBJECT,
        ownersV2="Owning teams and individuals.",
        ownership="Owners in the older form: emails, groups, slackChannels.",
    ),
    cols(ANY, definition="Payload that the type of the entity asks for; any JSON value."),
)
ENTITY_HIERARCHY = flat_table(
    ("parent_id", "child_id"),
    cols(
        TEXT,
        parent_id="Id (CID) of the upper entity: entities.id.",
        child_id="Id (CID) of the entity right below it: entities.id.",
        parent_tag="Tag of the upper entity.",
        child_tag="Tag of the lower entity.",
        parent_type="Type of the upper entity.",
        child_type="Type of the lower entity.",
        parent_name="Name of the upper entity.",
        child_name="Name of the lower entity.",
    ),
)
_OWNER = cols(
    TEXT,
    owner_type="team or individual.",
    owner_key="Id of the owning team, or email of the owning person.",
    tag="Tag of the owning team.",
    name="Name of the owning team.",
    email="Email of the owning person.",
    description="Why they own it, in the words of the descriptor.",
    inheritance="How the ownership passes to children: APPEND, FALLBACK or NONE.",
    provider="System that the team comes from.",
)
ENTITY_OWNERS = table(("entity_id", "owner_type", "owner_key"), ENTITY, _OWNER, ARCHIVED)
ENTITY_OWNERS_DAILY = table(
    ("snapshot_date", "entity_id", "owner_type", "owner_key"), SNAPSHOT, ENTITY, _OWNER, ARCHIVED
)
ENTITY_LINKS = table(
    ("entity_id", "name", "type", "url"),
    ENTITY,
    cols(
        TEXT,
        name="Label that is shown instead of the address.",
        type="Kind of link, such as DOCUMENTATION, OPENAPI, RUNBOOK.",
        url="Address it leads to.",
        description="Free text about what is found there.",
    ),
)
ENTITY_METADATA = table(
    ("entity_id", "key"),
    ENTITY,
    cols(TEXT, key="Name that the value was stored under, as in custom_data.key."),
    cols(ANY, value="Value; any JSON value."),
    cols(TEXT, value_json="The same value as JSON text, for targets that want one type."),
)
ENTITY_DESCRIPTORS = flat_table(
    ("tag",),
    cols(
        TEXT,
        tag="The entity: entities.tag; a digest of the descriptor where it names none.",
        type="Type of the entity (x-cortex-type).",
        title="Name of the entity (info.title).",
    ),
    cols(OBJECT, descriptor="The descriptor: what was written down, without data set by API."),
    cols(TEXT, descriptor_text="The descriptor as text, from servers that send YAML only."),
)
ENTITY_TYPES = table(
    ("type",),
    cols(
        TEXT,
        type="Name of the type, as entities carry it.",
        name="Display name; type is what identifies it.",
        description="Free text about which entities are of this type.",
        iconTag="Symbol it is shown with, by Cortex's own name.",
        source="CORTEX for built-in types, CUSTOM for those of the workspace.",
    ),
    cols(ANY, schema="JSON schema of the definition of such entities."),
)
CATALOGS = table(
    ("slug",),
    cols(
        TEXT,
        slug="Last part of the catalog's address; identifies it.",
        name="Title of the page.",
        description="Free text below the title.",
        iconTag="Symbol it is shown with, by Cortex's own name.",
        type="Kind of page, in Cortex's own words.",
        relationshipTypeTag="Relationship type that the catalog shows as a hierarchy.",
    ),
    cols(
        BOOLEAN,
        isDraft="Whether it is not published yet.",
        isCortexManaged="Whether Cortex itself maintains the catalog.",
    ),
    cols(OBJECT, filter="Which entities it shows: query, types and groups."),
)
_ENDS = {
    f"{end}{form}": f"What the {end} end is called: {text}."
    for end in ("source", "destination")
    for form, text in (
        ("LabelPlural", "label, plural"),
        ("LabelSingular", "label, singular"),
        ("NamePlural", "name, plural"),
        ("NameSingular", "name, singular"),
    )
}
RELATIONSHIP_TYPES = table(
    ("tag",),
    cols(
        TEXT,
        tag="Identifies the type: relationships.relationship_type_tag.",
        name="Display name; not unique.",
        description="Free text about what such an edge means.",
        definitionLocation="Where such edges are written down: SOURCE, DESTINATION or BOTH.",
        **_ENDS,
    ),
    cols(
        BOOLEAN,
        allowCycles="Whether edges may form a circle.",
        isCortexManaged="Whether Cortex itself maintains the type.",
        isSingleDestination="Whether a source has one destination at most.",
        isSingleSource="Whether a destination has one source at most.",
    ),
    cols(
        OBJECT,
        destinationsFilter="Types of entities (entities.type) that edges may lead to.",
        sourcesFilter="Types of entities (entities.type) that edges may begin at.",
    ),
    cols(ARRAY, inheritances="What passes along an edge, such as owners."),
)
_EDGE = {
    f"{end}_{field}": f"{text} of the entity at the {end}."
    for end in ("source", "destination")
    for field, text in (("tag", "Tag"), ("type", "Type"), ("name", "Name"))
}
RELATIONSHIPS = table(
    ("relationship_type_tag", "source_entity_id", "destination_entity_id"),
    cols(
        TEXT,
        relationship_type_tag="Kind of edge that was asked for: relationship_types.tag.",
        source_entity_id="Id (CID) of the entity that the edge begins at: entities.id.",
        destination_entity_id="Id (CID) of the entity that the edge leads to: entities.id.",
        **_EDGE,
        relationshipTypeTag="Tag of the relationship type, as the row says it.",
        providerType="Integration that the edge comes from.",
    ),
    cols(
        OBJECT,
        sourceEntity="The entity at the source: id, tag, name, type, description.",
        destinationEntity="The entity at the destination, likewise.",
    ),
)
