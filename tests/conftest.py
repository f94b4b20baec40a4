"""How the suite spreads over the workers."""

import gc
import os
import signal
from collections.abc import Generator, Iterator
from contextlib import nullcontext
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.quick import ELSEWHERE, mark_slow, nothing_slow_starts
from tests.tracing import trace_no_process, untraced

ROOT = Path(__file__).resolve().parent
_TOGETHER = ("lifecycle", "serving")  # their tests share a session's real run or service
# Begun last, what takes minutes would leave the other workers idle at the end.
_FIRST = (*_TOGETHER, "alone", "ml")

# What a person's shell may hold: proxies, though every server of a test is on this machine, and what Rich takes a
# terminal to be, though tests say for themselves what is one.
SHELL_VARIABLES = (
    *("http_proxy", "https_proxy", "all_proxy"),
    *("force_color", "no_color", "tty_compatible", "tty_interactive", "columns", "lines"),
)


def pytest_configure(config: pytest.Config) -> None:
    """Save time that says nothing about the code under test.

    A worker holds a gigabyte of libraries' objects, and the collector would walk them again and again. To trace the
    processes that tests start doubles what those take; most of what they run is called by tests in the worker too.
    """
    gc.set_threshold(100_000, 50, 100)
    if config.option.markexpr not in ELSEWHERE:
        # Half the time of a small network goes into compiling it: quick compilation, slower networks.
        os.environ.setdefault("XLA_FLAGS", "--xla_backend_optimization_level=0")
    if hasattr(config, "workerinput"):
        trace_no_process()
    elif config.pluginmanager.has_plugin("xdist"):
        _let_workers_write_what_they_measured()


def _let_workers_write_what_they_measured() -> None:
    """Wait for workers: each writes its coverage as it exits, and xdist kills one that takes more than ten seconds."""
    from xdist.workermanage import NodeManager  # type: ignore[import-untyped,unused-ignore]

    NodeManager.EXIT_TIMEOUT = 120


@pytest.fixture(scope="session", autouse=True)
def children_can_be_interrupted() -> Iterator[None]:
    """Let the processes that tests start heed Ctrl-C, however the suite was started.

    A shell starts what runs in the background (`make test &`) with SIGINT ignored, and a process hands that on. A
    signal with a handler is the default one again in a new program; a handler that does nothing keeps the suite deaf.
    """
    ignored = signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    if ignored:
        signal.signal(signal.SIGINT, lambda _number, _frame: None)
    yield
    if ignored:
        signal.signal(signal.SIGINT, signal.SIG_IGN)


@pytest.fixture(scope="session", autouse=True)
def shell_variables_are_left_out() -> Iterator[None]:
    """Run tests, and what they start, without the variables of a shell that would change what is tested."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.lower() in SHELL_VARIABLES]:
            patch.delenv(name)
        yield


@pytest.fixture(scope="session", autouse=True)
def bentoml_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the Bentos that tests build out of the person's own store; BentoML looks once a process where its is."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BENTOML_HOME", str(tmp_path_factory.mktemp("bentoml")))
        yield


@pytest.fixture(scope="session", autouse=True)
def one_authority_is_trusted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Let a client be made in no time: httpx reads all certificates for each, 20 ms, and no test speaks TLS."""
    import certifi

    end = "-----END CERTIFICATE-----\n"
    first = Path(certifi.where()).read_text(encoding="utf-8").partition(end)[0] + end
    file = tmp_path_factory.mktemp("authority") / "one.pem"
    file.write_text(first, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(file))
        yield


@pytest.hookimpl(tryfirst=True)  # before pytest leaves out what -m does not ask for
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is slow; begin with the folders whose tests take longest, there with the run on which others build."""
    for item in items:
        mark_slow(item, ROOT)

    def rank(item: pytest.Item) -> tuple[int, bool]:
        folder, *_ = item.path.relative_to(ROOT).parts
        kind = "alone" if _is_alone(item.path) else folder
        place = _FIRST.index(kind) if kind in _FIRST else len(_FIRST)
        return place, item.path.name != "test_first_run.py"

    items.sort(key=rank)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Keep a file on one worker, and of some folders all files; a file marked `own_worker` goes alone."""
    from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped,unused-ignore]

    class Together(LoadScopeScheduling):  # type: ignore[misc,unused-ignore]
        def _split_scope(self, nodeid: str) -> str:
            file, _, test = nodeid.partition("::")
            # The matrix shares a service an experiment, the first word of its parameters.
            return f"{file}{test.partition('-')[0]}" if _is_matrix(file) else _group(file)

    config.option.loadscopereorder = False  # else the files with most tests come first, however short those are
    return Together(config, log)


@cache
def _group(file: str) -> str:
    path = ROOT.parent / file
    folder, *_ = path.relative_to(ROOT).parts
    return folder if folder in _TOGETHER and not _is_alone(path) else file


@cache
def _is_alone(path: Path) -> bool:
    return "pytest.mark.own_worker" in path.read_text(encoding="utf-8")


@cache
def _is_matrix(file: str) -> bool:
    return Path(file).name.startswith("test_every_experiment_")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, Any, Any]:
    """Hold quick tests to what they may start; measure no coverage in tests marked `untraced` and what they set up.

    Others cover what they call, and tracing doubles the time of a test.
    """
    with nothing_slow_starts(item), untraced() if item.get_closest_marker("untraced") else nullcontext():
        return (yield)
