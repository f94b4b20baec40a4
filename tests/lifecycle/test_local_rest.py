"""`stack=local_rest`: a real ZenML server with a real MariaDB behind it keeps what several commands share."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from schemas.home import ROOT
from tests.mariadb import mariadb
from tests.zenml_server import ZenMLServer, zenml_server

pytestmark = [pytest.mark.own_worker, pytest.mark.stacks, pytest.mark.untraced]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ZenMLServer]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    with mariadb() as database, zenml_server(tmp_path_factory.mktemp("server"), "127.0.0.1", port, database) as found:
        yield found


def command(folder: Path, server: ZenMLServer | None, *words: str, key: str | None = None) -> tuple[int, str]:
    """Run a command as a person with a folder of their own does; return its exit code and what it printed."""
    own = {
        "DRIVETRAIN_HOME": str(folder / "home"),
        "ZENML_CONFIG_PATH": str(folder / "zenml"),
        "ZENML_LOCAL_STORES_PATH": str(folder / "stores"),
        "NO_PROXY": "*",
    }
    login = {} if server is None else server.environment | ({} if key is None else {"ZENML_STORE_API_KEY": key})
    plain = {name: value for name, value in os.environ.items() if not name.startswith("ZENML_")}
    folder.mkdir(exist_ok=True)
    done = subprocess.run(
        [sys.executable, str(ROOT / "run.py"), *words],
        cwd=folder, env=plain | own | login, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=240,
    )  # fmt: skip
    return done.returncode, done.stdout


def test_two_people_share_versions_through_the_server(server: ZenMLServer, tmp_path: Path) -> None:
    words = ("+experiment=houses", "stack=local_rest", "pipeline=training")
    first, said = command(tmp_path / "ann", server, *words)
    assert first == 0 and "model: houses version 1" in said, said
    second, said = command(tmp_path / "bob", server, *words, "seed=7")
    assert second == 0 and "model: houses version 2" in said, said
    assert "= unchanged" in command(tmp_path / "bob", server, *words, "action=plan")[1]


def test_without_a_server_the_stack_is_refused_and_no_file_takes_its_place(tmp_path: Path) -> None:
    code, said = command(tmp_path / "cy", None, "+experiment=houses", "stack=local_rest")
    assert code == 2 and "stack.store" in said and "zenml login" in said, said


def test_a_key_that_is_none_is_told_in_one_sentence(server: ZenMLServer, tmp_path: Path) -> None:
    code, said = command(tmp_path / "dan", server, "+experiment=houses", "stack=local_rest", key="ZENKEY_nonsense")
    assert code == 2 and "does not let this command in" in said and "Traceback" not in said, said
