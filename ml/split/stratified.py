"""Split `stratified`: each row is drawn within its class, by a hash of its inputs and its class."""

from typing import TYPE_CHECKING, ClassVar

from pydantic import BaseModel

from ml.components.splitter import Splitter
from schemas.base import Strict

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray


class StratifiedSplitParams(Strict):
    """No parameters of its own."""


class StratifiedSplit(Splitter):
    """A row's set depends on its inputs, its class and the salt: every class is drawn by itself.

    The shares of a class hold up to chance, not exactly: exact shares would make one row's set depend on the others.
    The data checks name the classes that a set lacks, and report when the sets' shares of the classes are far apart.
    """

    Params: ClassVar[type[BaseModel]] = StratifiedSplitParams
    params: StratifiedSplitParams

    def assign(
        self, rows: "pd.DataFrame", target: str, *, test: float, validation: float, by: str | None, salt: str
    ) -> "NDArray[np.str_]":
        """Return the set of every row, (rows,). Raises ContentError when a set is empty or `by` is given."""
        from ml.split.guards import nonempty, refuse_by
        from ml.split.hashing import draw, fractions

        refuse_by(by, "stratified")
        numbers = fractions(rows, [str(name) for name in rows.columns], salt)
        return nonempty(draw(numbers, test=test, validation=validation), {"validation": validation, "test": test})
