"""ExecuteCQL and saved queries."""

from __future__ import annotations

import dataclasses
import random
import re
import zoneinfo
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from .accounts import View
from .answers import Writer
from .cql import CqlError, LinkRules, Meter, Result, Session, TooSlowError, Write, execute
from .cql.cost import WITHOUT_END
from .furnish import ANONYMOUS, DDL_TYPE, SINGLE_VALUE_TYPE, WRITE_TYPE
from .pages import as_json, page, told
from .request import SeenQuery

if TYPE_CHECKING:
    from collections.abc import Callable

    from .accounts import Account
    from .columns import Row
    from .cql.session import Reads
    from .options import Options
    from .request import SandboxRequest, Seen
    from .world import World

DEFAULT_SECONDS = 30.0
BLIND_BEFORE = (5, 7)
VERSIONED_SINCE = (5, 10)
TYPES = ("QUERY", "DRAFT_QUERY", "VERSION_HISTORY_QUERY", "SCALAR", "NONQUERY")
WRITING = frozenset({"NONQUERY", WRITE_TYPE, DDL_TYPE})
SAVED_TYPES: dict[str, Reads] = {
    "Query (Include Draft Changes)": "DRAFT_QUERY",
    "Query (Include Version History)": "VERSION_HISTORY_QUERY",
}
_PARAMETER = re.compile(r"parameters\[(\d+)\]\.(parametername|valuetype|xmlserializedvalue)")
_TEXT_PARAMETER = re.compile(r"\{\d+\}")
_CLAIMED = {"system.string", "system.double", "system.boolean"}


@dataclasses.dataclass(frozen=True)
class Stored:
    """A saved query, read from its row."""

    id: int
    values: dict[str, Any]

    def __getitem__(self, name: str) -> Any:
        return self.values.get(name)


