"""A run that is killed anywhere between training and deployment: the next command closes, finishes or undoes it."""

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from ml.package.storage import verify
from schemas.home import ROOT, Home
from serving.journal.location import journal_url
from serving.journal.tables import exists, open_existing
from serving.process import records, services
from serving.process.members import members
from serving.releases import events
from tests.lifecycle.conftest import World, fresh_world
from tests.soak import SOAKING, count
from tests.tracing import processes_traced

pytestmark = [pytest.mark.own_worker, pytest.mark.untraced, pytest.mark.timeout(3600)]

NAME = "tiny"
TINY = """\
# @package _global_
defaults:
  - override /data: csv
  - override /trainer: logistic_regression
name: tiny
data: {path: mine/tiny.csv, target: returned}
gate: {no_worse_than_production: null}
"""
CODES = {"SIGKILL": 1, "SIGTERM": 143, "SIGINT": 130}
STORE = "zenml.zen_stores.sql_zen_store:SqlZenStore"
# Of each list the first one is in the suite.
TRAINING = (
    "zenml:log_metadata@before",
    "ml.package.files:store#4",
    f"{STORE}.get_or_create_run",
    "zenml.zen_stores.schemas:ModelVersionSchema.to_model@before",
    f"{STORE}.create_run_step@before#14",
    "zenml:log_metadata",
    "steps.materializers.package:PackageMaterializer.extract_metadata@before seed=3",
)
FIRST_DEPLOYMENT = (
    "serving.releases.events:append",
    "bentoml:build",
    "serving.process.bento:build",
    "serving.process.launch:start",
    "serving.process.records:write",
    "serving.releases.events:append#2",
    f"{STORE}.create_deployment",
    f"{STORE}.update_deployment@before",
)
NEXT_DEPLOYMENT = (
    "serving.releases.publisher:publish",
    "serving.releases.events:append",
    "serving.releases.events:append#2",
    "pipelines.execution.registry_stage:mirror_stage@before",
    "pipelines.execution.registry_stage:mirror_stage#2",
    f"{STORE}.update_deployment@before",
    "serving.process.launch:end deploy.deadline=7",
    "serving.process.launch:start deploy.deadline=8",
)


@dataclass(frozen=True)
class Killed:
    """A world whose runs are processes of their own, with temporary folders of their own."""

    world: World

    @property
    def store(self) -> Path:
        """ZenML's database."""
        return self.world.folder / "zenml-stores" / "default_zen_store" / "zenml.db"

    @property
    def temporary(self) -> Path:
        """Where its processes make their temporary files."""
        return self.world.folder / "tmp"

    @property
    def environment(self) -> dict[str, str]:
        """What its processes see."""
        bentos = str(self.world.folder / "bentoml")  # its runs are killed while they build
        return {**os.environ, "TMPDIR": str(self.temporary), "PYTHONPATH": str(ROOT), "BENTOML_HOME": bentos}

    def start(self, *words: str, program: tuple[str, ...] = (str(ROOT / "run.py"),)) -> "subprocess.Popen[str]":
        """Start a run."""
        return subprocess.Popen(
            [sys.executable, *program, f"--config-dir={self.world.folder}/mine", "+experiment=tiny", *words],
            cwd=self.world.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def stopped(self, point: str, name: str, *words: str) -> str:
        """Run until a signal arrives at a point; return what it printed."""
        process = self.start(*words, program=("-m", "tests.lifecycle.stopped", point, name))
        text = _text(process)
        assert process.returncode == CODES[name], f"{process.returncode}: {text}"
        return text

    def run(self, *words: str) -> tuple[int, str]:
        """Run to the end; return exit code and output."""
        process = self.start(*words)
        text = _text(process)
        return process.returncode, text

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Ask ZenML's database."""
        with sqlite3.connect(self.store) as database:
            return database.execute(query).fetchall()

    def wrong(self) -> Iterator[str]:
        """Yield what is not as it should be while no run lives."""
        for table in ("pipeline_run", "step_run"):
            states = "('failed', 'completed', 'cached', 'skipped', 'stopped')"
            yield from (
                f"{table} {row}" for row in self.rows(f"select name, status from {table} where status not in {states}")
            )
        yield from (f"half registered: version {row[0]}" for row in self.rows(_WITHOUT_VERDICT))
        yield from (f"left over: {path}" for path in self._left_over())
        yield from self._wrong_in_production()

    def _left_over(self) -> Iterator[Path]:
        yield from self.temporary.glob("drivetrain-*")
        yield from self.world.home.rglob(".*.partial")
        yield from (self.world.home / "deployments").glob(".*.publishing")

    def _wrong_in_production(self) -> Iterator[str]:
        url = journal_url(Home(self.world.home), NAME)
        stream = _events(url) if exists(url) else []
        yield from (f"open announcement {event}" for event in events.open_announcements(stream))
        current = events.current(stream)
        staged = [str(row[0]) for row in self.rows("select number from model_version where stage = 'production'")]
        if staged != ([current.version] if current else []):
            yield f"ZenML's production is {staged}, the pointer {current}"
        living = members(records.settings_path(self.world.home, NAME))
        if current is None and living:
            yield f"a service without a version lives: {living}"
        if current is not None:
            verify(Path(current.package_url))
            status = services.status(self.world.home, NAME)[0]
            if not status.ready:
                yield f"production is down: {status}"


_WITHOUT_VERDICT = """
select number from model_version where id not in (
    select resource_id from run_metadata_resource join run_metadata on run_metadata.id = run_metadata_id
    where key = 'gate')
"""


def _events(url: str) -> list[events.Event]:
    engine = open_existing(url)
    try:
        with engine.connect() as connection:
            return events.read(connection)
    finally:
        engine.dispose()


def _text(process: "subprocess.Popen[str]") -> str:
    return process.communicate(timeout=300)[0]


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Killed]:
    """A world of the file's tests, in which nothing was ever run at the beginning."""
    yield from _worlds(tmp_path_factory.mktemp("killed"))


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Killed]:
    """A world in which nothing was ever run."""
    yield from _worlds(tmp_path)


