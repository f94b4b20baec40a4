"""A sound trainer with one thing wrong has that one violation."""

from typing import Any

import pytest

from drivetrain import (
    Fault,
)
from drivetrain.testing import (
    check_trainer,
)
from tests.conformance.sound import Same, altered, only, raising

TRAINERS: list[tuple[dict[str, Any], str, str]] = [
    ({"faults": classmethod(lambda cls, params, task: [Fault("x", "no")])}, "parameters", "refuses the parameters"),
    ({"faults": classmethod(lambda cls, params, task: ["no"])}, "parameters", "something else than drivetrain.Fault"),
    ({"faults": classmethod(raising(KeyError("x")))}, "parameters", "raised KeyError"),
    ({"tasks": "binary"}, "tasks", "tasks are 'binary'"),
    ({"tasks": ()}, "tasks", "tasks are ()"),
    ({"Params": dict}, "declared", "no Params that is a pydantic model"),
]


@pytest.mark.parametrize(("changed", "check", "message"), TRAINERS)
def test_a_trainer_with_one_thing_wrong(changed: dict[str, Any], check: str, message: str) -> None:
    only(check_trainer(altered(Same, **changed)), check, message)


def test_a_trainer_that_cannot_be_fitted_is_told_once_a_check() -> None:
    found = check_trainer(altered(Same, tasks=("binary",), fitted=raising(ValueError("no"))))
    assert {one.check for one in found} == {"deterministic", "predictions", "round trip"}
    assert [one.message for one in found][1:] == ["nothing was fitted", "nothing was fitted"]
