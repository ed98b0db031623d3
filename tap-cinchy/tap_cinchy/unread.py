"""Why a stream that a catalog selects is not read."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from singer_rest.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from tap_cinchy.shapes import Shape

logger = logging.getLogger(__name__)


def judge_unread(name: str, shape: Shape | None, opt_in: AbstractSet[str]) -> None:
    """Say why a selected stream of the catalog is not read.

    Args:
        name: Of the stream.
        shape: Of the table it describes, if it is one.
        opt_in: Names of the streams that settings switch on.

    Raises:
        ConfigError: It was nobody's decision.
    """
    if shape is not None:
        logger.warning(
            "%s is selected, but tables_include and tables_exclude leave out %s.",
            name,
            shape.full_name,
        )
    elif name in opt_in:
        logger.warning("%s is selected, but its settings are off; not read.", name)
    else:
        raise ConfigError(
            f"The catalog selects {name}, which is neither a table it describes nor a query "
            "of the configuration, or needs a token that is not configured. Run discovery "
            "again, or deselect it."
        )
