"""A real Redis server for tests: in memory, on 127.0.0.1, gone when its user is gone."""

from __future__ import annotations

import contextlib
import dataclasses
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator

MISSING = "needs redis-server: apt-get install redis-server"
PASSWORD = "redis-test-password"

# The shell outlives nobody: when the pipe on its stdin closes, it stops the server.
_UNTIL_STDIN_CLOSES = '"$@" & pid=$!; cat >/dev/null; kill $pid; wait $pid'


@dataclasses.dataclass(frozen=True)
class RedisServer:
    """A running server."""

    port: int
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        """What the setting takes, password included."""
        return f"redis://:{PASSWORD}@127.0.0.1:{self.port}/0"

    def stop(self) -> None:
        """End it, and wait for that."""
        if self.process.stdin:
            self.process.stdin.close()
        self.process.wait(timeout=60)


def has_redis() -> bool:
    """Whether this machine has a server to start."""
    return shutil.which("redis-server") is not None


@contextlib.contextmanager
def start_redis() -> Iterator[RedisServer]:
    """Start an empty server, and stop it at the end."""
    import redis  # noqa: PLC0415  # keeps this module importable without it

    with socket.socket() as probe, tempfile.TemporaryDirectory(prefix="redis-") as folder:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        probe.close()
        command = ["redis-server", "--bind", "127.0.0.1", "--port", str(port)]
        command += ["--save", "", "--requirepass", PASSWORD, "--dir", folder]
        process = subprocess.Popen(
            ["/bin/sh", "-c", _UNTIL_STDIN_CLOSES, "sh", *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
        )
        server = RedisServer(port, process)
        try:
            client = redis.Redis.from_url(server.url)
            while True:
                with contextlib.suppress(redis.ConnectionError):
                    client.ping()
                    break
                assert process.poll() is None, "redis-server ended"
            yield server
        finally:
            server.stop()