@pytest.fixture
def deployed(killed: Killed) -> Killed:
    """The file's world, with a version in production."""
    if _current(killed) is None:
        assert killed.run()[0] == 0
    return killed


def write_table(folder: Path) -> None:
    """Write the rows that the experiment learns from."""
    drawn = random.Random(1)
    weights = [drawn.uniform(0, 10) for _ in range(160)]
    lines = (f"{weight:.2f},{'yes' if weight + drawn.gauss(0, 0.5) > 5 else 'no'}" for weight in weights)
    (folder / "mine" / "tiny.csv").write_text("\n".join(["weight,returned", *lines]) + "\n", encoding="utf-8")


def _worlds(folder: Path) -> Iterator[Killed]:
    for world in fresh_world(folder):
        world.experiment("tiny", TINY)
        write_table(world.folder)
        found = Killed(world)
        found.temporary.mkdir()
        yield found


@dataclass(frozen=True)
class Before:
    """What was there before a run that is killed."""

    current: str | None
    versions: frozenset[str]

    @classmethod
    def of(cls, killed: Killed) -> "Before":
        """Look at a world in which nothing runs."""
        return cls(_current(killed), _versions(killed))


def _next(killed: Killed, before: Before) -> str:
    """Run a command after a kill, and see that all is well and production what it was or should be; what it said."""
    code, text = killed.run("pipeline=explore")
    assert code == 0, text
    assert "Traceback" not in text
    assert list(killed.wrong()) == [], text
    assert _current(killed) in (before.current, *_versions(killed) - before.versions), text
    return text


def _current(killed: Killed) -> str | None:
    url = journal_url(Home(killed.world.home), NAME)
    event = events.current(_events(url)) if exists(url) else None
    return None if event is None else event.version


def _versions(killed: Killed) -> frozenset[str]:
    found = killed.rows("select number from model_version") if killed.store.exists() else []
    return frozenset(str(row[0]) for row in found)


@pytest.mark.parametrize("point", TRAINING[: count(1, 99)])
def test_the_next_run_clears_up_after_a_kill_in_training(killed: Killed, point: str) -> None:
    before = Before.of(killed)
    point, *words = point.split()
    killed.stopped(point, "SIGKILL", "pipeline=training", *words)
    time.sleep(2)  # so that the last sign of life is not the time of the next run
    with processes_traced():
        text = _next(killed, before)
    if point == TRAINING[0]:
        _check_closed(killed, text)


