"""A real MariaDB server for a test: own folder, own port on loopback, a password; gone at the end."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

import pytest

USER, PASSWORD, DATABASE = "zenml", "s3cretOfZenml", "zenml"
_LONGEST = 60.0


@contextmanager
def mariadb() -> Iterator[str]:
    """Give the URL of an empty database, with user and password."""
    install, program = shutil.which("mariadb-install-db"), shutil.which("mariadbd", path="/usr/sbin:/usr/local/sbin")
    if install is None or program is None:
        if os.environ.get("DRIVETRAIN_TESTS_NEED_ALL"):
            raise AssertionError("MariaDB's server is missing (Debian: mariadb-server)")
        pytest.skip("MariaDB's server is not installed")
    folder = Path(mkdtemp(prefix="drivetrain-mariadb-"))
    root = os.geteuid() == 0
    if root:
        shutil.chown(folder, "mysql", "mysql")
    who = ["--user=mysql"] if root else []
    try:
        data = f"--datadir={folder / 'data'}"
        how = ["--no-defaults", "--auth-root-authentication-method=normal"]
        made = subprocess.run([install, *how, data, *who], capture_output=True, text=True, check=False)
        assert made.returncode == 0, made.stdout + made.stderr
        with _running([program, data, *who], folder) as port:
            yield f"mysql://{USER}:{PASSWORD}@127.0.0.1:{port}/{DATABASE}"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _running(command: list[str], folder: Path) -> Iterator[int]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    socket_file = folder / "socket"
    words = [f"--socket={socket_file}", f"--port={port}", "--bind-address=127.0.0.1", "--innodb-buffer-pool-size=64M"]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen([command[0], "--no-defaults", *command[1:], *words], stdout=log, stderr=log)
    try:
        _await(server, port, folder / "log")
        _make_database(socket_file)
        yield port
    finally:
        server.terminate()
        server.wait(30)


def _await(server: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    until = time.monotonic() + _LONGEST
    while time.monotonic() < until:
        assert server.poll() is None, log.read_text(encoding="utf-8")[-3000:]
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise AssertionError(log.read_text(encoding="utf-8")[-3000:])


def _make_database(socket_file: Path) -> None:
    import pymysql  # type: ignore[import-untyped]

    connection = pymysql.connect(unix_socket=str(socket_file), user="root")
    with connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {DATABASE}")
        cursor.execute(f"CREATE USER '{USER}'@'127.0.0.1' IDENTIFIED BY '{PASSWORD}'")
        cursor.execute(f"GRANT ALL ON {DATABASE}.* TO '{USER}'@'127.0.0.1'")
