"""Bodies whose rows hold nothing but numbers: to one array, without an object for each row and value.

What is not plainly of that form is left to the parser of all rows, which has the words for what is wrong.
"""

from collections.abc import Collection, Sequence
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from serving.http.marks import count_of

_EXACT = float(2**53)
"""From it on a decoded number may have been another whole one."""


class NumberRows:
    """Decodes `{"instances": [row, …]}` of rows that have each column once, and nothing else.

    Args:
        names: Of the columns, at least one.
        nullable: Which of them may be null.
        most: Rows of a request.
    """

    def __init__(self, names: Sequence[str], nullable: Collection[str], most: int) -> None:
        fields = [(f"_{place}", float | None if name in nullable else float) for place, name in enumerate(names)]
        renamed = {field: name for (field, _), name in zip(fields, names, strict=True)}
        row = msgspec.defstruct("Row", fields, rename=renamed, forbid_unknown_fields=True, gc=False)
        body = msgspec.defstruct("Body", [("instances", list[row])], forbid_unknown_fields=True)  # type: ignore[valid-type]
        self._decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(body)
        self._colons = len(names) + sum(name.count(":") for name in names)
        self._most = most

    def table(self, body: bytes) -> NDArray[np.float64] | None:
        """Return the numbers of a body, (columns, rows) float64, NaN for null; None where it may be of another form.

        Every key stands before a colon: where there are as many colons as keys were wanted, no key stands twice.
        """
        if b"\\" in body:  # it may stand for a colon, or for a letter of a name
            return None
        count, rest = divmod(count_of(body, b":") - 1, self._colons)
        if rest or not 0 < count <= self._most:
            return None
        try:
            rows = self._decoder.decode(body).instances
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return None
        if len(rows) != count:
            return None
        table = np.array(list(map(msgspec.structs.astuple, rows)), dtype=np.float64).T
        return table if not (np.abs(table) >= _EXACT).any() else None
