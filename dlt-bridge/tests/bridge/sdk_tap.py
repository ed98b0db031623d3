"""A tap of the Singer SDK without a server: two streams out of its configuration."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import singer_sdk
from singer_sdk import typing as th


class Planets(singer_sdk.Stream):
    name = "planets"
    primary_keys = ("name",)
    schema = th.PropertiesList(
        th.Property("name", th.StringType, required=True),
        th.Property("moons", th.IntegerType),
        th.Property("seen", th.DateTimeType),
    ).to_dict()

    def get_records(self, context: Mapping[str, Any] | None) -> Iterable[dict[str, Any]]:
        del context
        for name, moons in self.config["planets"].items():
            if moons is None:
                raise RuntimeError(f"{name} is hidden from {self.config['api_key']}")
            yield {"name": name, "moons": moons, "seen": "2020-01-01T00:00:00Z"}


class Sightings(singer_sdk.Stream):
    name = "sightings"
    replication_key = "id"
    is_sorted = True
    schema = th.PropertiesList(
        th.Property("id", th.IntegerType, required=True), th.Property("of", th.StringType)
    ).to_dict()

    def get_records(self, context: Mapping[str, Any] | None) -> Iterable[dict[str, Any]]:
        start = self.get_starting_replication_key_value(context) or 0
        for number in range(start + 1, self.config["sightings"] + 1):
            yield {"id": number, "of": "Mars"}


class SkyTap(singer_sdk.Tap):
    """Reads the sky."""

    name = "tap-sky"
    config_jsonschema = th.PropertiesList(
        th.Property("planets", th.ObjectType(), required=True),
        th.Property("sightings", th.IntegerType, default=0),
        th.Property("api_key", th.StringType, secret=True),
    ).to_dict()

    def discover_streams(self) -> list[singer_sdk.Stream]:
        return [Planets(self), Sightings(self)]
