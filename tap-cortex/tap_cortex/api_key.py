"""What an API key tells about itself, before it is used."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import json
import zlib
from typing import Any

from singer_rest.errors import CredentialError
from singer_rest.records import timestamps

PARTS = 3
LARGEST_PAYLOAD = 1 << 20
SOON = dt.timedelta(days=14)


def payload(key: str) -> dict[str, Any]:
    """Return the claims of a key; none if it is no JSON Web Token.

    The payload may be compressed, which the header then says (``zip: GZIP``).
    """
    parts = key.split(".")
    if len(parts) != PARTS:
        return {}
    try:
        body = _decoded(parts[1])
        if body.startswith(b"\x1f\x8b"):
            unpack = zlib.decompressobj(wbits=31)
            body = unpack.decompress(body, LARGEST_PAYLOAD)
        claims = json.loads(body)
    except (ValueError, binascii.Error, zlib.error):
        return {}
    return claims if isinstance(claims, dict) else {}


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def expiry(key: str) -> dt.datetime | None:
    """Return when a key expires, if it says."""
    return timestamps.parse(payload(key).get("exp"))


def check(key: str, now: dt.datetime) -> str | None:
    """Look at the expiry of a key.

    Returns:
        A warning, if the key is about to expire.

    Raises:
        CredentialError: It has expired.
    """
    until = expiry(key)
    if until is None:
        return None
    if until <= now:
        raise CredentialError(
            f"api_key expired on {timestamps.text(until)}; create a new one in Cortex under "
            "Settings, API keys."
        )
    if until - now > SOON:
        return None
    return (
        f"api_key expires on {timestamps.text(until)}; create a new one in Cortex under "
        "Settings, API keys."
    )
