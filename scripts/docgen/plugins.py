"""Plugin definitions: extractors and target-dlt of meltano.yml, and the files for Meltano Hub."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from docgen.project import REPOSITORY, ROOT, VARIANT, about_command
from docgen.settings import as_plugin, settings_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from docgen.project import TapInfo

BEGIN = "  # Extractors: written by `make docs`, do not edit.\n"
END = "  # End of what `make docs` writes.\n"
LOADER = "target-dlt"
PROVER = "singer-prove"
LOADER_BEGIN = "  # target-dlt: written by `make docs`, do not edit.\n"
LOADER_END = "  # End of target-dlt.\n"

HERE = {
    "credentials": "output/warehouse.duckdb",
    "dataset_name": "$MELTANO_EXTRACTOR_NAMESPACE",
    "pipeline_name": "$MELTANO_EXTRACTOR_NAMESPACE",
    # The taps of this repository send ACTIVATE_VERSION for complete streams only.
    "replace_when": "trusted",
}
"""Defaults of target-dlt in this repository's own project."""

ELSEWHERE = {
    "dataset_name": "$MELTANO_EXTRACT__LOAD_SCHEMA",
    "pipeline_name": "${MELTANO_EXTRACTOR_NAMESPACE}_load",
}
"""Defaults of target-dlt for any project: a schema and a working folder for each tap.

Without credentials the DuckDB file is called after the pipeline, and DuckDB cannot tell a file from
a schema of one name.
"""


def definition(tap: TapInfo, pip_url: str) -> dict[str, Any]:
    """Return what meltano.yml and the Hub have in common."""
    about = tap.about()
    settings = settings_of(about["settings"])
    select = {"select": ["*.*", *(f"!{name}.*" for name in tap.opt_in)]} if tap.opt_in else {}
    return {
        "name": tap.name,
        "namespace": tap.namespace,
        "label": tap.label,
        "pip_url": pip_url,
        "executable": tap.name,
        "capabilities": sorted(about["capabilities"]),
        **select,
        "settings_group_validation": [
            list(group) for group in tap.alternatives or [[s.name for s in settings if s.required]]
        ],
        "settings": [as_plugin(setting) for setting in settings],
    }


def loader_definition(pip_url: str, values: Mapping[str, str]) -> dict[str, Any]:
    """Return what meltano.yml and the Hub have in common about target-dlt.

    Args:
        pip_url: What it is installed from.
        values: Defaults that Meltano can fill in better than the command.
    """
    about = about_command(LOADER)
    settings = [as_plugin(setting) for setting in settings_of(about["settings"])]
    for setting in settings:
        if setting["name"] in values:
            setting["value"] = values[setting["name"]]
    return {
        "name": LOADER,
        "namespace": LOADER.replace("-", "_"),
        "label": "dlt",
        "pip_url": pip_url,
        "executable": LOADER,
        "capabilities": sorted(about["capabilities"]),
        "settings_group_validation": [["destination", "dataset_name"]],
        "settings": settings,
        "commands": {
            "prove": {
                "args": "",
                "executable": PROVER,
                "description": "Hold loaded tables against the receipts of the tap.",
            }
        },
    }


def meltano_yml(taps: tuple[TapInfo, ...]) -> str:
    """Return meltano.yml with its extractors and target-dlt written anew."""
    text = (ROOT / "meltano.yml").read_text(encoding="utf-8")
    extractors = [
        definition(tap, f"-c constraints/workspace.txt -e ./singer-rest -e ./{tap.name}")
        for tap in taps
    ]
    text = _between(text, BEGIN, END, dump({"extractors": extractors}))
    loader = loader_definition("-c constraints/workspace.txt -e ./dlt-bridge[postgres]", HERE)
    return _between(text, LOADER_BEGIN, LOADER_END, dump([loader]))


def _between(text: str, begin: str, end: str, body: str) -> str:
    head, rest = text.split(begin)
    _old, tail = rest.split(end)
    indented = "".join(f"  {line}\n" for line in body.splitlines())
    return head + begin + indented + end + tail


def hub_file(tap: TapInfo) -> str:
    """Return the Hub's definition of a tap."""
    about = tap.about()
    git = f"git+{REPOSITORY}.git#subdirectory="
    values = {
        **definition(tap, f"{git}singer-rest {git}{tap.name}"),
        "variant": VARIANT,
        "description": tap.what,
        "domain_url": tap.domain_url,
        "repo": REPOSITORY,
        "docs": f"{REPOSITORY}/blob/main/docs/{tap.name}.md",
        "logo_url": tap.logo,
        "keywords": list(tap.keywords),
        "maintenance_status": "active",
        "quality": "silver",
        "prereq": tap.prerequisite,
        "next_steps": tap.next_steps,
        "supported_python_versions": about["supported_python_versions"],
    }
    return dump(dict(sorted(values.items())))


def hub_loader() -> str:
    """Return the Hub's definition of target-dlt."""
    pip_url = f"dlt-bridge[postgres]@git+{REPOSITORY}.git#subdirectory=dlt-bridge"
    about = about_command(LOADER)
    values = {
        **loader_definition(pip_url, ELSEWHERE),
        "variant": VARIANT,
        "description": "Any dlt destination: DuckDB, PostgreSQL, files, warehouses",
        "domain_url": "https://dlthub.com/docs/dlt-ecosystem/destinations",
        "repo": REPOSITORY,
        "docs": f"{REPOSITORY}/blob/main/dlt-bridge/README.md",
        "logo_url": "/assets/logos/loaders/dlt.svg",
        "keywords": ["database", "file", "warehouse"],
        "maintenance_status": "active",
        "quality": "silver",
        "target_schema": "$TARGET_DLT_DATASET_NAME",
        "prereq": "For destinations other than DuckDB, PostgreSQL and local files, the packages "
        "that dlt needs for them: add `dlt[snowflake]`, `dlt[bigquery]` and so on to `pip_url`.",
        "next_steps": "Set `replace_when` to `trusted` for taps that send ACTIVATE_VERSION for "
        "complete streams only.",
        "supported_python_versions": about["supported_python_versions"],
    }
    return dump(dict(sorted(values.items())))


def dump(values: dict[str, Any] | list[Any]) -> str:
    """Return YAML, keys in the given order."""
    return yaml.safe_dump(values, sort_keys=False, allow_unicode=True, width=100)
