"""Which queries the guard takes for reading; it sees what a database would see."""

from __future__ import annotations

import pytest

from tap_cinchy.guard import writing_word

WRITES = (
    "DELETE FROM [Lab].[Things]",
    "  /* note */ update [Lab].[Things] SET [A] = 1",
    "SELECT 1; DELETE FROM t",
    "SELECT 1DELETE FROM t",
    "SELECT 1.DELETE FROM t",
    "SELECT 1eDELETE FROM t",
    "SELECT 1e5DELETE FROM t",
    "SELECT .5DELETE FROM t",
    "SELECT 'a'DELETE FROM t",
    "SELECT [a]DELETE FROM t",
    "SELECT @a DELETE FROM t",
    "SELECT 1 DELETE ..t",
    "SELECT 1 --x\rDELETE FROM t",
    "SELECT 1 --x\u2028DELETE FROM t",
    "SELECT E'\\''; DELETE FROM t; --'",
    "SELECT e'\\'', 1",
    "SELECT $$'$$; DELETE FROM t; SELECT $$'$$",
    "SELECT $a$'$a$",
    "sp_executesql N'DELETE FROM t'",
    "SELECT 1 sp_executesql N'DELETE FROM t'",
    "SELECT 1; xp_cmdshell 'dir'",
    "EXEC p",
    "SELECT * INTO [Lab].[Copy] FROM t",
    "WITH x AS (DELETE FROM t RETURNING *) SELECT * FROM x",
    "CALL p()",
    "DO $x$ BEGIN END $x$",
    "COPY t TO PROGRAM 'sh'",
    "DENY SELECT ON t TO u",
    "SELECT 1 DENY SELECT ON t TO u",
    "SHUTDOWN",
    "SELECT 1 SHUTDOWN",
    "SELECT 1 KILL 53",
    "MERGE t USING s ON 1 = 1",
    "my_procedure 1",
    "IF 1 = 1 DELETE FROM t",
    "SELECT 'it''s' /* not closed",
    "SELECT 'not closed",
    "SELECT [not closed",
    'SELECT "not closed',
    "SELECT /* a /* b */ DELETE FROM t */ 1",
)
READS = (
    "SELECT t.[Title] FROM [Delivery].[Tasks] t WHERE t.[Title] <> 'INSERT INTO'",
    'SELECT t.Update, t.[Delete], t."Drop" FROM [D].[T] t WHERE t.[A] = @update',
    "SELECT t . Update FROM [D].[T] t",
    "SELECT 1 AS Update, 2 AS 'Delete' -- DELETE FROM t\nFROM [D].[T] t /* DROP TABLE t */",
    "DECLARE @delete INT = 5; SELECT @delete",
    "WITH x AS (SELECT 1 AS a) SELECT a FROM x",
    "IF 1 = 1 SELECT 1 ELSE RAISERROR('DELETE', 1, 1)",
    "(SELECT 1) UNION (SELECT 2)",
    "SELECT TOP {{top}} t.[Cinchy Id] FROM [D].[T] t WHERE t.[Cinchy Id] > {{after}}",
    "SELECT 'C:\\', [a]]b], 'it''s' FROM [D].[T] t",
    "SELECT t.[Do], do, copy, t.Use, comment FROM [D].[T] t",
    "SELECT N'\u00e4', 1.5, 1e5, 0x1F FROM [D].[T] t;",
    "SELECT * FROM [Inserted Rows].[Updates]",
)


@pytest.mark.parametrize("query", WRITES)
def test_what_may_write_is_stopped(query: str) -> None:
    assert writing_word(query)


@pytest.mark.parametrize("query", READS)
def test_what_reads_passes(query: str) -> None:
    assert writing_word(query) == ""
