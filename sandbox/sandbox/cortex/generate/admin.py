"""Keys, secrets, the allow list, and how integrations are set up."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sandbox.cortex.model import Row

    from .dice import Dice

_WITH_LIST = """
apiiro argocd aws azure-devops azure-resources bitbucket circleci coralogix datadog github gitlab
harness incidentio jenkins jira launchdarkly newrelic pagerduty prometheus rootly semgrep sonarqube
"""
_DEFAULT_ONLY = """
active-directory bamboohr bugsnag buildkite checkmarx/sast clickup codecov dynatrace firehydrant
instana lightstep mend/sast mend/sca okta opsgenie rollbar sentry servicenow signalfx snyk sumologic
veracode victorops wiz workday xmatters
"""
LIST_PROVIDERS = tuple(_WITH_LIST.split())
"""Integrations with a list of configurations."""
DEFAULT_ONLY_PROVIDERS = tuple(_DEFAULT_ONLY.split())
"""Integrations with one configuration at most."""


def api_keys(dice: Dice) -> list[Row]:
    """Return the rows of ``/auth/key``: never the key itself."""
    found = []
    for number in range(4):
        role: Row = {"type": "DEFAULT", "role": ("READ_ONLY", "USER", "ADMIN")[number % 3]}
        if number == 3:  # noqa: PLR2004
            role = {"type": "CUSTOM", "tag": "custom-role"}
        row: Row = {
            "cid": dice.cid("ak"),
            "createdDate": dice.stamp(),
            "last4": dice.hex(4),
            "roles": [role],
        }
        dice.maybe(row, "name", f"key {number}")
        dice.maybe(row, "description", dice.title())
        dice.maybe(row, "expirationDate", dice.stamp(10))
        found.append(row)
    return found


def secrets(dice: Dice) -> list[Row]:
    """Return the rows of ``/secrets``: names, never values."""
    found = []
    for number in range(5):
        row: Row = {"id": dice.cid("se"), "tag": f"secret-{number}" if number else "se/cret"}
        dice.maybe(row, "name", dice.title())
        found.append(row)
    return found


def ip_allowlist(dice: Dice) -> list[Row]:
    """Return the rows of ``/ip-allowlist``."""
    found = []
    for address in ("192.0.2.0/24", "198.51.100.7", "2001:db8::/32"):
        row: Row = {"address": address}
        dice.maybe(row, "description", dice.title())
        found.append(row)
    return found


def integrations(dice: Dice) -> dict[str, list[Row]]:
    """Return the configurations of the few providers that are set up, the default one first."""
    four = dice.hex(4)
    plain: Row = {"isDefault": True, "lastFour": four}
    return {
        "aws": [
            {"accountId": "111122223333", "role": "cortex", "accountName": "main"},
            {"accountId": "444455556666", "role": "cortex/path"},
        ],
        "azure-devops": [
            {
                "alias": "devops",
                "isDefault": True,
                "organizationSlug": "example",
                "type": "PERSONAL_ACCESS_TOKEN",
                "username": "robot",
                "lastFour": four,
                "host": "https://devops.example.com",
            },
            {
                "alias": "principal",
                "isDefault": False,
                "organizationSlug": "example",
                "type": "SERVICE_PRINCIPAL",
                "azureTenantId": "tenant",
                "clientId": "client",
                "lastFour": four,
            },
        ],
        "azure-resources": [
            {
                "alias": "cloud",
                "azureTenantId": "tenant",
                "clientId": "client",
                "subscriptionId": "subscription",
                **plain,
            }
        ],
        "incidentio": [{"alias": "incidents", **plain}],
        "newrelic": [{"alias": "relic", "accountId": 12, "region": "EU", **plain}],
        "prometheus": [
            {
                "alias": "metrics",
                "host": "https://prometheus.example.com",
                "prometheusTenantId": "tenant",
                "username": "robot",
                **plain,
            }
        ],
        "coralogix": [{"alias": "logs", "region": "EU1", **plain}],
        "datadog": [
            {
                "alias": "main/eu",
                "isDefault": True,
                "environments": ["production"],
                "lastFourApiKey": four,
                "lastFourAppKey": four,
                "region": "EU1",
                "customSubdomain": "example",
            },
            {
                "alias": "us",
                "isDefault": False,
                "environments": [],
                "lastFourApiKey": four,
                "lastFourAppKey": four,
                "region": "US1",
            },
        ],
        "github": [
            {
                "alias": "app",
                "isDefault": True,
                "type": "APP",
                "host": "https://github.example.com",
                "appUrl": "https://github.example.com/apps/cortex",
                "installation": {"installationId": 9_007_199_254_740_993},
            },
            {"alias": "personal", "isDefault": False, "type": "PERSONAL_ACCESS_TOKEN"},
        ],
        "gitlab": [
            {
                "alias": "lab",
                "groupNames": ["a/b"],
                "hidePersonalProjects": True,
                "host": "https://gitlab.example.com",
                **plain,
            }
        ],
        "pagerduty": [{"isTokenReadonly": True, "lastFour": four}],
        "sonarqube": [{"alias": "sonar", "host": "https://sonar.example.com", **plain}],
        "jira": [{"alias": "jira", "host": "https://jira.example.com", "isDefault": True}],
        "active-directory": [
            {
                "clientId": "client",
                "clientSecretLastFour": four,
                "groupsFilter": "startswith(name, 'a')",
                "tenantId": "tenant",
            }
        ],
        "okta": [{"domain": "example.okta.com", "apiToken": "never-show-this"}],
        "checkmarx/sast": [{"host": "https://checkmarx.example.com"}],
    }
