"""Settings from the environment: real variables first, then a ``.env`` of the working folder.

The SDK looks for a ``.env`` upwards from where it is installed and lets it win over real variables;
so a tap that is started anywhere may read the system of somebody else's project.
"""

from __future__ import annotations

import json
import logging
import math
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dotenv

from singer_rest.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

logger = logging.getLogger(__name__)

TRUE = frozenset({"true", "1", "yes", "on"})
FALSE = frozenset({"false", "0", "no", "off"})


def read(schema: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """Return the settings that variables hold, and say where they come from.

    Other variables of the file, such as a proxy, count as those of the environment do.

    Args:
        schema: Of the configuration.
        prefix: What the names of variables begin with.

    Raises:
        ConfigError: A variable is not of its setting's type, or the file cannot be read.
    """
    file = Path(".env").absolute()
    real = set(os.environ)
    found = _load(file)
    values, sentences = {}, []
    for setting, variable in variables(schema, prefix):
        try:
            value = _parse(os.environ[variable], schema["properties"][setting])
        except ValueError as error:
            sentences.append(f"The variable {variable} must be {error}.")
            continue
        if value is not None:
            values[setting] = value
            where = "the environment" if variable in real else file
            logger.info("The setting %s comes from %s (%s).", setting, where, variable)
    if found:
        logger.info("Variables that the environment does not hold were read from %s.", file)
    if sentences:
        raise ConfigError(" ".join(sentences))
    return values


def variables(schema: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, str]]:
    """Yield each setting that has a variable in the environment, with its name."""
    for setting in schema.get("properties", {}):
        variable = prefix + setting.upper().replace("-", "_")
        if variable in os.environ:
            yield setting, variable


def unread(config: Mapping[str, Any], schema: Mapping[str, Any], prefix: str) -> list[str]:
    """Return a sentence where variables hold what the configuration does not."""
    names = [variable for setting, variable in variables(schema, prefix) if setting not in config]
    if not names:
        return []
    verb = "is" if len(names) == 1 else "are"
    return [f"{', '.join(names)} {verb} in the environment, which is read with --config ENV."]


def _load(file: Path) -> bool:
    """Add what a file names to the environment, where that does not hold it already."""
    try:
        return file.is_file() and dotenv.load_dotenv(file, override=False)
    except OSError as error:
        raise ConfigError(f"The file {file} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise ConfigError(f"The file {file} is not UTF-8 text.") from None
    except ValueError:
        raise ConfigError(
            f"The file {file} holds a variable that no environment can hold."
        ) from None


def _parse(text: str, definition: Mapping[str, Any]) -> Any:
    """Return the value of a variable; nothing where an empty one means that it is not set.

    Raises:
        ValueError: It is none; the words say what it must be.
    """
    kinds = definition.get("type", "string")
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if "string" in kinds:
        return text
    text = text.strip()
    if not text:
        return None
    if "boolean" in kinds:
        return _boolean(text)
    if "integer" in kinds:
        return _number(text, int, "a whole number")
    if "number" in kinds:
        return _number(text, float, "a number")
    if "array" in kinds:
        return _array(text)
    return _json(text, dict, "a JSON object")


def _boolean(text: str) -> bool:
    if text.lower() not in TRUE | FALSE:
        raise ValueError("true or false")
    return text.lower() in TRUE


def _number(text: str, kind: type[int | float], words: str) -> int | float:
    try:
        value = kind(text)
    except ValueError:
        raise ValueError(words) from None
    if not math.isfinite(value):
        raise ValueError(words)
    return value


def _array(text: str) -> list[Any]:
    if text.startswith("["):
        value: list[Any] = _json(text, list, 'a list such as ["a", "b"] or a,b')
        return value
    return [item.strip() for item in text.split(",") if item.strip()]


def _json(text: str, kind: type, words: str) -> Any:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError(words) from None
    if not isinstance(value, kind):
        raise ValueError(words)  # noqa: TRY004  # of a text, not of an argument
    return value
