"""The plainest idiomatic tap for one Cachet list, as the SDK's template and guides lead to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from singer_sdk import RESTStream, Tap
from singer_sdk import typing as th
from singer_sdk.pagination import PageNumberPaginator

if TYPE_CHECKING:
    import requests

PAIR = th.ObjectType(th.Property("human", th.StringType), th.Property("value", th.IntegerType))
DATE = th.ObjectType(th.Property("human", th.StringType), th.Property("string", th.StringType))


class PagesWithNext(PageNumberPaginator):
    """Goes on while there is a next link."""

    def has_more(self, response: requests.Response) -> bool:
        """Whether another page follows."""
        return "next" in response.json()["links"]


class Incidents(RESTStream[int]):
    """Incidents."""

    name = "incidents"
    path = "/incidents"
    primary_keys = ("id",)
    records_jsonpath = "$.data[*]"
    schema = th.PropertiesList(
        th.Property("id", th.IntegerType, required=True),
        th.Property("guid", th.StringType),
        th.Property("name", th.StringType),
        th.Property("message", th.StringType),
        th.Property("visible", th.IntegerType),
        th.Property("stickied", th.BooleanType),
        th.Property("notifications", th.IntegerType),
        th.Property("meta", th.ObjectType(additional_properties=True)),
        th.Property("status", PAIR),
        th.Property("occurred", DATE),
        th.Property("published", DATE),
        th.Property("created", DATE),
        th.Property("updated", DATE),
    ).to_dict()

    @property
    def url_base(self) -> str:
        """Return the API root."""
        return f"{self.config['api_url']}/api"

    def get_new_paginator(self) -> PagesWithNext:
        """Count pages from 1."""
        return PagesWithNext(1)

    def get_url_params(self, context: Any, next_page_token: int | None) -> dict[str, Any]:
        """Return page and size."""
        del context
        return {"page": next_page_token, "per_page": self.config["page_size"], "sort": "id"}

    def post_process(self, row: dict[str, Any], context: Any = None) -> dict[str, Any] | None:
        """Lift the attributes to the top."""
        del context
        attributes: dict[str, Any] = row["attributes"]
        return attributes


class TapPlain(Tap):
    """One stream."""

    name = "tap-plain-cachet"
    config_jsonschema: ClassVar[dict[str, Any]] = th.PropertiesList(
        th.Property("api_url", th.StringType, required=True),
        th.Property("page_size", th.IntegerType, default=100),
    ).to_dict()

    def discover_streams(self) -> list[Incidents]:
        """Return the stream."""
        return [Incidents(self)]


if __name__ == "__main__":
    TapPlain.cli()
