"""The settings every tap shares, written once, and the checks of what users type."""

from __future__ import annotations

import difflib
import math
from typing import TYPE_CHECKING, Any

from singer_sdk import typing as th

from singer_rest.errors import ConfigError
from singer_rest.records import timestamps
from singer_rest.records.personal import EXCLUDE, HASH, INCLUDE, PersonalData
from singer_rest.run.contract import RunOptions
from singer_rest.sdk import part_settings
from singer_rest.sdk.header_values import check_header, cleaned, token
from singer_rest.sdk.part_settings import MAX_COUNT, integer, number

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping

__all__ = [
    "check_header",
    "common",
    "integer",
    "number",
    "personal_data",
    "run_options",
    "secret_names",
    "secret_values",
    "start_date",
    "th",
    "token",
    "unknown_settings",
    "validation_sentence",
    "with_numbers_read",
    "with_whole_numbers",
]

NEXT_DAY = timestamps.minutes(24 * 60)
"""A date ahead by no more may be today's in another zone, or by another clock."""
DAY = 86_400
"""Seconds; no clock of an operating system takes just any number."""


def common(
    *, page_size: int, largest_page: int, requests_per_minute: int, concurrency: int
) -> list[th.Property[Any]]:
    """Return the shared settings, with the defaults that suit one vendor."""
    return [
        integer(
            "page_size",
            page_size,
            "Page size",
            f"Rows to ask for in one request, 1 to {largest_page}.",
            minimum=1,
            maximum=largest_page,
        ),
        integer(
            "requests_per_minute",
            requests_per_minute,
            "Requests per minute",
            "Upper limit of the request rate, shared by all streams; 0 switches pacing off. "
            + (
                "The default stays a tenth below what the vendor allows."
                if requests_per_minute
                else "That is the default: no limit of the vendor is known."
            ),
            maximum=MAX_COUNT,
        ),
        integer(
            "concurrency",
            concurrency,
            "Concurrency",
            "Requests under way at the same time.",
            minimum=1,
            maximum=64,
        ),
        integer(
            "request_timeout",
            60,
            "Request timeout",
            "Seconds to wait for the next bytes of an answer.",
            minimum=1,
            maximum=DAY,
        ),
        integer(
            "response_timeout",
            300,
            "Response timeout",
            "Seconds a whole answer may take, also one of which bytes keep coming.",
            minimum=1,
            maximum=DAY,
        ),
        integer(
            "max_retries",
            4,
            "Retries",
            "How often a request that failed for a passing reason is repeated. Waits that the "
            "server asks for (Retry-After) do not use up retries.",
            maximum=MAX_COUNT,
        ),
        number(
            "retry_pause",
            1,
            "Retry pause",
            "Longest pause in seconds before the first repetition, 0.5 for half a second; it "
            "doubles with every further one, up to a minute. Raise it for a server that needs long "
            "to recover.",
            maximum=DAY,
        ),
        th.Property(
            "outage_patience",
            th.IntegerType(minimum=0, maximum=DAY),
            title="Outage patience",
            description="Seconds that a server is asked on when it does not answer or answers 5xx, "
            "so that its restart does not cost a run. By default 120; 10 with --test, with "
            "--discover on a terminal and on a run without STATE; 0 where retry_pause is 0.",
        ),
        integer(
            "max_wait",
            300,
            "Longest wait",
            "Seconds. A stream is given up for this run if the server asks for a longer wait, or "
            "refuses for three times as long without any other answer.",
            minimum=1,
            maximum=DAY,
        ),
        integer(
            "max_response_mb",
            64,
            "Largest response",
            "Ceiling for one unpacked answer, in megabytes.",
            minimum=1,
            maximum=MAX_COUNT,
        ),
        th.Property(
            "on_stream_error",
            th.StringType,
            default="fail",
            allowed_values=["fail", "skip", "stop"],
            title="On stream error",
            description="What a stream does to the run when it cannot be read: fail reads the "
            "others and ends with exit code 1; skip does not fail the run for streams the "
            "account may not read or the server does not have; stop ends the run at once.",
        ),
        th.Property(
            "emit_activate_version_messages",
            th.BooleanType,
            default=True,
            title="Emit ACTIVATE_VERSION",
            description="After the last record of a full-table stream that is proved complete, "
            "tell the target to retire the rows that are gone at the source.",
        ),
        th.Property(
            "accept_fewer_rows",
            th.BooleanType,
            default=False,
            title="Accept fewer rows",
            description="Retire rows in the target even when a full-table stream has less than "
            "half of the rows of the last complete run. Switched off, such a shrinkage only "
            "warns, because a lost permission looks the same as deleted rows.",
        ),
        th.Property(
            "accept_unproved",
            th.ArrayType(th.StringType),
            default=[],
            title="Accept unproved",
            description="Streams, by name or by a pattern such as *, that count as complete when "
            "they were read to the end that the server showed but nothing proves that this is all. "
            "The summary goes on saying that they are unproved.",
        ),
        th.Property(
            "state_of",
            th.StringType,
            default="",
            title="State of",
            description="The address that the state names, where the same system has a new one. A "
            "state of another system is refused otherwise.",
        ),
        th.Property(
            "confirm_complete",
            th.BooleanType,
            default=False,
            title="Confirm completeness",
            description="Read lists that may change unseen between two pages a second time and "
            "compare the keys, at the price of as many requests again.",
        ),
        th.Property(
            "allow_missing_keys",
            th.BooleanType,
            default=False,
            title="Allow missing keys",
            description="Leave out rows that come without a key with no more than a warning. "
            "Switched off, one such row makes its stream partial, which fails the run.",
        ),
        th.Property(
            "personal_data",
            th.StringType(allowed_values=[INCLUDE, HASH, EXCLUDE]),
            default=INCLUDE,
            title="Personal data",
            description="What becomes of columns that can hold personal data: include writes them, "
            "hash puts a hash made with personal_data_key in place of every text in them, exclude "
            "leaves them out; key columns are hashed then.",
        ),
        th.Property(
            "personal_data_key",
            th.StringType,
            secret=True,
            title="Key of the hashes",
            description="Secret text of 16 characters or more that the hashes of personal_data are "
            "made with. With the same key the same text has the same hash in every stream and tap.",
        ),
        th.Property(
            "user_agent",
            th.StringType,
            title="User agent",
            description="The User-Agent header; name and version of the tap by default.",
        ),
        th.Property(
            "ca_bundle",
            th.StringType,
            title="CA bundle",
            description="Path of a file with the certificates to trust; by default the "
            "environment (REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE, SSL_CERT_FILE) decides.",
        ),
        th.Property(
            "verify_ssl",
            th.BooleanType,
            default=True,
            title="Verify TLS",
            description="Check the server's certificate. Switching this off warns on every run.",
        ),
        th.Property(
            "receipts",
            th.BooleanType,
            default=True,
            title="Receipts",
            description="Send the stream singer_receipts: what was proved of every stream, with "
            "the number and a digest of its keys, by which the loaded table can be checked.",
        ),
        integer(
            "progress_interval",
            10,
            "Progress interval",
            "Seconds between two progress lines on standard error; 0 for none. Where standard "
            "error is not a terminal, they are metrics in the SDK's form.",
            maximum=DAY,
        ),
        *part_settings.of_parts(),
        th.Property(
            "summary_file",
            th.StringType,
            title="Summary file",
            description="Path of a file to write what became of the command to, as JSON: exit "
            "code, last line, and outcome, counts and proof of every stream. Written however it "
            "ends; target-dlt may share the file.",
        ),
    ]


