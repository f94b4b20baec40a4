"""Kind `split`: which rows are test and validation rows."""

from abc import abstractmethod
from typing import TYPE_CHECKING

from ml.components.component import Component

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray


class Splitter(Component):
    """A split."""

    @abstractmethod
    def assign(
        self, rows: "pd.DataFrame", target: str, *, test: float, validation: float, by: str | None, salt: str
    ) -> "NDArray[np.str_]":
        """Return "train", "validation", "test" or "" (in no set) for every row, shape (rows,), in the rows' order."""
