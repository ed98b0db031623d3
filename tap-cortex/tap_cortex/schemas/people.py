"""Tables of teams and people."""

from __future__ import annotations

from singer_rest.records.columns import ANY, ARRAY, BOOLEAN, INSTANT, OBJECT, TEXT

from .common import ARCHIVED, cols, table

TEAMS = table(
    ("id",),
    cols(
        TEXT,
        id="Id (CID) that Cortex gave it: team_members.team_id.",
        teamTag="Tag; team_hierarchies and entity_owners.tag name teams by it.",
        catalogEntityTag="Tag of the catalog entity behind the team: entities.tag.",
        type="CORTEX for teams kept here, IDP for groups of an identity provider.",
        name="Name of the team, from metadata.",
        description="Description of the team, from metadata.",
        summary="Summary of the team, from metadata.",
    ),
    ARCHIVED,
    cols(
        OBJECT,
        metadata="Name, description and summary as the server shows them.",
        cortexTeam="Members, if the team is kept here; as rows in team_members.",
        idpGroup="Group, provider and members, if an identity provider keeps the team; as rows "
        "in team_members.",
    ),
    cols(
        ARRAY,
        links="Links: name, type, url, description.",
        slackChannels="Slack channels: name, description, notificationsEnabled.",
    ),
)
TEAM_MEMBERS = table(
    ("team_id", "member_key"),
    cols(
        TEXT,
        team_id="Team that the person belongs to: teams.id.",
        member_key="Email of the member, else its id at the identity provider, else its name.",
        team_tag="The same team by its tag: teams.teamTag.",
        origin="CORTEX, or the identity provider that names the member.",
        email="Address of the person, if the origin tells it.",
        name="First and last name, as the origin knows them.",
        id="Id at the identity provider.",
        description="Free text about what the person does in the team.",
    ),
    cols(BOOLEAN, notificationsEnabled="Whether Cortex sends the person what it sends the team."),
    cols(OBJECT, role="Role in the team, in the older form; see roles."),
    cols(ARRAY, roles="What the person may and does do there: type, and tag of a custom role."),
)
TEAM_HIERARCHIES = table(
    ("parentTeamTag", "childTeamTag"),
    cols(
        TEXT,
        parentTeamTag="The upper team: teams.teamTag.",
        childTeamTag="The team right below it: teams.teamTag.",
        provider="Integration that the edge comes from.",
    ),
)
DEPARTMENTS = table(
    ("id",),
    cols(
        TEXT,
        id="Id (CID) that Cortex gave it.",
        departmentTag="Tag; the setting department_tags names it by this.",
        catalogEntityTag="The catalog entity behind it: entities.tag.",
        name="Display name; not unique.",
        description="Free text about what it is responsible for.",
    ),
    cols(ARRAY, members="Members: email, name, role, description."),
)
_USER = cols(
    TEXT,
    email="Email of the user; identifies the user, for there is no id.",
    name="First and last name, as Cortex shows them.",
)
USERS = table(
    ("email",),
    _USER,
    cols(
        INSTANT,
        joinedAt="When the user joined the workspace.",
        lastActiveAt="When the user was last seen; null if never.",
    ),
)
USER_ROLES = table(
    ("email",),
    _USER,
    cols(ARRAY, roles="Roles: BASIC with its name, or CUSTOM with name and tag."),
)
SCIM_USERS = table(
    ("id",),
    cols(
        TEXT,
        id="Identifies the resource in SCIM; no other stream refers to it.",
        externalId="Id at the identity provider.",
        userName="Name the user signs in with.",
        displayName="Name that is shown.",
        nickName="What colleagues call the user.",
        title="Job title.",
        userType="Kind of account, in the identity provider's own words.",
        locale="Language and region for numbers and dates, such as en-US.",
        timezone="IANA name of the zone that the user works in.",
        preferredLanguage="What Cortex is to speak, such as en-US.",
        profileUrl="Address of the profile.",
    ),
    cols(BOOLEAN, active="Whether the user may sign in."),
    cols(OBJECT, name="Parts of the name.", meta="SCIM's own data about the resource."),
    cols(
        ARRAY,
        schemas="SCIM schemas the resource follows.",
        emails="Each with value, type (work, home) and whether it is the primary one.",
        phoneNumbers="Each with value and type, such as work or mobile.",
        addresses="Postal ones, each with street, locality, region, code and country.",
        groups="Groups the user belongs to.",
    ),
    cols(
        ANY,
        roles="What the user is at the identity provider, as SCIM sends it.",
        entitlements="What the user is allowed at the identity provider, as SCIM sends it.",
    ),
)
