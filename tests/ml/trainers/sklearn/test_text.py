"""scikit-learn's estimators on texts: sparse all the way, one graph, the same predictions from every packaged form."""

from typing import Any

import numpy as np
import onnx
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression as Theirs

from ml.components.matrix import Matrix
from ml.package.parity import difference
from ml.predictions.predictor import FEATURES
from ml.runtimes.load import load
from ml.runtimes.onnx import COLUMNS
from ml.text.tfidf import Tfidf
from ml.text.tokenize import words_of
from ml.text.vocabulary import fit_vocabulary
from ml.trainers.sklearn import text
from ml.trainers.sklearn.any_estimator import Sklearn, SklearnParams
from ml.trainers.sklearn.presets import GradientBoosting, LogisticRegression, PresetParams, RandomForest, Ridge
from ml.values.memory_bound import MemoryBound
from schemas.base import Scalar, Task
from schemas.errors import ContentError, PackageError
from schemas.signature import CategoryDerivation, Derivation, NumberDerivation, Output, Signature, TfidfDerivation

pytestmark = [pytest.mark.untraced, pytest.mark.slow]
ROOM = MemoryBound(1 << 30, "a gigabyte")
SAID = [["lovely", "great", "joy"], ["awful", "poor", "mud"], ["so", "so-so"]]
PLAIN = ["the", "room", "was", "food", "and", "day", "in", "at", "of", "night", "street", "sun", "rain", "talk", "walk"]


def rows(
    count: int, task: Task, *, scalars: bool = True, seed: int = 0, names: tuple[str, str] = ("a note/1", "joined")
) -> tuple[Matrix, Signature, list[str]]:
    """Two texts a row, of which the first tells the class or value; beside them a number with gaps and a category."""
    draw = np.random.default_rng(seed)
    kinds = draw.integers(0, 3 if task == "multiclass" else 2, count)
    notes = [" ".join([*draw.choice(PLAIN, draw.integers(0, 30)), str(draw.choice(SAID[kind]))]) for kind in kinds]
    titles = [" ".join(draw.choice(PLAIN, draw.integers(0, 4))) for _ in kinds]
    features = np.stack([draw.normal(50, 9, count), draw.integers(-1, 3, count)], axis=1).astype(np.float32)
    features[draw.random(count) < 0.1, 0] = np.nan
    arrays = {}
    derivations: list[Derivation] = []
    for name, texts in zip(names, (notes, titles), strict=True):
        found = fit_vocabulary(texts, max_words=100, ngrams=2)
        derivations.append(TfidfDerivation(column=name, words=found.words, idf=found.idf(), ngrams=2, sublinear=True))
        arrays[name] = Tfidf(found.words, found.idf(), ngrams=2, sublinear=True)(texts)
    letters: list[Scalar] = ["a", "b", "c"]
    classes = None if task == "regression" else letters[: 3 if task == "multiclass" else 2]
    own: list[Derivation] = [
        NumberDerivation(column="size"),
        CategoryDerivation(column="color", categories=["x", "y", "z"]),
    ]
    signature = Signature(
        inputs=[],
        derivations=[*(own if scalars else []), *derivations],
        features=["size", "color"] if scalars else [],
        output=Output(task=task, target="y", classes=classes),
    )
    target = kinds.astype(np.float64 if task == "regression" else np.int64)
    return Matrix(features if scalars else features[:, :0], target, arrays=arrays), signature, notes


def asked(task: Task, like: Signature) -> dict[str, Any]:
    """A thousand rows with the vocabulary of others."""
    _, _, notes = rows(1000, task, seed=9)
    draw = np.random.default_rng(4)
    scalars = np.stack([draw.normal(50, 90, 1000), draw.integers(-1, 3, 1000)], axis=1).astype(np.float32)
    arrays: dict[str, Any] = {FEATURES: scalars[:, : len(like.features)]}
    for one in like.derivations:
        if isinstance(one, TfidfDerivation):
            arrays[one.column] = Tfidf(one.words, one.idf, ngrams=one.ngrams, sublinear=one.sublinear)(notes)
    return arrays


CASES = [
    (LogisticRegression, {}, "binary", "onnx"),
    (LogisticRegression, {"C": 10.0}, "multiclass", "onnx"),
    (Ridge, {}, "regression", "onnx"),
    (RandomForest, {"n_estimators": 20}, "multiclass", "onnx"),
    (RandomForest, {"n_estimators": 20}, "regression", "onnx"),
    (GradientBoosting, {"n_estimators": 10}, "binary", "onnx"),
    (Sklearn, {"estimator": "LinearSVC"}, "multiclass", "onnx"),
    (Sklearn, {"estimator": "GaussianNB"}, "binary", None),  # takes no sparse rows
    (Sklearn, {"estimator": "MultinomialNB"}, "binary", None),
    (Sklearn, {"estimator": "KNeighborsClassifier"}, "multiclass", None),
    (Sklearn, {"estimator": "HistGradientBoostingClassifier", "max_iter": 5}, "multiclass", "skops"),
]


