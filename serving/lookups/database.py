"""Rows of a database: one query for the keys of a request, over pooled connections that only read."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import bindparam, text
from sqlalchemy.exc import DataError, SQLAlchemyError

from ml.io.database.engine import Login, engine, restrict
from ml.io.database.errors import SqlError, message_of
from ml.values.canonical import canonical
from serving.lookups.source import Found, Key, KeyRefused, Source, Unavailable, plain

_CONNECT_SECONDS = 2  # the least that PostgreSQL's library takes


class Database(Source):
    """A declared query.

    Args:
        login: Where, and who asks.
        query: With `:keys`.
        key: The column of the result that holds the key.
        columns: What else is read of it.
        connections: That are open at once, at most.

    Raises:
        SqlError: If the URL is none, or its driver is missing.
    """

    at_once = 500
    """SQLite takes 32,766 parameters of a statement, and plans are made for each number of them."""

    def __init__(self, login: Login, query: str, key: str, columns: Sequence[str], connections: int) -> None:
        self._login, self._key, self._columns = login, key, list(columns)
        self._engine = engine(login, connections)
        self._query = text(query.strip().rstrip(";")).bindparams(bindparam("keys", expanding=True))

    def fetch(self, keys: Sequence[Key], seconds: float) -> Mapping[str, Found]:
        """Return the rows of keys. Raises Unavailable, and KeyRefused for what is none to the database."""
        try:
            with self._engine.connect() as connection:
                restrict(connection, seconds)
                rows = connection.execute(self._query, {"keys": list(keys)}).mappings()
                return {canonical(plain(row[self._key])): self._read(row) for row in rows if row[self._key] is not None}
        except KeyError as error:
            raise Unavailable(f"the query gives no column {error.args[0]!r}") from error
        except DataError as error:
            raise KeyRefused(self._told(error)) from None
        except (SQLAlchemyError, SqlError) as error:
            raise Unavailable(self._told(error)) from None

    def close(self) -> None:
        """Close the connections."""
        self._engine.dispose()

    def _told(self, error: Exception) -> str:
        original = getattr(error, "orig", None) or error
        return f"{type(original).__name__}: {message_of(original, self._login.secrets)}"

    def _read(self, row: Mapping[Any, Any]) -> Found:
        return {name: plain(row[name]) for name in self._columns}


def login_of(url: str, user: str | None, password: str | None, secrets: Sequence[str]) -> Login:
    """Return where a database is, with the time that connecting may take."""
    return Login(url, user, password, _CONNECT_SECONDS, tuple(secrets))
