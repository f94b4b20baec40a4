"""A real Prometheus on this machine (Debian: apt-get install prometheus)."""

import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml


def program(name: str) -> str:
    """Return the path of `prometheus` or `promtool`; without it the test is skipped, or fails where all are needed."""
    found = shutil.which(name)
    if found is None:
        tell = pytest.fail if os.environ.get("DRIVETRAIN_TESTS_NEED_ALL") else pytest.skip
        tell(f"{name} is not here (Debian: apt-get install prometheus): rules and dashboard are not tried by it")
    return found


def checked(what: str, file: Path) -> None:
    """Let promtool look at a file: `rules` or `config`."""
    done = subprocess.run([program("promtool"), "check", what, str(file)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def told(rules: Path, series: dict[str, str], alert: str, at: str) -> list[dict[str, str]]:
    """Return the labels of an alert that fires at a time, of values that promtool plays to the rules.

    Args:
        rules: The file of the rules.
        series: The values of each, one every 15 seconds, as promtool writes them.
        alert: Its name.
        at: The time, such as `5m`.
    """
    case = {
        "interval": "15s",
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "alert_rule_test": [{"eval_time": at, "alertname": alert, "exp_alerts": []}],
    }
    file = rules.with_name("case.yml")
    file.write_text(yaml.safe_dump({"rule_files": [str(rules)], "evaluation_interval": "15s", "tests": [case]}))
    done = subprocess.run(
        [program("promtool"), "test", "rules", str(file)], capture_output=True, text=True, check=False
    )
    found = re.findall(r"Labels:\{(.*?)\}", (done.stdout + done.stderr).partition("got:")[2])
    assert bool(found) == bool(done.returncode), done.stdout + done.stderr
    return [dict(re.findall(r'(\w+)="([^"]*)"', labels)) for labels in found]


class Prometheus:
    """What the server says."""

    def __init__(self, url: str) -> None:
        self._http = httpx.Client(base_url=f"{url}/api/v1")

    def asked(self, path: str, **parameters: str) -> Any:
        """Return the data of an answer."""
        answer = self._http.get(path, params=parameters).json()
        assert answer["status"] == "success", answer
        return answer["data"]

    def firing(self) -> set[tuple[str, str]]:
        """Return the name of each alert that fires, and of which instance."""
        found = self.asked("/alerts")["alerts"]
        return {
            (one["labels"]["alertname"], one["labels"].get("instance", "")) for one in found if one["state"] == "firing"
        }

    def ready(self) -> bool:
        """Say whether it answers, and has scraped something."""
        try:
            return bool(self.asked("/query", query="up")["result"])
        except (httpx.TransportError, ValueError):  # text, while it starts
            return False


@contextmanager
def running(folder: Path) -> Iterator[Prometheus]:
    """Run a server with the configuration in a folder."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{listener.getsockname()[1]}"
    command = [program("prometheus"), f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [*command, f"--web.listen-address={address}", "--log.level=warn"], stdout=log, stderr=log
        )
    try:
        found, ends = Prometheus(f"http://{address}"), time.monotonic() + 30
        while not found.ready():
            assert process.poll() is None and time.monotonic() < ends, (folder / "log").read_text()
            time.sleep(0.1)
        yield found
    finally:
        process.terminate()
        process.wait(30)
