"""The drift check sees what has moved in a vendor's document, and is silent where nothing has."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from sandbox.serve import serve
from singer_rest.sdk.streams import SourceStream
from tap_cortex.eng_intel import trace_body
from tap_cortex.jobs import metric_body
from tap_cortex.tap import TapCortex

ROOT = Path(__file__).resolve().parents[2]
CORTEX = "raw.githubusercontent.com/cortexapps/cortex-mcp/main/swagger.json"
VENDOR = ROOT.parent / "shared" / "reference" / "cortex" / "openapi.json"
Document = dict[str, Any]


def documented() -> Document:
    """A document that says exactly what tap-cortex reads, made from its streams."""
    sys.path.insert(0, str(ROOT / "scripts"))
    try:
        from drift.known import OPENAPI  # noqa: PLC0415  # scripts are on no path
    finally:
        sys.path.pop(0)
    paths: Document = {}
    known = OPENAPI["cortex"]
    for route in known.asked():
        sent = {name.removeprefix("-"): {"type": "string"} for name in known.questions[route]}
        question = {"application/json": {"schema": {"type": "object", "properties": sent}}}
        paths["/api/v1" + route] = {"post": {"requestBody": {"content": question}}}
    for route, (_streams, columns) in known.columns().items():
        row = {"type": "object", "properties": {name: {"type": "string"} for name in columns}}
        answer = {"type": "object", "properties": {"rows": {"type": "array", "items": row}}}
        content = {"application/json": {"schema": answer}}
        path = "/api/v1" + route.replace("{}", "{anything}")
        paths[path] = {"get": {"responses": {"200": {"content": content}}}}
    return {"openapi": "3.0.1", "paths": paths}


def question(document: Document, route: str) -> Document:
    content = document["paths"][f"/api/v1{route}"]["post"]["requestBody"]["content"]
    found: Document = content["application/json"]["schema"]["properties"]
    return found


def fields(document: Document, path: str) -> Document:
    answer = document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]
    found: Document = answer["schema"]["properties"]["rows"]["items"]["properties"]
    return found


def check(text: str, *vendors: str, status: int = 200) -> subprocess.CompletedProcess[str]:
    async def answer(request: Request) -> Response:
        found = request.path_params["address"]
        return PlainTextResponse(text if found == CORTEX else "", status_code=status)

    with serve(Starlette(routes=[Route("/{address:path}", answer)])) as server:
        return subprocess.run(
            [sys.executable, ROOT / "scripts" / "check_drift.py", "--root", server.url, *vendors],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )


def test_the_same_document_has_not_moved() -> None:
    done = check(json.dumps(documented()), "cortex")
    assert (done.returncode, done.stderr) == (0, "")
    assert "Nothing has moved." in done.stdout


def add_field(document: Document) -> None:
    fields(document, "/api/v1/scorecards")["owners"] = {"type": "array", "items": {}}


def drop_field(document: Document) -> None:
    del fields(document, "/api/v1/audit-logs")["ipAddress"]


def add_route(document: Document) -> None:
    document["paths"]["/api/v1/incidents"] = document["paths"]["/api/v1/secrets"]


def drop_route(document: Document) -> None:
    del document["paths"]["/api/v1/catalog/{anything}/packages"]


METRICS = "engineering_metrics, engineering_metrics_by_period"
POINT, TRACE = "/eng-intel/metrics/point-in-time", "/eng-intel/trace"


def add_to_question(document: Document) -> None:
    question(document, POINT)["timezone"] = {"type": "string"}


def drop_from_question(document: Document) -> None:
    del question(document, TRACE)["timeAttribute"]


def drop_question(document: Document) -> None:
    del document["paths"][f"/api/v1{POINT}"]


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (add_to_question, f"* `POST {POINT}`: `timezone` is new, and no question asks with it."),
        (
            drop_from_question,
            f"* `POST {TRACE}`: `timeAttribute` is sent and is no longer documented.",
        ),
        (
            drop_question,
            f"* `POST {POINT}` is read by {METRICS} and is no longer documented.",
        ),
        (add_field, "* `GET /scorecards`: `owners` is new, and no column has it."),
        (drop_field, "* `GET /audit-logs`: `ipAddress` is a column and is no longer documented."),
        (add_route, "* `GET /incidents` is new, and no stream reads it."),
        (
            drop_route,
            "* `GET /catalog/{}/packages` is read by packages and is no longer documented.",
        ),
    ],
)
def test_what_moved_is_told(change: Callable[[Document], None], line: str) -> None:
    document = copy.deepcopy(documented())
    change(document)
    done = check(json.dumps(document), "cortex")
    assert done.returncode == 1, done.stderr
    assert [text for text in done.stdout.splitlines() if text.startswith("*")] == [line]


@pytest.mark.parametrize(
    ("text", "status", "sentence"),
    [
        ("<html>moved</html>", 200, "is no OpenAPI document any more"),
        ("gone", 404, "could not be read: HTTPError"),
    ],
)
def test_a_document_that_is_not_there(text: str, status: int, sentence: str) -> None:
    done = check(text, "cortex", status=status)
    assert done.returncode == 2
    assert sentence in done.stdout
    assert "Traceback" not in done.stderr


def test_a_page_that_lost_a_word_the_tap_relies_on() -> None:
    done = check("", "cinchy")
    assert done.returncode == 1
    assert "does not mention `/API/ExecuteCQL` any more" in done.stdout


def test_the_document_of_today_has_not_moved() -> None:
    if not VENDOR.exists():
        pytest.skip("the vendor's OpenAPI document (shared/reference/cortex) is not here")
    done = check(VENDOR.read_text(encoding="utf-8"), "cortex")
    assert done.returncode == 0, done.stdout


def test_what_is_sent_is_what_is_known() -> None:
    """The fields that the drift check compares are those of the tap's own questions."""
    sent = {
        POINT: {*metric_body({"metrics": []}), "startTime", "endTime", "nextPage"},
        TRACE: {
            *trace_body({"source": "deploys", "time_attribute": "deployedAt"}),
            *("startDate", "endDate", "nextPage"),
        },
    }
    document = documented()
    for route, names in sent.items():
        assert names <= set(question(document, route))


def test_every_stream_of_the_tap_is_compared() -> None:
    document = json.dumps(documented())
    tap = TapCortex(config={}, validate_config=False, setup_mapper=False)
    for stream in tap.streams.values():
        if not isinstance(stream, SourceStream):
            assert stream.name == "singer_receipts"
        elif stream.route.startswith("POST /"):
            path = stream.route.removeprefix("POST ").partition(",")[0]
            assert f"/api/v1{path}" in json.loads(document)["paths"], stream.name
        elif stream.route.startswith("GET /") and stream.name != "integration_configurations":
            path = stream.route.removeprefix("GET ").partition(",")[0].partition("{")[0]
            assert f"/api/v1{path}" in document, stream.name
