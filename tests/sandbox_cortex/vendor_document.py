"""The vendor's OpenAPI document as a judge of answers, its known errors allowed for.

Every relaxation stands in :data:`EXEMPTIONS` with the number it has in section 0 of the reference,
or a dash where the reference states it elsewhere.
"""

from __future__ import annotations

import copy
import itertools
import json
import re
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

ROOT = Path(__file__).parents[2]
FILE = ROOT.parent / "shared" / "reference" / "cortex" / "openapi.json"

EXEMPTIONS = {
    "1": "page and pageSize are marked required; the vendor's own tools leave them out",
    "2": "dependencies of an entity are typed as one edge; they are an envelope with totals",
    "3": "children and parents of hierarchy nodes are typed as one node; they are lists",
    "4": "gitops-logs marks scorecardTag and tag required; the vendor's tools send neither",
    "5": "JsonNode is typed object; it is any JSON value",
    "6": "values of customData are typed object; they are any JSON value",
    "7": "scores are paged and show no totals; both forms are allowed, so nothing is relaxed",
    "8": "packages speak of paging and have none; the schema is right, so nothing is relaxed",
    "9": "SCIM answers are typed string; they are SCIM resources",
    "10": "401 is never declared and 403 rarely; error bodies of any status are ErrorResponse",
    "11": "undocumented fields arrive; the schemas allow more fields, so nothing is relaxed",
    "-": "optional fields may be null, which the document never says (appendix A)",
}

BASE = "urn:cortex"
DEPENDENCIES: dict[str, Any] = {
    "type": "object",
    "required": ["dependencies", "page", "total", "totalPages"],
    "properties": {
        "dependencies": {
            "type": "array",
            "items": {"$ref": "#/components/schemas/DependencyResponse"},
        },
        **{name: {"type": "integer"} for name in ("page", "total", "totalPages")},
    },
}
UNCHECKED = {"example", "discriminator", "description", "format", "default"}
PATTERNS = {
    "date-time": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$",
    "date": r"^\d{4}-\d\d-\d\d$",
    "uuid": r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$",
}


def load() -> dict[str, Any] | None:
    """Return the document, or nothing where it is not present."""
    if not FILE.exists():
        return None
    document: dict[str, Any] = json.loads(FILE.read_text())
    return document


def _name(reference: str) -> str:
    return reference.rsplit("/", 1)[-1]


def variants(schema: dict[str, Any], schemas: dict[str, Any]) -> dict[str, str]:
    """Return the variants of a polymorphic schema by the value of its discriminator.

    Without a mapping that is the title or the name of the variant, in capitals where the base
    lists the values so.
    """
    discriminator = schema["discriminator"]
    if "mapping" in discriminator:
        return dict(discriminator["mapping"])
    values = schema["properties"][discriminator["propertyName"]].get("enum", [])
    found = {}
    for part in schema["oneOf"]:
        name = _name(part["$ref"])
        value = schemas[name].get("title", name)
        found[value.upper() if value.upper() in values else value] = part["$ref"]
    return found


