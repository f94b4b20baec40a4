"""`stack=ray` on this machine: the results of local runs, lost steps, stopped runs, and the cluster's end."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from schemas.errors import DrivetrainError
from schemas.home import ROOT, Home
from stacks.__main__ import main as stacks_command
from stacks.ray import cluster
from stacks.ray.connection import connected
from stacks.remote.source import source_folder
from tests.lifecycle.conftest import Result, World, fresh_world
from tests.soak import SOAKING

pytestmark = [pytest.mark.own_worker, pytest.mark.slow]

SLOW = """
# @package _global_
name: slow
data:
  name: csv
  path: {path}
  target: wet
trainer: {{name: gradient_boosting, n_estimators: 3000, max_depth: 1}}
gate: {{beat_baseline: false}}
"""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    for world in fresh_world(tmp_path_factory.mktemp("world")):
        yield world
        cluster.stop(Home(world.home))


@pytest.fixture(scope="module")
def here(world: World) -> Result:
    return world.run("+experiment=breast_cancer", "pipeline=training")


@pytest.fixture(scope="module")
def there(world: World, here: Result) -> Result:
    """The same experiment on the cluster, with nothing of the run before it to reuse."""
    return world.run("+experiment=breast_cancer", "pipeline=training", "stack=ray", "split.salt=another")


def numbers(summary: Any) -> list[float]:
    found = summary["metrics"]
    return [value for which in ("validation", "test") for value in found[which].values()]


def test_every_step_runs_on_the_cluster_and_is_told_of(there: Result) -> None:
    assert there.code == 0, there.said
    assert there.ran >= {"split", "train", "train_baseline", "gate", "register"}
    assert "note: packaged as onnx" in there.err and there.summary["stack"] == "ray"
    assert all(seconds > 0 for step, seconds in there.summary["seconds"].items() if step in there.ran)


@pytest.mark.untraced
def test_the_metrics_are_those_of_a_local_run(world: World, there: Result) -> None:
    # Other parameters of the cache's key, and the same of everything that counts.
    local = world.run("+experiment=breast_cancer", "pipeline=training", "split.salt=another", "trainer.n_jobs=1")
    assert numbers(local.summary) == pytest.approx(numbers(there.summary), abs=1e-6)


@pytest.mark.untraced
def test_what_a_run_on_another_stack_made_is_reused_and_the_plan_says_so(world: World, there: Result) -> None:
    planned = world.run("+experiment=breast_cancer", "pipeline=training", "split.salt=another", "action=plan")
    assert "↺ reuse   training.train" in planned.out and "= unchanged stack drivetrain-local" in planned.out
    again = world.run("+experiment=breast_cancer", "pipeline=training", "split.salt=another")
    assert {"split", "train", "evaluate"} <= again.reused and "gate" in again.ran


@pytest.mark.stacks
@pytest.mark.untraced
def test_a_deployment_survives_the_change_of_stack(world: World, there: Result) -> None:
    first = world.run("+experiment=breast_cancer", "pipeline=deployment")
    second = world.run("+experiment=breast_cancer", "stack=ray", "split.salt=another")
    assert (first.code, second.code) == (0, 0), second.said
    assert second.summary["deployment"]["url"] == first.summary["deployment"]["url"]
    assert not [name for name in os.environ if name.startswith("RAY_AUTH_")], "the key is for the connection alone"
    assert second.summary["monitoring"]["verdict"] == "no_verdict"


@pytest.mark.stacks
@pytest.mark.untraced
def test_a_process_may_meet_clusters_that_want_other_tokens(world: World, there: Result, tmp_path: Path) -> None:
    other = Home(tmp_path)
    try:
        for home in (other, Home(world.home), other):
            record = cluster.record_of(home) or cluster.ensure(home, cpus=1, gpus=None)
            with connected(record.address, source_folder(home), cluster.environment(home)) as ray:
                assert [node["Alive"] for node in ray.nodes()] == [True]
        refused = pytest.raises(DrivetrainError, match="cannot be used")
        with refused, connected(record.address, source_folder(other), {"RAY_AUTH_MODE": "disabled"}):
            pass
    finally:
        cluster.stop(other)


def rows(world: World) -> Path:
    """Write a table on which a forest takes a while, and return where."""
    file = world.folder / "rain.csv"
    lines = [
        f"{n % 17},{(n * 7) % 31},{(n * n) % 13},{'yes' if (n % 17) * 3 + n % 5 > 24 else 'no'}" for n in range(20_000)
    ]
    file.write_text("\n".join(["a,b,c,wet", *lines]), encoding="utf-8")
    return file


@dataclass
class Slow:
    """A run in a process of its own whose model is being trained."""

    process: "subprocess.Popen[str]"
    log: Path

    def end(self, longest: float = 120) -> tuple[int, str]:
        """Wait for its end; return the exit code and what it printed."""
        try:
            return self.process.wait(longest), self.log.read_text(encoding="utf-8")
        except subprocess.TimeoutExpired:
            raise AssertionError(self.log.read_text(encoding="utf-8")) from None


def slow(world: World, *words: str) -> Slow:
    """Begin a run, and return when nothing of it is left to do before its model is trained."""
    place = world.experiment("slow", SLOW.format(path=rows(world)))
    command = [sys.executable, str(ROOT / "run.py"), place, "+experiment=slow", "pipeline=training", "stack=ray"]
    log = world.folder / f"slow-{len(list(world.folder.glob('slow-*')))}"
    with log.open("w") as output:
        process = subprocess.Popen(
            [*command, *words], cwd=world.folder, env=world.environment(), stdout=output, stderr=output, text=True
        )
    run = Slow(process, log)
    await_baseline(run)
    return run


def await_baseline(run: Slow) -> None:
    until = time.monotonic() + 120
    while "step training.train_baseline " not in run.log.read_text(encoding="utf-8"):
        assert run.process.poll() is None and time.monotonic() < until, run.end(1)
        time.sleep(0.1)


def processes_of(step: str) -> list[psutil.Process]:
    """Return Ray's workers that run a step: each shows the name of its task."""
    running = psutil.process_iter(["cmdline"])
    return [found for found in running if (found.info["cmdline"] or [""])[0].strip() == f"ray::{step}"]


