"""Pages that are written whole hold what the SDK's walk over every record would have written.

The taps leave out the SDK's conversion of values, its stream maps and its selection wherever
nothing asks for them. Here every stream of every sandbox is read both ways, and compared; and what
does ask for the long way still works.
"""

from __future__ import annotations

import contextlib
import copy
import dataclasses
import datetime as dt
import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from support.formats import FORMATS
from support.tap_run import TapRun, discover, select
from support.warm import run_warm

from dlt_bridge.capture import Times
from dlt_bridge.taps import InProcessTap
from sandbox import cinchy, cortex
from sandbox.cachet.app import create_app as create_cachet
from sandbox.cachet.generate import generate
from sandbox.cachet.options import ADMIN_TOKEN
from sandbox.cachet.options import Options as CachetOptions
from sandbox.cortex.options import DEFAULT_TOKEN
from sandbox.serve import serve
from tap_cachet.tap import TapCachet
from tap_cinchy.tap import TapCinchy
from tap_cortex.tap import TapCortex

NOW = dt.datetime.now(dt.UTC).replace(minute=0, second=0, microsecond=0)
QUICK = {"requests_per_minute": 0, "retry_pause": 0}
NO_BUNDLE = dict.fromkeys(("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"), "")
VOLATILE = frozenset({"read_at", "checked_at", "system_time", "latency_ms"})
"""Columns that say when, or how fast, something was read."""
NUMBERED = {"health": {"body"}}
"""Columns that hold the number of the request."""


@dataclasses.dataclass
class Subject:
    """A tap, a sandbox, and everything that can be read there."""

    command: str
    config: dict[str, Any]
    catalog: dict[str, Any]
    stream: str
    """One with columns of objects."""
    column: str
    """One of those that is no key."""
    seen: dict[str, TapRun] = dataclasses.field(default_factory=dict)

    def read(self, catalog: dict[str, Any] | None = None, **settings: Any) -> TapRun:
        """Read every stream, or what a catalog of one's own selects."""
        run = run_warm(
            self.command,
            {**self.config, **settings},
            catalog=catalog or self.catalog,
            env=NO_BUNDLE,
        )
        assert run.exit_code == 0, run.stderr
        return run

    @property
    def fast(self) -> TapRun:
        """The run that nothing asks to take the long way."""
        if "fast" not in self.seen:
            self.seen["fast"] = self.read()
        return self.seen["fast"]

    def streams(self) -> list[str]:
        return [stream["tap_stream_id"] for stream in self.catalog["streams"]]


@contextlib.contextmanager
def cachet() -> Iterator[Subject]:
    options = CachetOptions(api="3")
    with serve(create_cachet(generate(None, seed=1, api="3"), options)) as server:
        config = {"api_url": server.url, "api_key": ADMIN_TOKEN, **QUICK}
        found = select(discover("tap-cachet"))
        yield Subject("tap-cachet", config, found, "incidents", "meta")


@contextlib.contextmanager
def workspace() -> Iterator[Subject]:
    world = cortex.World(cortex.WorldSpec(now=NOW, entities=24, crowd=30, logs=40))
    with serve(cortex.create_app(world, cortex.Options())) as server:
        config = {"api_url": server.url, "api_key": DEFAULT_TOKEN, "page_size": 20, **QUICK}
        config["custom_metric_keys"] = world.custom_metric_keys
        found = select(discover("tap-cortex"))
        yield Subject("tap-cortex", config, found, "entities", "git")


@contextlib.contextmanager
def platform() -> Iterator[Subject]:
    app = cinchy.create_app(cinchy.build_world(rows=20), cinchy.Options())
    with serve(app) as server:
        config = {
            "api_url": server.url + app.options.base_path,
            "access_token": app.world.accounts["reader"].token,
            "allow_insecure_http": True,
            **QUICK,
        }
        found = run_warm("tap-cinchy", config, "--discover", env=NO_BUNDLE)
        assert found.exit_code == 0, found.stderr
        catalog = select(json.loads(found.stdout))
        yield Subject("tap-cinchy", config, catalog, "hr_employees", "Name")


