"""Secrets, jobs and entitlements: the small APIs beside the queries."""

from __future__ import annotations

import email
import email.policy
import json
from typing import TYPE_CHECKING, Any

from starlette.responses import Response, StreamingResponse

from .accounts import View
from .pages import as_json, not_found, refused
from .request import SeenJob

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from .accounts import Account
    from .options import Options
    from .request import SandboxRequest, Seen
    from .world import World

LOG = "Cinchy.Execution Log"
ERRORS_CSV = "Row,Rejected,Errors\r\n"


class Secrets:
    """The secrets manager."""

    def __init__(self, world: World, options: Options, seen: Seen) -> None:
        self.world = world
        self.options = options
        self.seen = seen

    def secret(self, request: SandboxRequest, account: Account) -> Response:
        """Answer one secret, when it exists and a group of the account may read it."""
        domain, name = request.parameter("domain"), request.parameter("secretName")
        self.seen.secrets.append((domain, name))
        status = self.options.secret_refusal_status
        try:
            rows = self.world.truth("Cinchy.Secrets", deleted=False)
        except KeyError:
            return not_found()
        domain_id = self.world.catalog.domain_id(domain) if self._known(domain) else None
        for row in rows:
            if row[self.world.domain_column] == domain_id and row["Name"] == name:
                if self._may_read(row, account):
                    return as_json({"secretValue": row["Secret Value"]})
                break
        return refused(f"The secret {name} could not be retrieved", status)

    def _known(self, domain: str) -> bool:
        return any(row["Name"] == domain for row in self.world.truth(self.world.domains_table))

    def _may_read(self, row: dict[str, Any], account: Account) -> bool:
        groups = self.world.table("Cinchy.Groups")
        place = groups.column("Name").slot
        allowed = {groups.rows[id_][place] for id_ in row["Read Groups"] or ()}
        return account.admin or not allowed.isdisjoint(account.groups)


class Jobs:
    """The jobs API: it starts syncs, whose state is read from the Execution Log."""

    def __init__(self, world: World, options: Options, seen: Seen) -> None:
        self.world = world
        self.options = options
        self.seen = seen
        self._running: dict[int, int] = {}

    def start(self, request: SandboxRequest) -> Response:
        """Start a job and answer its execution id, unless the options lose the answer."""
        parts = _parts(request)
        try:
            options = json.loads(parts.get("options", [b""])[0])
        except ValueError:
            return _refused_job("The part options is missing or is not JSON")
        feed = str(options.get("feed", ""))
        feeds = self.world.truth("Cinchy.Data Sync Configurations", deleted=False)
        found = next((row["Cinchy Id"] for row in feeds if row["Name"] == feed), None)
        if found is None:
            return _refused_job(f"The data sync {feed} could not be found")
        values = {
            "Execution ID": self.world.guid(),
            "Command": "Data Sync",
            "Server Name": options.get("server"),
            "Parameters": json.dumps(options.get("paramValues") or {}),
            "State": "Running",
            "Data Sync Config": found,
        }
        execution_id = self.world.insert(LOG, values)
        self._running[execution_id] = self.options.job_polls
        files = tuple(part.decode("utf-8", "replace") for part in parts.get("files", ()))
        self.seen.jobs.append(
            SeenJob(feed=feed, options=options, files=files, execution_id=execution_id)
        )
        return self._started(execution_id)

    def _started(self, execution_id: int) -> Response:
        if self.options.jobs_answer == "gateway":
            return Response("Bad Gateway", 502, media_type="text/html")
        if self.options.jobs_answer == "cut":
            return StreamingResponse(_cut(), headers={"Content-Length": "40"})
        shown = str(execution_id) if self.options.execution_id_as_text else execution_id
        return as_json({"executionId": shown})

    def polled(self) -> None:
        """Let running jobs come nearer to their end: somebody reads the Execution Log."""
        for execution_id, left in list(self._running.items()):
            self._running[execution_id] = left - 1
            if left == 0:
                del self._running[execution_id]
                self._end(execution_id)

    def _end(self, execution_id: int) -> None:
        feed = next(one.feed for one in self.seen.jobs if one.execution_id == execution_id)
        failed = "fail" in feed.lower()
        self.world.update(
            LOG,
            execution_id,
            {
                "State": "Failed" if failed else "Succeeded",
                "Execution Output": "Could not reach the source" if failed else "Done",
                "Execution Time": 4.5,
            },
        )

    def artifact(self, execution_id: str, kind: str) -> Response:
        """Answer an error file or the log of a job; both appear only when it has ended."""
        known = [one for one in self.seen.jobs if str(one.execution_id) == execution_id]
        if not known or known[0].execution_id in self._running:
            return as_json({"status": 404, "message": "There is no such file yet"}, 404)
        body = f"Sync of {known[0].feed} ended\r\n" if kind == "logs" else ERRORS_CSV
        return Response(body, media_type="text/plain" if kind == "logs" else "text/csv")


async def _cut() -> AsyncIterator[bytes]:
    yield b'{"execu'
    raise ConnectionAbortedError("the options ask for an answer that ends too early")


def _refused_job(message: str) -> Response:
    return as_json({"status": 400, "message": message}, 400)


def _parts(request: SandboxRequest) -> dict[str, list[bytes]]:
    """Return the parts of a multipart body by name; names are case-sensitive here."""
    head = f"Content-Type: {request.headers.get('content-type', '')}\r\n\r\n".encode()
    message = email.message_from_bytes(head + request.body, policy=email.policy.HTTP)
    parts: dict[str, list[bytes]] = {}
    for part in message.iter_parts() if message.is_multipart() else ():
        name = part.get_param("name", header="content-disposition")
        payload = part.get_payload(decode=True)
        parts.setdefault(str(name), []).append(payload if isinstance(payload, bytes) else b"")
    return parts


def entitlements(request: SandboxRequest, account: Account, world: World) -> Response:
    """Answer ``POST /Account/GetTableEntitlementsByName``."""
    asked = request.json()
    renamed = world.domain_column != "Domain"
    key = "dataProductName" if renamed else "domainName"
    if not isinstance(asked, dict) or key not in asked or "tableName" not in asked:
        return refused(f"{key} and tableName are needed")
    view = View(account, world)
    try:
        table = world.table(f"{asked[key]}.{asked['tableName']}")
    except KeyError:
        return refused("The table could not be found")
    defined = view.may_view(table)
    book = world.table("Cinchy.Table Columns")
    guid = book.column("Guid").slot
    described = [
        {
            "columnId": column.column_id,
            "columnName": column.name,
            "columnGuid": book.rows[column.column_id][guid],
            "canView": defined and view.may_view_column(table, column),
            "canEdit": account.admin and not column.system,
        }
        for column in table.columns
    ]
    return as_json(
        {
            "columnEntitlements": described,
            "tableId": table.table_id,
            "tableDomain": table.domain,
            "tableName": table.name,
            "username": account.username,
            "accessIsDefinedForCurrentUser": defined,
            "canAddRows": account.admin,
            "canDeleteRows": account.admin,
            "canApproveChanges": account.admin,
            "canDesignTable": account.admin,
            "canManageControls": account.admin,
        }
    )
