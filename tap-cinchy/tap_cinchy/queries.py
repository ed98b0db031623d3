"""The queries a configuration names, and which of them are refused before anything is asked."""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING, Any

from singer_rest.errors import ConfigError
from singer_rest.records import timestamps
from singer_rest.records.columns import TEXT, UNPARSED, Column
from tap_cinchy.answers import unique
from tap_cinchy.auth import BASIC
from tap_cinchy.cql import ID
from tap_cinchy.guard import credential_column, writing_word
from tap_cinchy.incremental import date_literal
from tap_cinchy.shapes import SYSTEM_TIMES, Field, Shape, kind_of_schema
from tap_cinchy.values import LOCAL_MOMENT, MOMENT, WALL_CLOCK, has_offset, kind_of_type

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    from singer_rest.records.columns import Kind
    from tap_cinchy.answers import Answer

UNKNOWN_COLUMNS = "columns unknown"
"""Title of the schema of a query that could not be run when columns were asked for."""
TOP, AFTER = "{{top}}", "{{after}}"
EARLIEST = "1900-01-01T00:00:00"


@dataclasses.dataclass(frozen=True)
class Query:
    """One entry of ``saved_queries`` or ``cql_queries``."""

    name: str
    primary_keys: tuple[str, ...]
    params: Mapping[str, Any]
    replication_key: str
    replication_param: str
    paging: str
    json_schema: Mapping[str, Any]

    # Of a saved query
    domain: str = ""
    query: str = ""
    """Name of a saved query, or CQL."""
    saved: bool = True
    api_version: str = ""
    method: str = "GET"
    text_params: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    basic: bool = False

    # Of a CQL query
    type: str = "QUERY"

    @property
    def title(self) -> str:
        """Name the query for messages."""
        return f"{self.domain}.{self.query}" if self.saved else self.name


