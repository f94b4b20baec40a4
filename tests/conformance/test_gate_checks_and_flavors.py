"""A gate check, parameters or a flavor with one thing wrong has that one violation."""

from abc import abstractmethod
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from pydantic import BaseModel, Field

from drivetrain import (
    CheckOutcome,
    Evidence,
    Strict,
)
from drivetrain.testing import (
    check_flavor,
    check_gate_check,
    require,
    unasked_imports,
)
from tests.conformance.sound import Fine, Lines, altered, only, raising


class Inner(BaseModel):
    """A part."""

    depth: int = 1


class Nested(Strict):
    """Parts."""

    parts: list[Inner] = Field(default=[], description="the parts")


def test_parameters_of_parameters_are_described_and_strict_too() -> None:
    found = check_gate_check(altered(Fine, Params=Nested))
    assert {one.check for one in found} == {"described", "strict"}
    assert any("Inner.depth" in one.message for one in found) and any("Inner takes" in one.message for one in found)


CHECKS: list[tuple[Callable[..., Any], str, str]] = [
    (lambda self, evidence: [], "outcomes", "check gives [], not a list of outcomes"),
    (lambda self, evidence: ["passed"], "outcomes", "no drivetrain.CheckOutcome"),
]


@pytest.mark.parametrize(("check", "name", "message"), CHECKS)
def test_a_gate_check_with_one_thing_wrong(check: Callable[..., Any], name: str, message: str) -> None:
    found = check_gate_check(altered(Fine, check=check))
    only([one for one in found if one.check != "empty"], name, message)


def test_a_gate_check_that_changes_its_mind() -> None:
    def check(self: Any, evidence: Evidence) -> list[CheckOutcome]:
        why = str(np.random.default_rng().random())
        return [CheckOutcome(name="moody", value=None, threshold=None, passed=True, why=why)]

    only(check_gate_check(altered(Fine, check=check)), "deterministic", "another verdict")


def test_flavors_are_tried_without_a_store() -> None:
    from zenml.alerter.base_alerter import BaseAlerter, BaseAlerterConfig, BaseAlerterFlavor
    from zenml.utils.secret_utils import SecretField

    class Settings(BaseAlerterConfig):
        """Settings."""

        token: str = SecretField(description="of the hub")

    class Unfinished(BaseAlerter):
        @abstractmethod
        def page(self) -> None: ...

    def flavor(**changed: Any) -> type[Any]:
        sound = {"name": "pager", "config_class": Settings, "implementation_class": BaseAlerter}
        return altered(BaseAlerterFlavor, **{**sound, **changed})

    require(check_flavor(flavor(), name="pager"))
    only(check_flavor(flavor(), name="beeper"), "named", "the entry point calls it 'beeper'")
    only(check_flavor(flavor(type="pager"), name="pager"), "named", "is not a component type of a stack")
    only(check_flavor(flavor(implementation_class=Unfinished)), "implemented", "does not define")
    only(check_flavor(flavor(__doc__=None)), "documented", "Altered has no docstring")
    only(check_flavor(Lines, name="lines"), "declared", "is not a subclass of ZenML's Flavor")
    only(
        check_flavor(flavor(__init__=raising(RuntimeError("no licence")))),
        "declared",
        "raised RuntimeError: no licence",
    )


def test_a_module_that_does_not_import_is_said() -> None:
    (found,) = unasked_imports("acme.part", "RuntimeError: no licence", {})
    assert found == "acme.part does not import: RuntimeError: no licence"