def run_options(config: Mapping[str, Any]) -> RunOptions:
    """Return the settings by which a run is judged."""
    return RunOptions(
        on_stream_error=config.get("on_stream_error") or "fail",
        allow_missing_keys=bool(config.get("allow_missing_keys")),
        accept_fewer_rows=bool(config.get("accept_fewer_rows")),
        accept_unproved=tuple(config.get("accept_unproved") or ()),
        state_of=str(config.get("state_of") or "").rstrip("/"),
        requests_per_minute=config["requests_per_minute"],
    )


def personal_data(config: Mapping[str, Any]) -> PersonalData:
    """Return the way of a run with personal data.

    Raises:
        ConfigError: It is to be hashed, and the key is missing or short.
    """
    mode = str(config.get("personal_data") or INCLUDE)
    return PersonalData(mode, str(config.get("personal_data_key") or ""))


def start_date(config: Mapping[str, Any]) -> dt.datetime | None:
    """Return the instant of the setting ``start_date``; nothing if it is not set.

    Raises:
        ConfigError: It is no date, or lies in the future, and a run would read nothing.
    """
    text = config.get("start_date")
    if not text:
        return None
    moment = timestamps.parse(text)
    if moment is None:
        raise ConfigError("start_date is not a date; write it like 2026-01-31T00:00:00Z.")
    if moment > timestamps.now() + NEXT_DAY:
        raise ConfigError(
            f"start_date lies in the future ({timestamps.text(moment)}): nothing would be read."
        )
    return moment