@pytest.mark.parametrize("point", FIRST_DEPLOYMENT[: count(1, 99)])
def test_the_next_run_clears_up_after_a_kill_in_a_first_deployment(fresh: Killed, point: str) -> None:
    fresh.stopped(point, "SIGKILL")
    _next(fresh, Before(None, frozenset()))


@pytest.mark.parametrize("point", NEXT_DEPLOYMENT[: count(1, 99)])
def test_the_next_run_clears_up_after_a_kill_in_a_later_deployment(deployed: Killed, point: str) -> None:
    before = Before.of(deployed)
    point, *words = point.split()
    deployed.stopped(point, "SIGKILL", *words)
    with processes_traced():
        _next(deployed, before)


def _check_closed(killed: Killed, text: str) -> None:
    """See that the last training was told, and closed at its last sign of life."""
    ((name, ended, updated),) = killed.rows(
        "select pipeline_run.name, pipeline_run.end_time, max(step_run.start_time) from pipeline_run"
        " join step_run on pipeline_run_id = pipeline_run.id where pipeline_run.id ="
        " (select id from pipeline_run where name like 'tiny-training-%' order by created desc limit 1)"
    )
    assert f"note: closed run {name}, whose process is gone since {ended[:16]} UTC" in text
    assert abs(_seconds(ended) - _seconds(updated)) < 1
    reasons = killed.rows(f"select status, status_reason from pipeline_run where name = '{name}'")
    assert reasons[0][0] == "failed" and "is gone" in reasons[0][1]


def _seconds(text: str) -> float:
    hours, minutes, seconds = text.split(" ")[1].split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)


INTERRUPTED = [("SIGTERM", "zenml:log_metadata@before", 41), ("SIGINT", "ml.package.files:store#4", 42)]


@pytest.mark.parametrize(("name", "point", "seed"), INTERRUPTED[: count(1, 2)])
def test_an_interrupted_run_closes_its_own_step(killed: Killed, name: str, point: str, seed: int) -> None:
    text = killed.stopped(point, name, "pipeline=training", f"seed={seed}")
    assert "Traceback" not in text and killed.rows(_WITHOUT_VERDICT) == []
    states = killed.rows("select name, status from step_run union select name, status from pipeline_run")
    assert not [state for state in states if state[1] in ("running", "initializing")]


def test_a_run_that_lives_is_left_alone(killed: Killed) -> None:
    living = killed.start(
        "pipeline=training", program=("-m", "tests.lifecycle.stopped", "zenml:log_metadata@before", "SIGSTOP")
    )
    try:
        _wait_for_stop(living)
        code, text = killed.run("pipeline=explore")
        assert (code, "closed run" in text) == (0, False)
        assert killed.rows("select count(*) from step_run where status = 'running'") == [(1,)]
    finally:
        os.kill(run_of(living), signal.SIGCONT)
    text = _text(living)
    assert living.returncode == 0, text
    assert list(killed.wrong()) == []


def run_of(process: "subprocess.Popen[str]") -> int:
    """Return the process of the run itself, which the one that was started watches."""
    children = psutil.Process(process.pid).children()
    return int(children[0].pid) if children else process.pid


def _wait_for_stop(process: "subprocess.Popen[str]") -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if Path(f"/proc/{run_of(process)}/stat").read_text().rpartition(")")[2].split()[0] == "T":
            return
        time.sleep(0.05)
    raise AssertionError("the run did not stop")


if SOAKING:  # the suite kills at one point of each list

    def test_kills_at_random_times(killed: Killed) -> None:
        drawn = random.Random(20)
        for turn in range(100):
            before, name = Before.of(killed), list(CODES)[turn % 3]
            process = killed.start()
            time.sleep(drawn.uniform(0.5, 9.0))
            process.send_signal(signal.Signals[name])
            text = _text(process)
            assert "Traceback" not in text, text
            _next(killed, before)


def test_afterwards_a_run_deploys_as_ever(killed: Killed) -> None:
    code, text = killed.run()
    assert code == 0, text
    summary = next(line for line in text.splitlines() if line.startswith("summary: ")).removeprefix("summary: ")
    version = json.loads(Path(summary).read_text(encoding="utf-8"))["model"]["version"]
    assert version == _current(killed)
    assert list(killed.wrong()) == []