@pytest.fixture(
    scope="module", params=[cachet, workspace, platform], ids=lambda made: made.__name__
)
def subject(request: pytest.FixtureRequest) -> Iterator[Subject]:
    with request.param() as made:
        yield made


def timeless(stream: str, records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    left_out = VOLATILE | NUMBERED.get(stream, set())
    return [{k: v for k, v in record.items() if k not in left_out} for record in records]


def without(subject: Subject, stream: str, *breadcrumb: str) -> dict[str, Any]:
    """The catalog with one property of one stream deselected."""
    catalog = copy.deepcopy(subject.catalog)
    [entry] = [one for one in catalog["streams"] if one["tap_stream_id"] == stream]
    place = [part for name in breadcrumb for part in ("properties", name)]
    entry["metadata"] = [one for one in entry["metadata"] if one["breadcrumb"] != place]
    entry["metadata"].append({"breadcrumb": place, "metadata": {"selected": False}})
    return catalog


def test_both_ways_give_the_same_records(subject: Subject) -> None:
    walked = subject.read(stream_maps={name: {} for name in subject.streams()})
    assert len(subject.fast.messages) > 200
    assert list(walked.schemas) == list(subject.fast.schemas)
    for stream in subject.fast.schemas:
        ours, theirs = subject.fast.records[stream], walked.records[stream]
        assert timeless(stream, ours) == timeless(stream, theirs), stream


def test_every_record_is_valid(subject: Subject) -> None:
    assert subject.fast.schemas.keys() <= set(subject.streams())
    assert subject.stream in subject.fast.schemas
    for stream, message in subject.fast.schemas.items():
        validator = jsonschema.Draft202012Validator(message["schema"], format_checker=FORMATS)
        for record in subject.fast.records[stream]:
            assert next(validator.iter_errors(record), None) is None, (stream, record)


def test_a_deselected_column_is_left_out(subject: Subject) -> None:
    run = subject.read(without(subject, subject.stream, subject.column))
    assert subject.column not in run.schemas[subject.stream]["schema"]["properties"]
    assert run.records[subject.stream] == [
        {name: value for name, value in record.items() if name != subject.column}
        for record in subject.fast.records[subject.stream]
    ]


TAPS = {"tap-cachet": TapCachet, "tap-cortex": TapCortex, "tap-cinchy": TapCinchy}
WITH_LONG_NUMBERS = frozenset(
    {"scorecard_scores", "scorecard_scores_daily", "entity_scorecards", "custom_metrics"}
)
"""Streams of the sandboxes with pages that go as records: no double has all digits of a number."""
OF_THE_RUN = frozenset(
    {"run_id", "table_version", "started_at", "finished_at", "requests", "bookmark_after"}
)
"""Columns of receipts that no two runs share: times, and what was asked for already."""


def typed(value: Any, declared: dict[str, Any]) -> Any:
    """What a value of a record is as a column; nested values stay what they are."""
    if value is None or not isinstance(value, str):
        return value
    if declared.get("format") == "date-time-local":
        return dt.datetime.fromisoformat(value)
    if declared.get("format") == "date-time":
        moment = dt.datetime.fromisoformat(value)
        return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
    return dt.date.fromisoformat(value) if declared.get("format") == "date" else value


def plain(value: Any, declared: dict[str, Any]) -> Any:
    """What a value of a column is as part of a record; JSON text is decoded."""
    kinds = declared["type"] if isinstance(declared["type"], list) else [declared["type"]]
    nested = {"object", "array"}.intersection(kinds) or len(set(kinds) - {"null"}) > 1
    return json.loads(value) if nested and value is not None else value


def test_columns_hold_the_same_rows(subject: Subject) -> None:
    """A tap that hands over columns sends what it would have written, and proves the same."""
    sent: list[dict[str, Any]] = []
    by_line: dict[str, Any] = {}
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in subject.fast.schemas}

    def as_columns(stream: str, row: dict[str, Any]) -> dict[str, Any]:
        properties = subject.fast.schemas[stream]["schema"]["properties"]
        return {name: typed(row.get(name), properties[name]) for name in properties}

    def take_line(line: bytes) -> None:
        sent.append(message := json.loads(line))
        if message["type"] == "RECORD" and message["stream"] in rows:
            by_line[message["stream"]] = message["record"]
            rows[message["stream"]].append(as_columns(message["stream"], message["record"]))

    def take_page(stream: str, page: Any, version: int | None, extracted: Times) -> bool:
        assert (version is None) == ("version" not in first[stream])
        assert sum(count for _time, count in extracted) == page.num_rows
        assert all(dt.datetime.fromisoformat(time).tzinfo for time, _count in extracted)
        properties = subject.fast.schemas[stream]["schema"]["properties"]
        rows[stream] += [
            {name: plain(value, properties[name]) for name, value in row.items()}
            for row in page.to_pylist()
        ]
        return True

    first = {m["stream"]: m for m in reversed(subject.fast.messages) if m["type"] == "RECORD"}
    InProcessTap(TAPS[subject.command], subject.config).run(
        subject.catalog, None, take_line, take_page
    )
    run = TapRun(0, b"".join(json.dumps(one).encode() + b"\n" for one in sent).decode(), "")
    assert list(run.schemas) == list(subject.fast.schemas)
    assert run.activated == subject.fast.activated
    assert by_line.keys() <= WITH_LONG_NUMBERS
    for stream in subject.fast.schemas:
        expected = [as_columns(stream, row) for row in subject.fast.records[stream]]
        assert timeless(stream, rows[stream]) == timeless(stream, expected), stream
        ours, theirs = (
            {k: v for k, v in one.receipts[stream].items() if k not in OF_THE_RUN}
            for one in (run, subject.fast)
        )
        assert ours == theirs


