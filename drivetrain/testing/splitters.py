"""The conformance suite of splits."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from drivetrain.testing.construction import build
from drivetrain.testing.parameters import declaration_checks, is_component
from drivetrain.testing.samples import TARGET, Example, no_parameters, table, unseeded
from drivetrain.testing.violation import Check, Violation, examine, told
from ml.components.splitter import Splitter
from schemas.errors import DrivetrainError

_SETS = {"train", "validation", "test", ""}


def check_splitter(component: Any, example: Example = no_parameters, *, name: str = "") -> list[Violation]:
    """Return what a split breaks of the contract; it is asked to go by the column `day`, and where it refuses by none.

    Args:
        component: The class.
        example: What makes parameters to try it with; its defaults where it has one for each.
        name: What it is registered as, for the violations.
    """
    subject = f"split {name or getattr(component, '__name__', component)}"
    found = examine(subject, [("declared", lambda: is_component(component, Splitter))])
    return found or examine(subject, [*declaration_checks(component), *_Split(component, example).checks()])


class _Split:
    def __init__(self, component: type[Splitter], example: Example) -> None:
        self._component = component
        self._example = example

    def checks(self) -> list[Check]:
        return [("sets", self._sets), ("deterministic", self._deterministic), ("empty", self._empty)]

    def _assign(self, rows: pd.DataFrame) -> Any:
        """Return the sets by the column `day`, or by none for a split that draws every row by itself."""
        with tempfile.TemporaryDirectory() as folder:
            splitter: Splitter = build(self._component, self._example(Path(folder), rows) or {})
        try:
            return splitter.assign(rows, TARGET, test=0.25, validation=0.25, by="day", salt="kettles")
        except DrivetrainError:
            return splitter.assign(rows, TARGET, test=0.25, validation=0.25, by=None, salt="kettles")

    def _sets(self) -> Iterator[str]:
        rows = table()
        sets = self._assign(rows)
        if not isinstance(sets, np.ndarray) or sets.shape != (len(rows),):
            yield f"assign gives {type(sets).__name__}, not an array of shape ({len(rows)},)"
            return
        found = set(sets.tolist())
        if not found <= _SETS:
            yield f"assign gives {sorted(found - _SETS)}; a row is in train, validation, test, or in none (empty text)"
        elif not {"train", "test"} <= found:
            yield f"no row is in {' and '.join(sorted({'train', 'test'} - found))}"
        if not rows.equals(table()):
            yield "it changes the rows that it was given"

    def _deterministic(self) -> Iterator[str]:
        found: list[Any] = []
        for seed in (1, 2):
            with unseeded(seed) as used:
                found.append(np.asarray(self._assign(table())))
        if used:
            yield f"it draws from {' and '.join(used)}, which everybody shares: which rows are test rows is no chance"
        if not np.array_equal(found[0], found[1]):
            yield "the same rows come into other sets when asked again"
        elsewhere = table().set_index(np.arange(len(table())) + 1000)
        if not np.array_equal(np.asarray(self._assign(elsewhere)), found[0]):
            yield "the rows' index decides which set they are in"

    def _empty(self) -> Iterator[str]:
        try:
            sets = self._assign(table().iloc[:0])
        except DrivetrainError:
            return
        except Exception as error:
            yield f"assign without a row {told(error)}; it is to raise drivetrain.ContentError, or to give no sets"
            return
        if len(sets):
            yield "assign gives sets where there is no row"
