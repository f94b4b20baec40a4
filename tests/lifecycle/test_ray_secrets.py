"""Secrets of a stack on a Ray cluster with a dashboard: steps get them, and nobody else can read them anywhere."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from schemas.home import ROOT, Home
from stacks.ray import cluster, probe
from tests.lifecycle.conftest import World, fresh_world

pytestmark = [pytest.mark.own_worker, pytest.mark.stacks, pytest.mark.untraced]

CANARIES = [f"cnry{number:02d}s3cretvalue" for number in range(10)]
ASKED = (
    *(f"/api/v0/{what}?detail=true&limit=1000" for what in ("actors", "jobs", "nodes", "objects", "runtime_envs")),
    *(f"/api/v0/{what}?detail=true&limit=1000" for what in ("tasks", "workers", "cluster_events", "placement_groups")),
    *("/api/jobs/", "/logical/actors", "/nodes?view=summary", "/api/cluster_status", "/events", "/api/version"),
)
SHARED = """
name: guarded
orchestrator: {{flavor: drivetrain_ray, settings: {{address: "{address}"}}}}
artifact_store: {{flavor: local}}
deployer: {{flavor: drivetrain_bentoml}}
data_validator: {{flavor: drivetrain_whylogs}}
environment:
{variables}
"""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    yield from fresh_world(tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="module")
def dashboard() -> Iterator[tuple[str, str, Path]]:
    """A cluster as a team may run it: its head's address, its dashboard's, and the folder of all that it writes."""
    folder = Path(tempfile.mkdtemp(prefix="dtd-", dir="/tmp"))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [sys.executable, "-m", "ray.scripts.scripts", "start", "--head", "--port=0", "--num-cpus=2"]
    words += [f"--temp-dir={folder}", "--include-dashboard=true", f"--dashboard-port={port}", "--disable-usage-stats"]
    words += ["--dashboard-host=127.0.0.1", "--object-store-memory=100000000"]
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("ZENML", "DRIVETRAIN"))}
    subprocess.run(words, env=plain | {"RAY_AUTH_MODE": "disabled"}, check=True, capture_output=True, timeout=120)
    try:
        yield (folder / "ray_current_cluster").read_text().strip(), f"http://127.0.0.1:{port}", folder
    finally:
        from stacks.ray.cluster import end

        end(str(folder))
        shutil.rmtree(folder, ignore_errors=True)


def test_ten_canaries_are_found_nowhere(
    world: World, dashboard: tuple[str, str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    address, url, folder = dashboard
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")
    words = guarded(world, address, monkeypatch)
    shown = [said(world, *words, "action=plan"), said(world, *words)]
    assert probe.probe(address).ray  # it lives, and is asked now
    shown += asked(url)
    assert not [canary for canary in CANARIES if any(canary in text for text in shown)]
    assert holding(world.folder) | holding(folder) == set()


def test_nor_where_workers_of_a_cluster_that_was_started_here_are_warmed_up_with_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for world in fresh_world(tmp_path):
        words = guarded(world, "local", monkeypatch)
        try:
            shown = [said(world, *words, "pipeline=training", f"seed={seed}") for seed in (1, 2)]
            record = cluster.record_of(Home(world.home))
            assert record is not None
            logs = Path("/tmp", f"drivetrain-steps-{os.getuid()}").glob(f"*-{record.raylet}/log")
            shown += [log.read_text(encoding="utf-8") for log in logs]
            assert len(shown) == 3
            assert not [canary for canary in CANARIES if any(canary in text for text in shown)]
            assert holding(world.folder) | holding(Path(record.folder)) == set()
        finally:
            cluster.stop(Home(world.home))


def guarded(world: World, address: str, monkeypatch: pytest.MonkeyPatch) -> tuple[str, ...]:
    """Declare a stack with ten secrets; return the words of a command that uses it."""
    for number, canary in enumerate(CANARIES[:5]):
        monkeypatch.setenv(f"GIVEN_{number}", canary)
    keep_in_zenml({f"key{number}": canary for number, canary in enumerate(CANARIES[5:])})
    variables = [f"  SECRET_{n}: {{env: GIVEN_{n}}}" for n in range(5)]
    variables += [f"  SECRET_{n + 5}: {{secret: vault, key: key{n}}}" for n in range(5)]
    stacks = world.folder / "mine" / "stack"
    stacks.mkdir(parents=True)
    text = SHARED.format(address=address, variables="\n".join(variables))
    (stacks / "guarded.yaml").write_text(text, encoding="utf-8")
    return f"--config-dir={stacks.parent}", "+experiment=breast_cancer", "stack=guarded"


def said(world: World, *words: str) -> str:
    """Run a command in a process of its own, as a person does."""
    command = [sys.executable, str(ROOT / "run.py"), *words]
    done = subprocess.run(command, cwd=world.folder, env=world.environment(), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def keep_in_zenml(values: dict[str, str]) -> None:
    from stacks.session import zenml_session

    with zenml_session(lambda _event: None) as client:
        client.create_secret("vault", values)


def asked(url: str) -> list[str]:
    """Return what the dashboard answers, and every log that it lists."""
    answers = [answer(f"{url}{path}") for path in ASKED]
    assert sum(bool(text) for text in answers) >= 8, "it answers"
    nodes = re.findall(r'"node_id": ?"([0-9a-f]{40,})"', answer(f"{url}/api/v0/nodes?detail=true"))
    logs = json.loads(answer(f"{url}/api/v0/logs?node_id={nodes[0]}") or "{}").get("data", {}).get("result", {})
    names = [name for many in logs.values() for name in many] if isinstance(logs, dict) else []
    return answers + [answer(f"{url}/api/v0/logs/file?node_id={nodes[0]}&filename={name}&lines=-1") for name in names]


def answer(url: str) -> str:
    try:
        with urllib.request.urlopen(url, timeout=30) as found:
            return str(found.read().decode("utf-8", errors="replace"))
    except (urllib.error.URLError, OSError):
        return ""


def holding(folder: Path) -> set[str]:
    """Return the files below a folder in which a canary stands; ZenML keeps its own secrets in its database."""
    found = set()
    for file in folder.rglob("*"):
        if file.is_file() and not file.is_symlink():
            content = file.read_bytes()
            unwanted = CANARIES[:5] if re.search(r"zenml\.db(-wal|-shm)?$", file.name) else CANARIES
            if any(canary.encode() in content for canary in unwanted):
                found.add(str(file.relative_to(folder)))
    return found
