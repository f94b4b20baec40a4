"""The conformance suite of trainers."""

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

import numpy as np

from drivetrain.testing.construction import build
from drivetrain.testing.parameters import declaration_checks, is_component
from drivetrain.testing.predictions import malformed, packaged_otherwise
from drivetrain.testing.samples import Example, Sample, no_parameters, sample, unseeded
from drivetrain.testing.violation import Check, Violation, examine, saying, told
from ml.components.matrix import Matrix
from ml.components.trainer import Fitted, Trainer
from ml.package.parity import difference
from ml.predictions.predictor import Predictions
from schemas.base import Task
from schemas.errors import DrivetrainError, Fault

_SEED = 3


def check_trainer(component: Any, example: Example = no_parameters, *, name: str = "") -> list[Violation]:
    """Return what a trainer breaks of the contract.

    Args:
        component: The class.
        example: What makes parameters to try it with; its defaults where it has one for each.
        name: What it is registered as, for the violations.
    """
    subject = f"trainer {name or getattr(component, '__name__', component)}"
    found = examine(subject, [("declared", lambda: is_component(component, Trainer))])
    if found:
        return found
    found = examine(subject, [("tasks", lambda: _tasks(component))])
    if found:
        return found
    tried = [_TrainerOnTask(component, example, sample(task)) for task in component.tasks]
    found = examine(subject, declaration_checks(component, tried[0].given))
    if any(violation.check == "declared" for violation in found):
        return found
    for one in tried:
        found += examine(f"{subject}, {one.task}", one.checks())
    return found


def _tasks(component: type[Trainer]) -> Iterator[str]:
    known = get_args(Task)
    tasks = getattr(component, "tasks", ())
    if isinstance(tasks, str) or not tasks or not set(tasks) <= set(known):
        yield f"tasks are {tasks!r}; they are some of {', '.join(known)}"


class _TrainerOnTask:
    """One trainer, tried on one task; what was fitted is kept between checks."""

    def __init__(self, component: type[Trainer], example: Example, tried_with: Sample) -> None:
        self.task = tried_with.task
        self._component = component
        self._example = example
        self._sample = tried_with
        self._fitted: Fitted | None = None

    def checks(self) -> list[Check]:
        """Return the checks in the order in which they make sense."""
        return [
            ("parameters", self._parameters),
            ("empty", self._empty),
            ("deterministic", self._deterministic),
            ("predictions", self._predictions),
            ("round trip", self._round_trip),
        ]

    def given(self) -> Mapping[str, Any]:
        """Return the parameters that it is tried with."""
        with tempfile.TemporaryDirectory() as folder:
            return self._example(Path(folder), self._sample.rows) or {}

    def _fit(self, train: Matrix, validation: Matrix) -> Fitted:
        trainer: Trainer = build(self._component, self.given())
        return trainer.fit(train, validation, self._sample.signature, seed=_SEED)

    def _parameters(self) -> Iterator[str]:
        given = self.given()
        for task in (self.task, "auto"):
            with saying(f"faults({given}, {task!r})"):
                found = self._component.faults(given, task)
            if not all(isinstance(fault, Fault) for fault in found):
                yield "faults gives something else than drivetrain.Fault"
                return
            for fault in found:
                yield f"it refuses the parameters that it was tried with: {fault.message}"

    def _empty(self) -> Iterator[str]:
        empty = self._sample.empty
        try:
            self._fit(empty, empty)
        except DrivetrainError:
            return
        except Exception as error:
            yield f"fit without a row {told(error)}; it is to raise drivetrain.ContentError and say why"
            return
        yield "fit takes a table without a row; it is to raise drivetrain.ContentError and say why"

    def _deterministic(self) -> Iterator[str]:
        before = _copied(self._sample.train), _copied(self._sample.validation)
        found: list[Predictions] = []
        for other in (1, 2):
            with unseeded(other) as used:
                fitted = self._fit(self._sample.train, self._sample.validation)
                found.append(self._predict(fitted))
            self._fitted = fitted
        if used:
            yield f"it draws from {' and '.join(used)}, which everybody shares: make a generator of the seed"
        if not _equal(*found):
            yield f"two fits with one seed predict differently: {difference(*found) or 'in the last digits'}"
        for name, known, now in zip(
            ("train", "validation"), before, (self._sample.train, self._sample.validation), strict=True
        ):
            if not _same(known, now):
                yield f"it changes the {name} matrix that it was given"

    def _predictions(self) -> Iterator[str]:
        if self._fitted is None:
            yield "nothing was fitted"
            return
        yield from malformed(self._predict(self._fitted), self._sample, graded=self._component.gives_probabilities)
        if not _equal(self._predict(self._fitted), self._predict(self._fitted)):
            yield "it predicts the same rows differently when asked again"

    def _round_trip(self) -> Iterator[str]:
        if self._fitted is None:
            yield "nothing was fitted"
            return
        yield from packaged_otherwise(self._fitted, self._sample)

    def _predict(self, fitted: Fitted) -> Predictions:
        with saying("predict"):
            if fitted.reads_cells:
                return fitted.predict_cells(self._sample.validation.cells)
            return fitted.predict(self._sample.validation.features.copy())


def _copied(matrix: Matrix) -> Matrix:
    cells = {name: list(values) for name, values in matrix.cells.items()}
    return Matrix(matrix.features.copy(), matrix.target.copy(), cells)


def _same(one: Matrix, other: Matrix) -> bool:
    return (
        np.array_equal(one.features, other.features, equal_nan=True)
        and np.array_equal(one.target, other.target)
        and {name: list(values) for name, values in other.cells.items()} == one.cells
    )


def _equal(one: Predictions, other: Predictions) -> bool:
    pairs = [(getattr(one, part), getattr(other, part)) for part in ("codes", "probabilities", "values")]
    return all(
        left is right or (left is not None and right is not None and np.array_equal(left, right, equal_nan=True))
        for left, right in pairs
    )
