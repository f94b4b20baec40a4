"""Rows that have some inputs of one row and the others of another: what a model says of them shows what an input does.

A tensor or a text is one input and is taken as a whole. Light: the service imports it.
"""

from abc import ABC, abstractmethod
from collections.abc import Hashable
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ml.features.derive import Deriver, feature_names
from ml.predictions.predictions import on_cells
from ml.predictions.predictor import Cells, Predictions, Predictor
from ml.values.tensor import Tensor
from schemas.signature import Signature

Places = NDArray[np.int64]
Mask = NDArray[np.bool_]
Sizes = NDArray[np.int64]
Block = Any
"""Rows as `MixedRows.read` gives them."""
T = TypeVar("T")


class MixedRows(ABC):
    """A model, and how rows are mixed for it."""

    def __init__(self, names: list[str]) -> None:
        self.names = names
        """The inputs, in the order of a mask's columns."""

    @abstractmethod
    def read(self, cells: Cells) -> Block:
        """Return rows, given as columns of equal length that satisfy the signature, as they are mixed."""

    @abstractmethod
    def predict(self, first: Block, at: Places, second: Block, beside: Places, mask: Mask) -> Predictions:
        """Predict n mixed rows.

        Args:
            first: Rows of which row `at` gives the inputs where `mask` is true.
            at: Positions in `first`, (n,).
            second: Rows of which row `beside` gives the others.
            beside: Positions in `second`, (n,).
            mask: (n, inputs).
        """

    @abstractmethod
    def sizes(self, block: Block) -> Sizes:
        """Return about how many numbers each input of each row has, (rows, inputs)."""

    @abstractmethod
    def contents(self, block: Block) -> list[Hashable]:
        """Return of each row what equal rows have alike."""


class MixedFeatures(MixedRows):
    """Mixes features, which is the same: each of them is derived from one input of its own row."""

    def __init__(self, model: Predictor, signature: Signature) -> None:
        super().__init__([one.name for one in signature.inputs])
        place = {name: position for position, name in enumerate(self.names)}
        owners = [place[one.column] for one in signature.derivations for _ in feature_names(one)]
        self._owners = np.array(owners, dtype=np.int64)
        self._matrix, self._predict = Deriver(signature).matrix, model.predict

    def read(self, cells: Cells) -> NDArray[np.float32]:
        """Return the features, (n, features)."""
        return self._matrix(cells)

    def predict(self, first: Block, at: Places, second: Block, beside: Places, mask: Mask) -> Predictions:
        """Predict n mixed rows."""
        return self._predict(np.where(mask[:, self._owners], first[at], second[beside]))

    def sizes(self, block: Block) -> Sizes:
        """Return how many features are made of each input, the same for every row."""
        counts = np.bincount(self._owners, minlength=len(self.names))
        return np.broadcast_to(counts, (len(block), len(counts)))

    def contents(self, block: Block) -> list[Hashable]:
        """Return the features of each row as bytes."""
        return [row.tobytes() for row in block]


class MixedCells(MixedRows):
    """Mixes raw cells, for a model that reads those, or arrays."""

    def __init__(self, model: Predictor, signature: Signature) -> None:
        super().__init__([one.name for one in signature.inputs])
        self._predict = on_cells(model, Deriver(signature))

    def read(self, cells: Cells) -> Cells:
        """Return the cells as they are."""
        return cells

    def predict(self, first: Block, at: Places, second: Block, beside: Places, mask: Mask) -> Predictions:
        """Predict n mixed rows."""
        ours, theirs = at.tolist(), beside.tolist()
        mixed = {
            name: _mixed(first[name], ours, second[name], theirs, mask[:, place])
            for place, name in enumerate(self.names)
        }
        return self._predict(mixed)

    def sizes(self, block: Block) -> Sizes:
        """Return how many numbers each input has: a text counts by its characters, an array by its elements."""
        return np.array([[_size(cell) for cell in block[name]] for name in self.names], dtype=np.int64).T

    def contents(self, block: Block) -> list[Hashable]:
        """Return the cells of each row."""
        return list(zip(*(block[name] for name in self.names), strict=True))


def mixed_rows(model: Predictor, signature: Signature) -> MixedRows:
    """Return how rows are mixed for a model: by features where each is of one input, which is faster."""
    by_cells = model.reads_cells or model.reads_arrays or signature.window is not None
    return (MixedCells if by_cells else MixedFeatures)(model, signature)


def _mixed(first: Any, ours: list[int], second: Any, theirs: list[int], mask: Mask) -> list[Any]:
    rows = zip(mask.tolist(), ours, theirs, strict=True)
    return [first[one] if own else second[other] for own, one, other in rows]


def _size(cell: Any) -> int:
    if isinstance(cell, Tensor):
        return int(cell.array.size)
    return len(cell) if isinstance(cell, str) else 1
