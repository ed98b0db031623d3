"""Secrets: whether they can be had, and their values only for those who insist."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from singer_rest.errors import BodyError, Outcome, StreamError
from singer_rest.http.bodies import shape
from singer_rest.http.exchange import Request
from singer_rest.records.columns import BOOLEAN, TEXT, Column, Table
from singer_rest.sources.base import Plan, Source
from singer_rest.sources.evidence import ProofKind
from singer_rest.sources.pages import Page
from tap_cinchy.client import ERROR_HEADER
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
        Column("domain", TEXT, "Where it is kept: the first part of its name in Cinchy."),
        Column("name", TEXT, "What the setting secrets calls it."),
        Column("accessible", BOOLEAN, "Whether the account may read it."),
    ),
    ("domain", "name"),
)
VALUES = Table(
    (*ACCESS.columns, Column("secret_value", TEXT, "The secret itself.")),
    ACCESS.primary_keys,
)


class SecretsSource(Source):
    """One request for each secret named in the configuration, and two more for one refused."""

    where = "/api/v1.0/secrets-manager/secret"

    def __init__(self, stream: SecretsManager) -> None:
        super().__init__()
        self.stream = stream
        self._asked_who = False
        """Whether the credential was proved after a refusal."""

    def pages(self) -> Iterator[Page]:
        """Yield one row for each secret.

        Raises:
            StreamError: An answer is none of the platform's.
        """
        shown, doubtful = False, 0
        for secret in self.stream.config["secrets"]:
            reply = self._ask(secret)
            if reply.status != HTTPStatus.OK:
                reply = self._asked_again(secret)
            shown = shown or reply.status == HTTPStatus.OK
            doubtful += reply.status != HTTPStatus.OK and ERROR_HEADER not in reply.headers
            value = self._value(reply) if reply.status == HTTPStatus.OK else None
            row = {
                "domain": secret["domain"],
                "name": secret["name"],
                "accessible": value is not None,
            }
            if self.stream.with_values:
                row["secret_value"] = value
            self.evidence.pages += 1
            self.evidence.received += 1
            yield Page([row], reply)
        if doubtful and not shown:
            self.evidence.doubt(
                f"{self.where} gives no secret at all and refuses {doubtful} without the words of "
                "the platform, as something on the way may do, or a platform older than 5.7"
            )
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

    def _asked_again(self, secret: Mapping[str, str]) -> Reply:
        """Ask once more with a credential that is good: a refusal is what the row will say.

        Raises:
            StreamError: It is refused by something that stands before the platform.
        """
        if not self._asked_who and self.stream.tap.has_bearer:
            self.stream.api.prove()
            self._asked_who = True
        reply = self._ask(secret)
        page = "html" in str(reply.headers.get("Content-Type") or "").lower()
        if (
            page
            and ERROR_HEADER not in reply.headers
            and reply.status in {HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}
        ):
            raise StreamError(
                f"{reply.url} answered {reply.status} with a web page that is not the platform's: "
                "something on the way keeps requests back. Let it pass them, or clear secrets.",
                code="BLOCKED",
                outcome=Outcome.FORBIDDEN,
            )
        return reply

    def _value(self, reply: Reply) -> str:
        """Return the secret of an answer.

        Raises:
            BodyError: There is none.
        """
        value = reply.body.get("secretValue") if isinstance(reply.body, dict) else None
        if not isinstance(value, str):
            raise BodyError(
                f"{reply.url} answered {shape(reply.body)} where a secretValue was expected.",
                code="UNEXPECTED-BODY",
                url=reply.url,
            )
        self.stream.tap.redactor.add(value)
        return value

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
    cost = "1 request per secret, 1 more for one that is refused"

    def __init__(self, tap: TapCinchy) -> None:
        self.with_values = bool(tap.config.get("secrets_extract_values"))
        if self.with_values:
            self.table = VALUES
        super().__init__(tap)

    def new_source(self) -> Source:
        """Return the requests."""
        return SecretsSource(self)
