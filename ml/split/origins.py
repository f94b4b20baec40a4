"""Split `origins`: windows by when they end, so that every forecast is tested on what came after all that it learnt."""

from typing import TYPE_CHECKING, ClassVar

from pydantic import BaseModel

from ml.components.splitter import Splitter
from ml.split.origins_params import OriginsParams

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray


class OriginsSplit(Splitter):
    """Test has the newest origins, a stride apart; validation every origin before their past; training all before that.

    No point of a target of one set is in a target of another. Membership depends on the times of the rows alone.
    """

    Params: ClassVar[type[BaseModel]] = OriginsParams
    params: OriginsParams

    def assign(
        self, rows: "pd.DataFrame", target: str, *, test: float, validation: float, by: str | None, salt: str
    ) -> "NDArray[np.str_]":
        """Return the set of every window, (rows,); "" for one that would blur two sets.

        Raises:
            ContentError: If `by` names no column of times, or a set comes out empty.
        """
        from ml.forecasting.backtest import assign
        from ml.split.origin_places import origins_of, places_of, require_all

        at = places_of(rows, by, self.params.frequency)
        horizon = self.params.horizon or 1
        sets = assign(at, horizon, origins_of(self.params, horizon))
        require_all(sets)
        return sets
