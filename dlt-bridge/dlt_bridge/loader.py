"""Loads packages of batches through a dlt pipeline, and starts every run from the truth.

The truth is what the destination holds. Whatever a run that was cut off left in dlt's working
folder is thrown away, schemas and state are fetched from the destination, and rows that the
tap will send again are taken out where they cannot be merged.
"""

from __future__ import annotations

import copy
import inspect
import logging
import shutil
import time
from contextlib import ExitStack
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import dlt
from dlt.common.destination import Destination, DestinationCapabilitiesContext
from dlt.extract import DltResource, DltSource
from dlt.extract.extract import select_schema

from dlt_bridge.activation import Activation, delete_statements
from dlt_bridge.columns import SEQUENCE, TypeOptions
from dlt_bridge.comments import Descriptions, comment_columns, read_descriptions
from dlt_bridge.destination_lock import choose_lock, drop_dataset, lock_file, new_staging_layout
from dlt_bridge.error_translation import translated
from dlt_bridge.errors import ConfigError
from dlt_bridge.intake import Intake
from dlt_bridge.journal import Journal
from dlt_bridge.load_batch import Batch, Disposition
from dlt_bridge.load_format import choose_format, deliver
from dlt_bridge.lost_tables import restore_tables, warn_of_lost_dataset
from dlt_bridge.names import reserved_names
from dlt_bridge.receipts import RECEIPTS
from dlt_bridge.relaxing import relax_columns
from dlt_bridge.resources import LoadOptions, make_hints, prepared
from dlt_bridge.sequence import STEP, start_sequence
from dlt_bridge.stored_tables import IdentifierNaming, StoredTables
from dlt_bridge.verify import Verifier

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dlt_bridge.settings import Settings

logger = logging.getLogger(__name__)

_VERSIONS: Final = "singer_versions"

_STORES_NUL: Final = frozenset({"duckdb", "ducklake", "filesystem", "motherduck"})


