"""This process's connection to a Ray cluster: one at a time, quiet, with our code as the processes there need it."""

import logging
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from schemas.errors import DrivetrainError

_lock = threading.Lock()


@contextmanager
def connected(address: str, code: Path, variables: dict[str, str]) -> Iterator[Any]:
    """Give the module `ray`, connected while the block runs; its tasks end with the connection.

    Args:
        address: As `ray.init` takes it.
        code: The folder of our packages, which Ray copies to each node once.
        variables: Of the environment that the connection needs (a token's file).

    Raises:
        DrivetrainError: If the cluster does not let this process in.
    """
    with _joined(address, code, {"RAY_USAGE_STATS_ENABLED": "0", **variables}) as ray:
        yield ray


@contextmanager
def _joined(address: str, code: Path, variables: dict[str, str]) -> Iterator[Any]:
    with _lock, _handlers_kept(), _variables(variables):
        import ray

        _forget_token()
        with told_plainly(address):
            ray.init(
                address=address,
                runtime_env={"working_dir": str(code)},
                log_to_driver=False,
                logging_level=logging.ERROR,
                configure_logging=False,
            )
    try:
        yield ray
    finally:
        with _lock, _handlers_kept():
            ray.shutdown()


def _forget_token() -> None:
    """Let Ray's library read anew whether a cluster wants a token, and which: it keeps those of the first for good."""
    from ray._raylet import AuthenticationTokenLoader, Config  # type: ignore[attr-defined]

    Config.initialize("")  # first: a thread that still ends would read a token that nobody wants any more
    AuthenticationTokenLoader.instance().reset_cache()


@contextmanager
def told_plainly(address: str) -> Iterator[None]:
    """Tell in one sentence what a cluster does not let this process do.

    Raises:
        DrivetrainError: For whatever is raised in the block.
    """
    try:
        yield
    except Exception as error:  # Ray's own have no common base with Python's, and it raises both
        raise DrivetrainError(f"The Ray cluster at {address} cannot be used: {_first_lines(error)}") from error


@contextmanager
def _variables(given: dict[str, str]) -> Iterator[None]:
    """Set variables while Ray's library connects, and leave none: it sets its own, and services would have them all."""
    before = dict(os.environ)
    os.environ.update(given)
    try:
        yield
    finally:
        for name in set(os.environ) - set(before):
            del os.environ[name]
        os.environ.update(before)


@contextmanager
def _handlers_kept() -> Iterator[None]:
    """Keep what this program does on a signal: Ray puts handlers of its own in place."""
    in_main = threading.current_thread() is threading.main_thread()
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)} if in_main else {}
    try:
        yield
    finally:
        for number, handler in before.items():
            if handler is not None:
                signal.signal(number, handler)


def _first_lines(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return " ".join(lines[:6]) or type(error).__name__
