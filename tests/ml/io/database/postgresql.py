"""A real PostgreSQL server for a session: own folder, own port, passwords checked; gone at the end."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

import pytest

OWNER, PASSWORD = "owner", "s3cret of/the@owner"
_DEBIAN = Path("/usr/lib/postgresql")


@dataclass(frozen=True)
class Server:
    """A running server with one database, `shop`; its owner may do everything."""

    folder: Path
    binaries: Path
    port: int

    @property
    def url(self) -> str:
        """The database's URL, without user and password."""
        return f"postgresql://127.0.0.1:{self.port}/shop"

    def start(self) -> None:
        """Start the server and wait until it answers."""
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -k {self.folder} -c fsync=off -c shared_buffers=16MB"
        self._command("pg_ctl", "-D", self._data, "-l", str(self.folder / "log"), "-w", "-o", options, "start")

    def stop(self) -> None:
        """Stop it at once; connections are cut."""
        self._command("pg_ctl", "-D", self._data, "-m", "immediate", "-w", "stop")

    def execute(self, *statements: str) -> None:
        """Run statements as the owner."""
        self._in("shop", statements)

    def make(self) -> None:
        """Make the server's folder with its owner, start it, and make the database."""
        secret = self.folder / "password"
        secret.write_text(PASSWORD)
        if os.geteuid() == 0:
            for path in (self.folder, secret):
                shutil.chown(path, "postgres", "postgres")
        self._command(
            "initdb", "-D", self._data, "-U", OWNER, "--pwfile", str(secret), "-A", "scram-sha-256",
            "-E", "UTF8", "--locale", "C", "--no-sync",
        )  # fmt: skip
        self.start()
        self._in("postgres", ["CREATE DATABASE shop"])

    @property
    def _data(self) -> str:
        return str(self.folder / "data")

    def _in(self, database: str, statements: Sequence[str]) -> None:
        import psycopg

        with psycopg.connect(
            host="127.0.0.1", port=self.port, user=OWNER, password=PASSWORD, dbname=database, autocommit=True
        ) as connection:
            for statement in statements:
                connection.execute(statement)

    def _command(self, program: str, *words: str) -> None:
        # PostgreSQL refuses to run as root.
        before = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        done = subprocess.run(
            [*before, str(self.binaries / program), *words],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd=self.folder,
        )  # fmt: skip
        assert done.returncode == 0, f"{program}: {done.stderr}"


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    """A server; without its programs the test is skipped, or fails where DRIVETRAIN_TESTS_NEED_ALL is set."""
    binaries = _binaries()
    if binaries is None:
        tell = pytest.fail if os.environ.get("DRIVETRAIN_TESTS_NEED_ALL") else pytest.skip
        tell("PostgreSQL's server programs are not here (Debian: apt-get install postgresql)")
    server = Server(Path(mkdtemp(prefix="drivetrain-postgresql-")), binaries, _free_port())
    try:
        server.make()
        yield server
    finally:
        if (server.folder / "data" / "postmaster.pid").exists():
            server.stop()
        shutil.rmtree(server.folder, ignore_errors=True)


def _binaries() -> Path | None:
    found = [path.parent for path in _DEBIAN.glob("*/bin/initdb")] + [
        Path(path).parent for path in [shutil.which("initdb")] if path
    ]
    return max(found, default=None, key=lambda path: int(path.parent.name) if path.parent.name.isdigit() else 0)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
