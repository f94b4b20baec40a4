"""A local orchestrator has the GPUs of this machine, and no others."""

from pathlib import Path

import pytest

from schemas.stack import StackSpec
from stacks.checks import this_machine
from tests.stacks.checks.filled import shipped, wrong


def asking(gpus: int) -> StackSpec:
    return shipped("local", {"resources.train.gpu_count": gpus})


def test_a_gpu_that_this_machine_has_not_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(this_machine, "_DEVICES", tmp_path)
    found = wrong(asking(1), sqlite=True)
    assert "this machine has none" in found["stack.resources.train.gpu_count"].message
    assert wrong(asking(0), sqlite=True) == {}


def test_gpus_that_are_there_are_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(this_machine, "_DEVICES", tmp_path)
    for name in ("nvidia0", "nvidia1", "nvidiactl"):
        (tmp_path / name).touch()
    assert wrong(asking(2), sqlite=True) == {}
    assert "has 2" in str(wrong(asking(3), sqlite=True))
