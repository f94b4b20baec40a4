"""Composing and parsing in process, in an empty current folder that must stay empty."""

from collections.abc import Callable
from pathlib import Path

import pytest

from cli.config.arguments import parse_arguments
from cli.config.compose import compose
from cli.config.load import load_run
from schemas.errors import ConfigurationError, Fault
from schemas.run import Run
from tests.tracing import untraced

Load = Callable[..., Run]
Faults = Callable[..., dict[str, Fault]]


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, empty; ZenML and we would leave things in it and nowhere else."""
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    monkeypatch.setenv("ZENML_CONFIG_PATH", str(here / "zenml"))
    monkeypatch.setenv("DRIVETRAIN_HOME", str(here / "home"))
    return here


@pytest.fixture
def load(empty: Path) -> Load:
    """Read command-line words into a Run; composing, most of the time that takes, is measured in `test_compose.py`."""

    def loaded(*words: str) -> Run:
        with untraced():
            composition = compose(parse_arguments(list(words)))
        return load_run(composition)

    return loaded


@pytest.fixture
def faults(load: Load) -> Faults:
    """Return the faults of command-line words by path."""

    def found(*words: str) -> dict[str, Fault]:
        with pytest.raises(ConfigurationError) as caught:
            load(*words)
        return {fault.path: fault for fault in caught.value.faults}

    return found


@pytest.fixture
def outside(tmp_path: Path) -> Callable[..., Path]:
    """Write YAML files into a folder for --config-dir and return it."""

    def write(**files: str) -> Path:
        folder = tmp_path / "outside"
        for name, text in files.items():
            path = folder / f"{name.replace('__', '/')}.yaml"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return folder

    return write
