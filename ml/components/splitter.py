"""Kind `split`: which rows are test and validation rows."""

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import BaseModel

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray


class Splitter(ABC):
    """A split. `Params` is a pydantic model (extra="forbid")."""

    Params: ClassVar[type[BaseModel]]

    def __init__(self, params: Any) -> None:
        self.params = params

    @abstractmethod
    def assign(
        self, rows: "pd.DataFrame", target: str, *, test: float, validation: float, by: str | None, salt: str
    ) -> "NDArray[np.str_]":
        """Return "train", "validation", "test" or "" (in no set) for every row, shape (rows,), in the rows' order."""
