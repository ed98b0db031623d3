"""The installed command: what it says about itself, where it takes settings and input from."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import Any

import duckdb
import jsonschema
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import singer_sdk.testing

from dlt_bridge.about import settings_table

from .conftest import COMMAND, Warehouse
from .messages import INTEGER, TEXT, record, schema, state

STREAMS = Path(singer_sdk.testing.__file__).parent / "target_test_streams"
REFUSED = {
    "invalid_schema",
    "record_before_schema",
    "record_missing_key_property",
    "record_missing_required_property",
}


def command(*arguments: str, folder: Path, **options: Any) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"DLT_DATA_DIR": str(folder / "dlt")} | options.pop("env", {})
    return subprocess.run(
        [COMMAND, *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
        **options,
    )


def test_about(tmp_path: Path) -> None:
    facts = json.loads(command("--about", "--format", "json", folder=tmp_path).stdout)
    assert facts["name"] == "target-dlt"
    assert facts["version"] == version("dlt-bridge")
    assert "3.11" in facts["supported_python_versions"]
    assert facts["capabilities"] == [
        "about",
        "activate-version",
        "batch",
        "hard-delete",
        "structured-logging",
        "target-schema",
    ]
    jsonschema.Draft7Validator.check_schema(facts["settings"])
    for name, setting in facts["settings"]["properties"].items():
        assert setting["title"], name
        assert setting["description"].endswith("."), name
    page = command("--about", "--format", "markdown", folder=tmp_path).stdout
    assert all(f"| `{name}` |" in page for name in facts["settings"]["properties"])
    assert "destination" in command("--about", folder=tmp_path).stdout
    assert command("--version", folder=tmp_path).stdout == f"target-dlt {facts['version']}\n"


def test_the_readme_has_every_setting() -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    assert "\n".join(settings_table()) in readme


def test_defaults_load_into_a_file_in_the_working_folder(tmp_path: Path) -> None:
    lines = [schema("t", {"id": INTEGER}, ("id",)), record("t", id=1), state(n=1)]
    run = command(folder=tmp_path, input="\n".join(map(json.dumps, lines)))
    assert (run.returncode, run.stdout) == (0, '{"n": 1}\n'), run.stderr
    with duckdb.connect(str(tmp_path / "target_dlt.duckdb")) as file:
        assert file.execute("SELECT id FROM singer.t").fetchall() == [(1,)]


def test_each_working_folder_has_a_file_of_its_own(tmp_path: Path) -> None:
    homes = {"env": {"DLT_DATA_DIR": str(tmp_path / "dlt")}}
    message = "\n".join(map(json.dumps, [schema("t", {"a": INTEGER}), record("t", a=1)]))
    for name in ("first", "second", "second"):
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        assert command(folder=folder, input=message, **homes).returncode == 0
    rows = []
    for name in ("first", "second"):
        with duckdb.connect(str(tmp_path / name / "target_dlt.duckdb")) as file:
            rows += file.execute("select count(*) from singer.t").fetchall()
    assert rows == [(1,), (2,)]


def test_settings_from_files_the_environment_and_secrets_toml(
    tmp_path: Path, pg: Warehouse
) -> None:
    (tmp_path / ".dlt").mkdir()
    (tmp_path / ".dlt" / "secrets.toml").write_text(
        f'[destination.postgres]\ncredentials = "{pg.config["credentials"]}"\n'
    )
    (tmp_path / "one.json").write_text('{"destination": "duckdb", "batch_size_rows": 5}')
    (tmp_path / "two.json").write_text(json.dumps({"destination": "postgres"}))
    (tmp_path / "in.singer").write_text(
        "\n".join(map(json.dumps, [schema("t", {"id": INTEGER}, ("id",)), record("t", id=7)]))
    )
    environment = {
        "TARGET_DLT_DATASET_NAME": pg.config["dataset_name"],
        "TARGET_DLT_HARD_DELETE": "True",
        "TARGET_DLT_BATCH_SIZE_ROWS": "10",
    }
    arguments = ["--config", "one.json", "--config", "ENV", "--config", "two.json"]
    run = command(*arguments, "--input", "in.singer", folder=tmp_path, env=environment)
    assert run.returncode == 0, run.stderr
    assert pg.query("SELECT id FROM t") == [(7,)]


def test_a_config_file_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "bad.json").write_text("{")
    for name, reason in (("none.json", "cannot be read"), ("bad.json", "is not JSON")):
        run = command("--config", name, folder=tmp_path, input="")
        assert run.returncode == 2
        assert reason in run.stderr.splitlines()[-1]


@pytest.mark.parametrize("kind", ["duck", "pg"])
def test_the_test_streams_of_the_singer_sdk(kind: str, request: pytest.FixtureRequest) -> None:
    warehouse: Warehouse = request.getfixturevalue(kind)
    files = [path for path in sorted(STREAMS.glob("*.singer")) if path.stem not in REFUSED]
    together = warehouse.folder / "all.singer"
    together.write_bytes(b"\n".join(path.read_bytes() for path in files))
    run = warehouse.load_file(together)
    assert run.code == 0, run.stderr
    assert warehouse.query("SELECT id, metric FROM test_duplicate_records ORDER BY id") == [
        (1, 100),
        (2, 20),
    ]
    assert warehouse.query("SELECT id, a1, a6 FROM test_schema_updates ORDER BY id") == [
        (1, 101, None),
        (2, 102, None),
        (3, 103, None),
        (4, 104, None),
        (5, 105, 985),
        (6, 106, 341),
    ]
    assert warehouse.query("SELECT count(*) FROM test_no_pk") == [(8,)]
    assert warehouse.query("SELECT id, name FROM test_users ORDER BY id")[0] == (1, "Johny")


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_the_refused_test_streams_of_the_singer_sdk(duck: Warehouse, name: str) -> None:
    run = duck.load_file(STREAMS / f"{name}.singer")
    assert run.code == 1
    assert "test_" in run.last_line


def test_batch_files(duck: Warehouse) -> None:
    plain, packed, columns = (duck.folder / name for name in ("a.jsonl", "b.jsonl.gz", "c.parquet"))
    plain.write_text('{"id": 1, "v": "a"}\n\n{"id": 2, "v": null}')
    packed.write_bytes(gzip.compress(b'{"id": 3, "v": "c", "n": 1.10}\n'))
    pq.write_table(pa.table({"id": [4, 5], "v": ["d", "e"], "n": [0.5, None]}), columns)

    def batch(path: Path, file_format: str, compression: str | None = None) -> Any:
        encoding = {"format": file_format, "compression": compression}
        manifest = [path.as_uri()]
        return {"type": "BATCH", "stream": "t", "encoding": encoding, "manifest": manifest}

    declared = schema("t", {"id": INTEGER, "v": TEXT, "n": {"type": "number"}}, ("id",))
    run = duck.load(
        declared,
        batch(plain, "jsonl"),
        batch(packed, "jsonl", "gzip"),
        batch(columns, "parquet"),
        state(n=1),
    )
    assert (run.code, run.states) == (0, [{"n": 1}]), run.stderr
    rows = [(1, "a", None), (2, None, None), (3, "c", 1.1), (4, "d", 0.5), (5, "e", None)]
    assert duck.query("SELECT id, v, n FROM t ORDER BY id") == rows
    cut = duck.folder / "cut.jsonl.gz"
    cut.write_bytes(gzip.compress(b'{"id": 6}\n' * 1000)[:-10])
    for bad, reason in (
        (batch(duck.folder / "none.jsonl", "jsonl"), "none.jsonl"),
        (batch(cut, "jsonl", "gzip"), "cut.jsonl.gz"),
        (batch(plain, "csv"), "'csv'"),
        ({"type": "BATCH", "stream": "t", "manifest": []}, "how its files are encoded"),
    ):
        run = duck.load(declared, bad)
        assert (run.code, run.states) == (1, [])
        assert reason in run.last_line
    assert duck.query("SELECT count(*) FROM t") == [(5,)]
