"""`deploy.rollout`: a name, or the stages themselves, whose faults are told as all others are."""

from collections.abc import Callable

import pytest

from schemas.errors import Fault
from schemas.rollout import RolloutSpec
from schemas.run import Run

Faults = Callable[..., dict[str, Fault]]
Load = Callable[..., Run]
BASE = "+experiment=breast_cancer"


@pytest.mark.parametrize(
    ("overrides", "stages"),
    [
        ([], None),
        (["deploy.rollout=canary"], None),
        (["deploy.rollout=staged"], RolloutSpec()),
        (["deploy=staged"], RolloutSpec()),
        (["deploy=staged", "deploy.rollout.quality=0.1"], RolloutSpec(quality=0.1)),
        (["deploy.rollout={quality:0.1,latency:false}"], RolloutSpec(quality=0.1, latency=None)),
        (["deploy=staged", "deploy.rollout=replace"], None),
    ],
)
def test_stages_are_declared_by_a_name_or_in_full(overrides: list[str], stages: RolloutSpec | None, load: Load) -> None:
    assert load(BASE, *overrides).deploy.stages == stages


@pytest.mark.parametrize(
    ("override", "path", "text"),
    [
        ("deploy.rollout=stagd", "deploy.rollout", "'staged'"),
        ("deploy.rollout={qality:0.1}", "deploy.rollout.qality", "Did you mean 'quality'?"),
        ("deploy.rollout={quality:1.5}", "deploy.rollout.quality", "less than 1"),
        ("deploy.rollout={stages:[{share:2},{share:1}]}", "deploy.rollout.stages[0].share", "not a share of traffic"),
        ("deploy.rollout={stages:[{share:0.2},{share:1}]}", "deploy.rollout", "has no end"),
    ],
)
def test_a_fault_of_the_block_names_its_key(override: str, path: str, text: str, faults: Faults) -> None:
    found = faults(BASE, override)
    assert list(found) == [path] and text in str(found[path]), found
