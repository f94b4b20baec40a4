"""Exact explanations: the coefficients' arithmetic, from the packaged files alone."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ml.components.trainer import Fitted
from ml.explanations.linear import LinearExplainer, agrees
from ml.explanations.shapley import SampledExplainer
from ml.features.cells import cells
from ml.package import storage
from ml.package.model import PackagedModel
from ml.predictions.predictor import Predictions
from ml.trainers.sklearn.pipeline import FittedPipeline
from schemas.choice import Choice
from schemas.errors import PackageError
from schemas.explanation import LinearForm, NumberTerm
from steps.components import create
from tests.ml.bench import Bench

Packaged = Callable[..., PackagedModel]
ALWAYS = lambda: 60.0  # noqa: E731


def fitted_on(bench: Bench, name: str, **params: Any) -> Fitted:
    fitted = create("train", Choice(name=name, params=params)).fit(bench.matrix, bench.matrix, bench.signature, seed=1)
    assert isinstance(fitted, Fitted)
    return fitted


def explained(model: PackagedModel, bench: Bench, count: int = 200) -> tuple[list[dict[str, Any]], Any]:
    asked = cells(bench.asked.head(count), model.signature)
    predicted = model.predict(asked)
    return list(model.explainer().explain(asked, predicted, ALWAYS)), predicted


def by_hand(fitted: FittedPipeline, bench: Bench, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return weights times distances from the training rows' means, (n, scores, columns), and the scores of the mean.

    They come from scikit-learn's own objects, which the explanation never sees.
    """
    steps, estimator = fitted.pipeline["features"], fitted.pipeline["estimator"]
    ready = steps.transform(bench.matrix.features.astype(np.float64))
    asked = steps.transform(bench.ask()[:count].astype(np.float64))
    weights = np.atleast_2d(estimator.coef_)
    distance = (asked - ready.mean(axis=0))[:, None, :] * weights[None]
    return distance, np.atleast_1d(estimator.intercept_) + weights @ ready.mean(axis=0)


def owners(fitted: FittedPipeline, bench: Bench) -> list[str]:
    """Return the input that each column which the estimator saw is made of."""
    columns = [one.rpartition("__")[2] for one in fitted.pipeline["features"].get_feature_names_out()]
    features = [bench.signature.features[int(one[1:].partition("_")[0])] for one in columns]
    names = [one.name for one in bench.signature.inputs]
    return [next(name for name in names if feature == name or feature.startswith(f"{name}.")) for feature in features]


@pytest.mark.untraced
@pytest.mark.parametrize(
    ("task", "name", "params", "of"),
    [
        ("regression", "ridge", {}, "value"),
        ("regression", "sklearn", {"estimator": "Lasso"}, "value"),
        ("regression", "sklearn", {"estimator": "LinearSVR"}, "value"),
        ("binary", "logistic_regression", {}, "log_odds"),
        ("binary", "sklearn", {"estimator": "LinearDiscriminantAnalysis"}, "log_odds"),
        ("binary", "sklearn", {"estimator": "LinearSVC"}, "score"),
        ("multiclass", "logistic_regression", {}, "log_ratio"),
        ("multiclass", "sklearn", {"estimator": "RidgeClassifier"}, "score"),
    ],
)
def test_an_exact_explanation_is_the_coefficients_arithmetic(
    task: str, name: str, params: dict[str, Any], of: str, benches: dict[str, Bench], packaged: Packaged, tmp_path: Path
) -> None:
    bench = benches[task]
    fitted = fitted_on(bench, name, **params)
    assert isinstance(fitted, FittedPipeline)
    found, predicted = explained(packaged(fitted, bench, tmp_path / "package"), bench)
    distances, base = by_hand(fitted, bench, 200)
    if of == "log_ratio":
        distances, base = distances - distances.mean(axis=1, keepdims=True), base - base.mean()
    classes = getattr(fitted.pipeline, "classes_", np.array([0]))
    places = owners(fitted, bench)
    assert len(found) == 200
    for row, one in enumerate(found):
        code = 0 if predicted.codes is None else predicted.codes[row]
        sign, score = (1, 0) if of == "value" else (1, int(np.flatnonzero(classes == code)[0]))
        if len(base) == 1 and of != "value":
            sign, score = (1 if code == classes[1] else -1), 0
        wanted = dict.fromkeys(one["contributions"], 0.0)
        for place, part in zip(places, sign * distances[row, score], strict=True):
            wanted[place] += part
        assert (one["method"], one["of"]) == ("exact", of) and "error" not in one
        assert one["base"] == pytest.approx(sign * base[score], abs=1e-6, rel=1e-9)
        assert one["contributions"] == pytest.approx(wanted, abs=1e-6, rel=1e-9)


