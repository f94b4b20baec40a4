"""Prints what it took to package an estimator, and what was estimated: python packaging_peak.py RUNTIME CASE."""

import ctypes
import json
import sys
from pathlib import Path

import numpy as np
from sklearn.ensemble import GradientBoostingRegressor, RandomForestClassifier, RandomForestRegressor
from sklearn.impute import SimpleImputer
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline
from sklearn.tree import DecisionTreeClassifier

from ml.trainers.sklearn import export
from ml.trainers.sklearn.packaging_memory import onnx_memory, skops_memory
from schemas.base import Task
from schemas.signature import Output

CASES = {
    "two_classes": (RandomForestClassifier(n_estimators=30, random_state=0), 2, 15_000),
    "impure_leaves": (RandomForestClassifier(n_estimators=40, min_samples_leaf=20, random_state=0), 40, 15_000),
    "many_classes": (RandomForestClassifier(n_estimators=20, random_state=0), 300, 5_000),
    "one_tree": (DecisionTreeClassifier(random_state=0), 100, 6_000),
    "values": (RandomForestRegressor(n_estimators=30, random_state=0), 0, 10_000),
    "boosted_values": (GradientBoostingRegressor(n_estimators=60, max_depth=12, random_state=0), 0, 15_000),
    "neighbours": (KNeighborsClassifier(), 3, 40_000),
}
Sized = {"onnx": onnx_memory, "skops": skops_memory}


def highest() -> int:
    """Return the highest resident set since it was last reset, in bytes."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) * 1024


def main(runtime: str, case: str) -> None:
    estimator, classes, rows = CASES[case]
    draw = np.random.default_rng(0)
    features = draw.normal(size=(rows, 4)).astype(np.float32).astype(np.float64)
    target = draw.integers(0, classes, rows) if classes else draw.normal(size=rows)
    pipeline = Pipeline([("features", SimpleImputer()), ("estimator", estimator)]).fit(features, target)
    task: Task = "regression" if not classes else "binary" if classes == 2 else "multiclass"
    output = Output(target="y", task=task, classes=[str(code) for code in range(classes)] or None)
    import skl2onnx  # noqa: F401  what the libraries themselves take is no part of it
    import skops.io  # noqa: F401

    ctypes.CDLL(None).malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")
    before = highest()
    estimated = Sized[runtime](estimator, rows, 4)
    comparison = export._Comparison.of(pipeline, output, {}, features.astype(np.float32))
    data, why = (export._onnx if runtime == "onnx" else export._skops)(comparison)
    print(json.dumps({"estimated": estimated, "peak": highest() - before, "made": data is not None, "why": why}))


if __name__ == "__main__":
    main(*sys.argv[1:])
