"""What is not in the table as it was sent is found, by target-dlt or later, and nothing else.

In PostgreSQL a trigger plays the database that loses, doubles or changes rows on their way.
"""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from .conftest import COMMAND
from .messages import INTEGER, TEXT, record, state
from .receipted import opening, sent

if TYPE_CHECKING:
    from .conftest import Run, Warehouse

INSTANT = {"type": ["string", "null"], "format": "date-time"}
DATE = {"type": "string", "format": "date"}
NUMBER = {"type": ["number", "null"]}
NUMBERED = {"id": INTEGER, "v": TEXT, "version": TEXT}
NUMBERS = [{"id": number, "v": f"v{number}", "version": "1"} for number in range(100, 500, 10)]
NAMED = {"name": {"type": "string"}, "part": TEXT, "at": INSTANT, "on": DATE, "v": TEXT}
NAMES = [
    {"name": name, "part": part, "at": f"2026-11-20T10:00:00.{index:07d}Z", "on": "2026-11-20"}
    for index, (name, part) in enumerate(
        [
            ("a", "x"),
            ("A", "x"),
            ("a ", "x"),
            ("a", "x\x1f"),
            ("a\x1f", "x"),
            ("é", ""),
            ("100", "b"),
        ]
    )
]
STREAMS: dict[str, tuple[dict[str, Any], tuple[str, ...], list[dict[str, Any]]]] = {
    "numbers": (NUMBERED, ("id",), NUMBERS),
    "names": (NAMED, ("name", "part", "on", "at"), NAMES),
    "keyless": (NUMBERED, (), NUMBERS),
}


def prove(warehouse: Warehouse, *arguments: str) -> tuple[int, str]:
    """Run the installed command."""
    address = warehouse.database.url if warehouse.database else warehouse.config["credentials"]
    schema = ("--schema", warehouse.config["dataset_name"])
    done = subprocess.run(
        [COMMAND.with_name("singer-prove"), *schema, *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "SINGER_PROVE_DATABASE": address},
        timeout=60,
    )
    return done.returncode, done.stdout + done.stderr


def proofs(warehouse: Warehouse) -> list[tuple[Any, ...]]:
    return warehouse.query("SELECT stream_name, scope, verdict FROM singer_proofs ORDER BY 1, 2")


def held_back(run: Run, table: str, words: str) -> None:
    """Assert that a run found a table wrong and kept its last STATE."""
    assert run.code == 1, run.stderr
    assert "[NOT-PROVED]" in run.last_line, run.stderr
    assert table in run.last_line
    assert words in run.last_line, run.last_line
    assert run.states == []


@pytest.mark.parametrize("mode", ["keys", "values"])
def test_what_is_as_it_was_sent_is_proved(warehouse: Warehouse, mode: str) -> None:
    for version in (1, 2):
        messages: list[Any] = []
        for name, (properties, keys, rows) in STREAMS.items():
            more = {"run_id": f"run-{version}", "started_at": f"2026-11-2{version}T10:00:00Z"}
            messages += sent(name, properties, keys, rows, version=version, **more)
        run = warehouse.load(*messages, verify=mode, summary_file=str(warehouse.folder / "s.json"))
        assert run.code == 0, run.stderr
        assert len(run.states) == 1
    assert proofs(warehouse) == [(name, "whole", "equal") for name in sorted(STREAMS) for _ in "12"]
    summary = json.loads((warehouse.folder / "s.json").read_text())["target"]["streams"]
    assert {one["proof"] for one in summary if one["stream"] in STREAMS} == {"equal"}
    code, said = prove(warehouse)
    assert (code, said.splitlines()[-1]) == (0, "PROVED 3 equal, 0 differ, 0 not comparable")


LOST = "DELETE FROM {table} WHERE {key} IN ({some})"
TWICE = "INSERT INTO {table} SELECT * FROM {table} WHERE {key} IN ({some})"
TAMPERED = {
    "a row lost": (LOST, 1),
    "a row doubled": (TWICE, 1),
    "a batch lost": (LOST, 3),
    "a batch loaded twice": (TWICE, 3),
    "a key changed": ("UPDATE {table} SET {key} = {other} WHERE {key} IN ({some})", 1),
    "truncated": ("DELETE FROM {table}", 0),
    "retired wrongly": ("DELETE FROM {table} WHERE _sdc_table_version = 2", 0),
    "never loaded": ("DROP TABLE {table}", 0),
}