def children_of_servers() -> list[psutil.Process]:
    record = cluster.record_of(Home.here())
    mark = f"-{record.raylet}/socket" if record else "nothing"
    running = psutil.process_iter(["cmdline"])
    servers = [found for found in running if any(word.endswith(mark) for word in found.info["cmdline"] or [])]
    with contextlib.suppress(psutil.Error):
        return [child for server in servers for child in server.children()]
    return []


def busy(longest: float = 30) -> psutil.Process:
    """Return the process of steps that computes."""
    until = time.monotonic() + longest
    while time.monotonic() < until:
        for child in children_of_servers():
            with contextlib.suppress(psutil.Error):  # it has ended
                if child.cpu_percent(0.3) > 8:
                    return child
    raise AssertionError("none of them computes")


def gone(longest: float = 30) -> bool:
    """Wait until no process of steps is left; say whether it came to that."""
    until = time.monotonic() + longest
    while (children_of_servers() or processes_of("train")) and time.monotonic() < until:
        time.sleep(0.2)
    return not children_of_servers() and not processes_of("train")


@pytest.mark.stacks
@pytest.mark.untraced
@pytest.mark.parametrize("retries", [1, *([0] if SOAKING else [])])
def test_a_killed_process_of_steps_is_told_and_tried_again_as_declared(
    world: World, there: Result, retries: int
) -> None:
    run = slow(world, f"stack.resources.train.retries={retries}", f"seed={20 + retries}")
    busy().kill()
    code, out = run.end()
    if retries:
        assert code == 0 and "train is tried again (1 of 1)" in out, out
    else:
        assert code == 1 and "step training.train failed" in out, out
        assert "Step train was lost: its process on" in out
    assert "was killed by SIGKILL" in out


@pytest.mark.stacks
@pytest.mark.untraced
def test_a_killed_command_leaves_no_step_running_and_the_next_one_closes_its_run(world: World, there: Result) -> None:
    run = slow(world, "seed=3")
    busy()
    psutil.Process(run.process.pid).children()[0].kill()
    assert run.end()[0] == 1
    assert gone()
    after = world.run("+experiment=breast_cancer", "pipeline=training", "split.salt=another")
    assert "closed run slow-training-" in after.err


@pytest.mark.stacks
@pytest.mark.untraced
@pytest.mark.parametrize("number", [signal.SIGINT, *([signal.SIGTERM] if SOAKING else [])])
def test_a_signal_ends_the_run_and_what_runs(world: World, there: Result, number: signal.Signals) -> None:
    run = slow(world, f"seed={90 + number}")
    busy()
    os.kill(run.process.pid, number)
    code, out = run.end()
    assert code == 128 + number, out
    assert gone()
    from zenml.client import Client

    found = Client().list_pipeline_runs(name="startswith:slow-training", sort_by="desc:created", hydrate=True).items[0]
    assert found.status.value == "failed"


def test_a_gpu_that_the_cluster_has_not_is_refused_before_anything_begins(world: World, there: Result) -> None:
    refused = world.run("+experiment=breast_cancer", "stack=ray", "stack.resources.train.gpu_count=3")
    assert refused.code == 2 and "stack.resources.train" in refused.err and "0 GPU" in refused.err


def test_an_address_where_no_cluster_answers_is_refused(world: World, there: Result) -> None:
    refused = world.run("+experiment=breast_cancer", "stack=ray", "stack.orchestrator.settings.address=127.0.0.1:1")
    assert refused.code == 2 and "no Ray cluster can be reached at 127.0.0.1:1" in refused.err


def test_a_step_that_raises_is_told_as_where_it_ran(world: World, there: Result) -> None:
    (world.folder / "one.csv").write_text("a,wet\n1,yes\n2,yes\n3,yes\n", encoding="utf-8")
    place = world.experiment("one", SLOW.format(path=world.folder / "one.csv").replace("slow", "one"))
    failed = {
        stack: world.run(place, "+experiment=one", f"stack={stack}", "pipeline=training") for stack in ("local", "ray")
    }
    assert failed["local"].code == failed["ray"].code != 0
    assert failed["local"].summary["error"] == failed["ray"].summary["error"]


def test_the_cluster_is_there_until_it_is_stopped_and_nothing_of_it_is_left(
    world: World, there: Result, capsys: pytest.CaptureFixture[str]
) -> None:
    record = cluster.record_of(Home(world.home))
    assert record is not None and Path(record.folder).exists()
    assert stacks_command(["stop", "ray"]) == 0
    assert "its cluster is stopped" in capsys.readouterr().out
    assert not Path(record.folder).exists() and cluster.record_of(Home(world.home)) is None
    until = time.monotonic() + 20
    while (left := left_of(record)) and time.monotonic() < until:
        time.sleep(0.2)
    assert left == []
    assert stacks_command(["stop", "ray"]) == 0
    assert "no cluster of its runs" in capsys.readouterr().out


def left_of(record: cluster.ClusterRecord) -> list[list[str]]:
    commands = [found.info["cmdline"] or [] for found in psutil.process_iter(["cmdline"])]
    ours = (record.folder, f"-{record.raylet}/socket")
    return [words for words in commands if any(mark in word for word in words for mark in ours)]
