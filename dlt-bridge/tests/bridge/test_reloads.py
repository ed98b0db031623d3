"""dlt's ways to read again from the beginning do so, and say so where they cannot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dlt
import pytest
from dlt.pipeline.exceptions import PipelineStepFailed

from dlt_bridge.errors import ConfigError
from dlt_bridge.reloads import is_forgotten, mark_read, state_for

from .test_source import SCRIPT, folder, found, numbers, pipeline, script  # noqa: F401

if TYPE_CHECKING:
    from dlt.extract import DltSource

STREAMS = {"inc": numbers(1, 2, 3), "keyed": numbers(1, 2, keys=["id"]), "whole": numbers(1, 2)}
STREAMS["whole"] |= {"full_table": True}


def source() -> DltSource:
    return script(STREAMS)


def counts(pipe: dlt.Pipeline) -> list[int]:
    return [found(pipe, f"SELECT count(*) FROM {name}")[0][0] for name in STREAMS]


@pytest.mark.parametrize(
    "reload",
    [
        {"refresh": "drop_data"},
        {"refresh": "drop_resources"},
        {"refresh": "drop_sources"},
        {"write_disposition": "replace"},
    ],
    ids=str,
)
def test_everything_is_read_again(reload: dict[str, Any]) -> None:
    pipe = pipeline()
    pipe.run(source())
    pipe.run(source(), **reload)
    assert counts(pipe) == [3, 2, 2]
    pipe.run(source())
    assert counts(pipe) == [3, 2, 2]


@pytest.mark.parametrize("mode", ["drop_data", "drop_resources"])
def test_one_stream_is_read_again(mode: Any) -> None:
    pipe = pipeline()
    pipe.run(source())
    pipe.run(source().with_resources("inc"), refresh=mode)
    assert counts(pipe) == [3, 2, 2]
    grown = script(STREAMS | {"inc": numbers(1, 2, 3, 4)})
    pipe.run(grown)
    assert counts(pipe) == [4, 2, 2]


def test_a_stream_read_for_the_first_time_is_no_reload() -> None:
    pipe = pipeline()
    pipe.run(source().with_resources("keyed"))
    pipe.run(source().with_resources("inc"))
    pipe.run(source())
    assert counts(pipe) == [3, 2, 2]


def test_a_state_that_names_no_stream_is_refused_before_anything_is_dropped() -> None:
    pipe = pipeline()
    pipe.run(source())
    with pipe.managed_state(extract_state=False) as state:
        state["sources"]["script"]["singer_state"] = {"cursor": 3}
    with pytest.raises(PipelineStepFailed, match="Nothing was dropped"):
        pipe.run(source().with_resources("inc"), refresh="drop_data")
    assert counts(pipe) == [3, 2, 2]


def test_what_is_forgotten_goes_out_of_the_state() -> None:
    kept: dict[str, Any] = {}
    mark_read(kept, "a")
    mark_read(kept, "b")
    del kept["resources"]["a"]
    assert is_forgotten(kept, "a")
    assert not is_forgotten(kept, "b")
    assert not is_forgotten(kept, "c")
    state = {"bookmarks": {"a": {"n": 1}, "b": {"n": 2}}, "currently_syncing": "a"}
    assert state_for(state, {"a"}, kept, "ab") == {"bookmarks": {"b": {"n": 2}}}
    assert state_for(state, set(), kept, "ab") == state
    assert state_for({"a": 1, "b": 2}, {"a"}, kept, "ab") == {"b": 2}
    assert state_for({"n": 1}, {"a", "b"}, {}, "ab") is None
    with pytest.raises(ConfigError, match="drop_sources"):
        state_for({"n": 1}, {"a"}, kept, "ab")