def test_a_stream_map_filters_renames_and_computes(subject: Subject) -> None:
    key = subject.fast.schemas[subject.stream]["key_properties"][0]
    first = subject.fast.records[subject.stream][0][key]
    mapped = {
        subject.stream: {
            "__alias__": "renamed",
            "__filter__": f"record[{key!r}] != {first!r}",
            "text": f"str(record[{key!r}])",
            subject.column: None,
        }
    }
    run = subject.read(select(copy.deepcopy(subject.catalog), subject.stream), stream_maps=mapped)
    assert run.records["renamed"] == [
        {
            **{k: v for k, v in record.items() if k != subject.column},
            "text": str(record[key]),
        }
        for record in subject.fast.records[subject.stream]
        if record[key] != first
    ]
    assert set(run.schemas) == {"renamed"}
    assert set(run.activated) <= {"renamed"}


def test_flattened_records_fit_their_schema(subject: Subject) -> None:
    catalog = select(copy.deepcopy(subject.catalog), subject.stream)
    run = subject.read(catalog, flattening_enabled=True, flattening_max_depth=2)
    run.check_records()
    assert run.keys(subject.stream) == subject.fast.keys(subject.stream)
    nested = [
        value
        for record in run.records[subject.stream]
        for value in record.values()
        if isinstance(value, dict)
    ]
    assert nested == []


def test_batch_files_hold_the_same_records(subject: Subject, tmp_path: Path) -> None:
    batches = {
        "encoding": {"format": "jsonl", "compression": "gzip"},
        "storage": {"root": tmp_path.as_uri(), "prefix": "b-"},
        "batch_size": 30,
    }
    run = subject.read(batch_config=batches)
    assert not any(run.records.values())
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in run.schemas}
    for message in run.messages:
        if message["type"] == "ACTIVATE_VERSION":
            stream = message["stream"]
            assert len(found[stream]) == len(subject.fast.records[stream]), "retired too early"
        if message["type"] != "BATCH":
            continue
        for address in message["manifest"]:
            lines = gzip.decompress(Path(address.removeprefix("file://")).read_bytes())
            rows = [json.loads(line) for line in lines.split(b"\n")[:-1]]
            assert 0 < len(rows) <= 30
            found[message["stream"]] += rows
    for stream, rows in found.items():
        ours = subject.fast.records[stream]
        assert timeless(stream, rows) == timeless(stream, ours), stream
    assert run.states[-1].keys() == subject.fast.states[-1].keys()
