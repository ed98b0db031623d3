"""Running a configured query once."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from singer_rest.errors import StatusError, StreamError
from singer_rest.redact import Redactor
from tap_cinchy.client import Parameter
from tap_cinchy.cql import missing_names

if TYPE_CHECKING:
    from collections.abc import Mapping

    from singer_rest.http.exchange import Reply
    from tap_cinchy.client import CinchyApi
    from tap_cinchy.queries import Query

GUESSED_VERSION = "1.0"


def ask(api: CinchyApi, query: Query, params: Mapping[str, Any], text: str | None = None) -> Reply:
    """Run a query once.

    Args:
        api: The requests.
        query: The query.
        params: Its parameters, the bookmark among them.
        text: CQL with its places filled in.

    Raises:
        StreamError: It cannot be run; no value of a parameter is in the message.
    """
    try:
        if query.saved:
            return _ask_saved(api, query, params)
        parameters = [Parameter(name, value) for name, value in params.items()]
        return api.execute(text or query.query, query.type, parameters)  # type: ignore[arg-type]
    except StreamError as error:
        values = [*params.values(), *query.text_params.values()]
        error.sentence = Redactor(str(value) for value in values).text(error.sentence)
        error.args = (error.sentence,)
        raise


def _ask_saved(api: CinchyApi, query: Query, params: Mapping[str, Any]) -> Reply:
    def send(version: str) -> Reply:
        return api.saved_query(
            query.domain,
            query.query,
            {**query.text_params, **params},
            version=version,
            basic=query.basic,
            post=query.method == "POST",
        )

    try:
        return send(query.api_version)
    except StatusError as error:
        # Since 5.10 a query may be reached by its versioned path only.
        absent = error.status == HTTPStatus.NOT_FOUND or "could not be found" in error.message
        if query.api_version or not absent or missing_names(error.message):
            raise
        try:
            return send(GUESSED_VERSION)
        except StatusError:
            raise error from None
