"""The one place that says where a model's journal is."""

from pathlib import Path
from urllib.parse import quote

from schemas.home import Home
from schemas.stack import StackSpec


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