@pytest.mark.parametrize(("trainer", "params", "task", "runtime"), CASES)
@pytest.mark.parametrize("scalars", [True, False])
def test_packaged_form_equals_the_trained_object_on_1000_rows(trainer, params, task, runtime, scalars, tmp_path):
    if params.get("estimator") == "MultinomialNB":
        scalars = False  # takes nothing below zero
    train, signature, _ = rows(300, task, scalars=scalars)
    fitted = trainer(trainer.Params(**params)).fit(train, train, signature, seed=5)
    export = fitted.export_arrays(tmp_path, train.all_arrays, ROOM)
    assert runtime in (None, export.runtime), export.reason
    packaged = load(export.runtime, (tmp_path / export.file).read_bytes(), signature.output)
    fresh = asked(task, signature)
    assert difference(fitted.predict_arrays(fresh), packaged.predict_arrays(fresh)) is None
    assert {"a note/1", "joined"} <= set(packaged.inputs) <= {"a note/1", "joined", FEATURES}


def test_texts_alone_are_learnt_from_as_scikit_learn_does_by_itself(tmp_path):
    train, signature, notes = rows(300, "binary", scalars=False)
    (note, *_) = [one for one in signature.derivations if isinstance(one, TfidfDerivation)]
    alone = signature.model_copy(update={"derivations": [note]})
    fitted = LogisticRegression(PresetParams()).fit(train, train, alone, seed=0)
    weigh = TfidfVectorizer(
        analyzer=lambda one: [*words_of(one), *map(" ".join, zip(words_of(one), words_of(one)[1:], strict=False))],
        vocabulary=note.words,
        sublinear_tf=True,
    )
    theirs = Theirs(random_state=0).fit(weigh.fit_transform(notes), train.target)
    ours = fitted.predict_arrays(train.all_arrays)
    assert np.abs(ours.probabilities - theirs.predict_proba(weigh.transform(notes))).max() < 1e-4
    export = fitted.export_arrays(tmp_path, train.all_arrays, ROOM)
    packaged = load(export.runtime, (tmp_path / export.file).read_bytes(), alone.output)
    assert list(packaged.inputs) == ["a note/1"]
    assert difference(ours, packaged.predict_arrays(train.all_arrays)) is None
    assert "Concat" not in {node.op_type for node in onnx.load(tmp_path / export.file).graph.node}


def test_an_estimator_that_would_need_too_large_a_matrix_is_refused(monkeypatch):
    train, signature, _ = rows(300, "binary")
    monkeypatch.setattr(text, "free_memory", lambda: 100_000)
    with pytest.raises(ContentError, match=r"GaussianNB takes no sparse rows.*Choose another trainer"):
        Sklearn(SklearnParams(estimator="GaussianNB")).fit(train, train, signature, seed=0)
    LogisticRegression(PresetParams()).fit(train, train, signature, seed=0)


def test_a_package_that_may_take_no_memory_is_refused_before(tmp_path):
    train, signature, _ = rows(300, "binary")
    fitted = LogisticRegression(PresetParams()).fit(train, train, signature, seed=0)
    with pytest.raises(PackageError, match="too large to be packaged"):
        fitted.export_arrays(tmp_path, train.all_arrays, MemoryBound(1000, "a kilobyte"))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("names", [("label", "probabilities"), ("text_2", "text_1"), ("variable", "prepared/variable")])
def test_a_columns_name_does_not_decide_the_runtime(names: tuple[str, str], tmp_path: Any) -> None:
    task: Task = "regression" if "variable" in names else "binary"
    train, signature, _ = rows(200, task, names=names)
    fitted = (Ridge if task == "regression" else LogisticRegression)(PresetParams()).fit(
        train, train, signature, seed=0
    )
    assert fitted.export_arrays(tmp_path, train.all_arrays, ROOM).runtime == "onnx"
    packaged = load("onnx", (tmp_path / "model.onnx").read_bytes(), signature.output)
    assert set(packaged.inputs) == {*names, FEATURES}
    assert difference(fitted.predict_arrays(train.all_arrays), packaged.predict_arrays(train.all_arrays)) is None


@pytest.mark.parametrize("columns", ["no", '{"text_1": 3}', '["text_1"]', '{"text_1": "features"}'])
def test_a_graph_that_names_no_arrays_is_refused(columns: str, tmp_path: Any) -> None:
    import onnx

    train, signature, _ = rows(50, "binary")
    LogisticRegression(PresetParams()).fit(train, train, signature, seed=0).export_arrays(
        tmp_path, train.all_arrays, ROOM
    )
    model = onnx.load(tmp_path / "model.onnx")
    next(one for one in model.metadata_props if one.key == COLUMNS).value = columns
    with pytest.raises(PackageError, match=r"no object of names|take the same array"):
        load("onnx", model.SerializeToString(), signature.output)
