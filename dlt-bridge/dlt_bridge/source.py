"""Any Singer tap as a dlt source, with one resource for each stream."""

from __future__ import annotations

import copy
import logging
import secrets
import tempfile
import time
from contextvars import ContextVar
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import dlt
import msgspec
from dlt.common.destination import DestinationCapabilitiesContext
from dlt.common.exceptions import DltException

from dlt_bridge.arrivals import Arrivals
from dlt_bridge.columns import TypeOptions
from dlt_bridge.errors import ConfigError, TapError
from dlt_bridge.intake import Intake
from dlt_bridge.load_batch import Batch, Disposition
from dlt_bridge.load_format import NULLABLE_IDS, Form, choose_format, deliver
from dlt_bridge.messages import MessageReader
from dlt_bridge.names import reserved_names
from dlt_bridge.receipts import RECEIPTS
from dlt_bridge.relaxing import relax_columns
from dlt_bridge.reloads import is_forgotten, mark_read, state_for
from dlt_bridge.resources import LoadOptions, find_references, make_hints, prepared
from dlt_bridge.sequence import STEP, start_sequence
from dlt_bridge.snapshots import ReplaceWhen, names_version
from dlt_bridge.source_options import SourceOptions
from dlt_bridge.stored_tables import IdentifierNaming, StoredTables
from dlt_bridge.taps import CommandTap, InProcessTap, StreamInfo, Tap, read_streams, with_selected
from dlt_bridge.user_changes import has_steps, is_limited, is_restricted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from dlt.extract import DltResource, DltSource

    from dlt_bridge.stream_intake import StreamIntake

logger = logging.getLogger(__name__)

_STATE: Final = "singer_state"
"""Where the source's dlt state keeps the STATE of the tap."""


LOAD_REST: ContextVar[list[TapError] | None] = ContextVar("LOAD_REST", default=None)
"""Where `dlt_bridge.run` wants to find failures that cost only the streams that failed."""


def singer_source(
    tap: Any,
    config: Mapping[str, Any] | None = None,
    *,
    name: str | None = None,
    catalog: Mapping[str, Any] | None = None,
    catalog_option: str = "--catalog",
    environment: Mapping[str, str] | None = None,
    **options: Any,
) -> DltSource:
    """Make a dlt source of a Singer tap.

    The tap runs once for all selected resources, into files, and has to succeed before any
    row is extracted; what came is held against its receipts, if it sends them. Its STATE is kept
    in the source's dlt state, which dlt commits together with the load, so that the next run
    continues exactly where the loaded rows end.

    Args:
        tap: A class of the Singer SDK, run in this process; or a command, as one text or in
            parts, run in an environment of its own.
        config: The tap's configuration.
        name: The source's name, under which dlt keeps schema and state; the tap's if None.
            Give two differently configured taps of a kind different names.
        catalog: The catalog; discovered if None.
        catalog_option: What a command takes its catalog with; `--properties` for old taps.
        environment: The environment variables of a command.
        **options: The attributes of `SourceOptions`.

    Returns:
        The source; `with_resources` selects streams.

    Raises:
        ConfigError: If the tap cannot be started, or an option or a stream does not exist.

    Example:
        >>> source = singer_source("tap-github", {"auth_token": "..."}, streams=["issues"])
        >>> dlt.pipeline("github", destination="duckdb").run(source)  # doctest: +SKIP
    """
    runner: Tap
    if isinstance(tap, type):
        runner = InProcessTap(tap, config or {})
    else:
        runner = CommandTap(
            tap, config or {}, catalog_option=catalog_option, environment=environment
        )
    try:
        chosen = SourceOptions(**options)
    except TypeError as error:
        raise ConfigError(f"singer_source: {error}.") from None
    label = name or runner.name.replace("-", "_")
    resources = tap_resources(runner, chosen, catalog)
    source: DltSource = dlt.source(lambda: resources, name=label, section=label)()
    return source


def tap_resources(
    tap: Tap, options: SourceOptions, catalog: Mapping[str, Any] | None = None
) -> list[DltResource]:
    """Make one dlt resource for each stream of a tap; for use inside a dlt source.

    Raises:
        ConfigError: If the tap cannot be started or a stream does not exist.
    """
    found = dict(catalog) if catalog is not None else tap.discover()
    infos = read_streams(found)
    unknown = set(options.streams or ()) - {info.name for info in infos}
    if unknown:
        raise ConfigError(
            f"{tap.name} has no stream {', '.join(sorted(unknown))}; it has "
            f"{', '.join(sorted(info.name for info in infos))}."
        )
    reading = _Reading(tap, found, options, {info.name: info for info in infos})
    return [_resource(reading, info, options) for info in infos]