def secret_names(schema: Mapping[str, Any]) -> list[str]:
    """Return the settings that a schema marks as secret."""
    return [
        name
        for name, definition in schema.get("properties", {}).items()
        if definition.get("secret") or definition.get("writeOnly")
    ]


def secret_values(config: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterable[str]:
    """Yield every secret value of a configuration, as given and as cleaned."""
    for name in secret_names(schema):
        value = config.get(name)
        if isinstance(value, str):
            yield value
            yield value.strip()
            yield cleaned(value)
        elif value is not None:
            yield str(value)


def unknown_settings(config: Mapping[str, Any], schema: Mapping[str, Any]) -> list[str]:
    """Return a sentence for every setting this tap does not have."""
    known = list(schema.get("properties", {}))
    sentences = []
    for name in config:
        if name in known:
            continue
        close = difflib.get_close_matches(name, known, n=1)
        hint = f"; did you mean {close[0]}?" if close else "."
        sentences.append(f"There is no setting {name}{hint}")
    return sentences


def validation_sentence(error: Any, schema: Mapping[str, Any]) -> str:
    """Turn a JSON schema error about the configuration into a sentence without the value."""
    path = ".".join(str(part) for part in error.absolute_path)
    validator, expected = error.validator, error.validator_value
    if validator == "required":
        missing = [name for name in expected if name not in error.instance]
        return f"The setting {', '.join(missing)} is required."
    if validator == "type":
        kinds = [kind for kind in _listed(expected) if kind != "null"]
        return f"The setting {path} must be of type {' or '.join(kinds)}."
    if validator == "enum":
        return f"The setting {path} must be one of {', '.join(map(str, expected))}."
    if validator in {"minimum", "maximum"}:
        bound = "at least" if validator == "minimum" else "at most"
        return f"The setting {path} must be {bound} {expected}."
    if validator == "dependentRequired":
        return f"The settings {', '.join(schema.get('properties', {}))} are not all there."
    return f"The setting {path or '(all)'} does not pass its rule {validator}."


def with_numbers_read(config: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return a configuration in which the text of a number is one, where one is wanted.

    Meltano writes what a variable holds as text, unless it knows of whole numbers only.
    """
    kinds = {
        name: _listed(definition.get("type"))
        for name, definition in schema.get("properties", {}).items()
    }
    return {
        name: _number(value)
        if isinstance(value, str) and "number" in kinds.get(name, [])
        else value
        for name, value in config.items()
    }


def _number(text: str) -> float | str:
    try:
        value = float(text)
    except ValueError:
        return text
    return value if math.isfinite(value) else text


def with_whole_numbers(config: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return a checked configuration in which 50.0, a whole number by JSON's rules, is 50."""
    kinds = {
        name: _listed(definition.get("type"))
        for name, definition in schema.get("properties", {}).items()
    }
    return {
        name: int(value)
        if isinstance(value, float) and value.is_integer() and "integer" in kinds.get(name, [])
        else value
        for name, value in config.items()
    }


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
