"""What the taps read, and in what the vendors' documents are known to differ from it."""

from __future__ import annotations

import dataclasses
import importlib
import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from singer_rest.sdk.streams import SourceStream
from tap_cortex.integrations import WITH_LIST, WITH_ONE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROUTE = re.compile(r"/[\w./{}-]*")
CAMEL = re.compile(r"[a-z]+[A-Z]\w*")


@dataclasses.dataclass(frozen=True)
class Known:
    """A tap, and the document of its vendor."""

    address: str
    prefix: str
    """What every path of the document begins with, and no route of a stream does."""
    tap: tuple[str, str]
    routes: tuple[str, ...] = ()
    """Patterns of routes that are known to stand on one side only."""
    fields: tuple[str, ...] = ()
    """Patterns of ``route field`` that need no column."""
    undocumented: tuple[str, ...] = ()
    """Patterns of ``route column`` that the document lacks although servers send them."""
    endings: tuple[str, ...] = ()
    """What a column may be called beyond the name of its field."""
    questions: Mapping[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)
    """Fields that a question may have, by the POST route it is sent to; those behind ``-`` are
    known and not sent."""

    def asked(self) -> dict[str, set[str]]:
        """Return the streams that are made of the answers of each POST route."""
        found: dict[str, set[str]] = {}
        for stream in self.streams():
            method, _, path = stream.route.partition(",")[0].partition(" ")
            if method == "POST" and path.startswith("/"):
                found.setdefault(path, set()).add(stream.name)
        return found

    def streams(self) -> Iterator[SourceStream]:
        """Yield the streams of the tap that ask a server."""
        module, name = self.tap
        tap_class = getattr(importlib.import_module(module), name)
        config = {"api_url": "https://example.com", "api_key": "none"}
        tap = tap_class(config=config, validate_config=False, setup_mapper=False)
        yield from (one for one in tap.streams.values() if isinstance(one, SourceStream))

    def columns(self) -> dict[str, tuple[set[str], set[str]]]:
        """Return the streams and the columns that are made of the answers of each GET route."""
        found: dict[str, tuple[set[str], set[str]]] = {}
        for stream in self.streams():
            if not stream.route.startswith("GET "):
                continue
            for route in self.routes_of(stream):
                shape = re.sub(r"{[^}]*}", "{}", route)
                streams, columns = found.setdefault(shape, (set(), set()))
                streams.add(stream.name)
                columns |= {column.name for column in stream.table.columns}
        return found

    def routes_of(self, stream: SourceStream) -> list[str]:
        """Return the routes of a stream; one stream asks every integration for its settings."""
        if stream.name != "integration_configurations":
            return ROUTE.findall(stream.route.partition("(")[0])
        return [
            *(f"/{name}/configurations" for name in WITH_LIST),
            *(f"/{name}/default-configuration" for name in WITH_ONE),
        ]

    def vendors_own(self, columns: set[str]) -> set[str]:
        """Return the columns that certainly bear the vendor's names: those in camel case."""
        return set() if self.endings else {name for name in columns if CAMEL.fullmatch(name)}

    def expects_route(self, route: str) -> bool:
        """Return whether a route is known to differ."""
        return any(fnmatchcase(route, pattern) for pattern in self.routes)

    def expects_field(self, route: str, field: str) -> bool:
        """Return whether a field is known to need no column."""
        return any(fnmatchcase(f"{route} {field}", pattern) for pattern in self.fields)

    def expects_column(self, route: str, column: str) -> bool:
        """Return whether a column is known to be missing from the document."""
        return any(fnmatchcase(f"{route} {column}", pattern) for pattern in self.undocumented)


OPENAPI = {
    "cachet": Known(
        address="https://raw.githubusercontent.com/cachethq/docs/main/api-reference/openapi.json",
        prefix="",
        tap=("tap_cachet.tap", "TapCachet"),
        endings=("at", "name"),
        routes=(
            # Only 2.x or newer builds have these, or they say nothing that another route does not.
            "/me",
            "/ping",
            "/subscribers*",
            # The updates and the points come with, or below, what they belong to.
            "/incidents/{}/updates*",
            "/schedules/{}/updates*",
            "/metrics/{}",
            "/metrics/{}/points/{}",
        ),
        fields=(
            "* pivot",  # why a component is in an incident, which has a stream of its own
            "* components_count",  # how many rows of that stream there are
            "/schedules/{} *",  # asked only for components named twice on a page
            "/incidents/{} *",
            "/version version",
        ),
    ),
    "cortex": Known(
        address="https://raw.githubusercontent.com/cortexapps/cortex-mcp/main/swagger.json",
        prefix="/api/v1",
        tap=("tap_cortex.tap", "TapCortex"),
        routes=(
            # Routes that the vendor's pages or clients name, and its document does not.
            "/catalog-pages",
            "/catalog/{}/aws",
            "/catalog/{}/documentation",
            "/catalog/{}/k8s",
            "/deploys/environments",
            "/deploys/search",
            "/eng-intel/trace",
            "/health",
            "/scaffolders",
            "/users",
            "/users/roles",
            "/verification-periods",
            "/verifications",
            "/workflows/runs",
            "/*/configurations",
            "/*/default-configuration",
            # One configuration, of a list that is read.
            "/*/configuration/{}",
            "/*/configurations/*/{}",
            # Other ways to what is read in bulk.
            "/catalog/batch/{}",
            "/catalog/custom-data",
            "/catalog/{}/dependencies/{}",
            "/catalog/{}/openapi",
            "/catalog/{}/relationships/{}/*",
            "/queries/{}",
            "/scorecards/{}/entity/{}/badge",
        ),
        fields=(
            "/catalog/descriptors *",  # each descriptor is an open object
            "/teams/departments departments",  # documented as one department or as a list
        ),
        undocumented=(
            # One stream has the fields of every integration.
            "/*/configurations *",
            "/*/default-configuration *",
            # Named by the vendor's pages, its clients or the standard only.
            "/eng-intel/registry/metrics/definitions *",
            "/initiatives date*",
            "/scorecards dateCreated",
            "/scim/v2/Users *",
        ),
        questions={
            "/queries": ("query",),
            "/eng-intel/metrics/point-in-time": (
                *("metrics", "groupBy", "filters", "orderBy", "limit", "nextPage"),
                *("startTime", "endTime"),
                *("-comparison", "-nestedGroupBy", "-nestedMetrics", "-nestedTimeAttribute"),
                "-timeAttribute",
            ),
            "/eng-intel/trace": (
                *("source", "attributes", "filters", "orderBy", "timeAttribute"),
                *("startDate", "endDate", "limit", "nextPage", "-daysOfWeek"),
            ),
        },
    ),
}

CINCHY_PAGES = {
    "https://docs.cinchy.com/api-guide/": ("ExecuteCQL",),
    "https://platform.docs.cinchy.com/api-guide/api-overview/executecql": (
        "/API/ExecuteCQL",
        "CompressJSON",
        "ResultFormat",
        "SchemaOnly",
        "CommandTimeout",
        "ParameterName",
    ),
}
"""Pages, and words on them that the tap relies on: Cinchy publishes no document for machines."""
