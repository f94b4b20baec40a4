"""A sound split with one thing wrong has that one violation."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from drivetrain.testing import (
    check_splitter,
)
from tests.conformance.sound import Halves, altered, only


def _dropped(self: Halves, rows: pd.DataFrame, *_: Any, **__: Any) -> Any:
    rows.drop(columns="size", inplace=True)
    return np.array(["train", "test"] * len(rows), dtype=str)[: len(rows)]


SPLITS: list[tuple[Callable[..., Any], str, str]] = [
    (lambda self, rows, *_, **__: ["train"] * len(rows), "sets", "assign gives list"),
    (lambda self, rows, *_, **__: np.array(["train"] * len(rows), dtype=str), "sets", "no row is in test"),
    (_dropped, "sets", "it changes the rows"),
    (
        lambda self, rows, *_, **__: np.array((["train", "test"] * 60)[: max(len(rows), 2)], dtype=str),
        "empty",
        "gives sets where there is no row",
    ),
    (
        lambda self, rows, *_, **__: np.where(rows.index.to_numpy() < 60, "train", "test"),
        "deterministic",
        "the rows' index decides",
    ),
]


@pytest.mark.parametrize(("assign", "check", "message"), SPLITS)
def test_a_split_with_one_thing_wrong(assign: Callable[..., Any], check: str, message: str) -> None:
    only(check_splitter(altered(Halves, assign=assign)), check, message)


def test_a_split_that_ends_in_pythons_error_without_rows() -> None:
    def assign(self: Halves, rows: pd.DataFrame, *_: Any, **__: Any) -> Any:
        1 / len(rows)
        return np.array(["train", "test"] * len(rows), dtype=str)[: len(rows)]

    only(check_splitter(altered(Halves, assign=assign)), "empty", "without a row raised ZeroDivisionError")


def test_a_split_that_draws_from_what_everybody_shares() -> None:
    def assign(self: Halves, rows: pd.DataFrame, *_: Any, **__: Any) -> Any:
        np.random.random()
        return np.array(["train", "test"] * len(rows), dtype=str)[: len(rows)]

    only(check_splitter(altered(Halves, assign=assign)), "deterministic", "it draws from numpy.random")
