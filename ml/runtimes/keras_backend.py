"""Keras and what it computes with: chosen before Keras is imported first, then the same for the whole process."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Literal, get_args

from ml.io.scratch import scratch_folder
from schemas.errors import ConfigurationError, Fault

Backend = Literal["jax", "tensorflow", "torch"]
BACKENDS: tuple[Backend, ...] = get_args(Backend)
_REQUIREMENTS: Mapping[Backend, str] = {"jax": "jax>=0.10", "tensorflow": "tensorflow>=2.18", "torch": "torch>=2.6"}
# Asked for on import only: no log lines of compilers, and no more of a GPU's memory than is used.
_QUIET = {"TF_CPP_MIN_LOG_LEVEL": "2", "XLA_PYTHON_CLIENT_PREALLOCATE": "false"}

# What Keras imports if it is there, for uses that are not ours: 110 MB and a second of a service's start.
_OPTIONAL = ("matplotlib", "pandas", "sklearn")


def faults(backend: Backend) -> list[Fault]:
    """Return why Keras cannot be used with a backend here, without importing it; paths are relative to `trainer`."""
    absent = missing(backend)
    if absent:
        names = " and ".join(absent)
        text = f"needs Keras with {backend}, but {names} {'is' if len(absent) == 1 else 'are'} not installed"
        return [Fault("backend", text, install(backend))]
    known = loaded()
    return [] if known in (None, backend) else [_taken(backend, str(known))]


def missing(backend: Backend) -> list[str]:
    """Return which of Keras and the backend's library are not installed."""
    return [name for name in ("keras", backend) if find_spec(name) is None]


def install(backend: Backend) -> str:
    """Return the command that installs both."""
    return f"pip install 'keras>=3.15' '{_REQUIREMENTS[backend]}'"


def loaded() -> str | None:
    """Return the backend that Keras computes with in this process, None before its first import."""
    keras = sys.modules.get("keras")
    return None if keras is None else str(keras.config.backend())


def load(backend: Backend) -> Any:
    """Import Keras with a backend and return the module.

    Raises:
        ConfigurationError: If it is not installed, or Keras computes with another backend in this process already.
    """
    wrong = faults(backend)
    if wrong:
        raise ConfigurationError([Fault(f"trainer.{one.path}", one.message, one.hint) for one in wrong])
    if loaded() is None:
        with (
            scratch_folder("keras") as home,
            _environment({"KERAS_BACKEND": backend, "KERAS_HOME": home}),
            _without(_OPTIONAL),
        ):
            import keras
        _full_float32(backend)
    import keras

    return keras


def _taken(backend: str, known: str) -> Fault:
    text = f"this process computes with Keras on {known} already, and Keras takes one backend a process, not {backend}"
    return Fault("backend", text, "start a run of its own for each backend instead of a sweep over them")


@contextmanager
def _environment(wanted: Mapping[str, str]) -> Iterator[None]:
    """Set variables; Keras would else create its settings in the person's home, and read what stands there."""
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, earlier in before.items():
            if earlier is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = earlier


@contextmanager
def _without(names: tuple[str, ...]) -> Iterator[None]:
    """Let an import find none of the libraries that are not loaded yet."""
    absent = [name for name in names if name not in sys.modules]
    sys.modules.update(dict.fromkeys(absent))  # type: ignore[arg-type]  # None is how Python says that there is none
    try:
        yield
    finally:
        for name in absent:
            sys.modules.pop(name, None)


def _full_float32(backend: Backend) -> None:
    """Multiply matrices in full float32 on a GPU too: a prediction must be the same where there is none."""
    if backend == "jax":
        import_module("jax").config.update("jax_default_matmul_precision", "highest")
    elif backend == "tensorflow":
        import_module("tensorflow").config.experimental.enable_tensor_float_32_execution(False)
