"""Mean and spread of numbers, merged without a second look at them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Moments:
    """`n` numbers, their mean and the sum of their squared distances from it; those of n = 0 are 0.

    Both are exact to the rounding of a float64, and infinite or NaN where they are beyond one.

    Source:
        T. Chan, G. Golub and R. LeVeque, Algorithms for computing the sample variance, The American Statistician 37
        (1983), pages 242-247: the merge.
    """

    n: int = 0
    mean: float = 0.0
    squares: float = 0.0

    @classmethod
    def of(cls, numbers: NDArray[np.float64]) -> Self:
        """Return the moments of finite numbers, shape (n,)."""
        if len(numbers) == 0:
            return cls()
        with np.errstate(over="ignore", invalid="ignore"):
            mean = float(numbers.mean())
            squares = numbers - mean
            np.square(squares, out=squares)  # np.dot would start the threads of BLAS
            return cls(len(numbers), mean, float(squares.sum()))

    @classmethod
    def merged(cls, parts: Sequence["Moments"]) -> "Moments":
        """Return the moments of all numbers of the parts."""
        whole = cls()
        for part in parts:
            whole = whole._with(part) if whole.n and part.n else (part if part.n else whole)
        return whole

    @property
    def deviation(self) -> float | None:
        """The standard deviation of a sample; None where it is not known, 0 or beyond a float."""
        if self.n < 2 or not math.isfinite(self.squares):
            return None
        found = math.sqrt(max(0.0, self.squares) / (self.n - 1))
        return found if found > 0 else None

    def _with(self, other: "Moments") -> "Moments":
        n = self.n + other.n
        with np.errstate(over="ignore", invalid="ignore"):
            distance = np.float64(other.mean) - np.float64(self.mean)
            mean = np.float64(self.mean) + distance * (other.n / n)
            squares = np.float64(self.squares) + other.squares + distance * distance * (self.n * (other.n / n))
        return Moments(n, float(mean), float(squares))
