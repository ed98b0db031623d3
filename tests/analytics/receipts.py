"""Receipts as the taps write them, put beside what was loaded."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from pathlib import Path

import duckdb

COLUMNS = (
    "run_id text, tap_name text, tap_version text, source_system text, stream_name text, "
    "table_name text, verdict text, proof text, scope text, rows_expected bigint, "
    "rows_received bigint, rows_written bigint, rows_duplicate bigint, rows_skipped bigint, "
    "tombstones bigint, key_count bigint, key_digest text, bookmark_before text, "
    "bookmark_after text, started_at timestamptz, finished_at timestamptz, requests bigint, "
    "reason text"
)


def write(
    database: Path,
    system: str,
    days: Iterable[dt.datetime],
    verdicts: dict[str, str] | None = None,
) -> None:
    """Write a receipt a day for every loaded table of a system.

    Args:
        database: A DuckDB file loaded by target-dlt.
        system: Its short name.
        days: When the runs began; the last one is the newest.
        verdicts: What the newest run says of a stream that is not complete.
    """
    schema = f"tap_{system}"
    with duckdb.connect(str(database)) as connection:
        connection.execute("set timezone = 'UTC'")
        connection.execute(f"create table if not exists {schema}.singer_receipts ({COLUMNS})")
        streams = [
            name
            for (name,) in connection.execute(
                "select table_name from information_schema.tables where table_schema = ? "
                "and not starts_with(table_name, '_') and table_name <> 'singer_receipts'",
                [schema],
            ).fetchall()
        ]
        moments = sorted(days)
        for begun in moments:
            for stream in streams:
                newest = (verdicts or {}) if begun == moments[-1] else {}
                verdict = newest.get(stream, "complete")
                rows = connection.execute(f'select count(*) from {schema}."{stream}"').fetchone()
                assert rows is not None
                proof = "one answer" if verdict == "complete" else None
                reason = None if proof else "the pages changed while they were read"
                connection.execute(
                    f"insert into {schema}.singer_receipts (run_id, tap_name, source_system, "
                    "stream_name, verdict, proof, reason, scope, rows_written, started_at, "
                    "finished_at) values (?, ?, 'https://example.com', ?, ?, ?, ?, 'whole', "
                    "?, ?, ?)",
                    [
                        f"{system}-{begun:%Y%m%dT%H}",
                        f"tap-{system}",
                        stream,
                        verdict,
                        proof,
                        reason,
                        rows[0],
                        begun,
                        begun + dt.timedelta(minutes=2),
                    ],
                )
