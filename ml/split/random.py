"""Split `random`: each row is drawn by a hash of its inputs."""

from typing import TYPE_CHECKING, ClassVar

from pydantic import BaseModel

from ml.components.splitter import Splitter
from schemas.base import Strict

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray


class RandomSplitParams(Strict):
    """No parameters of its own."""


class RandomSplit(Splitter):
    """A row's set depends on its inputs and the salt; not on the target, so that a corrected label moves no row."""

    Params: ClassVar[type[BaseModel]] = RandomSplitParams
    params: RandomSplitParams

    def assign(
        self, rows: "pd.DataFrame", target: str, *, test: float, validation: float, by: str | None, salt: str
    ) -> "NDArray[np.str_]":
        """Return the set of every row, (rows,). Raises ContentError when a set is empty or `by` is given."""
        from ml.split.guards import nonempty, refuse_by
        from ml.split.hashing import draw, fractions

        refuse_by(by, "random")
        inputs = [str(name) for name in rows.columns if name != target]
        numbers = fractions(rows, inputs, salt)
        return nonempty(draw(numbers, test=test, validation=validation), {"validation": validation, "test": test})
