"""The plainest idiomatic tap for Cortex: entities, and children of each by the SDK's own means."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from singer_sdk import RESTStream, Tap
from singer_sdk import typing as th
from singer_sdk.pagination import PageNumberPaginator

if TYPE_CHECKING:
    from collections.abc import Sequence

    import requests

ANY_OBJECT = th.ObjectType(additional_properties=True)
PAIR = th.ObjectType(th.Property("name", th.StringType), additional_properties=True)


class PagesWithTotal(PageNumberPaginator):
    """Goes on until the last page that the body names."""

    def has_more(self, response: requests.Response) -> bool:
        """Whether another page follows."""
        last: int = response.json()["totalPages"]
        return self.current_value + 1 < last


class CortexStream(RESTStream[int]):
    """A paged list."""

    envelope: str

    @property
    def records_jsonpath(self) -> str:
        """Return where the rows are."""
        return f"$.{self.envelope}[*]"

    @property
    def url_base(self) -> str:
        """Return the API root."""
        return f"{self.config['api_url']}/api/v1"

    def get_new_paginator(self) -> PagesWithTotal:
        """Count pages from 0."""
        return PagesWithTotal(0)

    def get_url_params(self, context: Any, next_page_token: int | None) -> dict[str, Any]:
        """Return page and size."""
        del context
        return {"page": next_page_token or 0, "pageSize": self.config["page_size"]}


class Entities(CortexStream):
    """The catalog."""

    name = "entities"
    path = "/catalog"
    envelope = "entities"
    primary_keys = ("id",)
    schema = th.PropertiesList(
        *(
            th.Property(name, th.StringType)
            for name in ("id", "tag", "type", "name", "description")
        ),
        th.Property("git", ANY_OBJECT),
        th.Property("groups", th.ArrayType(th.StringType)),
        th.Property("hierarchy", ANY_OBJECT),
        th.Property("isArchived", th.BooleanType),
        th.Property("lastUpdated", th.DateTimeType),
        th.Property("links", th.ArrayType(PAIR)),
        th.Property("members", th.ArrayType(ANY_OBJECT)),
        th.Property("metadata", th.ArrayType(ANY_OBJECT)),
        th.Property("owners", ANY_OBJECT),
        th.Property("slackChannels", th.ArrayType(PAIR)),
    ).to_dict()

    def get_child_context(self, record: dict[str, Any], context: Any) -> dict[str, Any]:
        """Return what the children's addresses need."""
        del context
        return {"entity_tag": record["tag"]}


class Groups(CortexStream):
    """Groups of an entity."""

    name = "groups"
    path = "/catalog/{entity_tag}/groups"
    envelope = "groups"
    parent_stream_type = Entities
    state_partitioning_keys: ClassVar[Sequence[str]] = ()
    schema = th.PropertiesList(
        th.Property("entity_tag", th.StringType), th.Property("tag", th.StringType)
    ).to_dict()


class Dependencies(CortexStream):
    """Outgoing dependencies of an entity."""

    name = "dependencies"
    path = "/catalog/{entity_tag}/dependencies"
    envelope = "dependencies"
    parent_stream_type = Entities
    state_partitioning_keys: ClassVar[Sequence[str]] = ()
    schema = th.PropertiesList(
        *(
            th.Property(name, th.StringType)
            for name in (
                "entity_tag",
                "callerTag",
                "callerType",
                "calleeTag",
                "calleeType",
                "description",
                "method",
                "path",
            )
        )
    ).to_dict()


class Deploys(CortexStream):
    """Deploys of an entity."""

    name = "deploys"
    path = "/catalog/{entity_tag}/deploys"
    envelope = "deployments"
    parent_stream_type = Entities
    state_partitioning_keys: ClassVar[Sequence[str]] = ()
    schema = th.PropertiesList(
        *(
            th.Property(name, th.StringType)
            for name in ("entity_tag", "environment", "sha", "title", "type", "url", "uuid")
        ),
        th.Property("timestamp", th.DateTimeType),
        th.Property("customData", ANY_OBJECT),
        th.Property("deployer", PAIR),
    ).to_dict()


class TapPlain(Tap):
    """A catalog and its children."""

    name = "tap-plain-cortex"
    config_jsonschema: ClassVar[dict[str, Any]] = th.PropertiesList(
        th.Property("api_url", th.StringType, required=True),
        th.Property("page_size", th.IntegerType, default=1000),
        th.Property("children", th.BooleanType, default=True),
    ).to_dict()

    def discover_streams(self) -> list[CortexStream]:
        """Return the streams."""
        children = (Groups, Dependencies, Deploys) if self.config.get("children", True) else ()
        return [stream(self) for stream in (Entities, *children)]


if __name__ == "__main__":
    TapPlain.cli()