def test_it_adds_up_to_the_logarithm_of_the_odds_that_are_answered(
    benches: dict[str, Bench], packaged: Packaged, tmp_path: Path
) -> None:
    fitted = fitted_on(benches["binary"], "logistic_regression", C=0.01)
    found, predicted = explained(packaged(fitted, benches["binary"], tmp_path / "package"), benches["binary"])
    chosen = predicted.probabilities[np.arange(200), predicted.codes]
    sums = [one["base"] + sum(one["contributions"].values()) for one in found]
    np.testing.assert_allclose(sums, np.log(chosen / (1 - chosen)), atol=2e-4)


def test_a_form_that_does_not_give_the_predictions_is_left_out(
    benches: dict[str, Bench], packaged: Packaged, tmp_path: Path
) -> None:
    """Its values are the exponential of a linear score, so that no sum of contributions would be exact."""
    fitted = fitted_on(benches["regression"], "sklearn", estimator="PoissonRegressor")
    assert len(fitted.linear_forms()) == 1
    model = packaged(fitted, benches["regression"], tmp_path / "package")
    assert storage.EXPLANATION not in model.manifest.files
    assert isinstance(model.explainer(), SampledExplainer)


def test_a_form_of_another_model_does_not_agree(benches: dict[str, Bench]) -> None:
    bench = benches["binary"]
    features = bench.matrix.features
    one, other = (fitted_on(bench, "logistic_regression", C=strength) for strength in (1.0, 0.001))
    (form,) = one.linear_forms()
    assert agrees(form, features, one.predict(features)) and not agrees(form, features, other.predict(features))


def test_one_against_the_rest_is_no_softmax_of_its_scores_however_sure_each_row_is() -> None:
    """Each of its rows has a class that is as good as impossible, so that only the likelier ones can be compared."""
    draw = np.random.default_rng(0)
    features = draw.normal(0, 12, (300, 4)).astype(np.float32)
    form = LinearForm(
        of="log_ratio",
        classes=[0, 1, 2, 3],
        base=[0.0] * 4,
        terms=[NumberTerm(feature=one, fill=0, reference=0, slopes=np.eye(4)[one].tolist()) for one in range(4)],
    )
    scores = features.astype(np.float64)
    raised = np.exp(scores - scores.max(axis=1, keepdims=True))
    softmax, rest = raised / raised.sum(axis=1, keepdims=True), 1 / (1 + np.exp(-scores))
    rest /= rest.sum(axis=1, keepdims=True)
    assert np.median(softmax.min(axis=1)) < 1e-6 and (rest.argmax(axis=1) == softmax.argmax(axis=1)).all()
    for probabilities, holds in ((softmax, True), (softmax.astype(np.float32).astype(np.float64), True), (rest, False)):
        predicted = Predictions(codes=probabilities.argmax(axis=1), probabilities=probabilities)
        assert agrees(form, features, predicted) is holds
    few = Predictions(codes=softmax.argmax(axis=1)[:5], probabilities=softmax[:5])
    assert not agrees(form, features[:5], few) and not agrees(form, features[:0], few)


