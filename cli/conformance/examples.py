"""What components are tried with: ours from a table, those of installed packages by `drivetrain.examples`.

`"load.json_lines" = "acme_platform.trials:json_lines"` names a function of an empty folder and rows that returns
parameters. It is imported here only, never in a run.
"""

from collections.abc import Mapping
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pandas as pd

from drivetrain.testing import Example, no_parameters
from steps import installed, registry

GROUP = "drivetrain.examples"
_CLASSES = {"no", "yes"}


def example_of(kind: str, name: str, params: type[Any]) -> Example | None:
    """Return what a component is tried with, None where it has parameters without a default and no example.

    Raises:
        Exception: Whatever a package's module raises that does not import.
    """
    if (kind, name) in _OURS:
        return _OURS[kind, name]
    entry = _entry(kind, name)
    if entry is not None:
        loaded: Example = entry.load()
        return loaded
    required = any(field.is_required() for field in params.model_fields.values())
    return None if required else no_parameters


def _entry(kind: str, name: str) -> EntryPoint | None:
    """Return the entry of the package that brings the component: no other says what it is tried with."""
    brings, named = registry.origin(kind, name), f"{kind}.{name}"
    entries = (entry for entry in installed.entries(GROUP) if entry.name == named)
    return next((entry for entry in entries if installed.origin_of(entry.dist) == brings), None)


def _csv(folder: Path, rows: pd.DataFrame) -> dict[str, Any]:
    rows.to_csv(folder / "rows.csv", index=False)
    return {"path": str(folder / "rows.csv")}


def _parquet(folder: Path, rows: pd.DataFrame) -> dict[str, Any]:
    rows.to_parquet(folder / "rows.parquet")
    return {"path": str(folder / "rows.parquet")}


def _sql(folder: Path, rows: pd.DataFrame) -> dict[str, Any]:
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(folder / "rows.db")) as connection:
        rows.to_sql("rows", connection, index=False)
    return {"url": f"sqlite:///{folder / 'rows.db'}", "table": "rows"}


def _dataset(folder: Path, rows: pd.DataFrame) -> dict[str, Any]:
    return {"dataset": "iris"}


def _package_dataset(folder: Path, rows: pd.DataFrame) -> dict[str, Any]:
    return {"dataset": "seattle_weather"}


def _file(ending: str) -> Example:
    return lambda folder, rows: {"path": str(folder / f"out{ending}")}


def _new_table(folder: Path, rows: pd.DataFrame) -> dict[str, Any]:
    return {"url": f"sqlite:///{folder / 'out.db'}", "table": "predictions"}


def _small(**params: Any) -> Example:
    """Return an example of these parameters: what takes long by default is tried at a small size."""
    return lambda folder, rows: params


def _estimator(folder: Path, rows: pd.DataFrame) -> dict[str, Any]:
    classes = set(map(str, rows["kind"].unique())) <= {*_CLASSES, "a", "b", "c"}
    return {"estimator": "DecisionTreeClassifier" if classes else "DecisionTreeRegressor"}


def _rules(folder: Path, rows: pd.DataFrame) -> dict[str, Any]:
    classes = sorted(map(str, rows["kind"].unique()))
    return {"rules": [{"when": {"column": "size", "at_least": 10}, "then": classes[-1]}], "otherwise": classes[0]}


_OURS: Mapping[tuple[str, str], Example] = {
    ("load", "csv"): _csv,
    ("load", "parquet"): _parquet,
    ("load", "sql"): _sql,
    ("load", "sklearn_dataset"): _dataset,
    ("load", "package_dataset"): _package_dataset,
    ("write", "csv"): _file(".csv"),
    ("write", "parquet"): _file(".parquet"),
    ("write", "sql"): _new_table,
    ("train", "sklearn"): _estimator,
    ("train", "random_forest"): _small(n_estimators=10),
    ("train", "gradient_boosting"): _small(n_estimators=10),
    ("train", "keras_mlp"): _small(epochs=2, layers=[4]),
    ("train", "rules"): _rules,
    ("gate", "min"): _small(accuracy=0.5),
    ("gate", "max"): _small(log_loss=0.5),
    ("gate", "max_size"): _small(mib=1),
}
