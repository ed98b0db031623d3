"""The Hub's definitions are valid, and Meltano can add a plugin from them."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from cachet.conftest import site
from referencing import Registry, Resource
from support.shell import run

from sandbox.cachet.generate import Size

ROOT = Path(__file__).resolve().parents[2]
SCHEMAS = ROOT.parent / "shared" / "reference" / "hub-schemas"
DEFINITIONS = sorted((ROOT / "hub" / "extractors").glob("*/*.yml"))
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

    schema = (SCHEMAS / "plugin_definitions" / "extractors.schema.json").as_uri()
    registry: Registry[Any] = Registry(retrieve=retrieve)  # type: ignore[call-arg]
    validator = jsonschema.Draft7Validator({"$ref": schema}, registry=registry)
    assert [error.message for error in validator.iter_errors(definition)] == []


def test_meltano_adds_and_runs_a_plugin_from_its_definition(tmp_path: Path) -> None:
    path = ROOT / "hub" / "extractors" / "tap-cachet" / DEFINITIONS[0].name
    definition = yaml.safe_load(path.read_text(encoding="utf-8"))
    # What the remote will hold stands here; the definition is otherwise used as it is.
    definition["pip_url"] = (
        f"-c {ROOT}/constraints/workspace.txt -e {ROOT}/singer-rest -e {ROOT}/tap-cachet"
    )
    local = tmp_path / "tap-cachet.yml"
    local.write_text(yaml.safe_dump(definition), encoding="utf-8")
    project = tmp_path / "project"
    project.mkdir()
    (project / "meltano.yml").write_text(
        "default_environment: dev\nsend_anonymous_usage_stats: false\n"
        "cli: {disable_version_check: true}\nenvironments:\n- name: dev\n",
        encoding="utf-8",
    )
    with site("3", Size(metric_points=10)) as running:
        env = {
            "PYTHONDONTWRITEBYTECODE": "",
            "TAP_CACHET_API_URL": running.server.url,
            "TAP_CACHET_API_KEY": running.options.tokens[0].text,
        }
        meltano = functools.partial(run, MELTANO, cwd=project, env=env)
        meltano("add", "tap-cachet", "--plugin-type", "extractor", "--from-ref", str(local))
        as_added = streams_of(meltano("invoke", "tap-cachet"))
        opt_in = {"TAP_CACHET_OPT_IN_STREAMS": '["subscr*"]'}
        asked_for = streams_of(run(MELTANO, "invoke", "tap-cachet", cwd=project, env=env | opt_in))
    assert {"components", "incidents", "metric_points"} <= as_added
    # Meltano selects everything, and the key may read them; still they stay out.
    assert not as_added & {"subscribers", "subscriptions", "component_status_daily"}
    assert asked_for - as_added == {"subscribers", "subscriptions"}


def streams_of(output: str) -> set[str]:
    """Return the streams that records came of."""
    return {line["stream"] for line in map(json.loads, output.splitlines()) if "record" in line}
