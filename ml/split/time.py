"""Split `time`: train on the past, test on the newest rows, as the model will be used."""

from typing import TYPE_CHECKING, ClassVar

from pydantic import BaseModel

from ml.components.splitter import Splitter
from ml.split.time_params import TimeSplitParams

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray


class TimeSplit(Splitter):
    """Test is the newest share of the rows, validation the newest of the rest, training older than all of it.

    Membership depends on the rows' timestamps and the cuts, never on the seed, the salt or the order of the rows. Equal
    timestamps are never torn apart, so that shares are met as closely as the timestamps allow.
    """

    Params: ClassVar[type[BaseModel]] = TimeSplitParams
    params: TimeSplitParams

    def assign(
        self, rows: "pd.DataFrame", target: str, *, test: float, validation: float, by: str | None, salt: str
    ) -> "NDArray[np.str_]":
        """Return the set of every row, (rows,); "" for one in the gap before a cut.

        Raises:
            ContentError: If the column cannot be read as timestamps, or a set comes out empty.
        """
        from ml.split.cuts import draw_by_time
        from ml.split.timestamps import read_timestamps

        return draw_by_time(
            read_timestamps(rows, by, self.params.format, self.params.century), self.params, str(by), test, validation
        )
