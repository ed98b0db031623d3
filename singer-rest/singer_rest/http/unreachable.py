"""What can go wrong before there is a whole answer: name, connection, TLS, time, encoding."""

from __future__ import annotations

import re
import socket
import ssl

import requests
import urllib3

from singer_rest.errors import ConfigError, UnreachableError
from singer_rest.http.connections import DeadlineError
from singer_rest.http.failures import BODY_TRIES, SERVER_TRIES, Context, excerpt, read_host
from singer_rest.http.retry import Failure
from singer_rest.redact import plain_url

NAME_TRIES = 3

TransportError = urllib3.exceptions.HTTPError


def from_exception(error: Exception, url: str, context: Context) -> Failure:
    """Judge an exchange that brought no answer, or none within the deadline.

    Raises:
        ConfigError: Address or proxy of the configuration cannot be used; no server was asked.
    """
    where, host = plain_url(url), read_host(url)
    text = " ".join(map(str, _chain(error)))

    def unreachable(sentence: str, code: str, tries: int, **how: bool) -> Failure:
        failure = UnreachableError(
            context.redactor.text(sentence), code=code, url=where, first=context.first
        )
        return Failure(failure, tries, **how)

    if isinstance(error, (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema)):
        raise _no_address(error, where, context) from None
    if isinstance(error, requests.exceptions.ProxyError):
        refused = "Tunnel connection failed" in text
        return unreachable(
            f"The proxy for {host} refused or failed: {excerpt(_reason(error), context.redactor)}; "
            "check HTTPS_PROXY and NO_PROXY.",
            "PROXY" if refused else "PROXY-DOWN",
            1 if refused else SERVER_TRIES,
        )
    if _is_tls_refusal(error):
        return unreachable(_tls_sentence(host, text), "TLS", 1)
    if _is_name_failure(error, text):
        return unreachable(
            f"{host} does not resolve; check the host in api_url and the network.",
            "DNS",
            NAME_TRIES,
            steady=True,
        )
    if any(isinstance(inner, DeadlineError) for inner in _chain(error)):
        return unreachable(
            f"{where} was still sending its answer after {context.deadline:.0f} s; lower "
            "page_size or raise response_timeout.",
            "TOO-SLOW",
            BODY_TRIES,
        )
    if isinstance(
        error,
        (requests.exceptions.Timeout, urllib3.exceptions.TimeoutError, TimeoutError),
    ):
        what = (
            f"{host} did not accept a connection in time."
            if isinstance(error, requests.exceptions.ConnectTimeout)
            else f"{where} did not answer in time; raise request_timeout or lower page_size."
        )
        return unreachable(what, "TIMEOUT", SERVER_TRIES)
    if isinstance(
        error, (requests.exceptions.ContentDecodingError, urllib3.exceptions.DecodeError)
    ):
        return unreachable(
            f"{where} sent a body that does not unpack as its Content-Encoding says.",
            "BAD-ENCODING",
            BODY_TRIES,
            unpacked=True,
        )
    if isinstance(error, requests.exceptions.ConnectionError) and "refused" in text.lower():
        return unreachable(f"Cannot reach {host}: connection refused.", "REFUSED", SERVER_TRIES)
    return unreachable(
        f"The connection to {host} broke off: {excerpt(_reason(error), context.redactor)}.",
        "BROKEN-CONNECTION",
        SERVER_TRIES,
    )


def _no_address(error: Exception, where: str, context: Context) -> ConfigError:
    """What cannot even be tried: an address, or a proxy, of the configuration."""
    proxies = (requests.exceptions.InvalidProxyURL, requests.exceptions.InvalidSchema)
    if not isinstance(error, proxies):
        return ConfigError(f"{where} is not a URL that can be asked; check api_url.")
    return ConfigError(
        f"The proxy for {where} cannot be used: {excerpt(_reason(error), context.redactor)}; check "
        "HTTPS_PROXY and HTTP_PROXY."
    )


def _chain(error: BaseException) -> list[BaseException]:
    """Return an exception and what it came from; libraries wrap them several times."""
    found: list[BaseException] = []
    current: BaseException | None = error
    while current is not None and current not in found:
        found.append(current)
        current = current.__cause__ or current.__context__
    return found


def _reason(error: BaseException) -> str:
    """Return the innermost words of an exception, without the URL urllib3 puts around them."""
    inner = error.args[0] if error.args else error
    reason = getattr(inner, "reason", inner)
    text = str(reason)
    return re.sub(r"<[^>]*>:?\s*", "", text).removeprefix("(").strip() or type(error).__name__


def _is_name_failure(error: BaseException, text: str) -> bool:
    if any(isinstance(inner, socket.gaierror) for inner in _chain(error)):
        return True
    return "NameResolutionError" in text or "Failed to resolve" in text


def _is_tls_refusal(error: BaseException) -> bool:
    """Tell a refusal from a connection that broke during the handshake, which may get better."""
    chain = _chain(error)
    if any(isinstance(inner, (ssl.SSLEOFError, ConnectionError)) for inner in chain[1:]):
        return False
    return isinstance(error, (requests.exceptions.SSLError, ssl.SSLError))


def _tls_sentence(host: str, text: str) -> str:
    lowered = text.lower()
    if "wrong version number" in lowered or "record layer failure" in lowered:
        return (
            f"{host} does not speak TLS on this port; if it is on a network you trust, write "
            f"http://{host} in the configuration."
        )
    if "self-signed" in lowered or "self signed" in lowered:
        which = "its certificate is self-signed"
    elif "expired" in lowered:
        which = "its certificate has expired"
    elif "not yet valid" in lowered:
        which = "its certificate is not valid yet; check the clock of this machine"
    elif "mismatch" in lowered or "doesn't match" in lowered:
        which = "its certificate is for another host"
    elif "unable to get local issuer" in lowered or "certificate_verify_failed" in lowered:
        which = "its certificate is signed by an authority this machine does not know"
    elif "version" in lowered or "protocol" in lowered:
        which = "it speaks no TLS version that is still safe"
    else:
        which = "the TLS handshake failed"
    return (
        f"{host} cannot be trusted: {which}. Set ca_bundle to your authority's certificate file "
        "(or, knowingly, verify_ssl to false)."
    )
