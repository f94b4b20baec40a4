"""The one place that says where a model's journal is."""

import re
from pathlib import Path
from urllib.parse import quote

from sqlalchemy.engine import URL, make_url

from schemas.home import Home
from schemas.stack import StackSpec

_WHERE = ("host", "hostaddr", "port", "dbname", "service")  # of a query: what says which database, and no secret
_SCHEMA = re.compile(r"(?:^|\s)(?:-c\s*|--)search[_-]path=((?:\\.|\S)*)", re.IGNORECASE | re.DOTALL)
"""PostgreSQL's setting among the `options` of a URL; a backslash stands before blanks that belong to it."""


def journal_url(home: Home, model: str, stack: StackSpec | None = None) -> str:
    """Return the SQLAlchemy URL of a model's journal on a stack.

    Args:
        home: Where SQLite files are kept.
        model: The model's name.
        stack: The declared stack; None, or one without `journal`, keeps it in a SQLite file.
    """
    if stack is not None and stack.journal is not None:
        return stack.journal.replace("{model}", quote(model, safe=""))
    return sqlite_url(home.root / "journals" / f"{model}.db")


def sqlite_url(path: Path) -> str:
    """Return the URL of a SQLite journal in a file."""
    return f"sqlite:///{path.absolute()}"


def place(journal_url: str | URL) -> str:
    """Return where a journal is, which stays as it is while the journal does: no driver, user, password and options.

    Of PostgreSQL's options the schemas are kept in which it looks for tables: each of them may have a journal.
    """
    url = make_url(journal_url)
    where = {name: value for name, value in url.query.items() if name in _WHERE}
    if url.get_backend_name() == "postgresql" and (schemas := _schemas(url)):
        where["search_path"] = schemas
    return URL.create(url.get_backend_name(), None, None, url.host, url.port, url.database, where).render_as_string()


def _schemas(url: URL) -> str:
    """Return PostgreSQL's search_path, as far as a URL says it; what is said last holds."""
    options = url.query.get("options", ())
    found = _SCHEMA.findall(options if isinstance(options, str) else " ".join(options))
    names = re.sub(r"\\(.)", r"\1", found[-1], flags=re.DOTALL) if found else ""
    return ",".join(name.strip() for name in names.split(","))
