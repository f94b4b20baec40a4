"""What packaging takes is estimated before it is made, and past the bound another form is taken, or none."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier, RandomForestRegressor
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline

from ml.components.trainer import Export
from ml.package.memory import memory_bound
from ml.runtimes.onnx import OnnxModel
from ml.trainers.sklearn import export
from ml.trainers.sklearn.packaging_memory import onnx_memory, skops_memory
from ml.values.memory_bound import MemoryBound
from schemas.base import Task
from schemas.errors import PackageError
from schemas.home import ROOT
from schemas.run import PackageSpec
from schemas.signature import Output
from tests.soak import count

PEAK = Path(__file__).with_name("packaging_peak.py")
MEASURED = [
    *[("onnx", case) for case in ("two_classes", "impure_leaves", "many_classes", "one_tree", "values", "neighbours")],
    *[("onnx", "boosted_values"), ("skops", "many_classes"), ("skops", "values")],
]
ENDLESS = MemoryBound(2**60, "all")


@pytest.mark.skipif(sys.platform != "linux", reason="the highest resident set is read from /proc")
@pytest.mark.slow
@pytest.mark.untraced
@pytest.mark.parametrize(("runtime", "case"), MEASURED[: count(2, 99)])
def test_the_estimate_is_within_a_factor_of_two_of_what_it_takes(runtime, case):
    command = [sys.executable, str(PEAK), runtime, case]
    done = subprocess.run(command, cwd=ROOT, env={"PYTHONPATH": "."}, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    assert found["made"], found["why"]
    assert 0.5 <= found["estimated"] / found["peak"] <= 2


class Trained:
    """A pipeline that was trained on made-up rows, ready to be packaged."""

    def __init__(self, estimator, classes: int) -> None:
        draw = np.random.default_rng(0)
        self.rows = draw.normal(size=(1200, 2)).astype(np.float32)
        target = draw.integers(0, classes, 1200) if classes else draw.normal(size=1200)
        self.estimator = estimator
        self.pipeline = Pipeline([("features", SimpleImputer()), ("estimator", estimator)]).fit(self.rows, target)
        task: Task = "regression" if not classes else "binary" if classes == 2 else "multiclass"
        self.output = Output(target="y", task=task, classes=[str(code) for code in range(classes)] or None)

    def export(self, folder: Path, bound: MemoryBound = ENDLESS) -> Export:
        return export.export(self.pipeline, self.output, {}, folder, self.rows, bound)


@pytest.fixture(scope="module")
def forest() -> Trained:
    return Trained(RandomForestClassifier(n_estimators=60, random_state=0), 2)


def test_past_the_bound_the_next_runtime_is_taken_with_the_reason(forest, tmp_path):
    skops, needed = skops_memory(forest.estimator, 1200, 2), onnx_memory(forest.estimator, 1200, 2)
    assert skops < needed
    made = forest.export(tmp_path, MemoryBound((skops + needed) // 2, "the 0.1 GB of package.memory=60"))
    assert made.runtime == "skops" and (tmp_path / "model.skops").exists()
    assert made.reason.startswith("ONNX: to make it takes about 0.0")
    assert made.reason.endswith("of memory, more than the 0.1 GB of package.memory=60")


def test_with_no_form_within_the_bound_nothing_is_begun(forest, tmp_path, monkeypatch):
    for begun in ("_convert", "_skops", "predict"):
        monkeypatch.setattr(export, begun, lambda *_arguments: pytest.fail("it was begun"))
    with pytest.raises(PackageError) as refused:
        forest.export(tmp_path, memory_bound(PackageSpec(memory=1)))
    text = str(refused.value)
    assert text.startswith("The trained model is too large to be packaged. ONNX: to make it takes about 0.0")
    assert text.count("more than the 0.001 GB of package.memory=1") == 2
    keys = "trainer.max_depth, trainer.min_samples_leaf, trainer.n_estimators"
    assert text.endswith(f"Raise package.memory (MiB) or make the model smaller ({keys})")


def test_the_bound_is_three_quarters_of_what_is_free(monkeypatch):
    monkeypatch.setattr("ml.package.memory.free_memory", lambda: 16_000_000_000)
    bound = memory_bound(PackageSpec())
    assert bound.allowed == 12_000_000_000
    assert bound.excess(12_000_000_000) is None
    excess = "to make it takes about 17.2 GB of memory, more than 75 % of the 16.0 GB that are free (package.memory)"
    assert bound.excess(17_200_000_000) == excess


def test_a_leaf_is_written_with_the_classes_that_it_has_seen(tmp_path):
    trained = Trained(RandomForestClassifier(n_estimators=5, random_state=0), 60)
    assert trained.export(tmp_path).runtime == "onnx"
    graph = onnx.load(tmp_path / "model.onnx").graph
    node = next(node for node in graph.node if node.op_type == "TreeEnsembleClassifier")
    weights = next(list(one.floats) for one in node.attribute if one.name == "class_weights")
    leaves = sum(int((tree.tree_.children_left < 0).sum()) for tree in trained.estimator.estimators_)
    assert len(weights) == leaves and set(weights) == {np.float32(0.2)}


@pytest.mark.parametrize(
    ("estimator", "classes"),
    [
        (RandomForestClassifier(n_estimators=8, random_state=0), 2),
        (RandomForestClassifier(n_estimators=8, min_samples_leaf=30, random_state=0), 7),
        (ExtraTreesClassifier(n_estimators=8, max_depth=6, random_state=0, class_weight="balanced"), 5),
        (RandomForestRegressor(n_estimators=8, random_state=0), 0),
    ],
)
def test_a_forest_is_packaged_as_skl2onnx_would_write_it(estimator, classes, tmp_path, monkeypatch):
    trained = Trained(estimator, classes)
    assert trained.export(tmp_path).runtime == "onnx"
    ours = OnnxModel.load((tmp_path / "model.onnx").read_bytes(), trained.output)
    monkeypatch.setattr("ml.trainers.sklearn.forest_graph.converters", dict)
    theirs = OnnxModel.load(export._convert(trained.pipeline, trained.output, 2), trained.output)
    for rows in (trained.rows, np.nextafter(trained.rows, np.float32(9))):
        one, other = ours.predict(rows), theirs.predict(rows)
        for name in ("probabilities", "values"):
            left, right = getattr(one, name), getattr(other, name)
            assert (left is None) == (right is None)
            assert left is None or np.abs(left - right).max() < 1e-6
