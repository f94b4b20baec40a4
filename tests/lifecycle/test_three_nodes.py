"""A Ray cluster of three machines, each with an address of its own: steps spread, and go on when one is lost.

ZenML is a REST server, artifacts and packages are on an S3 server; the command runs on the head.
"""

import re
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial

import psutil
import pytest

from schemas.home import ROOT
from tests.lifecycle.conftest import World, fresh_world
from tests.lifecycle.test_ray import SLOW, rows
from tests.namespaces import Machine, Network, network, require_namespaces
from tests.object_store import ObjectStore, running
from tests.soak import SOAKING
from tests.zenml_server import ZenMLServer, zenml_server

pytestmark = [pytest.mark.own_worker, pytest.mark.stacks, pytest.mark.untraced]

PORT = 6379
SHARED = """
name: shared
orchestrator:
  flavor: drivetrain_ray
  settings: {{address: "{head}:6379", lost_after: 15}}
artifact_store:
  flavor: drivetrain_s3
  settings: {{path: "{folder}", endpoint_url: "{endpoint}", region: us-east-1}}
environment:
  AWS_ACCESS_KEY_ID: {{env: AWS_ACCESS_KEY_ID}}
  AWS_SECRET_ACCESS_KEY: {{env: AWS_SECRET_ACCESS_KEY}}
deployer: {{flavor: drivetrain_bentoml}}
data_validator: {{flavor: drivetrain_whylogs}}
resources:
  train: {{cpu_count: 2, retries: {retries}}} # the head has one
"""


@dataclass
class Cluster:
    """The machines, the server, and what a command on the head gets."""

    world: World
    net: Network
    server: ZenMLServer
    objects: ObjectStore

    @property
    def head(self) -> Machine:
        """The machine that the command runs on."""
        return self.net.machines[0]

    def environment(self) -> dict[str, str]:
        """Return the variables of a command."""
        return (
            self.world.environment()
            | self.server.environment
            | self.objects.environment()
            | {"NO_PROXY": "*", "no_proxy": "*", **AUTH}
        )


AUTH = {"RAY_AUTH_MODE": "disabled", "RAY_USAGE_STATS_ENABLED": "0"}


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    require_namespaces()
    folder = tmp_path_factory.mktemp("three")
    with (
        network(3) as net,
        zenml_server(folder / "server", net.address, 8237) as server,
        contextmanager(running)(net.address) as objects,
    ):
        for world in fresh_world(folder / "world"):
            found = Cluster(world, net, server, objects)
            (folder / "world").mkdir(exist_ok=True)
            join(found, 0)
            with ThreadPoolExecutor() as pool:
                list(pool.map(partial(join, found), (1, 2)))
            yield found
            for machine in net.machines:
                kill_node(machine)
                shutil.rmtree(place_of(machine), ignore_errors=True)


