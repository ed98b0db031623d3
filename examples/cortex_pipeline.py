"""Loads a Cortex developer portal into DuckDB and asks what there is without an owner."""

import dlt

from dlt_bridge import cortex_source

UNOWNED = """
    SELECT
        type,
        count(*) AS entities,
        count(*) FILTER (WHERE id NOT IN (SELECT entity_id FROM entity_owners)) AS unowned
    FROM entities
    GROUP BY type
    ORDER BY entities DESC
"""


def main() -> None:
    """Loads, then shows."""
    pipeline = dlt.pipeline(
        pipeline_name="cortex_pipeline",
        destination="duckdb",
        dataset_name="cortex_data",
    )
    print(pipeline.run(cortex_source()))
    print(pipeline.dataset().entities.df().head())
    print(pipeline.dataset()(UNOWNED).df())


if __name__ == "__main__":
    main()
