"""A real S3 server for a session, SeaweedFS on loopback: keys and rights are checked; gone at the end."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp
from typing import Any
from uuid import uuid4

import pytest

from ml.io.objects.client import Credentials, client

BUCKET, ABSENT = "shelf", "nowhere"
OWNER = Credentials("owner-key", "cnry0wner-s3cret")
READER = Credentials("reader-key", "cnryReader-s3cret")
STRANGER = Credentials("stranger-key", "cnryStranger-s3cret")
_PARTS = ("master", "volume", "filer", "s3")
_PROGRAM = str(Path(sys.executable).with_name("weed"))
_SECONDS = 60


def _identities() -> list[dict[str, Any]]:
    def identity(name: str, login: Credentials, *actions: str) -> dict[str, Any]:
        keys = [{"accessKey": login.key, "secretKey": login.secret}]
        return {"name": name, "credentials": keys, "actions": list(actions)}

    return [
        identity("admin", Credentials("admin-key", "admin-secret"), "Admin"),
        identity("owner", OWNER, *(f"{do}:{where}" for do in ("Read", "Write", "List") for where in (BUCKET, ABSENT))),
        identity("reader", READER, f"Read:{BUCKET}", f"List:{BUCKET}"),
        identity("stranger", STRANGER, "Read:elsewhere"),
    ]


@dataclass
class ObjectStore:
    """A server with one bucket, `shelf`: the owner may do everything in it, the reader read, the stranger nothing."""

    folder: Path
    ports: dict[str, int] = field(default_factory=dict)
    address: str = "127.0.0.1"
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def endpoint(self) -> str:
        """The server's address."""
        return f"http://{self.address}:{self.ports['s3']}"

    def environment(self, login: Credentials = OWNER) -> dict[str, str]:
        """The variables by which a program uses the server."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": login.key,
            "AWS_SECRET_ACCESS_KEY": login.secret,
            "AWS_REGION": "us-east-1",
        }

    def files(self, login: Credentials = OWNER) -> Any:
        """The client of somebody."""
        return client(self.endpoint, "us-east-1", login)

    def new_folder(self) -> str:
        """A folder that no other test uses, `s3://shelf/…`."""
        return f"s3://{BUCKET}/{uuid4().hex[:12]}"

    def keys(self, url: str) -> list[str]:
        """The names of all objects below a folder, without it."""
        root = url.partition("?")[0].removeprefix("s3://")
        return sorted(str(name).removeprefix(f"{root}/") for name in self.files().find(root))

    def start(self) -> None:
        """Start the server and wait until it answers."""
        words = [_PROGRAM, "server", f"-dir={self.folder / 'data'}", "-filer", "-s3"]
        words += [f"-ip={self.address}", f"-ip.bind={self.address}", "-volume.max=30", "-master.volumeSizeLimitMB=64"]
        words += ["-master.electionTimeout=1s", "-master.heartbeatInterval=100ms"]
        words += ["-master.volumePreallocate=false", "-s3.iam=false", "-s3.autoCreateBucket=false"]
        words += ["-s3.port.iceberg=0", "-s3.port.lance=0", f"-s3.config={self.folder / 's3.json'}"]
        words += [f"-{part}.port={self.ports[part]}" for part in _PARTS]
        words += [f"-{part}.port.grpc={self.ports[f'{part}.grpc']}" for part in _PARTS]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder, start_new_session=True
            )
        self._await()

    def kill(self) -> None:
        """End it as a power cut does."""
        assert self.process is not None
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        """Let it answer nothing, without ending a connection, until `go_on`."""
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it answer again."""
        self._signal(signal.SIGCONT)

    def throttle(self, *, writes: int | None) -> None:
        """Let it take so many writes at once and refuse the others; None: as many as come."""
        how = "-disable" if writes is None else f"-type Count -actions Write -values {writes}"
        at = {part: f"{self.address}:{self.ports[part]}.{self.ports[f'{part}.grpc']}" for part in ("master", "filer")}
        done = subprocess.run(
            [_PROGRAM, "shell", *(f"-{part}={address}" for part, address in at.items())],
            input=f"s3.circuitBreaker -global {how} -apply\nexit\n", capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        assert '"enabled"' in done.stdout, done.stdout + done.stderr

    def _signal(self, number: signal.Signals) -> None:
        assert self.process is not None
        os.killpg(self.process.pid, number)

    def make(self) -> None:
        """Make the server's folder, start it, and make the bucket."""
        (self.folder / "data").mkdir()
        (self.folder / "s3.json").write_text(json.dumps({"identities": _identities()}), encoding="utf-8")
        names = [*_PARTS, *(f"{part}.grpc" for part in _PARTS)]
        self.ports = dict(zip(names, _free_ports(len(names)), strict=True))
        self.start()
        client(self.endpoint, "us-east-1", Credentials("admin-key", "admin-secret")).mkdir(BUCKET)

    def _await(self) -> None:
        assert self.process is not None
        deadline = time.monotonic() + _SECONDS
        while time.monotonic() < deadline:
            assert self.process.poll() is None, (self.folder / "log").read_text(encoding="utf-8")[-3000:]
            if self._answers():
                return
            time.sleep(0.1)
        raise AssertionError("the S3 server does not answer: " + (self.folder / "log").read_text("utf-8")[-3000:])

    def _answers(self) -> bool:
        """Say whether it stores: what it answers before its volumes are there is an error."""
        return self._status(self.endpoint) == 403 and self._status(f"{self._master}/dir/assign") == 200

    @property
    def _master(self) -> str:
        return f"http://{self.address}:{self.ports['master']}"

    @staticmethod
    def _status(url: str) -> int:
        try:
            return int(urllib.request.urlopen(url, timeout=5).status)
        except urllib.error.HTTPError as answer:
            return answer.code
        except OSError:
            return 0


def _free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def running(address: str = "127.0.0.1") -> Iterator[ObjectStore]:
    """Give a server that listens on an address of this machine, and ends with its folder."""
    server = ObjectStore(Path(mkdtemp(prefix="drivetrain-s3-")), address=address)
    try:
        server.make()
        yield server
    finally:
        if server.process is not None:
            server.kill()
        shutil.rmtree(server.folder, ignore_errors=True)


@pytest.fixture(scope="session")
def object_store() -> Iterator[ObjectStore]:
    """One server for all tests of a worker."""
    yield from running()


@pytest.fixture(scope="module")
def own_object_store() -> Iterator[ObjectStore]:
    """A server that a file's tests may kill."""
    yield from running()


def using(patch: pytest.MonkeyPatch, environment: Mapping[str, str]) -> None:
    """Use a server by the environment alone."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        patch.delenv(name)
    for name, value in environment.items():
        patch.setenv(name, value)


@pytest.fixture
def as_owner(object_store: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> ObjectStore:
    """The server, with the owner's credentials in the environment."""
    using(monkeypatch, object_store.environment())
    return object_store