class Loader:
    """One run's connection to the destination; a context manager.

    Entering it reaches the destination and cleans up after a run that was cut off.

    Args:
        settings: Checked settings.

    Raises:
        ConfigError: If the destination cannot be used with these settings.
        LoadError: If it cannot be reached.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._options = LoadOptions(
            unnest=settings.nested == "tables", hard_delete=settings.hard_delete
        )
        self._cleanup = ExitStack()
        self._versions: dict[str, int] = {}
        self._described: dict[str, Descriptions] = {}

    def __enter__(self) -> Self:
        with ExitStack() as cleanup, translated("reach", self._settings.destination):
            self._pipeline = self._make_pipeline()
            self._moved = self._come_here()
            self._lock_folder(cleanup)
            self._leave_broken_folder()
            self._lock = cleanup.enter_context(choose_lock(self._pipeline))
            with self._lock.connected():
                self._lock.drop_orphans()
                self._synchronize()
            cleanup.callback(shutil.rmtree, self._folder, ignore_errors=True)
            self._cleanup = cleanup.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._cleanup.close()

    def make_intake(self) -> Intake:
        """Make the intake for this run's messages."""
        settings, pipeline = self._settings, self._pipeline
        naming: Any = pipeline.naming
        options = TypeOptions(
            exact_numbers=settings.number_type == "decimal",
            variants=settings.on_type_mismatch == "variant",
            strip_nul=self._destination_type not in _STORES_NUL,
            reserved_names=reserved_names(self._destination_type),
        )
        tables = StoredTables(
            IdentifierNaming(naming) if self._options.unnest else naming,
            self._stored_tables(),
            self._folder,
            options=options,
            when=settings.replace_when,
            versions=self._versions,
            began_after=self._first_sequence,
        )
        return Intake(tables.make_stream, self._first_sequence)

    def load(self, package: list[Batch]) -> None:
        """Load batches of different streams together; they are durable when this returns.

        Raises:
            LoadError: If the destination does not take them all.
        """
        rows = sum(batch.rows for batch in package)
        receipts = sum(batch.rows for batch in package if batch.layout.stream == RECEIPTS)
        started = time.monotonic()
        with translated("load into", self._settings.destination):
            package = [prepared(batch, self._destination_type) for batch in package]
            with self._lock.package(package):
                self._relax(package)
                package = self._activation.resolve(package)
                self._load_settled(package)
                self._activation.retire(package)
                self.verifier.check_batches(package)
                self._comment(package)
        for batch in package:
            for file in batch.files:
                file.path.unlink(missing_ok=True)
        logger.info(
            "Loaded %d rows%s into %s in %.1f s.",
            rows,
            f" ({receipts} of them receipts)" if receipts else "",
            ", ".join(sorted(batch.layout.table for batch in package)),
            time.monotonic() - started,
        )

    def _comment(self, package: Iterable[Batch]) -> None:
        """Write the comments of columns that have another description than before."""
        tables = []
        for batch in package:
            known = self._described.setdefault(
                batch.layout.table, read_descriptions(batch.layout.stored)
            )
            found = read_descriptions(batch.layout.hints())
            tables.append(
                (batch.layout.table, {k: v for k, v in found.items() if known.get(k) != v})
            )
            known |= found
        comment_columns(self._pipeline, tables)

    def _relax(self, package: Iterable[Batch]) -> None:
        if not self._schema_name:
            return
        schema = self._pipeline.default_schema
        changed = [relax_columns(self._pipeline, schema, batch.layout) for batch in package]
        if any(changed):
            self._pipeline.schemas.save_schema(schema)

    def _load_settled(self, package: list[Batch]) -> None:
        self._versions |= {
            batch.layout.stream: batch.version for batch in package if batch.version is not None
        }
        self._journal.loading(
            {
                batch.layout.table: (batch.first_sequence - 1, batch.last_sequence)
                for batch in package
                if batch.disposition == Disposition.APPEND and batch.rows
            },
            [b.layout.table for b in package if b.disposition == Disposition.REPLACE],
        )
        self._pipeline.extract(self._source(package))
        self._pipeline.normalize()
        self.verifier.own_loads += len(self._pipeline.load().loads_ids)

    def begin(self, begins_with: str | None) -> None:
        """Settle what the last run left in doubt; has to be called before anything is loaded.

        Args:
            begins_with: The STATE the tap says it continues from; None if it says none.
        """
        with translated("reach", self._settings.destination), self._lock.connected():
            warn_of_lost_dataset(
                self._pipeline, begins_with, was_loaded=self._journal.last.covered > 0
            )
            self._remove(self._journal.last.doubtful(begins_with))
            self.verifier.begin()
        self._journal.begin(self._first_sequence, self._lock.staging_dataset)

    def acknowledging(self, sequence: int, state: str) -> None:
        """Note that the tap is about to be told that rows up to `sequence` are safe."""
        self._journal.acknowledging(sequence, state)

    def acknowledged(self) -> None:
        """Note that it was told."""
        self._journal.acknowledged()

    def check_receipts(self, intake: Intake) -> None:
        """Compare tables with what the tap says of their streams, once all rows are loaded.

        What is found is kept for the end of the run, which decides by it; nothing is raised here
        for a table that differs.

        Raises:
            LoadError: The destination cannot be asked.
        """
        with translated("compare tables in", self._settings.destination):
            self.verifier.check_receipts(intake.streams, self._activation.activated)

    def finish(self) -> None:
        """Note that the input came to its end, so that what was loaded stays."""
        self._journal.close()

    def _make_pipeline(self) -> dlt.Pipeline:
        settings = self._settings
        given = settings.destination_config or {}
        destination = Destination.from_reference(
            settings.destination, credentials=settings.credentials, **given
        )
        if destination is not None:
            fields = {
                *destination.spec.get_resolvable_fields(),
                *DestinationCapabilitiesContext.get_resolvable_fields(),
                *inspect.signature(type(destination)).parameters,
            }
            if unknown := sorted(given.keys() - fields):
                raise ConfigError(
                    f"The destination {settings.destination!r} has no option "
                    f"{', '.join(unknown)}; see its page in dlt's documentation for what "
                    "destination_config can hold."
                )
            layout = "staging_dataset_name_layout"
            configured: Any = dlt.config.get(f"destination.{settings.destination}.{layout}")
            if layout in fields and layout not in given and not configured:
                destination.config_params[layout] = new_staging_layout()
            destination = _with_locks(destination)
        options: dict[str, Any] = {"pipeline_name": settings.pipeline_name}
        if settings.pipelines_dir:
            options["pipelines_dir"] = settings.pipelines_dir
        if settings.staging:
            options["staging"] = settings.staging
        pipeline: dlt.Pipeline = dlt.pipeline(
            **options, destination=destination, dataset_name=settings.dataset_name
        )
        return pipeline

    def _come_here(self) -> bool:
        """Make relative paths, such as that of a DuckDB file, start in the working folder.

        dlt lets them start where it met a pipeline of this name first. Returns whether that was
        another folder, so that what dlt knows may be about other files.
        """
        here = Path.cwd().resolve()
        if Path(self._pipeline.get_local_state_val("initial_cwd")).resolve() == here:
            return False
        self._pipeline.set_local_state_val("initial_cwd", str(here))
        self._pipeline = self._make_pipeline()
        return True

    def _synchronize(self) -> None:
        journal = self._journal_path()
        last = Journal(journal).last
        cut_off = self._pipeline.has_pending_data or last.is_open
        if cut_off:
            logger.info("The last run was cut off; starting from what the destination holds.")
        if cut_off or self._moved:
            self._pipeline = self._pipeline.drop()
        self._pipeline.sync_destination()
        if self._schema_name:
            restore_tables(self._pipeline)
        self._destination_type = self._pipeline.destination.destination_type.rsplit(".", 1)[-1]
        self._journal = Journal(journal)
        self._journal.keep(last)
        self._folder = self._home() / "rows"
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir()
        if cut_off:
            drop_dataset(self._pipeline, last.staging)
        self._remove(last.repeated())
        state = self._pipeline.state.get("sources", {}).get(self._schema_name or "", {})
        self._versions = dict(state.get(_VERSIONS, {}))
        self._activation = Activation(self._pipeline, rising=self._settings.versions_rise)
        self._activation.restore(state)
        self._first_sequence = start_sequence(time.time_ns(), last.covered, self._lock.run)
        self.verifier = Verifier(
            self._pipeline,
            self._settings.verify,
            self._destination_type,
            began_after=self._first_sequence,
            unnested=self._options.unnest,
        )

    def _lock_folder(self, cleanup: ExitStack) -> None:
        """Keep two runs from using one working folder, where the system has file locks."""
        name = self._pipeline.pipeline_name
        if not lock_file(Path(self._pipeline.pipelines_dir) / f".{name}.target-dlt.lock", cleanup):
            raise ConfigError(
                f"Another target-dlt is loading as pipeline {name!r}; give this one another "
                "pipeline_name, or wait."
            )

    def _leave_broken_folder(self) -> None:
        """Begin with an empty working folder where a run was killed while it emptied its own."""
        name = self._schema_name
        if name and name not in self._pipeline.schemas.list_schemas():
            self._pipeline = self._pipeline.drop()

    def _journal_path(self) -> Path:
        """Return where the journal is: beside the working folder, which is emptied after a kill."""
        identity = f"{self._settings.destination} {self._pipeline.dataset_name}"
        name = f"journal-{sha256(identity.encode()).hexdigest()[:12]}.json"
        folder = Path(self._pipeline.pipelines_dir)
        return folder / f".{self._pipeline.pipeline_name}.{name}"

    def _home(self) -> Path:
        home = Path(self._pipeline.working_dir) / "singer"
        home.mkdir(parents=True, exist_ok=True)
        return home

    def _remove(self, repeated: dict[str, tuple[int, int]]) -> None:
        """Take out rows without a key that the tap is going to send again.

        Rows of other loads at the same time have numbers in between, with another remainder.
        """
        repeated = {
            table: after for table, after in repeated.items() if table in self._stored_tables()
        }
        if not repeated:
            return
        if self._destination_type == "filesystem":
            logger.warning(
                "The last run was cut off; rows it added to %s may come twice, since files "
                "cannot be taken back.",
                ", ".join(repeated),
            )
            return
        naming: Any = self._pipeline.naming
        with self._pipeline.sql_client() as client:
            column = client.escape_column_name(naming.normalize_path(SEQUENCE))
            rest = f"{column} % {STEP}" if self._has_percent else f"MOD({column}, {STEP})"
            tables = self._stored_tables()
            for table, (after, last) in repeated.items():
                condition = f"{column} > {after} AND {column} <= {last} AND {rest} = {last % STEP}"
                for statement in delete_statements(tables, table, condition, client, naming):
                    client.execute_sql(statement)

    @property
    def _has_percent(self) -> bool:
        return self._destination_type in {"mssql", "synapse", "fabric"}

    def _stored_tables(self) -> dict[str, Any]:
        return dict(self._pipeline.default_schema.tables) if self._schema_name else {}

    @property
    def _schema_name(self) -> str | None:
        return self._pipeline.default_schema_name

    def _source(self, package: list[Batch]) -> DltSource:
        pipeline = self._pipeline
        resources = [self._resource(batch) for batch in package]
        source = DltSource(select_schema(pipeline), pipeline.pipeline_name, resources)
        if self._options.unnest:
            # A table that is replaced today may be merged into tomorrow.
            source.root_key = True
        return source

    def _resource(self, batch: Batch) -> DltResource:
        capabilities = self._pipeline.destination.capabilities()
        destination = self._destination_type
        form = choose_format(batch, destination, unnest=self._options.unnest)
        hints = make_hints(batch, destination, capabilities, self._options)
        more = hints.pop("additional_table_hints")

        def rows() -> Iterator[Any]:
            state = dlt.current.source_state()
            for name, value in {_VERSIONS: self._versions, **self._activation.state}.items():
                if value and state.get(name) != value:
                    state[name] = copy.deepcopy(value)
            yield from deliver(batch, form)

        resource: DltResource = dlt.resource(rows, name=batch.layout.table, **hints)
        resource.apply_hints(additional_table_hints=more)
        return resource


def _with_locks(destination: Any) -> Any:
    if destination.destination_type != "dlt.destinations.postgres":
        return destination
    from dlt_bridge.locking_postgres import with_locks  # noqa: PLC0415  # needs its driver

    return with_locks(destination)
