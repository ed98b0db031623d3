"""The plainest idiomatic tap for one Cinchy table, read by CQL behind the last key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from singer_sdk import RESTStream, Tap
from singer_sdk import typing as th
from singer_sdk.pagination import BaseAPIPaginator

from bench.worlds.cinchy import TABLE, TYPES

if TYPE_CHECKING:
    from collections.abc import Iterator

    import requests

NAMES = list(TYPES)
PROPERTIES = {
    "Int64": th.IntegerType,
    "Double": th.NumberType,
    "Boolean": th.BooleanType,
    "DateTime": th.DateTimeType,
    "String": th.StringType,
}


class LastKey(BaseAPIPaginator[int]):
    """Goes on behind the key of the last row."""

    def get_next(self, response: requests.Response) -> int | None:
        """Return that key; nothing after an empty page."""
        rows = response.json()["data"]
        return rows[-1][0] if rows else None


class Orders(RESTStream[int]):
    """The table."""

    name = "orders"
    path = "/API/ExecuteCQL"
    http_method = "POST"
    payload_as_json = False
    primary_keys = (NAMES[0],)
    schema = th.PropertiesList(
        *(th.Property(name, PROPERTIES[kind]) for name, kind in TYPES.items())
    ).to_dict()

    @property
    def url_base(self) -> str:
        """Return the platform."""
        url: str = self.config["api_url"]
        return url

    def get_new_paginator(self) -> LastKey:
        """Begin before the first key."""
        return LastKey(0)

    def prepare_request_payload(
        self, context: Any, next_page_token: int | None
    ) -> dict[str, Any] | None:
        """Return the form."""
        del context
        columns = ", ".join(f"t.[{name}] AS 'c{place}'" for place, name in enumerate(NAMES))
        query = (
            f"SELECT TOP {self.config['page_size']} {columns} FROM {TABLE} t "  # noqa: S608
            f"WHERE t.[{NAMES[0]}] > {next_page_token or 0} ORDER BY t.[{NAMES[0]}]"
        )
        return {"Query": query, "Type": "QUERY", "ResultFormat": "JSON", "CompressJSON": "true"}

    def parse_response(self, response: requests.Response) -> Iterator[dict[str, Any]]:
        """Give the values their names."""
        for row in response.json()["data"]:
            yield dict(zip(NAMES, row, strict=True))


class TapPlain(Tap):
    """One table."""

    name = "tap-plain-cinchy"
    config_jsonschema: ClassVar[dict[str, Any]] = th.PropertiesList(
        th.Property("api_url", th.StringType, required=True),
        th.Property("page_size", th.IntegerType, default=1000),
    ).to_dict()

    def discover_streams(self) -> list[Orders]:
        """Return the stream."""
        return [Orders(self)]


if __name__ == "__main__":
    TapPlain.cli()
