"""What certificates are checked against, as settings and environment say."""

from __future__ import annotations

import os
import ssl
from typing import TYPE_CHECKING, Any

from singer_rest.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

CA_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")


def verification(config: Mapping[str, Any]) -> bool | str:
    """Return what certificates are checked against: yes, no, or the path of a bundle.

    Raises:
        ConfigError: The bundle does not exist.
    """
    bundle = config.get("ca_bundle")
    if bundle:
        return _readable_bundle("ca_bundle", str(bundle))
    if not config.get("verify_ssl", True):
        return False
    for name in CA_VARIABLES:
        if value := os.environ.get(name):
            return _readable_bundle(name, value)
    return True


def _readable_bundle(name: str, path: str) -> str:
    if os.path.isdir(path):  # noqa: PTH112  # a folder of certificates, read one by one when needed
        return path
    try:
        ssl.create_default_context(cafile=path)
    except FileNotFoundError:
        raise ConfigError(f"{name} names {path}, which does not exist.") from None
    except (ssl.SSLError, OSError) as error:
        raise ConfigError(
            f"{name} names {path}, in which no certificate can be read "
            f"({error.strerror or error}); it must be a PEM file."
        ) from None
    return path
