"""Secrets: whether they can be had, and their values only for those who insist."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from singer_rest.http.exchange import Request
from singer_rest.records.columns import BOOLEAN, TEXT, Column, Table
from singer_rest.sources.base import Plan, Source
from singer_rest.sources.evidence import ProofKind
from singer_rest.sources.pages import Page
from tap_cinchy.streams.base import CinchyStream

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from singer_rest.http.exchange import Reply
    from tap_cinchy.tap import TapCinchy

REFUSALS = frozenset(
    {HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}
)

ACCESS = Table(
    (
        Column("domain", TEXT, "Domain of the secret."),
        Column("name", TEXT, "Name of the secret."),
        Column("accessible", BOOLEAN, "Whether the account may read it."),
    ),
    ("domain", "name"),
)
VALUES = Table(
    (*ACCESS.columns, Column("secret_value", TEXT, "The secret itself.")),
    ACCESS.primary_keys,
)


class SecretsSource(Source):
    """One request for each secret named in the configuration."""

    where = "/api/v1.0/secrets-manager/secret"

    def __init__(self, stream: SecretsManager) -> None:
        super().__init__()
        self.stream = stream

    def pages(self) -> Iterator[Page]:
        """Yield one row for each secret."""
        for secret in self.stream.config["secrets"]:
            reply = self._ask(secret)
            body = reply.body if isinstance(reply.body, dict) else {}
            value = body.get("secretValue")
            if value is not None:
                self.stream.tap.redactor.add(str(value))
            row = {
                "domain": secret["domain"],
                "name": secret["name"],
                "accessible": reply.status == HTTPStatus.OK and value is not None,
            }
            if self.stream.with_values:
                row["secret_value"] = value
            self.evidence.pages += 1
            self.evidence.received += 1
            yield Page([row], reply)
        self.evidence.prove(ProofKind.EVERY_PARENT)

    def _ask(self, secret: Mapping[str, str]) -> Reply:
        return self.stream.api.transport.send(
            Request(
                f"{self.stream.api.base}{self.where}",
                {"secretName": secret["name"], "domain": secret["domain"]},
                # Which status means that it may not be read is not documented.
                accept_statuses=REFUSALS,
            )
        )

    def probe(self) -> None:
        """Ask nothing: reading a secret leaves a trace that a test should not."""

    def plan(self) -> Plan:
        """One request a secret."""
        count = len(self.stream.config["secrets"])
        return Plan(count, count)

    @property
    def expected_proof(self) -> str:
        """Return which proof the pass will have."""
        return ProofKind.EVERY_PARENT.value


class SecretsManager(CinchyStream):
    """The secrets that ``secrets`` names: whether the account may read them.

    Their values are read into the target only with ``secrets_extract_values``.
    """

    name = "secrets_manager"
    table = ACCESS
    route = "GET /api/v1.0/secrets-manager/secret"
    permission = "a group of the account among the Read Groups of the secret"
    cost = "1 request per secret"

    def __init__(self, tap: TapCinchy) -> None:
        self.with_values = bool(tap.config.get("secrets_extract_values"))
        if self.with_values:
            self.table = VALUES
        super().__init__(tap)

    def new_source(self) -> Source:
        """Return the requests."""
        return SecretsSource(self)
