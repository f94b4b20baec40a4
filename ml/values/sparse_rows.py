"""Rows of many features of which few are not zero, such as the weights of words; NumPy only, for the service."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix


@dataclass(frozen=True)
class SparseRows:
    """The compressed sparse rows (CSR) of n rows.

    Row i has `data[indptr[i]:indptr[i + 1]]`, float32, in the columns `indices[...]` of the same range, int32 and
    ascending; `indptr` is int64 (n + 1,), `width` how many columns a row has.
    """

    indptr: NDArray[np.int64]
    indices: NDArray[np.int32]
    data: NDArray[np.float32]
    width: int

    def __len__(self) -> int:
        return len(self.indptr) - 1

    @property
    def nbytes(self) -> int:
        """How many bytes its arrays take."""
        return self.indptr.nbytes + self.indices.nbytes + self.data.nbytes

    def rows(self, start: int, stop: int) -> "SparseRows":
        """Return the rows from `start` to below `stop`, as a slice of a list: without a copy of their numbers."""
        start, stop, _ = slice(start, stop).indices(len(self))
        begin, end = self.indptr[start], self.indptr[max(start, stop)]
        indptr = self.indptr[start : max(start, stop) + 1] - begin
        return SparseRows(indptr, self.indices[begin:end], self.data[begin:end], self.width)

    def dense(self, start: int = 0, stop: int | None = None) -> NDArray[np.float32]:
        """Return the rows from `start` to below `stop` as a matrix, (rows, width)."""
        part = self.rows(start, len(self) if stop is None else stop)
        full = np.zeros((len(part), self.width), dtype=np.float32)
        if len(part) == 1:  # as nearly every request has it
            full[0, part.indices] = part.data
            return full
        full[np.repeat(np.arange(len(part)), np.diff(part.indptr)), part.indices] = part.data
        return full

    def take(self, places: NDArray[Any]) -> "SparseRows":
        """Return the rows at `places`, positions (m,) or a mask (n,), in that order."""
        chosen = np.flatnonzero(places) if places.dtype == np.bool_ else places
        lengths = np.diff(self.indptr)[chosen]
        indptr = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        within = np.arange(indptr[-1]) - np.repeat(indptr[:-1], lengths)
        source = np.repeat(self.indptr[:-1][chosen], lengths) + within
        return SparseRows(indptr, self.indices[source], self.data[source], self.width)

    def to_scipy(self) -> "csr_matrix":
        """Return the same as SciPy's matrix, float32, for what learns from it."""
        from scipy.sparse import csr_matrix

        return csr_matrix((self.data, self.indices, self.indptr), shape=(len(self), self.width))


def concatenate(parts: Sequence[SparseRows]) -> SparseRows:
    """Return the rows of all parts, one after the other. Raises ValueError for none, or other widths."""
    if len({part.width for part in parts}) != 1:
        raise ValueError(f"rows of widths {sorted({part.width for part in parts})} cannot be put one after the other")
    starts = np.cumsum([0, *(len(part.data) for part in parts)])
    indptr = [part.indptr[1:] + start for part, start in zip(parts, starts[:-1], strict=True)]
    return SparseRows(
        np.concatenate([np.zeros(1, dtype=np.int64), *indptr]),
        np.concatenate([part.indices for part in parts]),
        np.concatenate([part.data for part in parts]),
        parts[0].width,
    )
