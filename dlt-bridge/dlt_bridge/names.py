"""Names of tables and columns: the destination's rules, and no two for one."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class Naming(Protocol):
    """The part of a dlt naming convention that is used here."""

    def normalize_path(self, path: str) -> str:
        """Turn a name into one the destination accepts."""

    def normalize_tables_path(self, path: str) -> str:
        """Turn the name of a table into one the destination accepts."""

    def shorten_fragments(self, *normalized_idents: str) -> str:
        """Join normalised parts into one name within the length limit."""


RESERVED_PREFIX = "_dlt_"

_SYSTEM_COLUMNS = frozenset({"tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"})


def reserved_names(destination: str) -> frozenset[str]:
    """Return the names that no column can have at a destination: PostgreSQL's own columns."""
    return _SYSTEM_COLUMNS if destination in {"postgres", "redshift"} else frozenset()


def assign_names(
    naming: Naming,
    originals: Iterable[str],
    taken: Mapping[str, str],
    *,
    tables: bool = False,
    reserved: frozenset[str] = frozenset(),
) -> dict[str, str]:
    """Give each original name a name of its own at the destination.

    Two originals can become the same name (`userId` and `user_id`; everything not Latin
    becomes `x`). Who had the name first keeps it, from run to run; the others get a short
    hash of their original name behind it.

    Args:
        naming: The destination's naming convention.
        originals: Names of streams or of properties.
        taken: Names in use at the destination, with the original each stands for.
        tables: Whether the names are those of tables.
        reserved: Names that the destination keeps for itself.

    Returns:
        The name at the destination for each original.
    """
    owners = dict(taken)
    names = {original: name for name, original in taken.items()}
    wanted = {original: _normalized(naming, original, tables=tables) for original in originals}
    # A name that needs no change has the better claim to it.
    for original in sorted(wanted, key=lambda name: wanted[name] != name):
        name = names.get(original) or wanted[original]
        is_reserved = name.startswith(RESERVED_PREFIX) or name in reserved
        if is_reserved or owners.get(name, original) != original:
            digest = hashlib.sha256(original.encode()).hexdigest()[:8]
            name = naming.normalize_path(f"{name.lstrip('_')}_{digest}")
        owners[name] = original
        names[original] = name
    return {original: names[original] for original in wanted}


def _normalized(naming: Naming, original: str, *, tables: bool) -> str:
    try:
        normalize = naming.normalize_tables_path if tables else naming.normalize_path
        name = normalize(original)
    except ValueError:  # a name of nothing but spaces
        name = ""
    return name if name.strip() else "x"
