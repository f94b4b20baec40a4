"""Which training rows are kept in a package, and how many of large ones."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest

from ml.package.samples import pick
from ml.predictions.predictions import on_cells
from ml.predictions.predictor import ArrayPredictor, Arrays, Predictions
from ml.values.tensor import Tensor

BOUND = 200_000


def kept(sizes: Sequence[int]) -> list[int]:
    """Return the positions of the rows that are kept, of training rows with arrays of so many numbers."""
    column = [Tensor(np.zeros(size, dtype=np.float32)) for size in sizes]
    frame = pd.DataFrame({"grid": column, "row": np.arange(len(sizes))})
    picked = pick(frame, ["grid", "row"])
    assert len(picked) == 1 or sum(cell.array.size for cell in picked["grid"]) <= BOUND
    return picked["row"].tolist()


def test_small_rows_are_32_spread_over_all() -> None:
    found = kept([10] * 320)
    assert len(found) == 32 and found[0] == 0 and found[-1] == 319


@pytest.mark.parametrize("first", [1, 100_000])
def test_rows_are_bounded_by_their_own_sizes_not_by_the_first_rows(first: int) -> None:
    assert len(kept([first] + [100_000] * 100)) == 2


def test_a_large_first_row_does_not_keep_the_small_ones_out() -> None:
    found = kept([150_000] + [1000] * 99)
    assert len(found) == 32 and kept([300_000] + [1000] * 99) == found[1:]


def test_fewer_of_large_rows_are_spread_too() -> None:
    found = kept([24_000] * 320)
    assert len(found) == 8 and max(np.diff(found)) < 60 and found[-1] > 240


def test_of_rows_that_are_all_too_large_the_smallest_is_kept() -> None:
    assert kept([300_000, 250_000, 400_000]) == [1]


def test_texts_are_bounded_too() -> None:
    frame = pd.DataFrame({"note": ["a" * 2_000_000] * 32 + ["b" * 10_000] * 32 + ["c"] * 256})
    picked = pick(frame, ["note"])["note"]
    assert picked.str.len().sum() <= 8 * BOUND and len(picked) > 24
    assert len(pick(frame.head(32), ["note"])) == 1


def test_rows_with_most_missing_values_are_among_them() -> None:
    frame = pd.DataFrame({"a": np.arange(320.0), "b": 1.0})
    frame.loc[[7, 11], "b"] = None
    assert {7, 11} <= set(pick(frame, ["a", "b"])["a"])


def test_a_model_is_given_arrays_in_parts_by_the_largest_of_them() -> None:
    asked: list[int] = []

    class Counts(ArrayPredictor):
        def predict_arrays(self, arrays: Arrays) -> Predictions:
            count = len(np.asarray(arrays["rows"]))
            asked.append(count)
            return Predictions(values=np.zeros(count))

    class Rows:
        def matrix(self, cells: object) -> np.ndarray:
            raise AssertionError

        def arrays(self, cells: dict[str, list[Tensor]]) -> Arrays:
            return {"rows": np.zeros(len(cells["grid"]))}

    short, long = Tensor(np.zeros(1, dtype=np.float32)), Tensor(np.zeros(1 << 20, dtype=np.float32))
    rows = [short, *[long] * 9]
    predicted = on_cells(Counts(), Rows())({"grid": rows})  # type: ignore[arg-type]
    assert asked == [4, 4, 2] and predicted.values is not None and len(predicted.values) == 10
