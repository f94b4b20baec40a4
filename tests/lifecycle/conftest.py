"""One real run for the whole session: own homes, a real service, and the command line called as `run.py` calls it."""

import contextlib
import io
import json
import os
import shutil
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cli.main import main
from ml.source_code.parse_cache import ParseCache
from ml.source_code.python_file import PACKAGES
from schemas.home import ROOT, Home
from serving.process import services


@dataclass(frozen=True)
class Result:
    """What one command left: exit code, summary (None when there is none), what it printed."""

    code: int
    summary: Any
    out: str
    err: str

    @property
    def said(self) -> str:
        """All that a person saw of it: what went by, and then why it failed."""
        return f"{self.err}{self.out}"

    @property
    def reused(self) -> set[str]:
        """The training steps that were taken from the cache."""
        return {line.split()[1].removeprefix("training.") for line in self.err.splitlines() if line.endswith(" reused")}

    @property
    def ran(self) -> set[str]:
        """The training steps that ran."""
        done = (
            line.split() for line in self.err.splitlines() if line.startswith("step training.") and " done " in line
        )
        return {words[1].removeprefix("training.") for words in done}


@dataclass(frozen=True)
class World:
    """Folders that belong to the session alone."""

    folder: Path

    @property
    def home(self) -> Path:
        """DRIVETRAIN_HOME."""
        return self.folder / "home"

    def run(self, *words: str) -> Result:
        """Run `python run.py WORDS` in this process."""
        number = len(list(self.folder.glob("output-*")))
        output = self.folder / f"output-{number}"
        output.mkdir()
        out, err = io.StringIO(), io.StringIO()
        with contextlib.chdir(self.folder), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = main([*words, f"hydra.run.dir={output}"])
        path = output / "summary.json"
        summary = json.loads(path.read_text(encoding="utf-8")) if path.exists() else None
        return Result(code, summary, out.getvalue(), err.getvalue())

    def experiment(self, name: str, text: str) -> str:
        """Write an experiment outside the repository; return the words that run it, less the options."""
        folder = self.folder / "mine" / "experiment"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
        return f"--config-dir={folder.parent}"

    def environment(self) -> dict[str, str]:
        """Return the environment of a command in a process of its own."""
        return dict(os.environ)


def ask(url: str, path: str, body: Any = None) -> Any:
    """Return the JSON that a service answers."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{url}{path}", data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as response:
        return json.load(response)


def fresh_world(folder: Path, prepared: bool = True) -> Iterator[World]:
    """Give fresh homes of ZenML and Drivetrain; every service that a test starts is stopped at the end.

    Unless `prepared` is false our source is parsed there already, and ZenML's database has its empty tables: each world
    would take two seconds for it.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ZENML_CONFIG_PATH", str(folder / "zenml"))
        patch.setenv("ZENML_LOCAL_STORES_PATH", str(folder / "zenml-stores"))
        patch.setenv("DRIVETRAIN_HOME", str(folder / "home"))
        forget_store()
        if prepared:
            _parse(Home(folder / "home"))
            _copy_empty_store(folder)
        yield World(folder)
        for service in services.status(folder / "home"):
            services.stop(folder / "home", service.deployment.name)
    forget_store()


def _parse(home: Home) -> None:
    cache = ParseCache(home.cache("source_code.json"))
    for package in PACKAGES:
        for file in (ROOT / package).rglob("*.py"):
            cache.parsed(file)
    cache.save()


def _copy_empty_store(folder: Path) -> None:
    """Give a world ZenML's database as it is before anything is done; it is made once for all worlds of a worker."""
    from zenml.client import Client

    made, place = folder.parent / "empty-zenml", Path("default_zen_store", "zenml.db")
    if not (made / place).exists():
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("ZENML_CONFIG_PATH", str(made / "config"))
            patch.setenv("ZENML_LOCAL_STORES_PATH", str(made))
            forget_store()
            assert Client().active_stack_model.name == "default"
        forget_store()
    (folder / "zenml-stores" / place).parent.mkdir(parents=True)
    shutil.copyfile(made / place, folder / "zenml-stores" / place)


def forget_store() -> None:
    """Let ZenML read its configuration anew: a process keeps the store that it opened first."""
    from zenml.client import Client
    from zenml.config.global_config import GlobalConfiguration
    from zenml.utils import source_utils

    Client._reset_instance()
    GlobalConfiguration._reset_instance()
    source_utils.set_custom_source_root(str(ROOT))  # a worker of pytest has no main module that would tell


@pytest.fixture(scope="session")
def shared_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One world for all files that do not ask for their own."""
    yield from fresh_world(tmp_path_factory.mktemp("world"), prepared=False)


@pytest.fixture(scope="module")
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The shared world, or a fresh one for a file marked `own_worker`."""
    if request.node.get_closest_marker("own_worker") is None:
        yield request.getfixturevalue("shared_world")
    else:
        yield from fresh_world(tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="session")
def first(shared_world: World) -> Result:
    """The shipped experiment, from nothing."""
    return shared_world.run("+experiment=breast_cancer")
