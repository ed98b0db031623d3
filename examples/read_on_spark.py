"""Read one stream of a tap in four parts with two tasks at a time on Spark.

python examples/read_on_spark.py tap-cachet STREAM CONFIG FOLDER
"""

import os
import sys

from pyspark.sql import SparkSession

from singer_distributed.spark import load


def main(tap: str, stream: str, config: str, folder: str) -> None:
    """Read the stream, and say what came."""
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)  # where the tap is, too
    spark = (
        SparkSession.builder.master("local[2,3]")  # two at a time, three tries each
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.ui.enabled", "false")
        .config("spark.log.level", "ERROR")
        .getOrCreate()
    )
    result = load(spark, tap=tap, stream=stream, config=config, to=folder, parts=4)
    print(f"{stream}: {result.rows[stream]} rows, proved")
    spark.read.parquet(f"{folder}/{stream}").printSchema()
    spark.stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
