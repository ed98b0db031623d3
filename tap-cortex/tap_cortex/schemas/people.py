"""Tables of teams and people."""

from __future__ import annotations

from singer_rest.records.columns import ANY, ARRAY, BOOLEAN, INSTANT, OBJECT, TEXT

from .common import ARCHIVED, cols, table

TEAMS = table(
    ("id",),
    cols(
        TEXT,
        id="Id (CID) of the team.",
        teamTag="Tag of the team.",
        catalogEntityTag="Tag of the catalog entity behind the team.",
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
        team_id="Id (CID) of the team.",
        member_key="Email of the member, else its id at the identity provider, else its name.",
        team_tag="Tag of the team.",
        origin="CORTEX, or the identity provider that names the member.",
        email="Email of the member.",
        name="Name of the member.",
        id="Id at the identity provider.",
        description="Description of the member.",
    ),
    cols(BOOLEAN, notificationsEnabled="Whether the member is notified."),
    cols(OBJECT, role="Role in the team, in the older form; see roles."),
    cols(ARRAY, roles="Roles in the team."),
)
TEAM_HIERARCHIES = table(
    ("parentTeamTag", "childTeamTag"),
    cols(
        TEXT,
        parentTeamTag="Tag of the upper team.",
        childTeamTag="Tag of the team right below it.",
        provider="Integration that the edge comes from.",
    ),
)
DEPARTMENTS = table(
    ("id",),
    cols(
        TEXT,
        id="Id (CID) of the department.",
        departmentTag="Tag of the department.",
        catalogEntityTag="Tag of the catalog entity behind it.",
        name="Name of the department.",
        description="Description of the department.",
    ),
    cols(ARRAY, members="Members: email, name, role, description."),
)
_USER = cols(
    TEXT,
    email="Email of the user; identifies the user, for there is no id.",
    name="Name of the user.",
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
        id="SCIM id of the user.",
        externalId="Id at the identity provider.",
        userName="Name the user signs in with.",
        displayName="Name that is shown.",
        nickName="Nickname.",
        title="Job title.",
        userType="Kind of user.",
        locale="Locale of the user.",
        timezone="Time zone of the user.",
        preferredLanguage="Preferred language.",
        profileUrl="Address of the profile.",
    ),
    cols(BOOLEAN, active="Whether the user may sign in."),
    cols(OBJECT, name="Parts of the name.", meta="SCIM's own data about the resource."),
    cols(
        ARRAY,
        schemas="SCIM schemas the resource follows.",
        emails="Emails.",
        phoneNumbers="Phone numbers.",
        addresses="Addresses.",
        groups="Groups the user belongs to.",
    ),
    cols(ANY, roles="Roles.", entitlements="Entitlements."),
)
