"""Chat completions: a service of Snowflake that is called Cortex too.

It is another system with another credential: its requests go through a transport of their own,
which knows no key but Snowflake's and sends that to Snowflake's origin only. Every call is billed,
so a prompt is sent once in a run, and never again once it may have arrived.
"""

from __future__ import annotations

import dataclasses
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from singer_rest.errors import (
    ConfigError,
    CredentialError,
    CredentialRevokedError,
    Outcome,
    RequestError,
    StatusError,
    StreamError,
)
from singer_rest.http.bodies import unexpected
from singer_rest.http.credentials import HeaderCredential, OriginCredentials
from singer_rest.http.exchange import Request
from singer_rest.http.urls import base_url
from singer_rest.sdk import settings
from singer_rest.sources.base import Plan, Source
from singer_rest.sources.evidence import ProofKind
from singer_rest.sources.pages import Page
from singer_rest.sources.single import envelope

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from singer_rest.http.client import Transport
    from singer_rest.http.exchange import Reply

PATH = "/api/v2/cortex/v1/chat/completions"
EXAMPLE = "https://orgname-accountname.snowflakecomputing.com"
TYPE_HEADER = "X-Snowflake-Authorization-Token-Type"
AUTH_TYPES = ("PROGRAMMATIC_ACCESS_TOKEN", "KEYPAIR_JWT", "OAUTH")
HOPELESS = frozenset(
    {
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.FORBIDDEN,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.METHOD_NOT_ALLOWED,
    }
)
NEEDED = ("snowflake_account_url", "snowflake_token", "snowflake_prompts")


@dataclasses.dataclass(frozen=True)
class Chat:
    """What is asked of Snowflake.

    Attributes:
        url: The account's address.
        model: Model to ask.
        prompts: Texts to complete, each different.
        system: Text that goes before each, if any.
        most_tokens: Longest completion.
    """

    url: str
    model: str
    prompts: tuple[str, ...]
    system: str
    most_tokens: int

    def body(self, prompt: str) -> dict[str, Any]:
        """Return the body of one request; an answer in pieces is never wanted."""
        messages = [{"role": "system", "content": self.system}] if self.system else []
        messages.append({"role": "user", "content": prompt})
        return {
            "model": self.model,
            "messages": messages,
            "max_completion_tokens": self.most_tokens,
            "stream": False,
        }


def read_chat(config: Mapping[str, Any]) -> Chat | None:
    """Return what the configuration asks of Snowflake; nothing if it does not.

    Raises:
        ConfigError: Some settings are there and others are missing.
    """
    missing = [name for name in NEEDED if not config.get(name)]
    if len(missing) == len(NEEDED):
        return None
    if missing:
        raise ConfigError(
            f"The setting {', '.join(missing)} is missing; chat_completions needs all of "
            f"{', '.join(NEEDED)}."
        )
    return Chat(
        url=base_url(
            config["snowflake_account_url"], setting="snowflake_account_url", example=EXAMPLE
        ),
        model=config["snowflake_model"],
        prompts=tuple(dict.fromkeys(config["snowflake_prompts"])),
        system=config.get("snowflake_system_prompt") or "",
        most_tokens=config["snowflake_max_completion_tokens"],
    )


def origin_credentials(chat: Chat, config: Mapping[str, Any]) -> OriginCredentials:
    """Return the keyring of Snowflake's transport."""
    ring = OriginCredentials()
    headers = {
        "Authorization": f"Bearer {settings.token(config['snowflake_token'], 'snowflake_token')}",
        TYPE_HEADER: config["snowflake_auth_type"],
    }
    ring.bind(chat.url, HeaderCredential("snowflake_token", headers))
    return ring


class ChatSource(Source):
    """One completion per prompt."""

    def __init__(self, transport: Transport, chat: Chat) -> None:
        super().__init__()
        self.transport = transport
        self.chat = chat
        self.where = PATH

    def pages(self) -> Iterator[Page]:
        """Yield the choices of every prompt; one that fails is not sent again.

        Raises:
            StreamError: The account cannot complete anything.
        """
        prompts: Sequence[str] = self.chat.prompts
        self.evidence.parents_expected = len(prompts)
        for index, prompt in enumerate(prompts):
            try:
                reply = self._send(prompt)
                rows = self._choices(reply)
            except RequestError as error:
                if isinstance(error, StatusError) and error.status in HOPELESS:
                    raise
                self.evidence.contradict(f"prompt {index}: {error.sentence}")
                continue
            self.evidence.parents += 1
            self.evidence.received += len(rows)
            yield Page(rows, reply, parent=index)
        detail = f"{self.evidence.parents} of {len(prompts)} prompts"
        self.evidence.prove(ProofKind.EVERY_PARENT, detail)

    def _send(self, prompt: str) -> Reply:
        request = Request(
            f"{self.chat.url}{PATH}", method="POST", json=self.chat.body(prompt), once=True
        )
        try:
            return self.transport.send(request)
        except (CredentialError, CredentialRevokedError) as error:
            # Fatal for this stream only: it is not the credential the others use.
            raise StreamError(
                error.sentence, code="SNOWFLAKE-CREDENTIAL", outcome=Outcome.FORBIDDEN
            ) from error

    @staticmethod
    def _choices(reply: Reply) -> list[dict[str, Any]]:
        choices = envelope("choices")(reply)
        if not choices:
            raise unexpected(reply, "at least one object under 'choices'")
        return choices

    def probe(self) -> Reply | None:
        """Ask nothing: it would be billed."""
        return None

    def plan(self) -> Plan:
        """One request per prompt."""
        return Plan(len(self.chat.prompts))
