"""Runs a pipeline with what dlt itself does not offer to a source."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dlt_bridge.comments import comment_columns, read_descriptions
from dlt_bridge.errors import ConfigError, TapError
from dlt_bridge.source import LOAD_REST

if TYPE_CHECKING:
    import dlt
    from dlt.common.pipeline import LoadInfo

_CHOICES = ("fail", "load_rest")


def run(
    pipeline: dlt.Pipeline, source: Any, *, on_stream_error: str = "fail", **options: Any
) -> LoadInfo:
    """Run a pipeline, and write the descriptions of columns as comments at the destination.

    Args:
        pipeline: The pipeline.
        source: What to load, as `pipeline.run` takes it.
        on_stream_error: What happens when the tap says that some stream was not read to its end:
            nothing is loaded (`fail`), or the streams that are complete are (`load_rest`). A tap
            that does not say which streams are complete fails as a whole.
        **options: Further arguments of `pipeline.run`.

    Returns:
        What `pipeline.run` returns.

    Raises:
        ConfigError: If on_stream_error is something else.
        TapError: With `load_rest`, after the load, if a stream was not read to its end. What was
            loaded is in the trace of the pipeline. Without, the error of `pipeline.run`.
    """
    if on_stream_error not in _CHOICES:
        raise ConfigError(f"The option on_stream_error has to be one of {', '.join(_CHOICES)}.")
    failures: list[TapError] = []
    token = LOAD_REST.set(failures if on_stream_error == "load_rest" else None)
    try:
        info: LoadInfo = pipeline.run(source, **options)
    finally:
        LOAD_REST.reset(token)
    schemas = [pipeline.schemas[name] for name in pipeline.schema_names]
    comment_columns(
        pipeline,
        [
            (str(table["name"]), read_descriptions(table["columns"]))
            for schema in schemas
            for table in schema.data_tables(seen_data_only=True)
        ],
    )
    if failures:
        raise failures[0]
    return info
