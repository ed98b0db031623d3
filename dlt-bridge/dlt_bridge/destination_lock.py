"""Keeps loads that run at the same time, under whatever name and on whatever machine, apart.

PostgreSQL takes many writers: loads run side by side, and locks of the server cover what must
not overlap: making tables, merging into one, and replacing one. A DuckDB file takes one writer:
a second load is refused until the first has ended. Other destinations have no locks that this
program could use; there each load still has a staging dataset of its own.
"""

from __future__ import annotations

import logging
import re
import secrets
from contextlib import ExitStack, contextmanager, suppress
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from dlt.destinations.job_client_impl import SqlJobClientBase

from dlt_bridge.errors import ConfigError, LoadError
from dlt_bridge.load_batch import Batch, Disposition
from dlt_bridge.sequence import STEP

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import TracebackType

    import dlt
    from dlt.destinations.sql_client import SqlClientBase

logger = logging.getLogger(__name__)

_MAX_TRIES: Final = 50
"""How often a run looks for a number of its own; poolers may keep those of dead ones."""

_STAGING: Final = re.compile(r"_staging_[0-9a-f]{12}")


def new_staging_layout() -> str:
    """Make a layout for the name of a staging dataset that no other load uses."""
    return f"%s_staging_{secrets.token_hex(6)}"


