"""What is asked of every entity: one request each, so not selected by default."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, ClassVar

from singer_rest.http.bodies import unexpected
from singer_rest.sources.passes import whole_row
from singer_rest.sources.single import single
from tap_cortex.client import by_field, listed, listed_or_one
from tap_cortex.fanout import ChildRoute, Entities, TagFanOut
from tap_cortex.metric_points import MetricsFanOut
from tap_cortex.schemas import entity as tables
from tap_cortex.schemas.catalog import CATALOG_ENTITY
from tap_cortex.sources import DocsSource
from tap_cortex.streams.base import EntityStream, IncrementalEntityStream, nothing
from tap_cortex.values import digest, json_text, key_or_none, member, parsed

if TYPE_CHECKING:
    from singer_rest.http.exchange import Reply, Request
    from singer_rest.sources.base import Source
    from tap_cortex.client import Key, Record, Rows
    from tap_cortex.entity_index import Parent


class CatalogEntity(EntityStream):
    """Every entity by itself: what the list leaves out, such as its definition."""

    name = "catalog_entity"
    table = CATALOG_ENTITY
    route = "GET /catalog/{tagOrId}"
    path = "/catalog/{id}"
    paged = False
    one = True
    cost = "N"

    def query(self) -> dict[str, Any]:
        """Ask for as much of the hierarchy as the list shows."""
        return {"hierarchyDepth": self.config["hierarchy_depth"]}

    def reader(self) -> Rows:
        """Return the reader of one object."""
        return single(None)

    def child(self) -> ChildRoute:
        """Return the question about an entity: its answer must be that entity."""
        return dataclasses.replace(super().child(), record=by_field("id"))

    def entity_row(self, entity: Parent, record: Record, index: int) -> Record:
        """Return the entity as it is."""
        del entity, index
        return dict(record)


class Groups(EntityStream):
    """The groups of every entity, also those added by API."""

    name = "groups"
    table = tables.GROUPS
    route = "GET /catalog/{tagOrId}/groups"
    path = "/catalog/{id}/groups"
    envelope = "groups"
    identity = ("tag",)


class DocumentationOpenapi(EntityStream):
    """The OpenAPI document of every entity that has one."""

    name = "documentation_openapi"
    table = tables.DOCUMENTATION_OPENAPI
    route = "GET /catalog/{tagOrId}/documentation/openapi"
    permission = "Edit entities"
    path = "/catalog/{id}/documentation/openapi"
    paged = False
    one = True
    on_404 = "empty"
    cost = "N; with openapi_linked_only 1 per entity with a link of type OPENAPI"

    @property
    def is_full_table(self) -> bool:
        """Whether every entity was asked."""
        return super().is_full_table and not self.config["openapi_linked_only"]

    def reader(self) -> Rows:
        """Return the reader of one object with a text."""
        one = single(None)

        def rows(reply: Reply) -> list[Record]:
            found = one(reply)
            if not isinstance(found[0].get("spec"), str):
                raise unexpected(reply, "a text under 'spec'")
            return found

        return rows

    def entities(self) -> Entities:
        """Return all entities, or those that link to a document."""
        only = _links_to_openapi if self.config["openapi_linked_only"] else None
        return Entities(self.tap.entities, self.config["fan_out_types"], only)

    def entity_row(self, entity: Parent, record: Record, index: int) -> Record:
        """Return the text, and what it says if it is JSON."""
        row = super().entity_row(entity, record, index)
        return {**row, "document": parsed(record.get("spec"))}


def _links_to_openapi(entity: Parent) -> bool:
    return any(link.get("type") == "OPENAPI" for link in entity.links)


class DocsList(EntityStream):
    """The documents of every entity; its links, where the server has no such route."""

    name = "docs_list"
    table = tables.DOCS_LIST
    route = "GET /catalog/{tagOrId}/documentation"
    path = "/catalog/{id}/documentation"
    cost = "2, to ask whether the route exists; N more if it does"
    paged = False
    probe_count = 2
    marks = ("name", "title", "url", "id", "description")
    """Of which every document has one; an error has none of them."""

    def reader(self) -> Rows:
        """Return the reader of whatever comes."""
        return listed_or_one(marks=self.marks)

    def new_source(self) -> Source:
        """Return the requests, and the links in their stead."""
        self.source = DocsSource(self.entities(), self.path, self.child())
        return self.source

    def entity_row(self, entity: Parent, record: Record, index: int) -> Record:
        """Return what any document has; the rest is in ``raw``."""
        del index
        name = record.get("name") or record.get("title")
        parts = record.get("type"), name, record.get("url") or record.get("id")
        return {
            "entity_id": entity.id,
            "entity_tag": entity.tag,
            "doc_key": digest(*parts) if any(parts) else digest(record),
            "name": name,
            "type": record.get("type"),
            "url": record.get("url"),
            "description": record.get("description"),
            "origin": "links" if self.source.from_links else "endpoint",
            "raw": record,
        }


class Dependencies(EntityStream):
    """Which entity calls which."""

    name = "dependencies"
    table = tables.DEPENDENCIES
    route = "GET /catalog/{callerTag}/dependencies"
    path = "/catalog/{tag}/dependencies"

    envelope = "dependencies"

    def child(self) -> ChildRoute:
        """Return what is asked of an entity: the edges it begins. The path takes its tag."""
        return ChildRoute(self._outgoing, self.reader())

    def _outgoing(self, entity: Parent) -> Request:
        return self.api.request(self.path, tag=entity.tag)

    def _both(self, entity: Parent) -> Request:
        return self.api.request(self.path, {"includeIncoming": True}, tag=entity.tag)

    def new_source(self) -> Source:
        """Return the requests for every entity."""
        self.source = TagFanOut(self.entities(), self.path, self.child(), self._both)
        return self.source

    def entity_row(self, entity: Parent, record: Record, index: int) -> Record:
        """Return the edge; one between whole entities has no method and no path."""
        del index
        return {
            **record,
            "method": record.get("method") or "",
            "path": record.get("path") or "",
            "entity_id": self.source.refused.get(str(record.get("callerTag")), entity.id),
        }


class EntityScorecards(EntityStream):
    """The score of every entity on every scorecard; scorecard_scores says more for less."""

    name = "entity_scorecards"
    table = tables.ENTITY_SCORECARDS
    route = "GET /catalog/{tagOrId}/scorecards"
    permission = "View Scorecards"
    path = "/catalog/{id}/scorecards"
    identity = ("scorecardId",)
    paged = False
    cost = "N"


class CustomData(EntityStream):
    """The custom data of every entity, with source and date."""

    name = "custom_data"
    table = tables.CUSTOM_DATA
    route = "GET /catalog/{tagOrId}/custom-data"
    is_history = True
    path = "/catalog/{id}/custom-data"
    identity = ("key", "source")

    def entity_row(self, entity: Parent, record: Record, index: int) -> Record:
        """Return the value, also as text."""
        row = super().entity_row(entity, record, index)
        return {**row, "value_json": json_text(record.get("value"))}


class CustomEvents(IncrementalEntityStream):
    """The events of every entity."""

    name = "custom_events"
    table = tables.CUSTOM_EVENTS
    route = "GET /catalog/{tagOrId}/custom-events"
    replication_key = "timestamp"
    is_history = True
    path = "/catalog/{id}/custom-events"
    envelope = "events"
    identity = ("uuid",)
    dates = ("startTime", "endTime")

    def child(self) -> ChildRoute:
        """Return what is asked of an entity: what happened since, up to the start of the run."""
        known, new = self.spans()

        def request(entity: Parent) -> Request:
            span = new if self.is_new(entity) else known
            return self.api.request(self.path, span, id=entity.id)

        return ChildRoute(request, self.reader(), key=self.key())


class CustomMetrics(IncrementalEntityStream):
    """The points of the metrics that custom_metric_keys names."""

    name = "custom_metrics"
    table = tables.CUSTOM_METRICS
    route = "GET /eng-intel/custom-metrics/{customMetricKey}/entity/{tagOrId}"
    permission = "Configure Eng Intelligence custom metrics, and the licence for it"
    replication_key = "timestamp"
    is_history = True
    path = "/eng-intel/custom-metrics/{key}/entity/{id}"
    cost = "N per key, 1 per further page, and 1 where much of the past is asked for"
    envelope = "data"
    identity = ("timestamp",)
    may_repeat = True
    dates = ("startDate", "endDate")
    beginning = "1970-01-01T00:00:00"
    """The server's default begins six months ago."""

    @property
    def keys(self) -> list[str]:
        """Return the metrics to read, each once."""
        return list(dict.fromkeys(self.config["custom_metric_keys"]))

    def scope(self) -> dict[str, list[str]]:
        """Return the types and the metrics that are asked about."""
        return {**super().scope(), "keys": sorted(self.keys)}

    def child(self) -> ChildRoute:
        """Return what is asked of a metric and an entity."""
        known, new = self.spans()

        def request(pair: tuple[str, Parent]) -> Request:
            key, entity = pair
            span = new if self.is_new(entity, keys=key) else known
            return self.api.request(self.path, span, key=key, id=entity.id)

        return ChildRoute(request, self.reader(), key=self.key(), repeats=self.may_repeat)

    def new_source(self) -> Source:
        """Return the requests for every metric and entity."""
        if not self.keys:
            return nothing(self.path, "custom_metric_keys")
        return super().new_source()

    def new_fan_out(self) -> MetricsFanOut:
        """Return the requests for every metric and entity."""
        return MetricsFanOut(self.entities(), self.path, self.child(), self.keys)

    def entity_row(self, entity: Any, record: Record, index: int) -> Record:
        """Return the point."""
        key, parent = entity
        return {"custom_metric_key": key, **super().entity_row(parent, record, index)}