def _given(params: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return parameters without those that are null, which is how a setting is left out."""
    return {name: value for name, value in (params or {}).items() if value is not None}


def _common(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": entry["name"],
        "primary_keys": tuple(entry.get("primary_keys") or ()),
        "params": _given(entry.get("params")),
        "replication_key": entry.get("replication_key") or "",
        "replication_param": entry.get("replication_param") or "",
        "paging": entry.get("paging") or "none",
        "json_schema": entry.get("json_schema") or {},
        "query": entry["query"],
    }


def configured(config: Mapping[str, Any], *, basic: bool) -> list[Query]:
    """Return the queries of a configuration.

    Args:
        config: The settings.
        basic: Basic is the only credential there is.

    Raises:
        ConfigError: One of them cannot be meant so; nothing has been asked.
    """
    found = [
        Query(
            **_common(entry),
            domain=entry["domain"],
            api_version=str(entry.get("api_version") or "").removeprefix("v"),
            method=entry.get("method") or "GET",
            text_params=_given(entry.get("text_params")),
            basic=basic or entry.get("auth") == BASIC,
        )
        for entry in config.get("saved_queries") or []
    ]
    found += [
        Query(**_common(entry), saved=False, type=entry.get("type") or "QUERY")
        for entry in config.get("cql_queries") or []
    ]
    for query in found:
        _check(query)
    return found


def _check(query: Query) -> None:
    """Refuse what cannot be meant so.

    Raises:
        ConfigError: With the reason.
    """
    why = next(filter(None, (_wrong_text(query), _wrong_parameters(query), _wrong_keys(query))), "")
    if why:
        raise ConfigError(f"The query {query.name}: {why}.")


def _wrong_text(query: Query) -> str:
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", query.name):
        return "its name may hold letters, digits and underscores only"
    if not query.saved and (word := writing_word(query.query)):
        return f"it holds {word}, and this tap only reads"
    if not query.saved and (column := credential_column(query.query)):
        return f"it names {column}, a column of the platform that holds credentials"
    return ""


def _wrong_parameters(query: Query) -> str:
    for name, value in (*query.params.items(), *query.text_params.items()):
        if not isinstance(value, (str, int, float)):
            return (
                f"the parameter {name} is {type(value).__name__}; text, numbers, true and false "
                "are known to be understood. To leave a parameter out, leave it out here"
            )
    if bool(query.replication_key) != bool(query.replication_param):
        return "replication_key and replication_param are needed together"
    for name in (*query.params, query.replication_param or "@"):
        if not name.startswith("@"):
            return f"the parameter {name} must begin with @, which is part of its name"
    for name in query.text_params:
        if not re.fullmatch(r"\{\d+\}", name):
            return f"the text parameter {name} must look like {{0}}"
    return ""


def _wrong_keys(query: Query) -> str:
    if query.paging != "none" and not query.primary_keys:
        return "paging needs primary_keys, by which pages are told apart"
    if query.paging == "keyset" and not (TOP in query.query and AFTER in query.query):
        return f"paging keyset needs the places {TOP} and {AFTER} in the query"
    for name in query.primary_keys:
        if query.json_schema and name not in query.json_schema.get("properties", {}):
            return f"primary_keys names {name}, which json_schema does not have"
    return ""


def first_value(query: Query, start: dt.datetime | None) -> Any:
    """Return what the replication parameter is on the first run."""
    given = query.params.get(query.replication_param)
    if given is not None:
        return given
    if start is not None:
        return date_literal(start.astimezone(timestamps.UTC).replace(tzinfo=None)).strip("'")
    # A saved query reads a parameter nobody sends as NULL; elsewhere that is an error.
    return None if query.saved else EARLIEST


def is_query(kind: str) -> bool:
    """Whether the type of a saved query is one that reads rows."""
    bare = "".join(filter(str.isalpha, kind.lower()))
    return "query" in bare and "nonquery" not in bare


def is_single_value(kind: str) -> bool:
    """Whether the type of a saved query is one that reads a single value."""
    bare = "".join(filter(str.isalpha, kind.lower()))
    return "scalar" in bare or bare.startswith("singlevalue")


# Columns


def shape_of_config(query: Query) -> Shape:
    """Return the shape of a configured schema."""
    return _shape_of_properties(query, query.json_schema.get("properties", {}))


def shape_of_catalog(query: Query, schema: Mapping[str, Any]) -> Shape:
    """Return the shape of a query as a catalog keeps it."""
    if schema.get("title") == UNKNOWN_COLUMNS:
        return shape_unknown(query)
    return _shape_of_properties(query, schema.get("properties", {}))


def _shape_of_properties(query: Query, properties: Mapping[str, Mapping[str, Any]]) -> Shape:
    fields = []
    for name, definition in properties.items():
        if name == UNPARSED:
            continue
        kind = kind_of_schema(definition, name if name in SYSTEM_TIMES else "")
        text = definition.get("description") or _description(query, name)
        fields.append(Field(Column(name, kind, text), ()))
    return Shape(fields, _keys(query, fields), description=f"Rows of the query {query.title}.")


def shape_of_answer(query: Query, answer: Answer) -> Shape:
    """Return the shape that an answer suggests: by its types, or by its values if it has none."""
    fields = []
    names = unique(answer.names)
    for index, (name, type_name) in enumerate(zip(names, answer.types, strict=True)):
        cells = [row[index] for row in answer.rows]
        kind = kind_of_type(type_name) if type_name else _kind_of_cells(cells)
        if kind is WALL_CLOCK and any(map(has_offset, cells)):
            kind = MOMENT
        elif kind is WALL_CLOCK and name in SYSTEM_TIMES:
            kind = LOCAL_MOMENT
        fields.append(Field(Column(name, kind, _description(query, name)), ()))
    return Shape(fields, _keys(query, fields), description=f"Rows of the query {query.title}.")


def shape_unknown(query: Query) -> Shape:
    """Return the shape of a query whose columns nobody knows."""
    return Shape(
        (),
        (),
        title=UNKNOWN_COLUMNS,
        description=f"The query {query.title} could not be run to see its columns; set its "
        "json_schema, or mend it and run discovery again.",
    )


def _keys(query: Query, fields: Sequence[Field]) -> tuple[str, ...]:
    names = {one.name for one in fields}
    for key in (*query.primary_keys, query.replication_key):
        if key and key not in names:
            raise ConfigError(
                f"The query {query.name} names {key} as a key, which is not one of its columns "
                f"({', '.join(sorted(names))})."
            )
    return query.primary_keys


def _description(query: Query, name: str) -> str:
    if name == ID:
        return "Identifies the row in the table that the query takes it from."
    return f"Column {name} of the query {query.title}."


def _kind_of_cells(cells: Sequence[Any]) -> Kind:
    """Guess the kind of a column without a type; text where the values disagree."""
    names = {type(cell).__name__ for cell in cells if cell is not None}
    if names == {"bool"}:
        return kind_of_type("Boolean")
    if names == {"int"}:
        return kind_of_type("Int64")
    if names and names <= {"int", "float", "Decimal"}:
        return kind_of_type("Double")
    return TEXT
