"""The sample rows of a package: training rows by which it is known wherever it is loaded."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ml.features.cells import cells
from ml.features.derive import Deriver
from ml.package.model import cells_of
from ml.predictions.predictions import on_cells
from ml.values.tensor import Tensor, as_json
from schemas.package import Samples
from schemas.signature import Signature

if TYPE_CHECKING:
    from ml.components.trainer import Fitted
    from ml.predictions.predictor import Predictions

SAMPLED = 32
_NUMBERS = 200_000  # of the arrays in all samples
_CHARACTERS = 8  # of a text that take the room of a number


def samples_of(fitted: "Fitted", signature: Signature, train: pd.DataFrame) -> Samples:
    """Return some training rows and what the trained object predicts for them."""
    picked = pick(train, [one.name for one in signature.inputs])
    columns = {name: [as_json(cell) for cell in column] for name, column in cells(picked, signature).items()}
    # Read back from JSON: the predictions belong to the rows as the package holds them.
    kept = Samples.model_validate_json(Samples(cells=columns).model_dump_json())
    predictions = on_cells(fitted, Deriver(signature))(cells_of(kept, signature))
    return kept.model_copy(update=_plain(predictions))


def pick(train: pd.DataFrame, inputs: list[str]) -> pd.DataFrame:
    """Choose rows spread over the training set, the ones with most missing values among them; fewer of large ones."""
    holes = train[inputs].isna().to_numpy().sum(axis=1)
    rows = np.flatnonzero(holes)
    emptiest = rows[np.argsort(-holes[rows], kind="stable")][: SAMPLED // 4]
    spread = np.linspace(0, len(train) - 1, SAMPLED - len(emptiest)).astype(np.int64)
    picked = train.iloc[np.unique(np.concatenate([emptiest, spread]))]
    return picked.iloc[_small_enough([_size(row) for row in picked[inputs].to_numpy()])]


def _small_enough(sizes: list[int]) -> list[int]:
    """Return the positions of rows, spread over all of them, that together are not too large; one at least."""
    kept: list[int] = []
    total = 0
    for place in sorted(range(len(sizes)), key=_spread):
        if total + sizes[place] <= _NUMBERS:
            kept.append(place)
            total += sizes[place]
    return sorted(kept) or [int(np.argmin(sizes))]


def _spread(place: int) -> int:
    """Return a position with its bits turned round: in this order any first few positions are far apart."""
    return int(f"{place:05b}"[::-1], 2)


def _size(row: Iterable[object]) -> int:
    """Return how many numbers the arrays of a row have, and its texts have room for."""
    cells = list(row)
    numbers = sum(cell.array.size for cell in cells if isinstance(cell, Tensor))
    return numbers + sum(len(cell) // _CHARACTERS for cell in cells if isinstance(cell, str))


def _plain(predictions: "Predictions") -> dict[str, object]:
    return {
        "codes": None if predictions.codes is None else predictions.codes.tolist(),
        "probabilities": None if predictions.probabilities is None else predictions.probabilities.tolist(),
        "values": None if predictions.values is None else predictions.values.tolist(),
    }
