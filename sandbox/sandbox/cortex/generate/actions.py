"""One workflow action of every kind that is documented, and one input of every kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sandbox.cortex.model import Row

    from .dice import Dice

ASKED: Row = {"description": "Ask for it", "placeholder": "here", "required": True}
REQUEST: Row = {
    "headers": {"Authorization": "Bearer {{context.secrets.token}}"},
    "httpMethod": "POST",
    "url": "https://hooks.example.com/x?y=1",
    "payload": '{"tag": "{{context.entity.tag}}"}',
}
PERSON: Row = {"email": "ada@example.com", "name": "Ada Example"}
ENTITY_FILTER: Row = {
    "domainIds": ["en0000000000000001"],
    "emailOwners": ["ada@example.com"],
    "excludedGroupTags": [],
    "groupTags": ["tier-1"],
    "teamIds": [],
    "typeFilter": {"types": ["service"]},
}
CHOICES: Row = {
    "allowAdditionalOptions": False,
    "options": ["a", "b"],
    "optionsLabels": ["A", "B"],
}

INPUTS: tuple[Row, ...] = (
    {"type": "INPUT_FIELD", "defaultValue": "x", "validationRegex": "^[a-z]+$", **ASKED},
    {"type": "TEXTAREA_FIELD", "defaultValue": "x\ny", "validationRegex": ".*", **ASKED},
    {"type": "SELECT_FIELD", "defaultValue": "a", **CHOICES, **ASKED},
    {"type": "MULTISELECT_FIELD", "defaultValue": ["a"], **CHOICES, **ASKED},
    {"type": "TOGGLE_FIELD", "defaultValue": True, "description": "On?", "required": False},
    {
        "type": "CORTEX_ENTITY_FIELD",
        "allowMultiple": True,
        "defaultValue": ["a/b"],
        "entityFilter": ENTITY_FILTER,
        "shouldDisplayOptionsAsHierarchy": False,
        **ASKED,
    },
    {
        "type": "CORTEX_USER_FIELD",
        "allowMultiple": False,
        "defaultValue": [PERSON],
        "filter": {"teamCids": [], "userEmails": ["ada@example.com"]},
        **ASKED,
    },
    {
        "type": "SLACK_FIELD",
        "allowMultiple": False,
        "defaultValue": ["#general"],
        "filter": {"channels": ["#general"]},
        **ASKED,
    },
    {"type": "SECRET_FIELD", "disabled": False, "validationRegex": ".*", **ASKED},
    {
        "type": "NUMBER_FIELD",
        "defaultValue": 1.5,
        "disabled": False,
        "format": "DECIMAL",
        "min": 0,
        "max": 10,
        **ASKED,
    },
    {
        "type": "DATE_FIELD",
        "defaultValue": "2026-01-31",
        "disabled": True,
        "format": "DATE",
        **ASKED,
    },
)

SCHEMAS: tuple[Row, ...] = (
    {"type": "HTTP_REQUEST", **REQUEST},
    {"type": "HTTP_REQUEST_ASYNC", "timeoutInSeconds": 30, **REQUEST},
    {
        "type": "ADVANCED_HTTP_REQUEST",
        "actionIdentifier": "github.dispatch",
        "inputs": {"ref": "main", "count": 3},
        "integrationAlias": "app",
    },
    {
        "type": "SCAFFOLDER",
        "scaffolderTemplateId": "template",
        "createNewRepository": True,
        "createService": False,
        "inputOverrides": [
            {"type": "OPTION", "inputKey": "a", "outputVariable": "b"},
            {"type": "VALUE", "inputKey": "c", "outputVariable": "d", "editable": False},
        ],
    },
    {
        "type": "USER_INPUT",
        "inputOverrides": [],
        "inputs": [
            {"key": f"input-{number}", "name": f"Input {number}", **kind}
            for number, kind in enumerate(INPUTS)
        ],
        "jsValidatorScript": "return null;",
    },
    {"type": "JQ", "expression": ".body | .id"},
    {"type": "SLACK", "channel": "#general", "message": "Done: {{x}}"},
    {
        "type": "MANUAL_APPROVAL",
        "approverDescription": "Please look",
        "approvingTeamIds": ["team-0001"],
    },
    {
        "type": "CONDITIONAL_BRANCH",
        "branches": [{"name": "Yes", "slug": "yes", "expression": "x > 1", "outgoingAction": "jq"}],
        "fallbackBranch": {"name": "No", "slug": "no", "outgoingAction": "slack"},
        "joiningAction": "slack",
    },
    {
        "type": "GITHUB_CREATE_OR_UPDATE_FILE",
        "alias": "app",
        "author": PERSON,
        "branch": "main",
        "commitMessage": "Change it",
        "committer": PERSON,
        "content": "a: 1\n",
        "path": "docs/a b.yaml",
        "repositoryName": "example/catalog",
    },
    {"type": "MS_TEAMS_SEND_MESSAGE", "channelId": "c", "message": "Done", "teamId": "t"},
    {"type": "JAVASCRIPT", "script": "return {a: 1};"},
    {
        "type": "SET_VARIABLES",
        "variables": [
            {"slug": "a", "source": {"type": "JavaScript", "script": "return 1;"}},
            {"slug": "b", "source": {"type": "Reference", "path": "actions.jq.result"}},
        ],
    },
    {
        "type": "AWS",
        "accountId": "111122223333",
        "actionIdentifier": "lambda.invoke",
        "inputs": {"name": "f"},
        "region": "eu-west-1",
    },
    {
        "type": "PAGERDUTY_CREATE_INCIDENT",
        "body": "It burns",
        "fromEmail": "ada@example.com",
        "incidentTypeName": "major",
        "serviceId": "P123",
        "title": "Fire",
        "urgency": "HIGH",
    },
    {
        "type": "JIRA_CREATE_ISSUE",
        "alias": "jira",
        "assignee": "ada",
        "components": ["api"],
        "description": "Please fix",
        "fields": {"customfield_1": {"value": "x"}},
        "issueSummary": "Broken",
        "issueType": "Bug",
        "labels": ["urgent"],
        "priority": "High",
        "projectKey": "OPS",
        "reporter": "grace",
    },
)


def actions(dice: Dice, number: int) -> list[Row]:
    """Return the actions of a workflow: all kinds for the first one, a few for the others."""
    chosen = list(SCHEMAS) if number == 0 else dice.sample(SCHEMAS, 2)
    slugs = [schema["type"].lower() for schema in chosen]
    return [
        {
            "name": schema["type"].replace("_", " ").title(),
            "slug": slug,
            "isRootAction": place == 0,
            "outgoingActions": slugs[place + 1 : place + 2],
            "schema": schema,
        }
        for place, (slug, schema) in enumerate(zip(slugs, chosen, strict=True))
    ]
