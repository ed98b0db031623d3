"""Speaks HTTP to a served platform as an official client would, and reads whole tables."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from sandbox.cinchy.furnish import CLIENT_ID

if TYPE_CHECKING:
    import requests

    from sandbox.cinchy import CinchyApp, World

SAMPLES = Path(__file__).parents[3] / "shared" / "reference" / "cinchy" / "samples"


def sample(name: str) -> Any:
    """Return one of the reference's samples, or skip the test plainly."""
    file = SAMPLES / name
    if not file.exists():
        pytest.skip(f"the reference sample {name} is not beside this project")
    text = file.read_text(encoding="utf-8")
    return json.loads(text) if file.suffix == ".json" else text


@dataclasses.dataclass
class Site:
    """One served platform and the account that speaks to it."""

    app: CinchyApp
    origin: str
    http: requests.Session
    username: str = "reader"

    @property
    def world(self) -> World:
        return self.app.world

    @property
    def url(self) -> str:
        return self.origin + self.app.options.base_path

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.world.accounts[self.username].token}"}

    def become(self, username: str) -> Site:
        return dataclasses.replace(self, username=username)

    def execute(self, query: str, **form: Any) -> requests.Response:
        sent = {"Query": query, "Type": "QUERY", "ResultFormat": "JSON", **form}
        return self.http.post(f"{self.url}/API/ExecuteCQL", data=sent, headers=self.headers)

    def rows(self, query: str, **form: Any) -> list[list[Any]]:
        answer = self.execute(query, **form)
        assert answer.status_code == 200, answer.headers.get("X-Cinchy-Error")
        data: list[list[Any]] = answer.json()["data"]
        return data

    def refusal(self, query: str, **form: Any) -> str:
        answer = self.execute(query, **form)
        assert answer.status_code == 400
        assert answer.headers["Content-Type"].startswith("text/html")
        return answer.headers["X-Cinchy-Error"]

    def saved(
        self, domain: str, name: str, route: str = "API", method: str = "GET", **parameters: Any
    ) -> requests.Response:
        url = f"{self.url}/{route}/{quote(domain, safe='')}/{quote(name, safe='')}"
        sent = {"ResultFormat": "JSON", **parameters}
        place = "params" if method == "GET" else "data"
        return self.http.request(method, url, headers=self.headers, **{place: sent})  # type: ignore[arg-type]

    def get(self, path: str, **parameters: Any) -> requests.Response:
        return self.http.get(
            self.url + path, params=parameters, headers=self.headers, allow_redirects=False
        )

    def token(self, **changes: str) -> requests.Response:
        account = self.world.accounts[self.username]
        form = {
            "grant_type": "password",
            "client_id": CLIENT_ID,
            "client_secret": self.world.clients[CLIENT_ID],
            "username": account.username,
            "password": account.password,
            "scope": "js_api",
            **changes,
        }
        url = f"{self.origin}{self.app.idp}/identity/connect/token"
        return self.http.post(url, data=form)

    def discover(self) -> dict[str, list[tuple[str, str, bool]]]:
        """Return name, type and system flag of every column, by table, from the metadata."""
        found: dict[str, list[tuple[str, str, bool]]] = {}
        last = 0
        while True:
            page = self.rows(
                "SELECT TOP 200 c.[Cinchy Id] AS 'c0', c.[Table].[Full Name] AS 'c1', "
                "c.[Name] AS 'c2', c.[Type] AS 'c3', c.[Is System Column] AS 'c4' "
                "FROM [Cinchy].[Table Columns] c WHERE c.[Deleted] IS NULL "
                "AND c.[Table].[Deleted] IS NULL "
                f"AND c.[Cinchy Id] > {last} ORDER BY c.[Cinchy Id]"
            )
            if not page:
                return found
            for _id, table, name, type_, is_system in page:
                found.setdefault(table, []).append((name, type_, is_system))
            last = page[-1][0]

    def read(self, table: str, columns: list[tuple[str, str, bool]]) -> list[dict[str, Any]]:
        """Read a table as a careful reader would: keyset pages, links as ids, positional names."""
        domain, name = table.split(".", 1)
        paths = [f"t.[{c}]" + (".[Cinchy Id]" if kind == "Link" else "") for c, kind, _ in columns]
        select = ", ".join(f"{path} AS 'c{place}'" for place, path in enumerate(paths))
        names = [column for column, _, _ in columns]
        if "Cinchy Id" not in names:
            page = self.rows(f"SELECT {select} FROM [{domain}].[{name}] t")
            return [dict(zip(names, row, strict=True)) for row in page]
        records: list[dict[str, Any]] = []
        last = 0
        while True:
            page = self.rows(
                f"SELECT TOP 50 {select} FROM [{domain}].[{name}] t "
                f"WHERE t.[Cinchy Id] > {last} ORDER BY t.[Cinchy Id]"
            )
            if not page:
                return records
            records += [dict(zip(names, row, strict=True)) for row in page]
            last = records[-1]["Cinchy Id"]