def lock_number(*parts: str) -> int:
    """Return the number under which PostgreSQL keeps a lock, for what is to be locked."""
    digest = sha256("\0".join(("target-dlt", *parts)).encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


class DestinationLock:
    """What a load does about others at destinations without locks; a context manager.

    Attributes:
        run: A number that no other load at the same time has, as far as can be told.

    Args:
        pipeline: The pipeline of this load.
    """

    def __init__(self, pipeline: dlt.Pipeline) -> None:
        self.run = secrets.randbelow(STEP)
        self._pipeline = pipeline

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Remove this load's staging dataset; one that cannot be is removed by the next."""
        with suppress(Exception):
            drop_dataset(self._pipeline, self.staging_dataset)

    @contextmanager
    def package(self, package: Sequence[Batch]) -> Iterator[None]:
        """Keep others from what a package is doing to its tables while the block lasts."""
        _ = package
        with self.connected():
            yield

    @contextmanager
    def connected(self) -> Iterator[None]:
        """Let the connections that are made while the block lasts be cheap, where they are not."""
        yield

    def drop_orphans(self) -> None:
        """Drop what loads that were cut off left of their staging, where that can be told."""

    @cached_property
    def staging_dataset(self) -> str | None:
        """The name of the staging dataset that goes with this load; None if none does."""
        with self._pipeline.destination_client() as client:
            if not isinstance(client, SqlJobClientBase):
                return None
            name = str(client.sql_client.staging_dataset_name)
        return name if _STAGING.search(name) else None


class FileLock(DestinationLock):
    """One load at a time into a DuckDB file."""

    def __enter__(self) -> Self:
        """See `DestinationLock`.

        Raises:
            ConfigError: If file and dataset have one name.
            LoadError: If another load is using the file.
        """
        self._cleanup = ExitStack()
        client: Any = self._pipeline.destination_client()
        database = str(client.config.credentials.database)
        if not database.startswith((":", "md:", "motherduck:")):
            _check_names(Path(database), str(self._pipeline.dataset_name))
            # A folder that is not there is a mistyped path: DuckDB says so, and nothing is made.
            if Path(database).parent.is_dir():
                self._lock(Path(database))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """See `DestinationLock`."""
        super().__exit__(kind, error, trace)
        self._cleanup.close()

    @contextmanager
    def connected(self) -> Iterator[None]:
        """See `DestinationLock.connected`.

        The first connection of a process opens the file, and the last one writes it anew; those
        in between share it. It is given back after each package, so that others can read.
        """
        with self._pipeline.sql_client():
            yield

    def drop_orphans(self) -> None:
        """See `DestinationLock.drop_orphans`."""
        _drop_orphans(self._pipeline, lambda _: True)

    def _lock(self, database: Path) -> None:
        lock = database.with_name(f".{database.name}.target-dlt.lock")
        if not lock_file(lock, self._cleanup):
            raise LoadError(
                f"Another target-dlt is loading into {database.name}, and a DuckDB file takes "
                "one writer at a time; run this load again when that one has ended."
            )


class PostgresLock(DestinationLock):
    """Loads side by side into one PostgreSQL.

    Locks of the session say which loads are alive. Locks of a transaction, which outlive no
    connection and no pooler, keep a table while a package is loaded: several loads may add to
    it at once, but only one may replace it or delete from it, and nobody adds meanwhile.
    """

    def __enter__(self) -> Self:
        """See `DestinationLock`."""
        self._session: SqlClientBase[Any] = self._pipeline.sql_client()
        self._session.open_connection()
        self._dataset = str(self._session.dataset_name)
        for _ in range(_MAX_TRIES):
            if self._try(self._run_lock):
                break
            self.run = secrets.randbelow(STEP)
        self._own_staging = self.staging_dataset
        if self._own_staging:
            self._try(lock_number("staging", self._own_staging))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """See `DestinationLock`."""
        super().__exit__(kind, error, trace)
        with suppress(Exception):
            self._session.close_connection()

    @contextmanager
    def package(self, package: Sequence[Batch]) -> Iterator[None]:
        """See `DestinationLock.package`."""
        wanted = {
            lock_number(self._dataset, "table", batch.layout.table): _is_alone(batch)
            for batch in package
        }
        if not self._own_staging:
            # The staging dataset that the user named may be that of other loads too.
            wanted[lock_number("staging", str(self._session.staging_dataset_name))] = True
        self._stay_alive()
        client: SqlClientBase[Any] = self._pipeline.sql_client()
        with client, client.begin_transaction():
            # It waits for others, and then for the load.
            for timeout in ("idle_in_transaction_session", "statement", "lock"):
                client.execute_sql(f"SET LOCAL {timeout}_timeout = 0")
            for number, alone in sorted(wanted.items()):  # in one order, so that none waits for two
                _wait(client, number, alone=alone)
            yield

    def drop_orphans(self) -> None:
        """See `DestinationLock.drop_orphans`."""
        _drop_orphans(self._pipeline, self._is_dead)

    @property
    def _run_lock(self) -> int:
        return lock_number(self._dataset, "run", str(self.run))

    def _stay_alive(self) -> None:
        """Open the session again if the connection was lost while the tap was reading."""
        try:
            self._session.execute_sql("SELECT 1")
        except Exception:  # of whatever library; what matters is said below
            logger.debug("The connection was lost; opening it again.", exc_info=True)
            self._session = self._pipeline.sql_client()
            self._session.open_connection()
            self._try(self._run_lock)
            if self._own_staging:
                self._try(lock_number("staging", self._own_staging))

    def _try(self, number: int) -> bool:
        taken = self._session.execute_sql(f"SELECT pg_try_advisory_lock({number})")
        return bool(taken and taken[0][0])

    def _is_dead(self, staging: str) -> bool:
        return staging != self._own_staging and self._try(lock_number("staging", staging))


def choose_lock(pipeline: dlt.Pipeline) -> DestinationLock:
    """Return the lock for a pipeline's destination; to be entered before anything is loaded."""
    kind = pipeline.destination.destination_type.rsplit(".", 1)[-1]
    found = {"postgres": PostgresLock, "duckdb": FileLock}.get(kind, DestinationLock)
    return found(pipeline)


def lock_file(path: Path, cleanup: ExitStack) -> bool:
    """Lock a file until `cleanup` is closed, where the system has file locks.

    Returns:
        Whether nobody else holds it.
    """
    try:
        import fcntl  # noqa: PLC0415  # not on Windows
    except ImportError:
        return True
    path.parent.mkdir(parents=True, exist_ok=True)
    file = cleanup.enter_context(path.open("w", encoding="utf-8"))
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def drop_dataset(pipeline: dlt.Pipeline, name: str | None) -> None:
    """Drop a dataset of the pipeline's destination, if it has it."""
    if name is None:
        return
    with pipeline.sql_client() as client, client.with_alternative_dataset_name(name):
        if client.has_dataset():
            client.drop_dataset()


def _check_names(database: Path, dataset: str) -> None:
    if database.stem.lower() == dataset.lower():
        raise ConfigError(
            f"The DuckDB file {database.name} and the dataset {dataset!r} have one name, and "
            "DuckDB cannot tell which of them is meant: set dataset_name, or call the file "
            "otherwise."
        )


def _wait(client: SqlClientBase[Any], number: int, *, alone: bool) -> None:
    shared = "" if alone else "_shared"
    taken = client.execute_sql(f"SELECT pg_try_advisory_xact_lock{shared}({number})")
    if taken and not taken[0][0]:
        logger.info("Another load is at one of these tables; waiting for it.")
        client.execute_sql(f"SELECT pg_advisory_xact_lock{shared}({number})")


def _drop_orphans(pipeline: dlt.Pipeline, is_dead: Any) -> None:
    """Drop what loads that were cut off left of their staging."""
    with pipeline.sql_client() as client:
        prefix = str(client.dataset_name)
        found = client.execute_sql("SELECT schema_name FROM information_schema.schemata") or ()
        names = [str(name) for (name,) in found]
    for name in names:
        if name.startswith(prefix) and _STAGING.fullmatch(name[len(prefix) :]) and is_dead(name):
            drop_dataset(pipeline, name)


def _is_alone(batch: Batch) -> bool:
    return batch.disposition == Disposition.REPLACE or batch.activates is not None
