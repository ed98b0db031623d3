from __future__ import annotations

import contextlib
import dataclasses
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from cachet.conftest import site

from sandbox.cachet.generate import Size
from sandbox.cachet.options import ADMIN_TOKEN, Token

from .recipes import environment, make_project

SMALL = Size(incidents=6, components=4, metrics=2, metric_points=4)
READER = "2|sandbox-reader"


@dataclasses.dataclass(frozen=True)
class Night:
    """One kind of night, and what an operator has to be told of it."""

    name: str
    env: dict[str, str]
    tap: str = "tap-cachet"
    words: tuple[str, ...] = ()
    """What the one line says; nothing where all is well."""
    again: bool = True


@dataclasses.dataclass(frozen=True)
class Place:
    """A project, and the nights to try in it."""

    project: Path
    env: dict[str, str]
    nights: tuple[Night, ...]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A project, a healthy server, and everything that may be wrong with either."""
    folder = tmp_path_factory.mktemp("operator")
    project = make_project(folder / "project")
    with contextlib.ExitStack() as stack:
        running = stack.enter_context(
            site("3", SMALL, tokens=(Token(ADMIN_TOKEN), Token(READER, abilities=())))
        )
        taken = stack.enter_context(socket.socket())  # bound and not listening: nobody answers
        taken.bind(("127.0.0.1", 0))
        down = f"http://127.0.0.1:{taken.getsockname()[1]}"
        env = environment(project, **settings(running.server.url))
        yield Place(project, env, nights(down, project))


def settings(url: str) -> dict[str, str]:
    return {
        "TAP_CACHET_API_URL": url,
        "TAP_CACHET_API_KEY": ADMIN_TOKEN,
        "TAP_CACHET_RETRY_PAUSE": "0",
        "TAP_CACHET_MAX_RETRIES": "1",
    }


def nights(down: str, project: Path) -> tuple[Night, ...]:
    cinchy = {
        "TAP_CINCHY_API_URL": down,
        "TAP_CINCHY_ACCESS_TOKEN": "pat-reader",
        "TAP_CINCHY_ALLOW_INSECURE_HTTP": "true",
        "TAP_CINCHY_RETRY_PAUSE": "0",
        "TAP_CINCHY_MAX_RETRIES": "1",
    }
    return (
        Night("all is well", {}),
        Night(
            "the tap's key is wrong",
            {"TAP_CACHET_API_KEY": "1|wrong"},
            words=("api_key",),
            again=False,
        ),
        Night(
            "the loader fails",
            {"TARGET_DLT_CREDENTIALS": str(project / "no" / "such" / "folder.duckdb")},
            words=("folder.duckdb", "[LOAD]"),
        ),
        Night(
            "the server is down",
            {"TAP_CACHET_API_URL": down},
            words=("Cannot reach", "run again later"),
        ),
        Night(
            "discovery fails", cinchy, tap="tap-cinchy", words=("Cannot reach", "run again later")
        ),
        Night(
            "one stream is not complete",
            {"TAP_CACHET_OPT_IN_STREAMS": '["subscribers"]', "TAP_CACHET_API_KEY": READER},
            words=("Stream subscribers is forbidden",),
        ),
    )
