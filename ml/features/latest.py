"""The last points of every series, kept in the signature for rows that name their series alone."""

import pandas as pd

from ml.features.cells import cells
from ml.values.canonical import canonical
from schemas.signature import Latest, Signature, WindowDerivation

MOST = 1_000_000
"""Points of all series that a package keeps; where they are more, a row brings its own."""


def with_latest(signature: Signature, latest: pd.DataFrame) -> Signature:
    """Return the signature with the last points of the series that training knew.

    Args:
        signature: Of windows.
        latest: A row for each series, as the service takes it: series, time, points.
    """
    window = signature.window
    assert window is not None, "asked of forecasts only"
    if len(latest) * window.forecast.history > MOST:
        return signature
    columns = cells(latest, signature)
    names = [""] * len(latest) if window.series is None else [canonical(name) for name in columns[window.series]]
    known = {*window.values, ""}
    found = [
        Latest(series=name, time=str(time), points=points.array.tolist())
        for name, time, points in zip(names, columns[window.time], columns[window.column], strict=True)
        if name in known
    ]
    kept = window.model_copy(update={"latest": found})
    others = [kept if isinstance(one, WindowDerivation) else one for one in signature.derivations]
    return signature.model_copy(update={"derivations": others})
