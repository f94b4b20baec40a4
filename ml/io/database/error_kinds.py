"""The kinds of error that databases have, and how to tell them apart."""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """One kind of error: SQLSTATEs and texts that identify it, whose fault it is, and what would be right.

    A `path` of "" means the table or the query, whichever was given.
    """

    name: str
    states: tuple[str, ...]
    text: str
    path: str
    what: str
    hint: str = ""


# The first that fits counts. Texts are those of PostgreSQL, MySQL and SQLite; other databases fall through to the end.
_KINDS = [
    Kind("patience", ("57014",), r"^interrupted$|statement timeout", "", "the query takes too long"),
    Kind(
        "no password",
        (),
        r"no password supplied|using password: NO",
        "password",
        "the server wants a password and none was given",
        "password: {env: NAME}",
    ),
    Kind(
        "password",
        ("28P01", "28000"),
        r"password authentication failed|Access denied for user.*using password",
        "password",
        "the server denies access, user or password are wrong",
        "user: …, password: {env: NAME}",
    ),
    Kind(
        "database",
        ("3D000",),
        r'database "[^"]*" does not exist|Unknown database',
        "url",
        "the server has no such database",
    ),
    Kind("user", (), r'role "[^"]*" does not exist', "user", "the server has no such user"),
    Kind(
        "server",
        ("57P01", "57P02", "57P03", "08000", "08001", "08003", "08006", "53300"),
        r"refused|could ?n[o']t connect|can't connect|timeout expired|timed out|could not translate|resolve host"
        r"|No route|unreachable|closed the connection|lost connection|No such file or directory",
        "url",
        "the server does not answer",
        "is it running, and are host and port right?",
    ),
    Kind("locked", (), r"database is locked", "url", "another program is writing into the file", "try again later"),
    Kind("no file", (), r"unable to open database file", "url", "the file cannot be opened"),
    Kind(
        "no database",
        (),
        r"file is not a database|disk image is malformed",
        "url",
        "the file is not a sound SQLite database",
    ),
    Kind(
        "denied",
        ("42501",),
        r"permission denied|command denied|denied to user",
        "",
        "the user may not read it",
        "let the owner GRANT SELECT to the user",
    ),
    Kind(
        "writes",
        ("25006",),
        r"readonly database|read[- ]only transaction|data-modifying",
        "",
        "it writes, and a source only reads",
    ),
    Kind(
        "table",
        ("42P01", "3F000"),
        r"no such table|relation \"[^\"]*\" does not exist|Table '[^']*' doesn't exist",
        "",
        "there is no such table",
    ),
    Kind(
        "column",
        ("42703",),
        r"no such column|Unknown column|column \S+ does not exist",
        "",
        "there is no such column",
    ),
    Kind(
        "years",
        (),
        r"too (large|small) \((after|before) year",
        "",
        "a date is beyond the years 1 to 9999",
        "leave those rows out in data.query, or read the column as text: SELECT CAST(b AS TEXT) AS b FROM …",
    ),
    Kind(
        "syntax",
        ("42601",),
        r"syntax error|error in your SQL syntax|incomplete input",
        "",
        "the database does not understand it",
    ),
]
_OTHER = Kind("other", (), "", "", "the database refuses")


def kind_of(error: Exception) -> Kind:
    """Return which kind of error a driver's error is."""
    state = getattr(error, "sqlstate", None)
    by_state = (kind for kind in _KINDS if state is not None and state in kind.states)
    by_text = (kind for kind in _KINDS if re.search(kind.text, str(error), re.IGNORECASE))
    return next(by_state, None) or next(by_text, _OTHER)