def _resource(reading: _Reading, info: StreamInfo, options: SourceOptions) -> DltResource:
    def rows() -> Iterator[Any]:
        yield from reading.rows(info.name)

    selected = info.selected if options.streams is None else info.name in options.streams
    resource: DltResource = dlt.resource(
        rows,
        name=info.name,
        selected=selected,
        primary_key=list(info.keys),
        write_disposition=_first_disposition(info),
    )
    return resource


def _first_disposition(info: StreamInfo) -> Literal["merge", "append"]:
    """Return what a stream's resource has until a whole snapshot is there to replace the table.

    dlt empties the table of a resource that replaces and yields nothing.
    """
    return "merge" if info.keys else "append"


class _Reading:
    """One run of the tap after the other, each shared by the resources of one extraction."""

    def __init__(
        self,
        tap: Tap,
        catalog: Mapping[str, Any],
        options: SourceOptions,
        infos: Mapping[str, StreamInfo],
    ) -> None:
        self._tap = tap
        self._catalog = catalog
        self._options = options
        self._infos = infos
        self._extraction: str | None = None
        self._delivered: set[str] = set()
        self._taken: set[str] = set()
        self._batches: dict[str, Batch] | None = None
        self._state: Any = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._chosen: dict[str, Any] = {}
        self._own_replace: str | None = None
        self._resumed: bytes | None = None
        self._is_sample = False
        self._incomplete: frozenset[str] = frozenset()

    def rows(self, stream: str) -> Iterator[Any]:
        """Yield a stream's rows as dlt data items; reads the tap first if that is due."""
        extraction = _current_extraction()
        resource: Any = dlt.current.resource()
        self._own_replace = None
        if resource.write_disposition == (chosen := self._chosen.pop(stream, None)):
            self._own_replace = stream if chosen == Disposition.REPLACE else None
            # What was right for an earlier run is not for this one before it is read.
            resource.apply_hints(write_disposition=_first_disposition(self._infos[stream]))
        if (
            self._batches is None
            or extraction != self._extraction
            or stream in self._delivered
            or stream not in {*self._batches, *self._incomplete}
        ):
            self._read(extraction)
        self._delivered.add(stream)
        if self._state is not None and not self._is_sample:
            dlt.current.source_state()[_STATE] = self._state
        mark_read(dlt.current.source_state(), stream)
        batch = (self._batches or {}).get(stream)
        if batch is not None:
            yield from self._deliver(batch, in_pipeline=extraction is not None)
        # dlt asks its resources in turn: others may still have files to hand over.
        self._taken.add(stream)
        if self._folder is not None and self._taken >= set(self._batches or ()):
            self._folder.cleanup()

    def _read(self, extraction: str | None) -> None:
        self._batches = None
        self._state = None
        self._delivered = set()
        self._taken = set()
        self._incomplete = frozenset()
        self._is_sample = any(map(is_limited, dlt.current.source().selected_resources.values()))
        selected = [name for name in dlt.current.source().selected_resources if name in self._infos]
        self._folder = tempfile.TemporaryDirectory(prefix="singer-rows-")
        schema = dlt.current.source_schema()
        naming: Any = schema.naming
        began_after = start_sequence(time.time_ns(), 0, secrets.randbelow(STEP))
        tables = StoredTables(
            IdentifierNaming(naming) if self._options.nested == "tables" else naming,
            dict(schema.tables),
            Path(self._folder.name),
            options=TypeOptions(
                exact_numbers=self._options.number_type == "decimal",
                variants=self._options.on_type_mismatch == "variant",
                strip_nul=_destination_type() == "postgres",
                reserved_names=reserved_names(_destination_type()),
            ),
            when=ReplaceWhen.NEVER,
            versions={},
            began_after=began_after,
        )
        intake = Intake(tables.make_stream, began_after)
        reader, arrivals = MessageReader(), Arrivals()

        def take(line: bytes) -> None:
            message = reader.read(line)
            if message is None:
                return
            if message.type == "STATE":
                self._state = msgspec.json.decode(message.value)
                return
            if message.type == "RECORD" and message.stream == RECEIPTS:
                arrivals.take(bytes(message.record))
            intake.take(message, len(line))

        kept = dlt.current.source_state()
        before: Any = self._options.state
        if kept.get(_STATE):
            before = state_for(kept[_STATE], self._reloaded(kept, selected), kept, self._infos)
        self._resumed = msgspec.json.encode(before) if before else None
        complete = set(selected)
        try:
            self._tap.run(with_selected(self._catalog, selected), before, take, intake.take_page)
        except TapError as error:
            failures = LOAD_REST.get()
            if failures is None or error.complete is None:
                raise
            failures.append(error)
            complete &= error.complete
            self._incomplete = frozenset(selected) - complete
        for failure in intake.failures.values():
            raise failure
        batches = self._finished(intake, [name for name in selected if name in complete])
        self._batches = arrivals.checked(intake.streams, batches)
        self._extraction = extraction

    def _reloaded(self, kept: Mapping[str, Any], selected: Iterable[str]) -> set[str]:
        """Return the streams of which dlt forgot what was read: the user wants it all again.

        It also forgets that of tables which this source itself chose to replace.
        """
        ours = {name for name, chosen in self._chosen.items() if chosen == Disposition.REPLACE}
        return {name for name in selected if is_forgotten(kept, name)} - ours - {self._own_replace}

    def _finished(self, intake: Intake, selected: Iterable[str]) -> dict[str, Batch]:
        batches: dict[str, Batch] = {}
        any_activated = any(stream.activated for stream in intake.streams.values())
        for name in selected:
            stream = intake.streams.get(name)
            if stream is None:
                continue
            batch = self._batch(name, stream, any_activated=any_activated)
            if batch is not None:
                batches[name] = batch
        return batches

    def _batch(self, name: str, stream: StreamIntake, *, any_activated: bool) -> Batch | None:
        """Return all rows of a stream as one batch; None if they must not go into the table."""
        stream.queue_rows()
        found = stream.batches
        disposition = Disposition.MERGE if stream.layout.keys else Disposition.APPEND
        files = tuple(file for part in found for file in part.files if file.rows)
        batch = Batch(
            stream.layout,
            disposition,
            files or (stream.make_empty_file(),),
            tuple(stream.layout.key_columns),
        )
        if not self._infos[name].is_full_table or self._options.replace_when == "never":
            return batch
        # A tap that activates versions does so for every stream it has read in full.
        needs_activation = any_activated or self._options.replace_when == "activated"
        if stream.activated and names_version(self._resumed, stream.version):
            logger.warning(
                "Stream %r went on with version %s of an earlier read, so its rows are added to "
                "those of the table; older ones go with the next whole read.",
                name,
                stream.version,
            )
            return batch
        if stream.activated or not needs_activation:
            return replace(batch, disposition=Disposition.REPLACE)
        if batch.rows and disposition == Disposition.APPEND and stream.was_replaced:
            logger.warning(
                "Stream %r was not activated, so its %d rows are not a whole snapshot; it has no "
                "key to merge them by, and its table keeps the last whole snapshot.",
                name,
                batch.rows,
            )
            return None
        return batch

    def _deliver(self, batch: Batch, *, in_pipeline: bool) -> Iterator[Any]:
        resource: Any = dlt.current.resource()
        if not in_pipeline:
            yield from deliver(batch, Form.OBJECTS)
            return
        destination = _destination_type()
        batch = prepared(batch, destination)
        relax_columns(dlt.current.pipeline(), dlt.current.source_schema(), batch.layout)
        self._apply_hints(resource, batch, destination)
        unnest = self._options.nested == "tables"
        form = choose_format(
            batch,
            destination,
            unnest=unnest,
            as_objects=has_steps(resource),
            as_arrow=is_restricted(batch.layout.table, resource),
        )
        if form is Form.OBJECTS and not unnest:
            resource.apply_hints(columns=copy.deepcopy(NULLABLE_IDS))
        yield from deliver(batch, form)

    def _apply_hints(self, resource: Any, batch: Batch, destination: str) -> None:
        """Tell dlt what is known of the table now; what the user said about it stays."""
        capabilities = DestinationCapabilitiesContext.generic_capabilities()
        pipeline = dlt.current.pipeline()
        if pipeline.destination is not None:
            capabilities = pipeline.destination.capabilities()
        options = LoadOptions(unnest=self._options.nested == "tables")
        stream = batch.layout.stream
        hints = make_hints(batch, destination, capabilities, options)
        if resource.write_disposition == _first_disposition(self._infos[stream]):
            self._chosen[stream] = hints["write_disposition"]
        else:
            del hints["write_disposition"]
        users = resource.columns or {}
        hints["columns"] = {
            name: column | dict(users.get(name, {})) for name, column in hints["columns"].items()
        }
        references = find_references(batch.layout, self._options.references, self._infos)
        if references:
            hints["references"] = references
        resource.apply_hints(table_name=batch.layout.table, **hints)


def _current_extraction() -> str | None:
    """Return which extraction of a pipeline this is; None outside of one."""
    try:
        return str(dlt.current.load_package_state()["load_id"])
    except DltException:
        return None


def _destination_type() -> str:
    if _current_extraction() is None or dlt.current.pipeline().destination is None:
        return ""
    return str(dlt.current.pipeline().destination.destination_type).rsplit(".", 1)[-1]
