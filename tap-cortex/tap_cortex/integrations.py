"""How the integrations of a workspace are configured: one request for each there can be."""

from __future__ import annotations

import dataclasses
from http import HTTPStatus
from typing import TYPE_CHECKING

from singer_rest.errors import StatusError
from singer_rest.sources.base import Plan
from singer_rest.sources.cuts import Cut
from singer_rest.sources.pages import Page
from singer_rest.sources.parents import GONE, NamedParents
from singer_rest.sources.single import SingleSource, single
from tap_cortex.client import (
    NO_ROUTE,
    envelope_or_list,
    has_vendor_type,
    no_claims,
    read_list_claims,
)
from tap_cortex.fanout import ChildRoute, FanOut
from tap_cortex.sources import MISSING, NO_REPLY
from tap_cortex.values import member

if TYPE_CHECKING:
    from collections.abc import Iterator

    from singer_rest.http.exchange import Reply, Request
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
"""Integrations with one configuration, whose list older servers do not have."""
WITHOUT_DEFAULT = frozenset({"aws"})
"""Integrations of which none is the default."""
NO_GET = NO_ROUTE - GONE
"""What a server says that has the address and does not answer GET there: 405, or 501."""


class _ProviderSource(SingleSource):
    """How one integration is configured; most are not set up, which 400 or 404 says."""

    refusal: StatusError | None = None
    """What said that it is not set up."""
    lacks_list = False
    """This server does not list its configurations, of which it then showed the default one."""

    def __init__(self, api: CortexApi, provider: str) -> None:
        self.provider = provider
        self.api = api
        lists = provider in WITH_LIST
        request = self._request("configurations" if lists else "default-configuration")
        super().__init__(
            api.transport,
            request,
            envelope_or_list("configurations") if lists else one_or_none,
            claims=read_list_claims if lists else no_claims,
        )

    def _request(self, kind: str) -> Request:
        request = self.api.request(f"/{self.provider}/{kind}")
        return dataclasses.replace(request, may_be_empty=kind != "configurations")

    def fetch(self) -> Page:
        """Ask; that it is not set up is an answer, and so is a server without the route."""
        try:
            return self._fetch()
        except StatusError as error:
            if error.status not in NO_ROUTE | GONE | {HTTPStatus.BAD_REQUEST} or error.is_web_page:
                raise
            self.refusal = error
            return Page([], NO_REPLY)

    def _fetch(self) -> Page:
        try:
            return super().fetch()
        except StatusError as error:
            if not self._may_have_a_default(error):
                raise
            reply = self.transport.send(self._request("default-configuration"))
            page = Page(one_or_none(reply), reply)
            self.lacks_list = self.provider not in EITHER and bool(page.rows)
            return page

    def _may_have_a_default(self, refusal: StatusError) -> bool:
        """Whether the default configuration may answer where the list does not."""
        if self.provider in EITHER:
            return refusal.status in NO_ROUTE | GONE
        has_one = self.provider in WITH_LIST and self.provider not in WITHOUT_DEFAULT
        return has_one and refusal.status in NO_GET and not refusal.is_web_page

    @property
    def is_believed(self) -> bool:
        """Whether it answered, or said in the vendor's own words that it is not set up."""
        error = self.refusal
        if error is None:
            return True
        kind = member(error.body, "type")
        return kind == MISSING or (error.status in GONE and has_vendor_type(error))


def one_or_none(reply: Reply) -> list[Record]:
    """Return the one row of an answer; one that says that it has no content has none."""
    return [] if reply.status == HTTPStatus.NO_CONTENT else single(None)(reply)


class IntegrationsFanOut(FanOut):
    """The configurations of every integration there can be."""

    def __init__(self, api: CortexApi) -> None:
        self._asked: list[_ProviderSource] = []
        parents = NamedParents((*WITH_LIST, *WITH_ONE))
        route = ChildRoute(api.request, one_or_none, paged=False)
        super().__init__(api, "/{provider}/configurations", parents, route)

    def new_child(self, parent: str) -> _ProviderSource:
        """Return the question about one integration."""
        source = _ProviderSource(self.api, parent)
        self._asked.append(source)
        return source

    def pages(self) -> Iterator[Page]:
        """Yield the configurations of every integration."""
        yield from super().pages()
        refused = [source for source in self._asked if source.refusal is not None]
        absent = sum(error.status in NO_GET for source in refused if (error := source.refusal))
        note = f"{len(refused) - absent} of {len(self._asked)} are not set up"
        if absent:
            note += f", {absent} have no such route on this server"
        self.evidence.notes.append(note)
        if not any(source.is_believed for source in self._asked):
            error = refused[0].refusal
            self.evidence.doubt(
                f"every integration was refused ({error.sentence.rstrip('.') if error else ''}), "
                "and nothing tells a missing route from integrations that are not set up"
            )
        for source in self._asked:
            if source.lacks_list:
                self.evidence.doubt(
                    f"this server does not list the configurations of {source.provider}, and "
                    "nothing tells whether there are more than the default one"
                )

    def cut(self, parts: int) -> Cut:
        """Leave it whole: that some are set up is what shows that the others are not."""
        del parts
        return Cut(why_whole="the integrations prove each other")

    def plan(self) -> Plan:
        """One request each."""
        return Plan(len(self.parents.read()[0]))
