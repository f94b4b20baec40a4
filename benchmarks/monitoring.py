"""What our way of profiling costs against `why.log` on the same columns, in one process.

    python -m benchmarks.monitoring

prints JSON. `why.log` runs on fewer rows and is scaled by the row: its cost is per value.
"""

import json
import timeit
from collections.abc import Callable

import numpy as np
import pandas as pd

from ml.features.cells import cells
from ml.monitoring.drift import Window, detect
from ml.monitoring.profiles import profile, reference_profile
from ml.monitoring.whylogs_files.library import whylogs as library
from ml.predictions.predictor import Predictions
from schemas.column_types import ScalarType
from schemas.run import MonitorSpec
from schemas.signature import Input, Output, Signature

ROWS, FEWER = 200_000, 20_000
REPEATS = 3


def table(rows: int) -> pd.DataFrame:
    """Return 15 float, 3 text, 1 integer and 1 boolean column."""
    rng = np.random.default_rng(0)
    floats = {f"float{number}": rng.normal(size=rows) for number in range(15)}
    texts = {f"text{number}": rng.choice([f"label {one}" for one in range(20)], rows) for number in range(3)}
    return pd.DataFrame(
        {**floats, **texts, "integer": rng.integers(0, 1000, rows), "boolean": rng.integers(0, 2, rows) == 1}
    )


def kind_of(name: str) -> ScalarType:
    """Return the type that a column of `table` is read as."""
    kinds: dict[str, ScalarType] = {"t": "category", "b": "boolean"}
    return kinds.get(name[0], "number")


def seconds(work: Callable[[], object]) -> float:
    """Return the best of a few runs."""
    return min(timeit.repeat(work, number=1, repeat=REPEATS))


def main() -> None:
    """Print seconds for both ways and their ratio."""
    frame, small = table(ROWS), table(FEWER)
    kinds = {name: kind_of(name) for name in frame.columns}
    columns = {name: frame[name].to_numpy() for name in frame.columns}
    library()  # the name that NumPy dropped, and no usage statistics
    import whylogs

    ours = seconds(lambda: profile(columns, kinds))
    theirs = seconds(lambda: whylogs.log(small)) * ROWS / FEWER
    signature = Signature(
        inputs=[Input(name=name, type=kind) for name, kind in kinds.items()],
        derivations=[],
        features=[],
        output=Output(task="regression", target="t"),
    )
    reference = reference_profile(cells(small, signature), signature, Predictions(values=np.zeros(FEWER)))
    window = Window(1000, {name: values[:1000] for name, values in columns.items()}, {"value": np.zeros(1000)})
    verdict = seconds(lambda: detect(reference, window, signature, MonitorSpec(), model="m", version="1"))
    print(
        json.dumps(
            {
                "rows": ROWS,
                "columns": len(kinds),
                "profile_seconds": round(ours, 3),
                "why_log_seconds_scaled": round(theirs, 3),
                "ratio": round(theirs / ours, 1),
                "detect_1000_rows_seconds": round(verdict, 4),
                "reference_bytes": len(reference),
            }
        )
    )


if __name__ == "__main__":
    main()
