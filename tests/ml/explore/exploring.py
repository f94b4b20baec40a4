"""From rows to the page about them, as the pipeline does it, less ZenML."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ml.checks.run import check_data
from ml.explore.describe import describe
from ml.schema_inference.infer import infer_schema
from ml.sources.csv import CsvSource
from ml.sources.csv_params import CsvParams
from schemas.choice import Choice
from schemas.data_spec import ColumnSpec, DataSpec
from schemas.exploration import Declaration, Exploration
from schemas.split_spec import SplitSpec

SPLIT = SplitSpec(method=Choice(name="random"), test=0.2, validation=0.2)


def look(
    rows: pd.DataFrame,
    target: str,
    *,
    columns: dict[str, Any] | None = None,
    train: Any = None,
    source: Choice | None = None,
    group: str | None = None,
    says: dict[str, Any] | None = None,
    **declared: Any,
) -> Exploration:
    """Explore rows of which `train` (a mask; default: three of five) are training rows; it `says` more."""
    columns = {name: ColumnSpec.model_validate(keys) for name, keys in (columns or {}).items()}
    data = DataSpec(
        source=source or Choice(name="csv", params={"path": "rows.csv"}), target=target, columns=columns, **declared
    )
    place = np.arange(len(rows)) % 5
    inside = place < 3 if train is None else np.asarray(train, dtype=bool)
    others = rows[~inside].reset_index(drop=True)
    kept, half = rows[inside].reset_index(drop=True), len(others) // 2
    schema = infer_schema(rows, data, group)
    report = check_data(rows, kept, others[:half], others[half:], schema, data)
    wish = Declaration.model_validate({"name": "demo", "data": data, "split": SPLIT, **(says or {})})
    return describe(kept, schema, report, source="rows", declared=wish)


def look_at_csv(path: Path, target: str) -> Exploration:
    """Explore a CSV file."""
    rows = CsvSource(CsvParams(path=str(path))).read()
    return look(rows, target, source=Choice(name="csv", params={"path": str(path)}))