class Deploys(EntityStream):
    """The deploys of every entity."""

    name = "deploys"
    table = tables.DEPLOYS
    route = "GET /catalog/{tagOrId}/deploys"
    permission = "Edit entities"
    is_history = True
    path = "/catalog/{id}/deploys"
    envelope = "deployments"
    identity = ("uuid",)


class Packages(EntityStream):
    """The packages that every entity depends on."""

    name = "packages"
    table = tables.PACKAGES
    route = "GET /catalog/{tagOrId}/packages"
    path = "/catalog/{id}/packages"
    identity = ("id",)
    paged = False
    cost = "N"


class EntityGitopsLogs(EntityStream):
    """The commit that was last read for every entity."""

    name = "entity_gitops_logs"
    table = tables.ENTITY_GITOPS_LOGS
    route = "GET /catalog/{tagOrId}/gitops-logs"
    path = "/catalog/{id}/gitops-logs"
    paged = False
    cost = "N"

    def key(self) -> Key:
        """Return what tells rows apart: all of their fields, where a commit is among them."""
        return lambda row: whole_row(row) if key_or_none(row.get("commit")) else None

    def entity_row(self, entity: Parent, record: Record, index: int) -> Record:
        """Return the log with the repository lifted out."""
        repository = record.get("repository")
        return {
            **super().entity_row(entity, record, index),
            "repository_name": member(repository, "repositoryName") or "",
            "repository_provider": member(repository, "provider"),
        }