class Judge:
    """Validate answers against the document.

    Polymorphic schemas refer to their variants, and the variants back to the base. Followed as
    they stand they never end, so a variant refers to the base without its variants here, and the
    base chooses the variant by the discriminator.
    """

    def __init__(self, document: dict[str, Any]) -> None:
        schemas = copy.deepcopy(document["components"]["schemas"])
        self._correct(schemas)
        contents = {}
        for name, schema in schemas.items():
            bases = {n for n in self._all_of(schema) if "oneOf" in schemas[n]}
            contents[name] = self._relaxed(schema, bases)
        for name, schema in schemas.items():
            if "oneOf" in schema and "discriminator" in schema:
                contents[f"{name}-base"] = {k: v for k, v in contents[name].items() if k != "anyOf"}
                contents[name] = self._choice(schema, schemas, name)
        self.registry = Registry().with_resources(
            (f"{BASE}:{name}", DRAFT202012.create_resource(content))
            for name, content in contents.items()
        )

    @staticmethod
    def _correct(schemas: dict[str, Any]) -> None:
        """Repair what the reference calls wrong."""
        schemas["JsonNode"] = {}  # 5
        for node, field in (("HierarchyChildNode", "children"), ("HierarchyParentNode", "parents")):
            properties = schemas[node]["properties"]
            properties[field] = {"type": "array", "items": properties[field]}  # 3
        for schema in schemas.values():
            if "customData" in schema.get("properties", {}):  # 6
                schema["properties"]["customData"]["additionalProperties"] = {}
        schemas["ListDependencies"] = DEPENDENCIES  # 2

    @staticmethod
    def _all_of(schema: dict[str, Any]) -> list[str]:
        return [_name(part["$ref"]) for part in schema.get("allOf", []) if "$ref" in part]

    def _relaxed(self, schema: Any, bases: frozenset[str] | set[str] = frozenset()) -> Any:
        if isinstance(schema, list):
            return [self._relaxed(item, bases) for item in schema]
        if not isinstance(schema, dict):
            return schema
        if "$ref" in schema:
            name = _name(schema["$ref"])
            return {"$ref": f"{BASE}:{name}-base" if name in bases else f"{BASE}:{name}"}
        result: dict[str, Any] = {}
        for key, value in schema.items():
            if key == "properties":
                result[key] = self._properties(schema)
            elif key == "oneOf":
                result["anyOf"] = self._relaxed(value)
            elif key == "format" and value in PATTERNS:
                result["pattern"] = PATTERNS[value]
            elif key not in UNCHECKED:
                result[key] = self._relaxed(value, bases)
        return result

    def _properties(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Relax the properties; those that are not required may be null (exemption -)."""
        found = {}
        for name, child in schema["properties"].items():
            relaxed = self._relaxed(child)
            needed = name in schema.get("required", [])
            found[name] = relaxed if needed else {"anyOf": [relaxed, {"type": "null"}]}
        return found

    @staticmethod
    def _choice(schema: dict[str, Any], schemas: dict[str, Any], name: str) -> dict[str, Any]:
        field = schema["discriminator"]["propertyName"]
        mapping = variants(schema, schemas)
        return {
            "$ref": f"{BASE}:{name}-base",
            "properties": {field: {"enum": list(mapping)}},
            "allOf": [
                {
                    "if": {"properties": {field: {"const": value}}},
                    "then": {"$ref": f"{BASE}:{_name(reference)}"},
                }
                for value, reference in mapping.items()
            ],
        }

    def faults(self, body: Any, schema: dict[str, Any]) -> list[str]:
        """Return what is wrong with a body, at most five sentences."""
        validator = Draft202012Validator(self._relaxed(schema), registry=self.registry)
        return [
            f"{error.json_path}: {error.message[:200]}"
            for error in itertools.islice(validator.iter_errors(body), 5)
        ]

    def answer_schema(self, path: str, operation: dict[str, Any]) -> dict[str, Any]:
        """Return the schema of a good answer."""
        if path == "/api/v1/catalog/{callerTag}/dependencies":
            return {"$ref": "#/components/schemas/ListDependencies"}
        if path.startswith("/scim/"):
            return {}  # 9
        content = operation["responses"]["200"]["content"]
        schema: dict[str, Any] = content["application/json"]["schema"]
        return schema


def permissions(operation: dict[str, Any]) -> list[str]:
    """Return the permissions that the description of an operation asks for."""
    text = operation.get("description", "")
    return re.findall(r"`([^`]*)`", text) if "ermission" in text else []


class Coverage:
    """Note which documented properties were seen with a value."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.schemas = {**document["components"]["schemas"], "ListDependencies": DEPENDENCIES}
        self.seen: dict[str, set[str]] = {}

    def note(self, value: Any, schema: dict[str, Any]) -> None:
        """Walk a body along its schema."""
        if isinstance(value, list):
            for item in value:
                self.note(item, schema.get("items", schema))
        elif "oneOf" in schema and "discriminator" not in schema:
            for part in schema["oneOf"]:
                self.note(value, part)
        elif isinstance(value, dict):
            self._object(value, schema)

    def _object(self, value: dict[str, Any], schema: dict[str, Any]) -> None:
        if "$ref" in schema:
            name = _name(schema["$ref"])
            schema = self.schemas[name]
            self.seen.setdefault(name, set()).update(k for k, v in value.items() if v is not None)
            if "oneOf" in schema and "discriminator" in schema:
                kind = value.get(schema["discriminator"]["propertyName"])
                reference = variants(schema, self.schemas).get(str(kind))
                if reference:
                    self._object(value, {"$ref": reference})
        for part in (schema, *(p for p in schema.get("allOf", []) if "$ref" not in p)):
            for name, child in part.get("properties", {}).items():
                if value.get(name) is not None:
                    self.note(value[name], child)

    def missing(self, roots: list[dict[str, Any]]) -> dict[str, list[str]]:
        """Return the properties of all schemas below these that were never seen, by schema."""
        reached: set[str] = set()
        waiting = [_name(r) for r in re.findall(r'"\$ref": "([^"]+)"', json.dumps(roots))]
        found = {}
        while waiting:
            name = waiting.pop()
            if name in reached or name == "JsonNode":
                continue
            reached.add(name)
            schema = self.schemas[name]
            text = json.dumps(schema)
            waiting += [_name(r) for r in re.findall(r'"\$ref": "([^"]+)"', text)]
            parts = (schema, *schema.get("allOf", []))
            known = {field for part in parts for field in part.get("properties", {})}
            unseen = known - self.seen.get(name, set())
            if unseen:
                found[name] = sorted(unseen)
        return found
