"""dlt's own REST source, as its documentation shows it.

python dlt_rest.py extract|load|load-parquet list|catalog|fan-out URL FOLDER
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import dlt
from dlt.sources.rest_api import rest_api_source

CHILDREN = {"groups": "groups", "dependencies": "dependencies", "deploys": "deployments"}


def one_list(url: str) -> dict[str, Any]:
    """Return the configuration for Cachet's incidents."""
    return {
        "client": {
            "base_url": f"{url}/api/",
            "paginator": {"type": "page_number", "base_page": 1, "total_path": None},
        },
        "resources": [
            {
                "name": "incidents",
                "primary_key": "id",
                "endpoint": {
                    "path": "incidents",
                    "params": {"per_page": 100, "sort": "id"},
                    "data_selector": "data",
                },
            }
        ],
    }


def catalog(url: str) -> dict[str, Any]:
    """Return the configuration for Cortex' entities alone."""
    found = fan_out(url)
    return {**found, "resources": found["resources"][:1]}


def fan_out(url: str) -> dict[str, Any]:
    """Return the configuration for Cortex: entities, and three lists of each, in parallel."""
    return {
        "client": {
            "base_url": f"{url}/api/v1/",
            "paginator": {"type": "page_number", "base_page": 0, "total_path": "totalPages"},
        },
        "resources": [
            {
                "name": "entities",
                "primary_key": "id",
                "endpoint": {
                    "path": "catalog",
                    "params": {"pageSize": 1000},
                    "data_selector": "entities",
                },
            },
            *(
                {
                    "name": name,
                    "parallelized": True,
                    "endpoint": {
                        "path": f"catalog/{{resources.entities.tag}}/{name}",
                        "data_selector": selector,
                    },
                    "include_from_parent": ["tag"],
                }
                for name, selector in CHILDREN.items()
            ),
        ],
    }


def main() -> None:
    """Read everything, and load it if told to."""
    task, kind, url, folder = sys.argv[1:]
    config: Any = {"list": one_list, "catalog": catalog, "fan-out": fan_out}[kind](url)
    source = rest_api_source(config)
    pipeline = dlt.pipeline(
        pipeline_name="bench",
        pipelines_dir=str(Path(folder, "pipelines")),
        destination=dlt.destinations.duckdb(str(Path(folder, "dlt.duckdb"))),
        dataset_name="bench",
    )
    parquet: Any = {"loader_file_format": "parquet"} if task == "load-parquet" else {}
    if task == "extract":
        pipeline.extract(source, **parquet)
    else:
        pipeline.run(source, **parquet)


if __name__ == "__main__":
    main()