def test_where_every_row_is_sure_nothing_is_compared_and_the_form_is_left_out() -> None:
    """On rows far apart the probabilities of modified_huber are 0 and 1, as those of a logistic regression are."""
    features = np.repeat([[-400.0], [400.0]], 100, axis=0).astype(np.float32)
    form = LinearForm(
        of="log_odds", classes=[0, 1], base=[0.0], terms=[NumberTerm(feature=0, fill=0, reference=0, slopes=[1])]
    )
    second = (features[:, 0] > 0).astype(np.float64)
    predicted = Predictions(codes=second.astype(np.int64), probabilities=np.stack([1 - second, second], axis=1))
    assert not agrees(form, features, predicted)


def test_an_old_package_without_the_form_is_explained_by_sampling(
    benches: dict[str, Bench], packaged: Packaged, tmp_path: Path
) -> None:
    model = packaged(fitted_on(benches["regression"], "ridge"), benches["regression"], tmp_path / "package")
    assert isinstance(model.explainer(), LinearExplainer)
    kept = {name: tmp_path / "package" / name for name in model.manifest.files if name != storage.EXPLANATION}
    storage.write(tmp_path / "old", kept, model.manifest)
    assert isinstance(PackagedModel.open(tmp_path / "old").explainer(), SampledExplainer)


@pytest.mark.parametrize(
    "form",
    [
        b"{}",
        LinearForm(of="score", classes=[0, 9], base=[0.0], terms=[]).model_dump_json().encode(),
        LinearForm(of="value", base=[0.0], terms=[]).model_dump_json().encode(),
        LinearForm(
            of="log_odds",
            classes=[0, 1],
            base=[0.0],
            terms=[NumberTerm(feature=99, fill=0, reference=0, slopes=[1])],
        )
        .model_dump_json()
        .encode(),
    ],
)
def test_a_form_that_is_not_this_models_is_refused(
    form: bytes, benches: dict[str, Bench], packaged: Packaged, tmp_path: Path
) -> None:
    model = packaged(fitted_on(benches["binary"], "logistic_regression"), benches["binary"], tmp_path / "package")
    files: dict[str, bytes | Path] = {name: tmp_path / "package" / name for name in model.manifest.files}
    storage.write(tmp_path / "other", files | {storage.EXPLANATION: form}, model.manifest)
    with pytest.raises(PackageError, match=r"explanation\.json"):
        PackagedModel.open(tmp_path / "other").explainer()


@pytest.mark.parametrize(
    "broken",
    [
        {"of": "value", "classes": [0, 1], "base": [0.0], "terms": []},
        {"of": "log_odds", "classes": [0, 1], "base": [0.0, 1.0], "terms": []},
        {"of": "value", "base": [0.0], "terms": [{"kind": "category", "feature": 0, "effects": [], "reference": []}]},
        {"of": "value", "base": [float("nan")], "terms": []},
    ],
)  # fmt: skip
def test_a_form_must_fit_itself(broken: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"fit each other|finite"):
        LinearForm.model_validate(broken)


def test_it_ends_when_there_is_no_time_left(benches: dict[str, Bench], packaged: Packaged, tmp_path: Path) -> None:
    model = packaged(fitted_on(benches["regression"], "ridge"), benches["regression"], tmp_path / "package")
    asked = cells(benches["regression"].asked.head(3), model.signature)
    assert list(model.explainer().explain(asked, model.predict(asked), lambda: 0.0)) == []


def test_its_size_is_never_more_than_said(benches: dict[str, Bench], packaged: Packaged, tmp_path: Path) -> None:
    from pydantic_core import to_json

    for name in ("ridge", "random_forest"):
        model = packaged(fitted_on(benches["regression"], name), benches["regression"], tmp_path / name)
        found, _ = explained(model, benches["regression"], 20)
        assert max(len(to_json(one)) for one in found) <= model.explainer().bytes_per_row
