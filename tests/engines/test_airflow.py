"""The recipe for Airflow, on every kind of night."""

from __future__ import annotations

import json
import subprocess

import pytest

from .conftest import Place
from .recipes import ENGINES, SECONDS, recipe, start

pytestmark = [pytest.mark.engines, pytest.mark.timeout(400)]

ASKED = """
import json, os
from airflow.sdk.exceptions import AirflowFailException
import cachet

task = cachet.cachet().get_task("read")
ends = []
for night in json.loads(os.environ["NIGHTS"]):
    os.environ.update(night["env"])
    try:
        task.python_callable()
    except Exception as error:
        ends.append([str(error), not isinstance(error, AirflowFailException)])
    for name in night["env"]:
        os.environ.pop(name)
    os.environ.update(night["before"])
print(json.dumps(ends))
"""
NIGHTS = ("the loader fails", "the server is down")
"""What of the recipe is Airflow's own; the rest is what both recipes use."""


def test_a_good_night_and_what_is_told_of_others(place: Place) -> None:
    home = place.project / "airflow"
    dags = home / "dags"
    dags.mkdir(parents=True)
    for file in ("nightly.py", "cachet.py"):
        (dags / file).write_text(recipe(file), encoding="utf-8")
    env = {
        **place.env,
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(dags),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "PATH": f"{ENGINES / 'airflow' / 'bin'}:{place.env['PATH']}",
    }
    for command in ("airflow db migrate", "airflow dags test cachet"):
        done = subprocess.run(
            command.split(),
            cwd=home,
            env=env,
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS,
        )
        assert done.returncode == 0, done.stdout + done.stderr
    assert "state=success" in done.stdout + done.stderr
    bad = [night for night in place.nights if night.name in NIGHTS]
    asked = [
        {
            "env": night.env,
            "before": {name: place.env[name] for name in night.env if name in place.env},
        }
        for night in bad
    ]
    ends = start("airflow", ASKED, dags, {**env, "NIGHTS": json.dumps(asked)})
    assert len(ends) == len(bad)
    for night, (sentence, again) in zip(bad, ends, strict=True):
        assert all(word in sentence for word in night.words), (night.name, sentence)
        assert again is night.again, (night.name, sentence)