def join(cluster: Cluster, index: int) -> None:
    """Start Ray on a machine: the first is the head."""
    machine = cluster.net.machines[index]
    what = (
        ["--head", f"--port={PORT}", "--include-dashboard=false"]
        if not index
        else [f"--address={cluster.head.address}:{PORT}"]
    )
    words = [sys.executable, "-m", "ray.scripts.scripts", "start", *what, f"--node-ip-address={machine.address}"]
    words += [
        f"--num-cpus={2 if index else 1}",
        f"--temp-dir={place_of(machine)}",
        "--object-store-memory=100000000",
        "--disable-usage-stats",
    ]
    plain = {
        name: value for name, value in cluster.environment().items() if not name.startswith(("ZENML", "DRIVE", "AWS"))
    }
    started = machine.start(words, env=plain | {"TMPDIR": "/tmp"}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    out, _ = started.communicate(timeout=120)
    assert started.returncode == 0, out


def place_of(machine: Machine) -> str:
    """Return the folder of a machine's Ray: sockets are in there, whose paths may not be long."""
    return f"/tmp/dtn-{machine.name}"


def begin(cluster: Cluster, *words: str, retries: int = 0) -> "subprocess.Popen[str]":
    """Begin a command on the head."""
    stacks = cluster.world.folder / "mine" / "stack"
    stacks.mkdir(parents=True, exist_ok=True)
    place = cluster.world.experiment("slow", SLOW.format(path=rows(cluster.world)))
    endpoint = cluster.objects.endpoint
    text = SHARED.format(head=cluster.head.address, retries=retries, folder="s3://shelf/three", endpoint=endpoint)
    (stacks / "shared.yaml").write_text(text, encoding="utf-8")
    return cluster.head.start(
        [sys.executable, str(ROOT / "run.py"), place, "pipeline=training", "stack=shared", *words],
        cwd=cluster.world.folder,
        env=cluster.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def where(out: str) -> dict[str, str]:
    """Return the machine of each step that ran elsewhere than in the command."""
    return dict(re.findall(r"^step training\.(\w+) done [\d.]+ s on ([\d.]+)$", out, re.MULTILINE))


def training_on(cluster: Cluster, longest: float = 120) -> Machine:
    """Return the machine other than the head on which the model is being trained; the training is held there.

    Its process is stopped, as one is that computes for long, so that it is not over before the machine is lost.
    """
    until = time.monotonic() + longest
    while time.monotonic() < until:
        for machine in cluster.net.machines[1:]:
            numbers = [int(pid) for pid in processes_on(machine)]
            if "ray::train" in map(_title, numbers) and (forked := [pid for pid in numbers if _is_forked(pid)]):
                subprocess.run(["kill", "-STOP", *map(str, forked)], check=False)
                return machine
        time.sleep(0.1)
    raise AssertionError("nothing is trained on another machine than the head")


def _is_forked(pid: int) -> bool:
    """Say whether a process runs steps: the server of such processes has forked it."""
    try:
        return "fork_server" in _title(pid) and "fork_server" in _title(psutil.Process(pid).ppid())
    except psutil.Error:
        return False


def _title(pid: int) -> str:
    try:
        return " ".join(psutil.Process(pid).cmdline()).strip()
    except psutil.Error:
        return ""


def kill_node(machine: Machine) -> None:
    """End everything that runs on a machine, as a power cut does."""
    subprocess.run(["kill", "-9", *processes_on(machine)], check=False)


def test_a_killed_command_leaves_nothing_on_any_machine(cluster: Cluster) -> None:
    run = begin(cluster, "+experiment=slow", "seed=13")
    training_on(cluster)
    for child in psutil.Process(run.pid).children(recursive=True):
        child.kill()
    run.communicate(timeout=60)
    until = time.monotonic() + 60
    while (left := trained_for(cluster)) and time.monotonic() < until:
        time.sleep(0.5)
    assert not left


def test_the_next_one_says_so_runs_on_several_machines_and_reads_the_local_file_where_it_is(cluster: Cluster) -> None:
    run = begin(cluster, "+experiment=houses")
    out, _ = run.communicate(timeout=240)
    assert run.returncode == 0 and "closed run slow-training-" in out, out
    machines = where(out)
    assert len(set(machines.values())) >= 2, machines
    assert "load" not in machines and {"split", "train", "register"} <= machines.keys()


LOST = [("killed", 0), ("cable", 1), *([("killed", 1), ("cable", 0)] if SOAKING else [])]


@pytest.mark.parametrize(("how", "retries"), LOST)
def test_a_machine_is_lost_while_it_trains(cluster: Cluster, how: str, retries: int) -> None:
    run = begin(cluster, "+experiment=slow", f"seed={LOST.index((how, retries))}", retries=retries)
    machine = training_on(cluster)
    began = time.monotonic()
    if how == "killed":
        kill_node(machine)
    else:
        machine.cut()
        time.sleep(30)
        machine.mend()
    out, _ = run.communicate(timeout=240)
    if retries:
        assert run.returncode == 0, out
        assert "train is tried again (1 of 1)" in out and where(out)["train"] != machine.address
    else:
        assert run.returncode == 1 and time.monotonic() - began < 60, out
        assert "Step train was lost" in out
    kill_node(machine)
    join(cluster, cluster.net.machines.index(machine))
    assert newest(cluster) == ("completed" if retries else "failed")


def trained_for(cluster: Cluster) -> list[str]:
    """Return the processes in which a model is trained, on any machine."""
    numbers = (pid for machine in cluster.net.machines for pid in processes_on(machine))
    return [pid for pid in numbers if _title(int(pid)).startswith("ray::train")]


def processes_on(machine: Machine) -> list[str]:
    """Return the numbers of all processes of a machine."""
    done = subprocess.run(["ip", "netns", "pids", machine.name], capture_output=True, text=True, check=False)
    return done.stdout.split()


def newest(cluster: Cluster) -> str:
    """Return what ZenML's server keeps as the state of the newest run."""
    with closing(sqlite3.connect(f"file:{cluster.server.database}?mode=ro", uri=True)) as database:
        ((status,),) = database.execute("select status from pipeline_run order by created desc limit 1")
    return str(status)
