"""The one place that says where a model's journal is."""

from pathlib import Path
from urllib.parse import quote

from sqlalchemy.engine import URL, make_url

from schemas.home import Home
from schemas.stack import StackSpec

_WHERE = ("host", "port", "dbname", "service")  # of a URL's query: what says which database it is, and no secret


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
    """Return where a journal is, which stays as it is while the journal does: no driver, user, password and options."""
    url = make_url(journal_url)
    where = {name: value for name, value in url.query.items() if name in _WHERE}
    return URL.create(url.get_backend_name(), None, None, url.host, url.port, url.database, where).render_as_string()
