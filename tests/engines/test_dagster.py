"""The recipe for Dagster, on every kind of night."""

from __future__ import annotations

import json

import pytest

from .conftest import Place
from .recipes import recipe, start

pytestmark = [pytest.mark.engines, pytest.mark.timeout(300)]

FILES = ("nightly.py", "definitions.py")
ASKED = """
import json, os
import dagster
os.environ["DAGSTER_HOME"] = os.getcwd()
import definitions

instance = dagster.DagsterInstance.ephemeral()
whole = dagster.materialize([definitions.cachet], instance=instance)
[event] = whole.get_asset_materialization_events()
ends = [event.materialization.metadata["rows"].value]
for night in json.loads(os.environ["NIGHTS"]):
    os.environ.update(night["env"])
    loading = definitions.load
    definitions.load = lambda _tap, loader: loading(night["tap"], loader)
    try:
        definitions.cachet()
    except dagster.Failure as failure:
        ends.append([failure.description, failure.allow_retries])
    definitions.load = loading
    for name in night["env"]:
        os.environ.pop(name)
    os.environ.update(night["before"])
print(json.dumps(ends))
"""


def test_every_night_is_told_in_one_line(place: Place) -> None:
    for file in FILES:
        (place.project / file).write_text(recipe(file), encoding="utf-8")
    bad = [night for night in place.nights if night.words]
    asked = [
        {
            "tap": night.tap,
            "env": night.env,
            "before": {name: place.env[name] for name in night.env if name in place.env},
        }
        for night in bad
    ]
    rows, *ends = start("dagster", ASKED, place.project, {**place.env, "NIGHTS": json.dumps(asked)})
    assert rows > 10
    assert len(ends) == len(bad)
    for night, (sentence, again) in zip(bad, ends, strict=True):
        assert "\n" not in sentence, night.name
        assert all(word in sentence for word in night.words), (night.name, sentence)
        assert again is night.again, (night.name, sentence)