@pytest.mark.parametrize("fault", TAMPERED)
def test_what_happens_to_a_table_afterwards_is_found(warehouse: Warehouse, fault: str) -> None:
    messages = [
        message
        for name, (properties, keys, rows) in STREAMS.items()
        for message in sent(name, properties, keys, rows, version=2)
    ]
    assert warehouse.load(*messages).code == 0
    statement, count = TAMPERED[fault]
    for name in STREAMS:
        key = "name" if name == "names" else "id"
        some = ["'a'", "'A'", "'a '"] if name == "names" else ["100", "200", "300"]
        if name == "keyless" and fault == "a key changed":
            continue  # it has none
        warehouse.execute(
            statement.format(
                table=name,
                key=key,
                some=", ".join(some[:count]),
                other="'b'" if name == "names" else "7",
            )
        )
    code, said = prove(warehouse)
    wrong = 2 if fault == "a key changed" else 3
    assert code == 1, said
    assert f"{wrong} differ" in said.splitlines()[-1], said


def test_pairs_that_keep_count_and_sum_are_found(warehouse: Warehouse) -> None:
    assert warehouse.load(*sent("numbers", NUMBERED, ("id",), NUMBERS, version=2)).code == 0
    warehouse.execute("DELETE FROM numbers WHERE id IN (100, 400)")
    warehouse.execute("INSERT INTO numbers SELECT * FROM numbers WHERE id IN (200, 300)")
    code, said = prove(warehouse)
    assert code == 1
    assert "38 keys where 40 were sent: 2 are missing, and 2 rows are there twice" in said
    warehouse.execute("DELETE FROM numbers")
    assert warehouse.load(*sent("numbers", NUMBERED, ("id",), NUMBERS, version=3)).code == 0
    warehouse.execute("UPDATE numbers SET id = 205 WHERE id = 200")
    warehouse.execute("UPDATE numbers SET id = 295 WHERE id = 300")
    code, said = prove(warehouse)
    assert code == 1
    assert "not the same ones" in said


def test_the_table_of_another_run_is_found(warehouse: Warehouse) -> None:
    first = NUMBERS[:20]
    assert warehouse.load(*sent("numbers", NUMBERED, ("id",), first, version=1)).code == 0
    warehouse.execute("CREATE TABLE kept AS SELECT * FROM numbers")
    again = {"run_id": "run-2", "started_at": "2026-11-21T10:00:00Z"}
    assert (
        warehouse.load(*sent("numbers", NUMBERED, ("id",), NUMBERS, version=2, **again)).code == 0
    )
    assert prove(warehouse)[0] == 0
    warehouse.execute("DELETE FROM numbers")
    warehouse.execute("INSERT INTO numbers SELECT * FROM kept")
    code, said = prove(warehouse)
    assert (code, "20 keys where 40 were sent" in said) == (1, True), said


def test_a_run_that_was_killed_is_found(warehouse: Warehouse) -> None:
    assert warehouse.load(*sent("numbers", NUMBERED, ("id",), NUMBERS, version=1)).code == 0
    again = {"run_id": "run-2", "started_at": "2026-11-21T10:00:00Z"}
    messages = sent("numbers", NUMBERED, ("id",), NUMBERS, version=2, **again)
    assert warehouse.load(*messages[:10]).code == 0
    code, said = prove(warehouse)
    assert code == 1
    assert "the last run did not read it to its end: it has not ended, or was killed" in said


def test_names_may_be_others_and_what_cannot_be_compared_is_said(warehouse: Warehouse) -> None:
    messages = sent("numbers", NUMBERED, ("id",), NUMBERS, version=1)
    messages += sent("latest", NUMBERED, ("id",), NUMBERS)
    loaded = warehouse.load(*messages)
    assert loaded.code == 0
    assert "84 rows (4 of them receipts)" in loaded.stderr, "an opening one and a last one each"
    warehouse.execute("ALTER TABLE numbers RENAME TO counted")
    warehouse.execute("ALTER TABLE counted RENAME COLUMN id TO number")
    assert prove(warehouse)[0] == 1
    code, said = prove(warehouse, "--table", "numbers=counted")
    assert (code, "no column id: name the one that holds it with --key" in said) == (0, True), said
    code, said = prove(warehouse, "--table", "numbers=counted", "--key", "id=number")
    assert (code, "1 equal, 0 differ, 1 not comparable" in said) == (0, True), said
    assert "latest: the table may also keep rows of earlier runs (scope run)" in said
    assert prove(warehouse, "--table", "numbers")[0] == 2


# On the way: between the tap and the target