class K8sResources(EntityStream):
    """The Kubernetes resources of every entity, as Cortex has them in its cache."""

    name = "k8s_resources"
    table = tables.K8S_RESOURCES
    route = "GET /catalog/{tagOrId}/k8s"
    path = "/catalog/{id}/k8s"
    probe_count = 5
    names: ClassVar[tuple[str, ...]] = ("cluster", "namespace", "type", "name")

    def reader(self) -> Rows:
        """Return a reader that takes other envelopes, too."""
        return listed("resources", marks=self.names)

    def entity_row(self, entity: Parent, record: Record, index: int) -> Record:
        """Return the resource; where it runs may be empty, and without a name it has no key."""
        row = super().entity_row(entity, record, index)
        places = {name: str(record.get(name) or "") for name in self.names[:-1]}
        found = key_or_none(record.get("name"))
        return {**row, **places, "name": None if found is None else str(found)}


class AwsResources(EntityStream):
    """The AWS resources of every entity."""

    name = "aws_resources"
    table = tables.AWS_RESOURCES
    route = "GET /catalog/{tagOrId}/aws"
    path = "/catalog/{id}/aws"
    on_404 = "empty"
    probe_count = 20

    def reader(self) -> Rows:
        """Return the reader of whatever comes."""
        return listed("resources")

    def entity_row(self, entity: Parent, record: Record, index: int) -> Record:
        """Return the whole row: what it holds is documented nowhere."""
        return {
            "entity_id": entity.id,
            "entity_tag": entity.tag,
            "row_index": index,
            "raw": record,
        }
