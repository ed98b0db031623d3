"""The tap of singer-rest's README, held against what the SDK asks of every tap."""

from __future__ import annotations

import atexit

from singer_sdk.testing import SuiteConfig, get_tap_test_class

from .books import BookServer
from .example_tap import TapExample

_server = BookServer(25)
for _book in _server.rows:
    _book["bought_at"] = "2026-01-31T12:00:00Z"
_server.__enter__()
atexit.register(_server.__exit__, None, None, None)

TestTapExample = get_tap_test_class(
    TapExample,
    config=_server.config(api_url=f"{_server.url}/"),  # a slash at the end does no harm
    suite_config=SuiteConfig(max_records_limit=50),
)


def test_no_path_has_two_slashes() -> None:
    """Runs last, and looks at what the standard tests have asked for."""
    assert _server.seen
    assert {request.path for request in _server.seen} <= {"/books", "/me"}
