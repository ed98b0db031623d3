"""What the generated files say about the project and about each tap."""

from __future__ import annotations

import dataclasses
import importlib
import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from singer_rest.sdk.streams import SourceStream

if TYPE_CHECKING:
    from singer_rest.sdk.tap import RestTap

ROOT = Path(__file__).resolve().parents[2]
OWNER = "your-org"
"""The account the repository is published under; stands in one place until it is known."""
REPOSITORY = f"https://github.com/{OWNER}/singer-taps"
VARIANT = OWNER


@dataclasses.dataclass(frozen=True)
class Group:
    """A page of streams that belong together."""

    name: str
    """Name of the page's file."""
    title: str
    what: str
    modules: tuple[str, ...]
    """Modules of the tap whose streams are on the page."""


@dataclasses.dataclass(frozen=True)
class TapInfo:
    """One tap, as its pages present it."""

    name: str
    label: str
    what: str
    """One line for the Hub: what the product is."""
    domain_url: str
    keywords: tuple[str, ...]
    tap_class: str
    prerequisite: str
    reads: str
    """For the table of the README; {streams} is their number, {default} that of the usual ones."""
    next_steps: str
    """What to mind once it is installed, for the Hub."""
    alternatives: tuple[tuple[str, ...], ...] = ()
    """Settings one of whose groups must be given, where the required ones are not all."""
    opt_in: tuple[str, ...] = ()
    """Streams that exist only with certain settings, and then are not selected by default."""
    about_streams: str = ""
    """What to know before reading the list of streams."""
    groups: tuple[Group, ...] = ()
    """Pages of its streams, for a tap with too many for one page."""

    @property
    def namespace(self) -> str:
        """Return the Python package, which is Meltano's namespace too."""
        return self.name.replace("-", "_")

    @property
    def logo(self) -> str:
        """Return where the logo is, on the Hub and below ``hub/`` here."""
        return f"/assets/logos/extractors/{self.name.removeprefix('tap-')}.svg"

    @property
    def env_prefix(self) -> str:
        """Return what environment variables of its settings begin with."""
        return self.namespace.upper() + "_"

    def load(self) -> type[RestTap]:
        """Import the tap's class."""
        module = importlib.import_module(f"{self.namespace}.tap")
        tap: type[RestTap] = getattr(module, self.tap_class)
        return tap

    def streams(self) -> dict[str, SourceStream]:
        """Return the streams by name; only where they do not depend on the server."""
        tap = self.load()
        if tap.dynamic_catalog:
            return {}
        config = {"api_url": "https://example.com", "api_key": "none"}
        found = tap(config=config, validate_config=False, setup_mapper=False).streams
        return {name: stream for name, stream in found.items() if isinstance(stream, SourceStream)}

    def about(self) -> dict[str, Any]:
        """Return what the installed command says about itself."""
        return about_command(self.name)


def about_command(name: str) -> dict[str, Any]:
    """Return what an installed command says about itself."""
    done = subprocess.run(
        [str(Path(sys.executable).parent / name), "--about", "--format", "json"],
        check=True,
        capture_output=True,
        text=True,
    )
    about: dict[str, Any] = json.loads(done.stdout)
    return about


TAPS = (
    TapInfo(
        name="tap-cachet",
        label="Cachet",
        what="Open-source status page",
        domain_url="https://docs.cachethq.io",
        keywords=("meltano_sdk", "api", "status-page", "incidents"),
        tap_class="TapCachet",
        prerequisite="An API key of the dashboard (Cachet 3: Settings, Manage API Keys) or of a "
        "user profile (Cachet 2). Without one, what a guest may see is read.",
        next_steps="Run `meltano invoke tap-cachet --test` to see what the key may read. "
        "Subscribers, who are persons, and a few other streams are read only if the setting "
        "opt_in_streams names them.",
        reads="[Cachet](https://cachethq.io) status pages, 2.3 to 3.x: {streams} streams, "
        "{default} of them by default",
    ),
    TapInfo(
        name="tap-cortex",
        label="Cortex",
        what="Internal developer portal",
        domain_url="https://docs.cortex.io/api",
        keywords=("meltano_sdk", "api", "developer-portal", "scorecards"),
        tap_class="TapCortex",
        prerequisite="An API key of the workspace; what each stream needs beyond reading the "
        "catalog is in the list of streams.",
        next_steps="Run `meltano invoke tap-cortex --test` to see what the key may read, and "
        "with `--plan` what a run costs. Streams that ask for every entity, or need more than a "
        "read-only key, are read only if the setting opt_in_streams names them.",
        reads="[Cortex](https://www.cortex.io) developer portals, cloud and self-managed: "
        "{streams} streams, {default} of them by default",
        about_streams="N stands for the number of entities, and `page_size` for the setting. "
        "Requests are those of a stream by itself: reading the list of entities (of scorecards, "
        "teams or types, where a stream needs those) comes on top, once a run for all streams. "
        "Routes are below `/api/v1`, those of SCIM below `/scim`.",
        groups=(
            Group(
                "catalog",
                "The catalog",
                "Entities, what is made of them, types and relationships.",
                ("catalog",),
            ),
            Group(
                "per-entity",
                "Streams that ask for each entity",
                "Dependencies, deploys, events, custom data, documents, packages, on-call.",
                ("entities", "oncall"),
            ),
            Group(
                "scorecards",
                "Scorecards",
                "Rules, scores, results and their history, initiatives, verifications.",
                ("scorecards",),
            ),
            Group("people", "Teams and people", "Teams, members, users.", ("people",)),
            Group("logs", "Logs", "Who changed what, and who was told.", ("logs",)),
            Group(
                "workspace",
                "The workspace",
                "Keys, integrations, plugins, workflows, and what else is set up.",
                ("workspace",),
            ),
            Group(
                "queries",
                "Queries of your own",
                "What reads nothing until a setting names it, and the health of the server.",
                ("other", "eng_intel"),
            ),
        ),
    ),
    TapInfo(
        name="tap-cinchy",
        label="Cinchy",
        what="Data collaboration platform",
        domain_url="https://docs.cinchy.com",
        keywords=("meltano_sdk", "api", "database"),
        tap_class="TapCinchy",
        prerequisite="A personal access token, or a user with an integrated client, of an account "
        "with no more rights than the tables to load need.",
        next_steps="Run `meltano invoke tap-cinchy --test` to see which tables the account may "
        "read.",
        alternatives=(
            ("api_url", "access_token"),
            ("api_url", "username", "password", "client_id", "client_secret"),
        ),
        reads="[Cinchy](https://cinchy.com) data platforms: every table the account may see, "
        "those of the domain Cinchy only on request",
        opt_in=("jobs", "secrets_manager"),
        about_streams="Every table the account may see is a stream, named by domain and table. "
        "The tables of a generated domain `HR` stand here for yours.",
    ),
)

BESIDE_THE_TAPS = {
    "analytics": "models and a page: uptime, scores, links and proofs, of what the taps load",
    "dlt-bridge": "`target-dlt` for any Singer tap into any dlt destination, and ready dlt sources",
    "singer-distributed": "one read of a tap as many tasks of Spark or Dask, under one proof",
    "singer-rest": "the library under the taps, usable by any REST tap",
    "sandbox": "the three systems as local servers, for tests and to try things",
}
