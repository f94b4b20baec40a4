"""Split `group`: rows of one group (a patient, a machine, a customer) are all in the same set."""

from typing import TYPE_CHECKING, ClassVar

from pydantic import BaseModel

from ml.components.splitter import Splitter
from schemas.base import Strict

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray


class GroupSplitParams(Strict):
    """No parameters of its own."""


class GroupSplit(Splitter):
    """A row's set depends on its group's value and the salt alone, so that no group is ever in two sets.

    Shares hold up to chance, counted in groups: exact shares would make one group's set depend on the others.
    """

    Params: ClassVar[type[BaseModel]] = GroupSplitParams
    params: GroupSplitParams

    def assign(
        self, rows: "pd.DataFrame", target: str, *, test: float, validation: float, by: str | None, salt: str
    ) -> "NDArray[np.str_]":
        """Return the set of every row, (rows,).

        Raises:
            ContentError: If `by` is missing, as a key or in a row, or the groups are too few for three sets.
        """
        import numpy as np

        from ml.split.guards import column_by, empty_sets
        from ml.split.hashing import draw, fractions
        from schemas.errors import ContentError

        column = column_by(rows, by, "group")
        numbers = fractions(column.to_frame(), [str(by)], salt)
        sets = draw(numbers, test=test, validation=validation)
        if empty := empty_sets(sets):
            groups = len(np.unique(numbers))
            if groups == 1:
                raise ContentError(
                    f"column {by!r} holds one group only, {str(column.iloc[0])!r}: its rows stay together, so that "
                    "there is nothing to split. Choose another split.by, or split=random"
                )
            raise ContentError(
                f"the {groups:,} groups of column {by!r} are too few to split: no group fell into the "
                f"{' and the '.join(empty)} set. Give more groups, larger split shares, or another split.salt"
            )
        return sets