def test_records_that_never_came_are_missed(warehouse: Warehouse) -> None:
    def whole(version: int) -> list[Any]:
        return sent("numbers", NUMBERED, ("id",), NUMBERS, version=version)

    lost = [message for index, message in enumerate(whole(1)) if index != 8]
    held_back(warehouse.load(*lost), "numbers", "39 records came of the 40")
    held_back(warehouse.load(*whole(2)[:8], *whole(2)[7:]), "numbers", "41 records came")
    changed = whole(3)
    changed[8] = record("numbers", 3, id=7, v="v", version="1")
    held_back(warehouse.load(*changed), "numbers", "but not the same ones")
    assert ("numbers", "whole", "differs") in proofs(warehouse)
    none = [message for message in whole(4) if message.get("stream") != "numbers"]
    held_back(warehouse.load(*none), "numbers", "40 rows of it were sent, and none came")
    run = warehouse.load(*none, verify="off")
    assert (run.code, len(run.states)) == (0, 1)


def test_a_stream_of_every_scope(warehouse: Warehouse) -> None:
    first = sent("numbers", NUMBERED, ("id",), NUMBERS, version=1)
    assert warehouse.load(*first, *sent("log", NUMBERED, ("id",), NUMBERS)).code == 0
    kept = sent("numbers", NUMBERED, ("id",), NUMBERS[:4], version=2, scope="version")
    day = sent("daily", NUMBERED, ("id",), NUMBERS, scope="day")
    run = warehouse.load(*kept, *day, *sent("log", NUMBERED, ("id",), NUMBERS[:5]))
    assert run.code == 0, run.stderr
    assert [row[1:] for row in proofs(warehouse)] == [
        ("day", "equal"),
        ("run", "equal"),
        ("run", "equal"),
        ("version", "equal"),
        ("whole", "equal"),
    ]


def test_deleted_rows_are_counted_apart(warehouse: Warehouse) -> None:
    properties = {**NUMBERED, "_sdc_deleted_at": INSTANT}
    gone = {"_sdc_deleted_at": "2026-11-20T10:00:00Z"}
    rows: list[dict[str, Any]] = [
        *NUMBERS,
        NUMBERS[0] | gone,
        NUMBERS[1] | gone,
        NUMBERS[1],
        {"id": 7} | gone,
    ]
    for hard in (False, True):
        run = warehouse.load(*sent("numbers", properties, ("id",), rows), hard_delete=hard)
        assert run.code == 0, run.stderr
    assert proofs(warehouse) == [("numbers", "run", "equal")] * 2


def test_a_tap_without_receipts_leaves_no_table_of_proofs(duck: Warehouse) -> None:
    messages = [m for m in sent("t", NUMBERED, ("id",), NUMBERS) if m.get("stream") == "t"]
    assert duck.load(*messages, state(n=1)).code == 0
    with pytest.raises(Exception, match="singer_proofs"):
        proofs(duck)


def test_an_unknown_kind_of_receipt_is_only_data(duck: Warehouse) -> None:
    columns = {"id": INTEGER}
    run = duck.load(*sent("singer_receipts", columns, ("id",), [{"id": 1}])[:1], state(n=1))
    assert run.code == 0, run.stderr


# Inside the database, while rows are loaded


def trigger(pg: Warehouse, body: str) -> None:
    pg.execute(
        "CREATE OR REPLACE FUNCTION tamper() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN {body} END $$"
    )
    pg.execute(
        "CREATE TRIGGER tamper BEFORE INSERT ON numbers FOR EACH ROW EXECUTE FUNCTION tamper()"
    )


BODIES = {
    "lost": ("IF NEW.id = 100 THEN RETURN NULL; END IF; RETURN NEW;", "1 are missing"),
    "doubled": (
        """IF NEW.id = 100 AND pg_trigger_depth() < 2 THEN INSERT INTO numbers SELECT NEW.*;
        END IF; RETURN NEW;""",
        "there twice",
    ),
    "changed": ("IF NEW.id = 100 THEN NEW.id = 7; END IF; RETURN NEW;", "not the same ones"),
}


@pytest.mark.parametrize("fault", BODIES)
@pytest.mark.parametrize("version", [None, 2])
def test_a_batch_that_arrives_otherwise_keeps_its_state(
    pg: Warehouse, fault: str, version: int | None
) -> None:
    messages = sent("numbers", NUMBERED, ("id",), NUMBERS, version=version)
    assert pg.load(*messages, verify="off").code == 0
    body, words = BODIES[fault]
    trigger(pg, f"SET search_path TO {pg.config['dataset_name']}; {body}")
    run = pg.load(*sent("numbers", NUMBERED, ("id",), NUMBERS, version=version and 3))
    held_back(run, "numbers", words)
    assert ("numbers", "batch", "differs") in proofs(pg)


