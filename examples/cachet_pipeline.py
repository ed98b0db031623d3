"""Loads a Cachet status page into DuckDB and counts its incidents by month."""

import dlt

from dlt_bridge import cachet_source

BY_MONTH = """
    SELECT
        date_trunc('month', occurred_at) AS month,
        count(*) AS incidents,
        count(*) FILTER (WHERE is_resolved) AS resolved
    FROM incidents
    GROUP BY 1
    ORDER BY 1
"""


def main() -> None:
    """Loads, then shows."""
    pipeline = dlt.pipeline(
        pipeline_name="cachet_pipeline",
        destination="duckdb",
        dataset_name="cachet_data",
    )
    print(pipeline.run(cachet_source()))
    print(pipeline.dataset().incidents.df().head())
    print(pipeline.dataset()(BY_MONTH).df())


if __name__ == "__main__":
    main()
