"""How the integrations of a workspace are configured: one request for each there can be."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from singer_rest.errors import StatusError, StreamError
from singer_rest.sources.base import Plan
from singer_rest.sources.parents import GONE
from tap_cortex.client import SizedPage, envelope_or_one
from tap_cortex.fanout import Child, FanOut
from tap_cortex.sources import NO_REPLY, REFUSED

if TYPE_CHECKING:
    from singer_rest.http.exchange import Reply, Request
    from singer_rest.sources.pages import Page
    from tap_cortex.client import CortexApi, Record

WITH_LIST = (
    "apiiro",
    "argocd",
    "aws",
    "azure-devops",
    "azure-resources",
    "bitbucket",
    "circleci",
    "coralogix",
    "datadog",
    "github",
    "gitlab",
    "harness",
    "incidentio",
    "jenkins",
    "jira",
    "launchdarkly",
    "newrelic",
    "pagerduty",
    "prometheus",
    "rootly",
    "semgrep",
    "sonarqube",
)
"""Integrations that can be configured several times."""
WITH_ONE = (
    "active-directory",
    "bamboohr",
    "bugsnag",
    "buildkite",
    "checkmarx/sast",
    "clickup",
    "codecov",
    "dynatrace",
    "firehydrant",
    "instana",
    "lightstep",
    "mend/sast",
    "mend/sca",
    "okta",
    "opsgenie",
    "rollbar",
    "sentry",
    "servicenow",
    "signalfx",
    "snyk",
    "sumologic",
    "veracode",
    "victorops",
    "wiz",
    "workday",
    "xmatters",
)
"""Integrations with one configuration at most."""
EITHER = frozenset({"pagerduty"})
"""Integrations whose list older servers do not have."""


def configurations(reply: Reply) -> list[Record]:
    """Return the rows of an answer, which may hold a list, one row, or nothing."""
    return envelope_or_one("configurations")(reply) if reply.body else []


class IntegrationsFanOut(FanOut):
    """The configurations of every integration; most are not set up, which 400 or 404 says."""

    def __init__(self, api: CortexApi) -> None:
        child = Child(self._request, configurations, paged=False)
        providers = (*WITH_LIST, *WITH_ONE)
        super().__init__(api, "/{provider}/configurations", lambda: providers, child)

    def _request(self, provider: str) -> Request:
        kind = "configurations" if provider in WITH_LIST else "default-configuration"
        return dataclasses.replace(self.api.request(f"/{provider}/{kind}"), may_be_empty=True)

    def _fetch(self, parent: Any, number: int, size: int) -> Page:
        try:
            return super()._fetch(parent, number, size)
        except StatusError as error:
            if parent not in EITHER or error.status not in GONE:
                raise
            request = self.api.request(f"/{parent}/default-configuration")
            reply = self.api.transport.send(request)
            return SizedPage(self.child.rows(reply), reply)

    def _first_or_error(self, parent: Any) -> Page | StreamError:
        outcome = super()._first_or_error(parent)
        if isinstance(outcome, StatusError) and outcome.status in GONE | REFUSED:
            return SizedPage([], NO_REPLY)
        return outcome

    def probe(self) -> Reply | None:
        """Ask for the first one; that it is not set up is an answer."""
        outcome = self._first_or_error(self.parents()[0])
        if isinstance(outcome, StreamError):
            raise outcome
        return outcome.reply if outcome.reply is not NO_REPLY else None

    def plan(self) -> Plan:
        """One request each."""
        return Plan(len(self.parents()))
