"""What every splitter refuses: a set without rows, and a `by` that the method does not know."""

import numpy as np
from numpy.typing import NDArray

from schemas.errors import ContentError


def refuse_by(by: str | None, method: str) -> None:
    """Raise ContentError when `by` is given to a method that draws row by row."""
    if by is not None:
        raise ContentError(f"split.by={by!r} means nothing to the split {method!r}, which draws every row by itself")


def nonempty(sets: NDArray[np.str_], shares: dict[str, float]) -> NDArray[np.str_]:
    """Return `sets`, (rows,), or raise ContentError naming the sets that no row fell into."""
    shares = {"train": 1 - sum(shares.values()), **shares}
    empty = [name for name in shares if not (sets == name).any()]
    if empty:
        names = " and ".join(f"the {name} set ({shares[name]:.0%})" for name in empty)
        raise ContentError(
            f"{len(sets)} rows are too few, or too alike, to split: {names} came out empty. Equal rows share a set. "
            "Give more rows, larger split shares, or another split.salt"
        )
    return sets
