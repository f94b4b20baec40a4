"""From a URL, a user and a password to a connection that only reads."""

import sqlite3
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlalchemy.pool import NullPool, QueuePool

from ml.io.database.errors import SqlError
from schemas.errors import Fault, did_you_mean

# The drivers that are installed with us, where a URL names the database only.
_DRIVERS = {
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mariadb": "mariadb+pymysql",
}
_KNOWN = ["postgresql", "sqlite", "mysql", "mariadb", "oracle", "mssql"]
_INSTALL = {"psycopg": "pip install 'psycopg[binary]', which the extra postgresql of this project holds"}
_EXAMPLES = "for example postgresql://host/database or sqlite:///folder/file.db"


@dataclass(frozen=True)
class Login:
    """Where the database is and who asks; the password is neither shown nor kept.

    `secrets` are the parts that were given by reference: no message may hold them.
    """

    url: str = field(repr=False)
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    timeout: int = 5
    secrets: tuple[str, ...] = field(default=(), repr=False)


def engine(login: Login, connections: int | None = None) -> Engine:
    """Return an engine. Nothing is connected, and no SQLite file is made.

    Args:
        login: Where the database is, and who asks.
        connections: How many stay open for who asks again and again; None: each is closed after it was used.

    Raises:
        SqlError: If the URL names no database that can be reached from here.
    """
    url = _address(login)
    if url.get_backend_name() == "sqlite":
        return _sqlite(url, login.timeout, _pool(connections))
    waits = {"connect_timeout": login.timeout} if url.get_backend_name() in _DRIVERS else {}
    try:
        return create_engine(url, connect_args=waits, **_pool(connections))
    except NoSuchModuleError:
        suggestion = did_you_mean(url.get_backend_name(), _KNOWN)
        what = f"{url.drivername!r} is not a database that SQLAlchemy knows here.{suggestion}"
        raise SqlError([Fault("url", what, f"{_EXAMPLES}; further ones come with packages of their own")]) from None
    except ImportError as error:
        driver = error.name or url.drivername.partition("+")[2]
        hint = _INSTALL.get(driver, f"pip install {driver}")
        raise SqlError([Fault("url", f"the driver {driver} for {url.drivername} is not installed", hint)]) from None
    except (ArgumentError, TypeError, ValueError):
        raise SqlError([Fault("url", "is not a URL that its driver understands", _EXAMPLES)]) from None


def restrict(connection: Connection, seconds: float | None) -> None:
    """Let a fresh connection only read, where the database can, and give up after `seconds`, where it can.

    SQLite files are opened for reading only anyway.
    """
    name = connection.dialect.name
    if name == "postgresql":
        connection.execution_options(postgresql_readonly=True)
        if seconds is not None:
            connection.exec_driver_sql(f"SET LOCAL statement_timeout = {int(seconds * 1000)}")
    elif name in ("mysql", "mariadb"):
        connection.exec_driver_sql("SET SESSION TRANSACTION READ ONLY")
        connection.rollback()
    elif name == "sqlite" and seconds is not None:
        end = time.monotonic() + seconds
        driver: Any = connection.connection.driver_connection
        driver.set_progress_handler(lambda: time.monotonic() > end, 10_000)


def _address(login: Login) -> URL:
    try:
        url = make_url(login.url)
    except (ArgumentError, ValueError):
        # The text is not repeated: it may hold a password at the wrong place.
        raise SqlError([Fault("url", "is not the URL of a database", _EXAMPLES)]) from None
    url = url.set(drivername=_DRIVERS.get(url.drivername, url.drivername))
    if login.user is not None:
        url = url.set(username=login.user)
    return url.set(password=login.password) if login.password is not None else url


def _pool(connections: int | None) -> dict[str, Any]:
    if connections is None:
        return {"poolclass": NullPool}
    return {"poolclass": QueuePool, "pool_size": connections, "max_overflow": 0, "pool_pre_ping": True}


def _sqlite(url: URL, timeout: int, pool: dict[str, Any]) -> Engine:
    database = (url.database or "").removeprefix("file:").partition("?")[0]
    if database in ("", ":memory:"):
        raise SqlError([Fault("url", "a SQLite database in memory is empty", "name a file: sqlite:///folder/file.db")])
    path = Path(database).expanduser().absolute()
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "is not there"
        hint = "a relative one is looked for in the current folder, then beside the experiment's file"
        raise SqlError([Fault("url", f"the SQLite file {path} {what}", hint)])
    address = f"file:{quote(str(path))}?mode=ro"
    return create_engine(
        "sqlite://",
        creator=lambda: sqlite3.connect(address, uri=True, timeout=timeout, check_same_thread=False),
        **pool,
    )
