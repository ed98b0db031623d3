"""The Hub's definitions are valid, and Meltano can add a plugin from them."""

from __future__ import annotations

import functools
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import duckdb
import jsonschema
import pytest
import yaml
from cachet.conftest import site
from referencing import Registry, Resource
from support.shell import run

from sandbox.cachet.generate import Size

pytestmark = pytest.mark.integration

ROOT = Path(__file__).resolve().parents[2]
SCHEMAS = ROOT.parent / "shared" / "reference" / "hub-schemas"
DEFINITIONS = sorted((ROOT / "hub").glob("*/*/*.yml"))
VARIANT = DEFINITIONS[0].name
MELTANO = ROOT / ".tools" / "meltano" / "bin" / "meltano"


@pytest.mark.parametrize("path", DEFINITIONS, ids=lambda path: path.parent.name)
def test_definitions_pass_the_schemas_of_the_hub(path: Path) -> None:
    if not SCHEMAS.exists():
        pytest.skip(f"the Hub's schemas are not at {SCHEMAS.name} beside this repository")
    definition = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert definition["name"] == path.parent.name
    assert definition["variant"] == path.stem

    def retrieve(uri: str) -> Resource[Any]:
        content = json.loads(Path(uri.removeprefix("file://")).read_text(encoding="utf-8"))
        return Resource.from_contents(content)

    schema = (SCHEMAS / "plugin_definitions" / f"{path.parts[-3]}.schema.json").as_uri()
    registry: Registry[Any] = Registry(retrieve=retrieve)  # type: ignore[call-arg]
    validator = jsonschema.Draft7Validator({"$ref": schema}, registry=registry)
    assert [error.message for error in validator.iter_errors(definition)] == []


def test_meltano_adds_and_runs_plugins_from_their_definitions(tmp_path: Path) -> None:
    tap = local_definition(
        tmp_path,
        "extractors/tap-cachet",
        f"-c {ROOT}/constraints/workspace.txt -e {ROOT}/singer-rest -e {ROOT}/tap-cachet",
    )
    loader = local_definition(
        tmp_path,
        "loaders/target-dlt",
        f"-c {ROOT}/constraints/workspace.txt -e {ROOT}/dlt-bridge[postgres]",
    )
    project = tmp_path / "project"
    project.mkdir()
    (project / "meltano.yml").write_text(
        "default_environment: dev\nsend_anonymous_usage_stats: false\n"
        "cli: {disable_version_check: true}\nenvironments:\n- name: dev\n",
        encoding="utf-8",
    )
    summary = tmp_path / "summary.json"
    with site("3", Size(metric_points=10)) as running:
        env = {
            "PYTHONDONTWRITEBYTECODE": "",
            "TAP_CACHET_API_URL": running.server.url,
            "TAP_CACHET_API_KEY": running.options.tokens[0].text,
            "TARGET_DLT_PIPELINES_DIR": str(tmp_path / "pipelines"),
            "TARGET_DLT_SUMMARY_FILE": str(summary),
        }
        meltano = functools.partial(run, MELTANO, cwd=project, env=env)
        meltano("add", "tap-cachet", "--plugin-type", "extractor", "--from-ref", str(tap))
        meltano("add", "target-dlt", "--plugin-type", "loader", "--from-ref", str(loader))
        as_added = streams_of(meltano("invoke", "tap-cachet"))
        opt_in = {"TAP_CACHET_OPT_IN_STREAMS": '["subscr*"]'}
        asked_for = streams_of(run(MELTANO, "invoke", "tap-cachet", cwd=project, env=env | opt_in))
        # As the guide says it: an exclusion by itself would leave nothing.
        meltano("select", "tap-cachet", "*", "*")
        meltano("select", "tap-cachet", "--exclude", "incident_templates", "*")
        meltano("run", "tap-cachet", "target-dlt")
        loaded = json.loads(summary.read_text(encoding="utf-8"))["target"]
        nowhere = env | {"TARGET_DLT_CREDENTIALS": str(project / "no" / "such" / "folder.duckdb")}
        failed = subprocess.run(
            [str(MELTANO), "run", "--full-refresh", "tap-cachet", "target-dlt"],
            cwd=project,
            env={k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"} | nowhere,
            capture_output=True,
            text=True,
            check=False,
        )
        truth = running.truth().keys["incidents"]
    assert {"components", "incidents", "metric_points"} <= as_added
    # Meltano selects everything, and the key may read them; still they stay out.
    assert not as_added & {"subscribers", "subscriptions", "component_status_daily"}
    assert asked_for - as_added == {"subscribers", "subscriptions"}
    # The settings of the definition reach the loader, and work with nothing else said.
    assert (loaded["dataset"], loaded["pipeline"]) == ("tap_cachet", "tap_cachet_load")
    with duckdb.connect(str(project / "tap_cachet_load.duckdb"), read_only=True) as database:
        assert set(database.execute("select id from tap_cachet.incidents").fetchall()) == truth
    # A loader that fails is seen where an operator looks for it.
    assert failed.returncode == 1
    output = failed.stdout + failed.stderr
    critical = [line for line in output.splitlines() if "[critical" in line]
    last_line = json.loads(summary.read_text(encoding="utf-8"))["target"]["last_line"]
    assert "folder.duckdb" in last_line
    assert any(last_line in line for line in critical), output
    assert "BrokenPipe" not in output


def local_definition(folder: Path, name: str, pip_url: str) -> Path:
    """Copy a definition, with what the remote will hold taken from here."""
    definition = yaml.safe_load((ROOT / "hub" / name / VARIANT).read_text(encoding="utf-8"))
    definition["pip_url"] = pip_url
    local = folder / f"{name.split('/')[1]}.yml"
    local.write_text(yaml.safe_dump(definition), encoding="utf-8")
    return local


def streams_of(output: str) -> set[str]:
    """Return the streams that records came of."""
    return {line["stream"] for line in map(json.loads, output.splitlines()) if "record" in line}
