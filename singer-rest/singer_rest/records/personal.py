"""What becomes of personal data before it leaves the tap: kept, hashed with a key, or left out."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Any

from singer_rest.errors import ConfigError
from singer_rest.records.columns import UNPARSED

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from singer_rest.records.rows import Records

INCLUDE, HASH, EXCLUDE = "include", "hash", "exclude"
MIN_KEY = 16
"""Characters: what is shorter can be tried out."""
DIGITS = 32
"""Hexadecimal digits of a hash: 128 bits, with which no two of any number of people collide."""
MARK = "Personal data."


class PersonalData:
    """The way of one run with personal data.

    The same text has the same hash in every stream, every tap and every run with the same key, so
    that joins still work; without the key nobody can find out whose it is by hashing guesses.

    Args:
        mode: ``include``, ``hash`` or ``exclude``.
        key: What the hashes are made with.

    Raises:
        ConfigError: There is no key, or one too short to protect anything.
    """

    def __init__(self, mode: str = INCLUDE, key: str = "") -> None:
        if mode != INCLUDE and len(key) < MIN_KEY:
            raise ConfigError(
                f"personal_data is {mode}, and personal_data_key has fewer than {MIN_KEY} "
                "characters: set it to a long random text, and keep that, for hashes made with "
                "another one fit nothing that is loaded."
            )
        self.mode = mode
        self._key = key.encode("utf-8", "surrogatepass")

    @property
    def mark(self) -> str:
        """Return in one word what rows were made with; nothing if they are as they came."""
        if self.mode == INCLUDE:
            return ""
        return f"{self.mode}:{self._hash('what a bookmark covers')[:8]}"

    def leaves_out(self, column: str, keys: Collection[str]) -> bool:
        """Tell whether a personal column is not written; keys are hashed instead."""
        return self.mode == EXCLUDE and column not in keys

    def conceal(
        self,
        records: Records,
        personal: Collection[str],
        keys: Collection[str],
        addresses: Collection[str] = (),
    ) -> None:
        """Hash or leave out the personal columns of records, in place.

        Within objects and arrays every text is hashed, names of fields are kept, and numbers stay
        as they are.

        Args:
            records: As the stream's table made them conform.
            personal: The columns that can hold personal data.
            keys: The key columns.
            addresses: The columns in which only e-mail addresses are personal.
        """
        if self.mode == INCLUDE:
            return
        for column in personal:
            if self.leaves_out(column, keys):
                records.cells.pop(column, None)
            elif column in records.cells:
                hidden = self._address if column in addresses else self._concealed
                records.cells[column] = [hidden(cell) for cell in records.cells[column]]
        for more in records.more.values():
            unparsed: dict[str, Any] = more.get(UNPARSED) or {}
            for column in unparsed.keys() & set(personal):
                if self.leaves_out(column, keys):
                    del unparsed[column]
                else:
                    unparsed[column] = self._concealed(unparsed[column])

    def _address(self, value: Any) -> Any:
        return self._concealed(value) if "@" in str(value) else value

    def _concealed(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._hash(value) if value else value
        if isinstance(value, dict):
            return {name: self._concealed(item) for name, item in value.items()}
        if isinstance(value, list):
            return [self._concealed(item) for item in value]
        return value

    def _hash(self, text: str) -> str:
        data = text.encode("utf-8", "surrogatepass")
        return hmac.digest(self._key, data, "sha256").hex()[:DIGITS]


def mark_personal(
    schema: Mapping[str, Any], personal: Collection[str], keys: Collection[str], way: PersonalData
) -> dict[str, Any]:
    """Return a schema that says which columns can hold personal data, less those left out."""
    properties = {}
    for name, definition in schema["properties"].items():
        if name not in personal:
            properties[name] = definition
        elif not way.leaves_out(name, keys):
            text = str(definition["description"]).removesuffix(f" {MARK}")
            properties[name] = {**definition, "description": f"{text} {MARK}"}
    return {**schema, "properties": properties}
