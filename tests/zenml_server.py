"""A real ZenML server, as `docs/stacks/local_rest.md` starts it: REST over HTTP, with a database of its own."""

import os
import secrets
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_LONGEST = 120.0


@dataclass(frozen=True)
class ZenMLServer:
    """Its address, the key of a service account by which programs use it, and its own file where it has one."""

    url: str
    key: str
    database: Path

    @property
    def environment(self) -> dict[str, str]:
        """The variables by which a command uses it."""
        return {"ZENML_STORE_URL": self.url, "ZENML_STORE_API_KEY": self.key}


@contextmanager
def zenml_server(folder: Path, address: str, port: int, database: str | None = None) -> Iterator[ZenMLServer]:
    """Give a server that listens on one address of this machine.

    Args:
        folder: Where it keeps what it needs.
        address: The address.
        port: A free port.
        database: SQLAlchemy's URL of a MySQL database; None: a SQLite file in `folder`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    password, url = secrets.token_urlsafe(24), f"http://{address}:{port}"
    plain = {name: value for name, value in os.environ.items() if not name.startswith("ZENML_")}
    environment = plain | {
        "ZENML_CONFIG_PATH": str(folder / "config"),
        "ZENML_STORE_URL": database or f"sqlite:///{folder / 'zenml.db'}",
        "ZENML_SERVER": "true",
        "ZENML_SERVER_AUTO_ACTIVATE": "true",
        "ZENML_SERVER_JWT_SECRET_KEY": secrets.token_hex(32),
        "ZENML_DEFAULT_USER_PASSWORD": password,
        "ZENML_ANALYTICS_OPT_IN": "false",
        "NO_PROXY": "*",
    }
    words = ["-m", "uvicorn", "zenml.zen_server.zen_server_api:app", "--host", address, "--port", str(port)]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen([sys.executable, *words], env=environment, stdout=log, stderr=log)
    try:
        _await(server, url, folder / "log")
        yield ZenMLServer(url, _key(plain, url, password, folder), folder / "zenml.db")
    finally:
        server.terminate()
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _await(server: "subprocess.Popen[bytes]", url: str, log: Path) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    until = time.monotonic() + _LONGEST
    while time.monotonic() < until:
        assert server.poll() is None, log.read_text(encoding="utf-8")[-3000:]
        try:
            with opener.open(f"{url}/health", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise AssertionError(log.read_text(encoding="utf-8")[-3000:])


def _key(plain: dict[str, str], url: str, password: str, folder: Path) -> str:
    """Make a service account as a person does, and return its key."""
    code = (
        "from zenml.client import Client; client = Client(); account = client.create_service_account('pipelines');"
        "print('KEY', client.create_api_key(account.name, 'first', set_key=False).key)"
    )
    login = {"ZENML_STORE_URL": url, "ZENML_STORE_USERNAME": "default", "ZENML_STORE_PASSWORD": password}
    environment = plain | login | {"ZENML_CONFIG_PATH": str(folder / "admin"), "ZENML_ANALYTICS_OPT_IN": "false"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment | {"NO_PROXY": "*"}, capture_output=True, text=True, timeout=120
    )
    keys = [line.split()[1] for line in done.stdout.splitlines() if line.startswith("KEY ")]
    assert keys, done.stdout + done.stderr
    return keys[0]
