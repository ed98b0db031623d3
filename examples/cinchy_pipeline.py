"""Loads a Cinchy platform into DuckDB, looks at its health and counts its tables."""

import dlt

from dlt_bridge import cinchy_source

DOMAINS = """
    SELECT split_part(full_name, '.', 1) AS domain, count(*) AS tables_in_it
    FROM tables
    GROUP BY 1
    ORDER BY 2 DESC
"""


def main() -> None:
    """Loads, then shows."""
    pipeline = dlt.pipeline(
        pipeline_name="cinchy_pipeline",
        destination="duckdb",
        dataset_name="cinchy_data",
    )
    print(pipeline.run(cinchy_source()))
    print(pipeline.dataset().healthcheck.df())
    print(pipeline.dataset()(DOMAINS).df())


if __name__ == "__main__":
    main()
