"""The conformance suite of gate checks."""

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from drivetrain.testing.construction import build
from drivetrain.testing.parameters import declaration_checks, is_component
from drivetrain.testing.samples import TARGET, Example, no_parameters, table
from drivetrain.testing.violation import Check, Violation, examine, told
from ml.components.gate_check import Evidence, GateCheck
from schemas.data import Problem
from schemas.evaluation import CheckOutcome, Evaluation

_SCORES: Mapping[str, float | None] = {"accuracy": 0.9, "f1": 0.89, "roc_auc": 0.95, "log_loss": 0.3}
_BASELINE: Mapping[str, float | None] = {"accuracy": 0.6, "f1": 0.0, "roc_auc": 0.5, "log_loss": 0.7}


def check_gate_check(component: Any, example: Example = no_parameters, *, name: str = "") -> list[Violation]:
    """Return what a gate check breaks of the contract.

    Args:
        component: The class.
        example: What makes parameters to try it with; its defaults where it has one for each.
        name: What it is registered as, for the violations.
    """
    subject = f"gate check {name or getattr(component, '__name__', component)}"
    found = examine(subject, [("declared", lambda: is_component(component, GateCheck))])
    return found or examine(subject, [*declaration_checks(component), *_CheckOnEvidence(component, example).checks()])


def evidence(scores: Mapping[str, float | None] = _SCORES, *, production: bool = True) -> Evidence:
    """Return what a check looks at, of a binary task with these scores on both sets."""
    return Evidence(
        problem=Problem(target=TARGET, task="binary", classes=["no", "yes"]),
        metric="roc_auc",
        evaluation=Evaluation(
            metrics={"validation": dict(scores), "test": dict(scores)},
            rows={"train": 80, "validation": 40, "test": 40},
        ),
        baseline=_BASELINE if scores else {},
        size_bytes=10_000,
        production=dict(scores) if production else None,
        production_version="1" if production else None,
    )


class _CheckOnEvidence:
    def __init__(self, component: type[GateCheck], example: Example) -> None:
        self._component = component
        self._example = example

    def checks(self) -> list[Check]:
        return [("outcomes", self._outcomes), ("deterministic", self._deterministic), ("empty", self._empty)]

    def _check(self, given: Evidence) -> Any:
        with tempfile.TemporaryDirectory() as folder:
            check: GateCheck = build(self._component, self._example(Path(folder), table()) or {})
        return check.check(given)

    def _outcomes(self) -> Iterator[str]:
        for given in (evidence(), evidence(production=False)):
            yield from _malformed(self._check(given))

    def _deterministic(self) -> Iterator[str]:
        if self._check(evidence()) != self._check(evidence()):
            yield "the same evidence gives another verdict when asked again"

    def _empty(self) -> Iterator[str]:
        try:
            yield from _malformed(self._check(evidence({}, production=False)))
        except Exception as error:
            yield f"without a metric it {told(error)}; an outcome that did not pass is to say what is not known"


def _malformed(outcomes: Any) -> Iterator[str]:
    if not isinstance(outcomes, list) or not outcomes:
        yield f"check gives {outcomes!r}, not a list of outcomes"
        return
    for one in outcomes:
        if not isinstance(one, CheckOutcome):
            yield f"check gives {one!r}, which is no drivetrain.CheckOutcome"
        elif not one.why.strip():
            yield f"the outcome {one.name!r} does not say why"
