"""A process on each node that has imported all that steps need, and forks for every process of steps.

To import what a step needs takes seconds, to fork takes milliseconds. So one process a node imports it once, starts no
thread, opens no store, and forks a child for each connection: the child runs steps of one run, with that run's
environment, and ends with its connection. The server ends with the process that it is told to watch (the node's
manager), or when nobody has asked for anything for a while.

    python -m stacks.remote.fork_server SOCKET WATCHED_PID
"""

import gc
import importlib
import os
import select
import signal
import socket
import sys
import time
import traceback
from contextlib import suppress
from pathlib import Path

from ml.io.process_token import fate_of, started_at
from ml.io.processes import end_with_parent, signal_name
from stacks.quiet import QUIET
from stacks.remote.lines import Lines

IDLE_SECONDS = 3600.0
"""Seconds without a connection after which a server ends."""
_LOOK_MILLISECONDS = 1000
_HUNG_UP = getattr(select, "POLLRDHUP", 0)  # Linux has it; elsewhere POLLHUP alone tells, which needs no asking
_COLLECTIONS = (100_000, 50, 100)  # as seldom as in a command: what a step leaves are no circles
# What steps import late, and nearly every run needs. None of them starts a thread or opens anything when imported.
_IMPORTED = (
    *("zenml.client", "zenml.orchestrators.step_launcher", "zenml.orchestrators.step_runner"),
    *("zenml.zen_stores.sql_zen_store", "zenml.zen_stores.rest_zen_store", "zenml.zen_stores.template_utils"),
    *("zenml.log_stores.artifact.artifact_log_store", "zenml.image_builders.local_image_builder"),
    *("sqlalchemy.dialects.mysql", "sqlalchemy.dialects.sqlite", "sqlalchemy.dialects.postgresql"),
    *("stacks.remote.step_process", "stacks.remote.orchestrator", "stacks.flavors.ray_orchestrator"),
    *("stacks.flavors.whylogs_data_validator", "stacks.flavors.bentoml_deployer", "stacks.flavors.s3_artifact_store"),
    *("ml.trainers.sklearn.presets", "ml.trainers.sklearn.pipeline", "ml.trainers.sklearn.export"),
    *("ml.trainers.constant", "ml.trainers.rules", "ml.runtimes.rules", "ml.split.random", "ml.split.stratified"),
    *("ml.sources.csv", "ml.sources.parquet", "ml.monitoring.profiles", "ml.package.model", "ml.checks.run"),
    *(
        "ml.gate.thresholds",
        "ml.gate.beat_baseline",
        "ml.gate.no_worse_than_production",
        "datasketches",
        "pandera.pandas",
    ),
    *("sklearn.linear_model", "sklearn.ensemble", "sklearn.metrics", "sklearn.pipeline", "sklearn.preprocessing"),
    *("steps.materializers.frame", "steps.materializers.package", "steps.materializers.schema", "steps.components"),
    *("steps.materializers.profile", "serving.releases.package_cache", "serving.journal.labelled", "zenml"),
    *("scipy.stats", "scipy.optimize", "skl2onnx", "onnxruntime", "pyarrow.dataset", "jinja2", "filelock"),
)


def main() -> None:
    """Import, listen, fork."""
    place, watched = Path(sys.argv[1]), int(sys.argv[2])
    sys.path.insert(0, str(Path.cwd()))
    os.environ.update(QUIET)
    for name in (*_IMPORTED, *_modules("ml")):
        importlib.import_module(name)
    gc.collect()
    gc.freeze()  # a collection in a child would copy every page
    gc.set_threshold(*_COLLECTIONS)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    waiting = place.with_suffix(".new")
    waiting.unlink(missing_ok=True)
    listener.bind(str(waiting))
    listener.listen(64)
    waiting.rename(place)
    try:
        _Server(listener, watched).serve()
    finally:
        for left in (place, place.parent / "log", place.parent / "lock"):
            left.unlink(missing_ok=True)
        with suppress(OSError):  # somebody begins another one in there
            place.parent.rmdir()


def _modules(package: str) -> list[str]:
    """Return all modules of a package of ours but Keras's; those of steps would open a store as they are imported."""
    root = Path.cwd()
    names = (".".join(file.relative_to(root).with_suffix("").parts) for file in sorted((root / package).rglob("*.py")))
    return [name.removesuffix(".__init__") for name in names if "keras" not in name]


def _since(watched: int) -> int | None:
    try:
        return started_at(watched)
    except OSError:  # it has ended
        return None


def _end_group(child: int) -> None:
    """Kill a child that is not waited for yet, and what it began; it may not have come to a group of its own."""
    for kill in (os.killpg, os.kill):
        with suppress(ProcessLookupError):
            kill(child, signal.SIGKILL)


class _Server:
    def __init__(self, listener: socket.socket, watched: int) -> None:
        self._listener, self._watched, self._since = listener, watched, _since(watched)
        self._poll = select.poll()
        self._poll.register(listener, select.POLLIN)
        self._children: dict[int, tuple[socket.socket, int]] = {}  # by the connection's number
        self._busy = time.monotonic()

    def serve(self) -> None:
        """Serve until the watched process is gone, or nobody asks any more."""
        while self._is_wanted():
            for number, event in self._poll.poll(_LOOK_MILLISECONDS):
                if number == self._listener.fileno():
                    self._fork()
                elif event & (select.POLLHUP | _HUNG_UP | select.POLLERR):
                    self._hung_up(number)
            self._reap()
        for number in list(self._children):
            self._hung_up(number)

    def _is_wanted(self) -> bool:
        if self._children:
            self._busy = time.monotonic()
        alive = self._since is not None and fate_of(self._watched, self._since) == "alive"
        return alive and time.monotonic() - self._busy < IDLE_SECONDS

    def _fork(self) -> None:
        connection, _ = self._listener.accept()
        parent, child = os.getpid(), os.fork()
        if not child:
            self._become_child(connection, parent)
        self._children[connection.fileno()] = (connection, child)
        self._poll.register(connection, _HUNG_UP)

    def _become_child(self, connection: socket.socket, parent: int) -> None:
        """Run steps until the connection ends, and never return."""
        code = 1
        try:
            os.setsid()
            end_with_parent(parent)
            self._listener.close()
            for other, _ in self._children.values():
                other.close()
            from stacks.remote.step_process import serve

            serve(Lines(connection))
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(code)

    def _hung_up(self, number: int) -> None:
        """End the child whose other side is gone: nobody wants what it makes."""
        connection, child = self._children.pop(number)
        self._poll.unregister(connection)
        connection.close()
        _end_group(child)
        with suppress(ChildProcessError):
            os.waitpid(child, 0)

    def _reap(self) -> None:
        """Tell whoever waits for a child that ended by itself how it ended."""
        for number, (connection, child) in list(self._children.items()):
            if os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
                continue
            _end_group(child)  # what it began goes with it; until it is waited for, nothing else has its number
            _, status = os.waitpid(child, 0)
            killed = os.WIFSIGNALED(status)
            how = f"killed by {signal_name(os.WTERMSIG(status))}" if killed else f"ended with {os.WEXITSTATUS(status)}"
            with suppress(OSError):
                Lines(connection).send({"died": how})
            del self._children[number]
            self._poll.unregister(connection)
            connection.close()


if __name__ == "__main__":
    main()
