"""The guard of queries that users write: it reads tokens as databases do, and lets reading pass.

It is a seat belt. Cinchy takes only queries with a type that reads; what a function does that a
query calls, nobody sees here.
"""

from __future__ import annotations

import re

from tap_cinchy.shapes import CREDENTIALS

READING = frozenset({"SELECT", "WITH", "DECLARE", "IF", "ELSE", "SET", "BEGIN", "END", "RETURN"})
"""Words a statement may begin with. RAISERROR and THROW end a script and change nothing."""
HARMLESS = READING | {"RAISERROR", "THROW", "PRINT"}
WRITING = frozenset(
    {
        "INSERT", "UPDATE", "DELETE", "MERGE", "TRUNCATE", "CREATE", "ALTER", "DROP", "EXEC",
        "EXECUTE", "INTO", "GRANT", "REVOKE", "DENY", "CALL", "DO", "COPY", "SHUTDOWN", "BACKUP",
        "RESTORE", "KILL", "BULK", "OPENROWSET", "OPENQUERY", "LOCK", "VACUUM", "RECONFIGURE",
        "WAITFOR", "DBCC", "USE", "RENAME", "REINDEX", "CLUSTER", "COMMENT", "PREPARE", "LISTEN",
        "NOTIFY", "LOAD", "WRITETEXT", "UPDATETEXT",
    }
)  # fmt: skip
"""Words that change something wherever a word of the language may stand."""
_ONLY_FIRST = frozenset({"USE", "COMMENT", "LOAD", "CLUSTER", "LOCK", "COPY", "CALL", "DO"})
"""Of these, words that are also names people give to columns; they write as a first word only."""
_PROCEDURE = re.compile(r"(?i)(?:sp|xp)_\w+")
_TOKEN = re.compile(
    r"""
      (?P<blank>\s+)
    | (?P<line>--[^\r\n\x85\u2028\u2029]*)
    | (?P<block>/\*)
    | (?P<dollar>\$(?:[A-Za-z_]\w*)?\$)
    | (?P<parameter>@@?[\w#$]+|\{\{\w+\}\}|\{\d+\})
    | (?P<text>')
    | (?P<quoted>")
    | (?P<bracket>\[)
    | (?P<number>\d+(?:\.\d*)?(?:[eE][+-]?\d*)?)
    | (?P<word>[^\W\d][\w#$]*)
    | (?P<sign>.)
    """,
    re.VERBOSE | re.DOTALL,
)


class _UnfinishedError(ValueError):  # a verdict, told by the caller
    pass


def writing_word(query: str) -> str:
    """Return the first thing in a query that can change data or cannot be read, or nothing.

    Comments, texts, quoted names, names behind a dot and parameters do not count; what does not
    end counts as suspicious, and so does quoting that databases understand in different ways.
    """
    try:
        tokens = _tokens(query)
    except _UnfinishedError as error:
        return str(error)
    first = True
    for index, (kind, text) in enumerate(tokens):
        if text == ";":
            first = True
            continue
        if kind == "odd":
            return text
        if kind == "word":
            found = _judge(tokens, index, text, first=first)
            if found:
                return found
            first = False
        elif text != "(":
            first = False
    return ""


def credential_column(query: str) -> str:
    """Return the first name in a query behind which credentials of the platform may stand.

    Behind a link such a name always counts; alone only where the query reads a table of the
    domain Cinchy.
    """
    names = [
        (kind, text.strip('[]"').strip().lower(), text)
        for kind, text in _tokens(query)
        if kind in {"word", "bracket", "quoted"} or text == "."
    ]
    own = any(name == "cinchy" for _kind, name, _text in names)
    for index, (_kind, name, text) in enumerate(names):
        through = index > 3 and names[index - 1][1] == names[index - 3][1] == "."  # noqa: PLR2004
        if name in CREDENTIALS and (own or through):
            return text
    return ""


def _judge(tokens: list[tuple[str, str]], index: int, word: str, *, first: bool) -> str:
    """Return the word if it writes where it stands."""
    before = tokens[index - 1][1] if index else ""
    named = index > 1 and before == "." and tokens[index - 2][0] in {"word", "bracket", "quoted"}
    if named or before.upper() == "AS":
        return ""
    upper = word.upper()
    if _PROCEDURE.fullmatch(word):
        return upper
    if upper in WRITING and (first or upper not in _ONLY_FIRST):
        return upper
    if first and upper not in HARMLESS:
        return upper
    return ""


def _tokens(query: str) -> list[tuple[str, str]]:
    """Return kind and text of what counts.

    Raises:
        _UnfinishedError: A comment or a quotation does not end.
    """
    found: list[tuple[str, str]] = []
    index = 0
    while index < len(query):
        match = _TOKEN.match(query, index)
        assert match is not None  # noqa: S101  # the last alternative takes any sign
        kind, text = str(match.lastgroup), match.group()
        index = match.end()
        if kind in {"blank", "line"}:
            continue
        if kind == "block":
            index = _block_end(query, index)
        elif kind == "dollar":
            # A parameter of nobody's: PostgreSQL reads a text here, SQL Server does not.
            found.append(("odd", text))
        elif kind in {"text", "quoted", "bracket"}:
            close = {"text": "'", "quoted": '"', "bracket": "]"}[kind]
            end = _quotation_end(query, index, close)
            if (
                kind == "text"
                and "\\'" in query[index - 1 : end]
                and _has_prefix(found, query, match)
            ):
                found.append(("odd", query[match.start() - 1 : match.start() + 1]))
            found.append((kind, query[match.start() : end]))
            index = end
        else:
            found.append((kind, text))
    return found


def _has_prefix(found: list[tuple[str, str]], query: str, match: re.Match[str]) -> bool:
    """Whether a letter before a text gives the backslash a meaning, as PostgreSQL's E does."""
    start = match.start()
    return bool(found) and start > 0 and query[start - 1] in "eE" and found[-1][0] == "word"


def _block_end(query: str, index: int) -> int:
    """Return where a comment ends.

    Some databases let comments hold comments, others end them earlier; such are not taken.
    """
    opening, closing = query.find("/*", index), query.find("*/", index)
    if closing < 0 or 0 <= opening < closing:
        raise _UnfinishedError("/*")
    return closing + 2


def _quotation_end(query: str, index: int, close: str) -> int:
    """Return where a quotation ends; the sign that closes it stands twice for itself."""
    while True:
        end = query.find(close, index)
        if end < 0:
            raise _UnfinishedError({"'": "'", '"': '"', "]": "["}[close])
        if query[end + 1 : end + 2] != close:
            return end + 1
        index = end + 2