def test_a_changed_value_is_found_by_reading_back(pg: Warehouse) -> None:
    messages = sent("numbers", NUMBERED, ("id",), NUMBERS, version=2)
    assert pg.load(*messages, verify="off").code == 0
    trigger(pg, "IF NEW.id = 110 THEN NEW.v = 'other'; END IF; RETURN NEW;")
    again = sent("numbers", NUMBERED, ("id",), NUMBERS)
    assert pg.load(*again).code == 0
    held_back(pg.load(*again, verify="values"), "numbers", "the column v of record number")


def test_a_changed_value_is_found_in_duckdb_too(duck: Warehouse) -> None:
    properties = {"id": INTEGER, "share": NUMBER}
    rows: list[dict[str, Any]] = [{"id": 1, "share": 0.1}, {"id": 2, "share": None}]
    assert duck.load(*sent("numbers", properties, ("id",), rows), verify="values").code == 0
    duck.execute("ALTER TABLE numbers ALTER share TYPE FLOAT")
    assert duck.load(*sent("numbers", properties, ("id",), rows)).code == 0
    run = duck.load(*sent("numbers", properties, ("id",), rows), verify="values")
    held_back(run, "numbers", "the column share of record number")


def test_values_of_every_type_are_read_back_alike(warehouse: Warehouse) -> None:
    properties = {
        "id": INTEGER,
        "n": NUMBER,
        "m": {"type": ["string", "null"], "format": "singer.decimal"},
        "at": INSTANT,
        "on": {**DATE, "type": ["string", "null"]},
        "clock": {"type": ["string", "null"], "format": "time"},
        "yes": {"type": ["boolean", "null"]},
        "text": TEXT,
        "any": {"type": ["object", "array", "string", "number", "null"]},
    }
    full: dict[str, Any] = {
        "n": 1e-300,
        "m": "12345678901234567890.123456789",
        "at": "9999-12-31T23:59:59.999999Z",
        "on": "0001-01-01",
        "clock": "23:59:59.999999",
        "yes": False,
        "text": "\U0001f600 ' \\ ",
        "any": {"b": [1.5, {"é": None}], "a": 12345678901234567890123, "": "x"},
    }
    rows = [{"id": 1}, {"id": 2, **full}, {"id": 3, **full, "text": "", "any": ""}]
    rows.append({"id": 4, "any": [], "n": 0.1 + 0.2})
    run = warehouse.load(*sent("t", properties, ("id",), rows), verify="values")
    assert run.code == 0, run.stderr


def test_an_empty_table_is_proved_empty(warehouse: Warehouse) -> None:
    assert warehouse.load(*sent("numbers", NUMBERED, ("id",), NUMBERS, version=1)).code == 0
    empty = sent("numbers", NUMBERED, ("id",), [], version=2, run_id="run-2")
    run = warehouse.load(*empty, replace_when="trusted")
    assert run.code == 0, run.stderr
    kept = sent("numbers", NUMBERED, ("id",), NUMBERS, version=3, run_id="run-3")
    assert warehouse.load(*kept).code == 0
    # Without trust the rows stay: those of the empty version are none, and that is what is there.
    run = warehouse.load(*sent("numbers", NUMBERED, ("id",), [], version=4, run_id="run-4"))
    assert run.code == 0, run.stderr
    assert [row[1:] for row in proofs(warehouse)] == [
        ("version", "equal"),
        *[("whole", "equal")] * 3,
    ]


def test_the_receipt_of_a_killed_tap_does_not_fail_the_load(duck: Warehouse) -> None:
    messages = [*sent("numbers", NUMBERED, ("id",), NUMBERS, version=1)[:20], state(n=1)]
    assert duck.load(*messages, opening("other")).code == 0


def test_a_stream_without_rows_is_compared_once_its_table_is_there(warehouse: Warehouse) -> None:
    """Its table is made at the end of the input; what comes behind it is loaded before."""
    run = warehouse.load(
        *sent("empty", NUMBERED, ("id",), [], version=1),
        *sent("numbers", NUMBERED, ("id",), NUMBERS, version=1),
        state(n=1),
        *sent("more", NUMBERED, ("id",), NUMBERS, version=1),
        state(n=2),
        batch_size_rows=10,
    )
    assert run.code == 0, run.stderr
    assert run.states[-1] == {"n": 2}
    assert ("empty", "version", "equal") in proofs(warehouse)