class Queries:
    """Runs what arrives and writes the answers."""

    def __init__(
        self,
        world: World,
        options: Options,
        seen: Seen,
        on_log: Callable[[], None],
        unauthorized: Callable[[SandboxRequest], Response],
    ) -> None:
        self.world = world
        self.options = options
        self.seen = seen
        self.on_log = on_log
        self.unauthorized = unauthorized
        self.random = random.Random(0)

    def session(self, account: Account, reads: Reads = "QUERY") -> Session:
        """Return the rules a query of this account runs under."""
        options = self.options
        own = account.time_zone or options.output_zone
        zone = zoneinfo.ZoneInfo(options.filter_zone or own)
        links = LinkRules(
            to_nothing=options.link_to_nothing,
            to_deleted=options.link_to_deleted,
            to_filtered=options.link_to_filtered,
            to_hidden=options.link_to_hidden,
            everywhere=options.link_rules_everywhere,
            blame_link=options.hidden_link_blamed,
            pairs=options.multi_select == "pairs",
        )
        return Session(
            view=View(account, self.world),
            reads=reads,
            backend=options.backend,
            filter_zone=zone,
            fold=int(options.ambiguous_hour == "second"),
            dates_in_zone=options.dates_in_zone,
            literal_digits=options.literal_digits,
            literal_offset=options.literal_offset,
            history_joins=options.history_joins,
            forbidden_tables=options.forbidden_tables,
            blind=self.world.release < BLIND_BEFORE and own == "UTC",
            links=links,
            shuffle=self.random if options.shuffle_unordered else None,
            shuffle_ties=self.random if options.shuffle_ties else None,
        )

    def _meter(self, seconds: float) -> Meter:
        options = self.options
        speed = options.scanned_per_second
        limits = [options.timeout_above_scanned, None if speed is None else speed * seconds]
        limit = min((one for one in limits if one is not None), default=WITHOUT_END)
        cost = self.seen.queries[-1].cost
        return Meter(cost=cost, limit=limit, sort_cost=options.sort_cost)

    def _told(self, message: str, status: int = 400) -> Response:
        return told(message, status, self.options.error_form)

    # ExecuteCQL

    def execute_cql(self, request: SandboxRequest, account: Account) -> Response:
        """Answer ``POST /API/ExecuteCQL``."""
        kind = request.parameter("type", "QUERY").upper()
        if kind not in TYPES:
            return self._told(f"The query type {kind} is not known")
        try:
            text, parameters = self._parameters(request)
        except CqlError as error:
            return self._told(str(error))
        self._note(request, "ExecuteCQL", kind, text, account.username)
        if "execution log" in text.lower():
            self.on_log()
        reads: Reads = kind if kind in {"DRAFT_QUERY", "VERSION_HISTORY_QUERY"} else "QUERY"  # type: ignore[assignment]
        session = dataclasses.replace(self.session(account, reads), parameters=parameters)
        seconds = _seconds(request, DEFAULT_SECONDS)
        return self._run(request, text, session, seconds=seconds, kind=kind)

    def _parameters(self, request: SandboxRequest) -> tuple[str, dict[str, Any]]:
        entries: dict[str, dict[str, str]] = {}
        for name, value in request.form:
            found = _PARAMETER.fullmatch(name.lower())
            if found:
                entries.setdefault(found[1], {})[found[2]] = value
        text, parameters = request.cql, {}
        for entry in entries.values():
            name = entry.get("parametername", "")
            claimed = entry.get("valuetype", "System.String").lower()
            raw = entry.get("xmlserializedvalue", "")
            if claimed not in _CLAIMED:
                raise CqlError(f"The parameter type {entry.get('valuetype')} is not supported")
            if _TEXT_PARAMETER.fullmatch(name):
                text = text.replace(name, raw)
            else:
                parameters[name] = _claimed_value(claimed, raw)
        return text, parameters

    def _note(
        self, request: SandboxRequest, route: str, kind: str, text: str, username: str
    ) -> None:
        self.seen.queries.append(
            SeenQuery(
                route=route,
                kind=kind,
                text=text,
                username=username,
                parameters=request.parameters(),
            )
        )

    def _run(
        self,
        request: SandboxRequest,
        text: str,
        session: Session,
        *,
        seconds: float,
        kind: str,
        stored: Stored | None = None,
    ) -> Response:
        writes = kind in WRITING
        session = dataclasses.replace(session, meter=self._meter(seconds))
        try:
            result = execute(text, session)
        except TooSlowError:
            return self._told(self.options.timeout_text, self.options.timeout_status)
        except CqlError as error:
            if writes:
                self.seen.writes.append(self.seen.queries[-1])
            return self._told(str(error))
        if writes or isinstance(result, Write):
            self.seen.writes.append(self.seen.queries[-1])
            return as_json(0)
        if self._too_slow(len(result), seconds):
            return self._told(self.options.timeout_text, self.options.timeout_status)
        writer = Writer(self.options, session.view.account.time_zone)
        if kind in {"SCALAR", SINGLE_VALUE_TYPE} and self.options.single_value != "columnar":
            values = writer.columns(result)[0]
            return self._single(values[0] if values else None)
        return self._answer(request, result, stored, writer)

    def _single(self, value: Any) -> Response:
        if self.options.single_value == "raw" and isinstance(value, str):
            return Response(value, media_type="application/json; charset=utf-8")
        return as_json(value)

    def _too_slow(self, rows: int, seconds: float) -> bool:
        limit, speed = self.options.timeout_above_rows, self.options.rows_per_second
        return (limit is not None and rows > limit) or (
            speed is not None and rows > speed * seconds
        )

    def _answer(
        self, request: SandboxRequest, result: Result, stored: Stored | None, writer: Writer
    ) -> Response:
        form = request.parameter("resultformat").upper()
        form = form or (str(stored["API Result Format"] or "CSV") if stored else "XML")
        if form == "DELIMITED_FILE":
            form += request.parameter("delimiter")
        direct = stored is None
        if direct and request.parameter("schemaonly").lower() == "true":
            if self.options.schema_only == "empty":
                return as_json({"schema": [], "data": []})
            if self.options.schema_only == "schema":
                return as_json({"schema": writer.schema(result), "data": []})
        if not direct or form.startswith("DELIMITED_FILE"):
            result = self._window(request, result)
        cap = self.options.page_cap if direct else self.options.saved_query_cap
        if cap is not None:
            result = result.part(0, cap)
        compressed = request.parameter("compressjson").lower()
        by_default = stored is None or stored["CompressJSON"] is not False
        return writer.answer(
            result,
            form,
            compressed=by_default if not compressed else compressed == "true",
            wrapped=request.parameter("wrapsinglerecordinarray").lower() != "false",
        )

    def _window(self, request: SandboxRequest, result: Result) -> Result:
        """Apply StartRow and RowCount."""
        options = self.options
        base = 0 if options.start_row_base == "ignored" else options.start_row_base
        sent = request.parameter
        try:
            start, count = int(sent("startrow") or base), int(sent("rowcount") or len(result))
        except ValueError:
            return result
        first = 0 if options.start_row_base == "ignored" else max(start - base, 0)
        last = len(result) if options.row_count == "ignored" else first + count
        return result.part(first, last)

    # Saved queries

    def saved_query(
        self,
        request: SandboxRequest,
        names: tuple[str, ...],
        account: Account | None,
        *,
        route: str,
    ) -> Response:
        """Answer a saved query called as ``[version], domain, name``."""
        stored = self._find(names[-2], names[-1])
        if account is None and stored is not None and route == "API":
            account = self._anonymous(request, stored)
        if account is None:
            return self.unauthorized(request)
        if stored is None or not self._reachable(stored, names[:-2]):
            status = self.options.missing_query_status
            return self._told(f"The query [{names[-2]}].[{names[-1]}] could not be found", status)
        if not self._may_execute(stored, account):
            return self._forbidden(request)
        sent = request.parameters()
        text = str(stored["CQL"])
        for name, value in sent.items():
            if _TEXT_PARAMETER.fullmatch(name):
                text = text.replace(name, value)
        parameters = {name: value for name, value in sent.items() if name.startswith("@")}
        kind = str(stored["Type"])
        session = dataclasses.replace(
            self.session(account, SAVED_TYPES.get(kind, "QUERY")),
            parameters=parameters,
            absent_is_null=True,
        )
        self._note(request, route, kind, text, account.username)
        seconds = _seconds(request, stored["Timeout"] or DEFAULT_SECONDS)
        return self._run(request, text, session, seconds=seconds, kind=kind, stored=stored)

    def _forbidden(self, request: SandboxRequest) -> Response:
        if self.options.forbidden_query_status == 401:  # noqa: PLR2004
            return self.unauthorized(request)
        return page("403 - Forbidden", "You may not execute this query.", 403)

    def _find(self, domain: str, name: str) -> Stored | None:
        table = self.world.table("Cinchy.Saved Queries")
        domains = self.world.table(self.world.domains_table)
        wanted = (domain.lower(), name.lower())
        place = domains.column("Name").slot
        for id_, row in table.rows.items():
            values = self._values(row)
            found = domains.rows[values[self.world.domain_column]][place]
            if (found.lower(), values["Name"].lower()) == wanted and values["Deleted"] is None:
                return Stored(id_, values)
        return None

    def _values(self, row: Row) -> dict[str, Any]:
        table = self.world.table("Cinchy.Saved Queries")
        return {column.name: row[column.slot] for column in table.columns}

    def _reachable(self, stored: Stored, version: tuple[str, ...]) -> bool:
        if self.world.release < VERSIONED_SINCE:
            return not version
        if version:
            return version[0].lower() == f"v{stored['API Version']}"
        return self.options.unversioned_urls == "all" or bool(stored["Use Legacy URL Structure"])

    def _anonymous(self, request: SandboxRequest, stored: Stored) -> Account | None:
        account = self.world.accounts.get(ANONYMOUS.lower())
        if "authorization" in request.headers or account is None:
            return None
        return account if account.user_id in (stored["Users With Execute Access"] or ()) else None

    def _may_execute(self, stored: Stored, account: Account) -> bool:
        if account.admin or account.user_id in (stored["Users With Execute Access"] or ()):
            return True
        groups = self.world.table("Cinchy.Groups")
        place = groups.column("Name").slot
        allowed = [groups.rows[id_][place] for id_ in stored["Groups With Execute Access"] or ()]
        return any(group in account.groups for group in allowed)


def _seconds(request: SandboxRequest, otherwise: float) -> float:
    sent = request.parameter("commandtimeout")
    return float(sent) if sent.isdigit() else otherwise


def _claimed_value(claimed: str, raw: str) -> Any:
    if claimed == "system.boolean":
        return raw.strip().lower() == "true"
    if claimed == "system.double":
        try:
            return float(raw)
        except ValueError:
            raise CqlError(f"The value '{raw}' is not valid for System.Double") from None
    return raw
