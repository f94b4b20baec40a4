"""A test that is not marked `slow` cannot start what is."""

import socket
import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    "command", [["chromium", "--headless"], [sys.executable, "/somewhere/run.py"], "postgres -D ."]
)
def test_a_quick_test_starts_no_browser_database_or_run(command: list[str] | str) -> None:
    with pytest.raises(pytest.fail.Exception, match="mark the test slow"):
        subprocess.run(command, check=True)


def test_a_quick_test_serves_nothing() -> None:
    with socket.socket() as listener, pytest.raises(pytest.fail.Exception, match="mark the test slow"):
        listener.bind(("127.0.0.1", 0))
        listener.listen()


@pytest.mark.slow
def test_a_slow_test_may() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        assert listener.getsockname()[0] == "127.0.0.1"


def test_what_serves_or_runs_is_marked_by_its_folder_or_fixtures(request: pytest.FixtureRequest) -> None:
    for item in request.session.items:
        if "/tests/lifecycle/" in item.path.as_posix() or {"live", "postgresql"} & set(
            getattr(item, "fixturenames", [])
        ):
            assert item.get_closest_marker("slow") is not None, item.nodeid
