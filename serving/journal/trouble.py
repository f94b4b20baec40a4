"""What a person should know of an error of a journal's database; no statement and no value is in it."""

import json
from pathlib import Path

from sqlalchemy.engine import make_url
from sqlalchemy.exc import DatabaseError, InterfaceError, InternalError, OperationalError, TimeoutError

from schemas.errors import DeploymentError


class Away(DeploymentError):
    """A journal that takes nothing now, and may later: locked, full, or out of reach."""


class Unreadable(ValueError):
    """A row of a journal that holds something else than what was written."""


NO_TABLES = "its tables are not in it"
_BAD_TEXT = "Could not decode to UTF-8"
_NO_TABLE = "no such table"
_OF_THE_JOURNAL = (OperationalError, InternalError, InterfaceError, TimeoutError)
"""Locked, full, out of reach: it would meet every request of a group alike."""


def emptied(url: str) -> str:
    """Return that the file of a journal is there, and its tables are not in it, and what helps."""
    location = make_url(url)
    hint = repair_hint(Path(location.database or "").stem)
    return f"The journal {location.render_as_string()} cannot be used: {NO_TABLES}. {hint}"


def unknown(url: str, found: int, newest: int) -> str:
    """Return that a journal is of a later format than the newest that is known."""
    text = f"The journal at {url} is of format {found}, and this version of Drivetrain knows formats 1 to {newest}"
    return f"{text}: use the version that it was written with, or a later one"


def unusable(url: str, error: Exception, what: str = "used") -> str:
    """Return that a journal cannot be used, or what else was tried, why, and what helps."""
    location = make_url(url)
    text = f"The journal {location.render_as_string()} cannot be {what}: {told(error)}."
    return f"{text} {repair_hint(Path(location.database or '').stem)}" if is_damage(error) else text


def told(error: Exception) -> str:
    """Return the driver's own sentence, less the values that some of them quote."""
    if isinstance(error, json.JSONDecodeError):
        return "what a row holds is no JSON"
    if isinstance(error, Unreadable):
        return "what a row holds is not what was written"
    if _BAD_TEXT in str(error):
        return "what a row holds is no text"
    return str(getattr(error, "orig", None) or error).strip() or type(error).__name__


def is_damage(error: Exception) -> bool:
    """Say whether an error means that the file of a SQLite journal is damaged, rather than busy or out of reach."""
    if type(error) is DatabaseError or isinstance(error, json.JSONDecodeError | Unreadable):
        return True
    driver = str(getattr(error, "orig", None) or error)
    return _BAD_TEXT in driver or driver.startswith(_NO_TABLE)


def is_away(error: Exception) -> bool:
    """Say whether an error means that a journal is busy, full or out of reach, rather than not to be used at all."""
    return isinstance(error, _OF_THE_JOURNAL) and not is_damage(error)


def is_of_the_journal(error: Exception) -> bool:
    """Say whether an error means that a journal takes nothing, rather than that it does not take certain rows."""
    return is_away(error) or is_damage(error)


def repair_hint(name: str) -> str:
    """Return the command that saves what can be read of a damaged journal."""
    return f"It is damaged; what can be read of it is saved by: python -m serving repair {name}"
