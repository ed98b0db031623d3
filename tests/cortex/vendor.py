"""A server made of nothing but the vendor's OpenAPI document.

It shares no code with the sandbox: every request is checked against the document, and every answer
is made from the schema of its route, known errors of the document included.
"""

from __future__ import annotations

import copy
import datetime as dt
import itertools
import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

FILE = Path(__file__).parents[3] / "shared" / "reference" / "cortex" / "openapi.json"
DEEPEST = 6
ROWS = 3
NOT_REQUIRED = {
    ("/api/v1/gitops-logs", "scorecardTag"),  # error 4 of the reference
    ("/api/v1/gitops-logs", "tag"),
    ("/api/v1/teams/departments", "departmentTag"),  # the list form, section 6
}
LISTS_OF = {"/api/v1/catalog/{callerTag}/dependencies": "dependencies"}  # error 2
PLACE_AND_TIME = {"page", "pageSize", "startTime", "endTime", "fromDate", "untilDate"}
"""Whatever is said of these, a list has the same few rows."""
BEGINNING = dt.datetime(2026, 3, 4, tzinfo=dt.UTC)


def load() -> dict[str, Any] | None:
    """Return the document, or nothing where it is not present."""
    return json.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else None


class Vendor:
    """An ASGI application that knows the document and nothing else."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self.schemas = document["components"]["schemas"]
        self.violations: list[str] = []
        self.answered: set[tuple[str, str]] = set()
        self._numbers = itertools.count(1)
        self._made: dict[str, Any] = {}
        """What each question has answered: the same question has the same answer."""
        self._paths = [
            (re.compile(re.sub(r"{[^}]+}", "([^/]+)", path) + "$"), path)
            for path in sorted(document["paths"], key=lambda path: path.count("{"))
        ]

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Check the request and make an answer up."""
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        raw = scope["raw_path"].decode()
        status, answer = self.answer(scope["method"].lower(), raw, scope["query_string"], body)
        start = {"type": "http.response.start", "status": status}
        await send({**start, "headers": [(b"content-type", b"application/json")]})
        await send({"type": "http.response.body", "body": json.dumps(answer).encode()})

    def answer(self, method: str, path: str, query: bytes, body: bytes) -> tuple[int, Any]:
        found = next(
            (p for shape, p in self._paths if shape.match(path) and method in self.path(p)), None
        )
        if found is None:
            return 404, {"message": "Not Found", "type": "NOT_FOUND"}
        operation = self.path(found)[method]
        params = parse_qsl(query.decode(), keep_blank_values=True)
        self._check(found, operation, params)
        if "requestBody" in operation:
            self._check_body(found, operation, json.loads(body))
        self.answered.add((method, found))
        content = operation["responses"]["200"]["content"]
        schema = next(iter(content.values()))["schema"]
        question = path + str([pair for pair in params if pair[0] not in PLACE_AND_TIME])
        answer = self._answer(schema, dict(params), found, question)
        return 200, about(answer, found, path, dict(params))

    def path(self, path: str) -> dict[str, Any]:
        found: dict[str, Any] = self.document["paths"][path]
        return found

    def _check(self, path: str, operation: Any, params: list[tuple[str, str]]) -> None:
        known = {p["name"]: p for p in operation.get("parameters", []) if p["in"] == "query"}
        for name, value in params:
            if name not in known:
                self.violations.append(f"{path}: unknown parameter {name}")
            elif not fits(value, known[name]["schema"]):
                self.violations.append(f"{path}: {name}={value}")
        sent = {name for name, _value in params}
        for name, parameter in known.items():
            if parameter.get("required") and name not in sent and (path, name) not in NOT_REQUIRED:
                self.violations.append(f"{path}: {name} is missing")

    def _check_body(self, path: str, operation: Any, body: Any) -> None:
        content = next(iter(operation["requestBody"]["content"].values()))
        schema = self._resolved(content["schema"])
        for name in schema.get("required", []):
            if name not in body:
                self.violations.append(f"{path}: the body lacks {name}")
        for name in body.keys() - schema["properties"].keys():
            self.violations.append(f"{path}: the body has an unknown {name}")

    def _resolved(self, schema: Any) -> Any:
        return self.schemas[schema["$ref"].split("/")[-1]] if "$ref" in schema else schema

    def _answer(self, schema: Any, params: dict[str, str], path: str, question: str) -> Any:
        """Make a body; a list has few rows, all of them on its first page."""
        if question not in self._made:
            self._made[question] = self.value(schema, 0)
        value = copy.copy(self._made[question])
        page = int(params.get("page", 0))
        if isinstance(value, list):
            return value[: int(params.get("pageSize", ROWS))] if page == 0 else []
        if isinstance(value, dict) and "pageSize" in params:
            rows = next((key for key, item in value.items() if isinstance(item, list)), "")
            size = int(params["pageSize"])
            if rows:
                value[rows] = value[rows][page * size : (page + 1) * size]
            if "totalPages" in value:
                value |= {"page": page, "total": ROWS, "totalPages": -(-ROWS // size)}
            if "hasMore" in value:
                value["hasMore"] = (page + 1) * size < ROWS
        if path in LISTS_OF:
            value = {LISTS_OF[path]: [value] if page == 0 else []}
        if path == "/api/v1/queries/{jobId}":
            value["status"] = "DONE"
        return value

    def value(self, schema: Any, depth: int) -> Any:
        """Make a value up for a schema; texts and numbers never repeat."""
        if "$ref" in schema:
            return self.value(self._resolved(schema), depth)
        if "oneOf" in schema:
            chosen = self.value(schema["oneOf"][0], depth)
            if isinstance(chosen, dict) and schema.get("properties"):
                chosen = {**self._object(schema, depth), **chosen}
            return chosen
        if "allOf" in schema:
            parts = [self.value(self._shallow(part), depth) for part in schema["allOf"]]
            return {key: value for part in parts for key, value in part.items()}
        if schema.get("type") == "array":
            count = ROWS if depth < DEEPEST else 0
            return [self.value(schema["items"], depth + 1) for _ in range(count)]
        if schema.get("type") == "object" or "properties" in schema:
            return self._object(schema, depth)
        return self._scalar(schema)

    def _scalar(self, schema: Any) -> Any:
        if "enum" in schema:
            return schema["enum"][0]
        number = next(self._numbers)
        made_up = {"integer": number, "number": number + 0.5, "boolean": True}
        moment = (BEGINNING + dt.timedelta(seconds=number)).isoformat()
        texts = {"date-time": f"{moment[:19]}Z", "date": moment[:10]}
        text = texts.get(schema.get("format", ""), f"text-{number}")
        return made_up.get(schema.get("type", ""), text)

    def _shallow(self, part: Any) -> Any:
        """Resolve a base without its variants, which refer back to it."""
        schema = self._resolved(part)
        return {key: value for key, value in schema.items() if key != "oneOf"}

    def _object(self, schema: Any, depth: int) -> dict[str, Any]:
        if depth > DEEPEST:
            return {}
        properties = schema.get("properties", {})
        return {name: self.value(child, depth + 1) for name, child in properties.items()}


def about(answer: Any, route: str, path: str, params: dict[str, str]) -> Any:
    """Let a record say that it is the one asked for, and bring none that was not asked for."""
    if route == "/api/v1/catalog/{tagOrId}":
        return {**answer, "id": unquote(path.rsplit("/", 1)[1])}
    if route == "/api/v1/teams/departments" and "departmentTag" in params:
        return {**answer, "departmentTag": params["departmentTag"]}
    if route == "/api/v1/eng-intel/metrics/point-in-time":  # as many values as there are columns
        return {**answer, "rows": [list(range(n, n + ROWS)) for n in range(ROWS)]}
    if "/custom-metrics/" in route and "endDate" in params:
        end = f"{params['endDate']}Z"
        return {**answer, "data": [row for row in answer["data"] if row["timestamp"] <= end]}
    if route == "/api/v1/scorecards/{tag}/descriptor":
        return f"tag: {unquote(path.split('/')[-2])}\nrules:\n" + "- title: a rule\n" * ROWS
    return answer


def fits(value: str, schema: Any) -> bool:
    """Whether the text of a parameter is what its schema wants."""
    if schema.get("type") == "array":
        return fits(value, schema["items"])
    if "enum" in schema:
        return value in schema["enum"]
    if schema.get("type") == "boolean":
        return value in {"true", "false"}
    if schema.get("type") == "integer":
        return value.isdecimal()
    if schema.get("format") == "date-time":
        return re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", value) is not None
    return bool(unquote(value))
