"""What the tests of networks share: compiled code."""

from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest

from ml.runtimes import keras_backend


@pytest.fixture(scope="module", autouse=True)
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep what JAX compiles in a folder: most networks here are alike, and compiling takes longer than training."""
    keras_backend.load("jax")
    config = import_module("jax").config
    settings: dict[str, Any] = {
        "jax_compilation_cache_dir": str(tmp_path_factory.mktemp("compiled")),
        "jax_persistent_cache_min_compile_time_secs": 0.0,
        "jax_persistent_cache_min_entry_size_bytes": -1,
    }
    before = {name: getattr(config, name) for name in settings}
    for values in (settings, before):
        for name, value in values.items():
            config.update(name, value)
        if values is settings:
            yield
