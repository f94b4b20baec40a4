from pathlib import Path

import numpy as np
import pytest

from ml.batch.series import forecast_series
from ml.components.trainer import Fitted
from ml.evaluation.evaluate import evaluate, target_and_predictions
from ml.evaluation.importance import measure
from ml.evaluation.plots import pictures
from ml.features.cells import cells
from ml.features.cells import rows as request_rows
from ml.features.derive import Deriver
from ml.package.build import UNNAMED, build_candidate
from ml.package.model import PackagedModel
from ml.package.parity import difference
from ml.predictions.codec import is_finite, is_forecast
from ml.predictions.predictor import Cells, Predictions
from ml.trainers.forecast.stacked import fit_forecast
from ml.validation.rows import Validator
from ml.values.tensor import Tensor
from schemas.choice import Choice
from schemas.errors import ContentError
from schemas.package import DataRecord
from steps.components import create
from tests.ml.forecasting.long_table import made, shops, spec

MADE = made(shops(), spec())
TRAINERS = [
    Choice(name="ridge"),
    Choice(name="random_forest", params={"n_estimators": 10}),
    Choice(name="gradient_boosting", params={"n_estimators": 20}),
    Choice(name="sklearn", params={"estimator": "HistGradientBoostingRegressor", "max_iter": 20}),
    Choice(name="sklearn", params={"estimator": "KNeighborsRegressor"}),
    Choice(name="persistence"),
    Choice(name="seasonal_naive"),
    Choice(name="climatology"),
    pytest.param(Choice(name="keras_forecast", params={"epochs": 5}), marks=pytest.mark.slow),
    pytest.param(Choice(name="keras_mlp", params={"epochs": 3}), marks=pytest.mark.slow),
]


def packaged(trainer: Choice, root: Path) -> tuple[Fitted, PackagedModel]:
    """Return a trained object, and its packaged form."""
    fitted, signature = fit_forecast(
        create("train", trainer), MADE.matrix("train"), MADE.matrix("validation"), MADE.signature, seed=3
    )
    data = DataRecord(label="shops", fingerprint="0", rows={"train": 1}, split=UNNAMED.split)
    build_candidate(
        root,
        fitted=fitted,
        signature=signature,
        train=MADE.sets["train"],
        model="shops",
        trainer=trainer,
        seed=3,
        data=data,
    )
    return fitted, PackagedModel.open(root)


@pytest.fixture(scope="module")
def ridge(tmp_path_factory) -> PackagedModel:
    return packaged(Choice(name="ridge"), tmp_path_factory.mktemp("shops") / "package")[1]


@pytest.mark.parametrize("trainer", TRAINERS, ids=lambda one: str(one.params.get("estimator", one.name)))
def test_the_packaged_form_forecasts_what_the_trained_object_does(trainer, tmp_path):
    fitted, package = packaged(trainer, tmp_path / "package")
    windows = MADE.rows.head(1000).reset_index(drop=True)
    raw = cells(windows, package.signature)
    trained = fitted.predict(Deriver(package.signature).matrix(raw))
    assert difference(trained, Predictions(values=package.predict(raw).values)) is None
    assert package.signature.output.forecast is not None
    assert package.signature.output.forecast.intervals is not None


def test_a_forecast_beats_its_baseline_and_its_intervals_cover_at_their_rate_elsewhere(ridge, tmp_path):
    _, naive = packaged(Choice(name="seasonal_naive"), tmp_path / "package")
    problem, test = MADE.schema.problem, MADE.sets["test"]
    scores, bounds = evaluate(problem, *target_and_predictions(ridge, test, problem), seed=0)
    baseline, _ = evaluate(problem, *target_and_predictions(naive, test, problem), seed=0)
    error, other, covered = (
        one[name] or 0.0
        for one, name in (
            (scores, "mean_absolute_scaled_error"),
            (baseline, "mean_absolute_scaled_error"),
            (scores, "interval_coverage"),
        )
    )
    assert 0 < error < 0.9 * other
    assert 0.8 <= covered <= 1
    assert bounds["mean_absolute_scaled_error"][0] < error
    assert set(scores) == {
        "mean_absolute_error",
        "root_mean_squared_error",
        "mean_absolute_percentage_error",
        "symmetric_mean_absolute_percentage_error",
        "mean_absolute_scaled_error",
        "mean_pinball_loss",
        "interval_coverage",
    }


def test_an_answer_says_when_each_step_is_and_where_its_interval_ends(ridge):
    row = MADE.sets["test"].head(1)
    encoded = ridge.encode(ridge.predict(cells(row, ridge.signature)))
    (record,) = encoded.records
    assert record["times"] == ["2020-10-01", "2020-11-01", "2020-12-01", "2021-01-01", "2021-02-01", "2021-03-01"]
    assert all(
        low < value < high for low, value, high in zip(*(record[k] for k in ("lower", "value", "upper")), strict=True)
    )
    assert record["needs_review"] is False
    assert is_forecast(record)
    assert is_finite(record)


def test_the_backtests_are_drawn_as_a_fan_for_three_series(ridge):
    problem, test = MADE.schema.problem, MADE.sets["test"]
    drawn = pictures(problem, *target_and_predictions(ridge, test, problem))
    assert list(drawn) == ["Backtests: shop 4", "Backtests: shop 2", "Backtests: shop 0"]
    assert all("ends of the prediction interval" in drawing for drawing in drawn.values())


def test_a_batch_has_the_next_steps_of_every_series_and_says_what_is_wrong_with_rows(ridge):
    rows = shops(5, 120)
    rows.loc[3, "shop"] = "shop 9"
    rows.loc[7, "month"] = None
    rows = rows[~((rows["shop"] == "shop 4") & (rows["month"] < "2021-01-01"))].reset_index(drop=True)
    answers, wrong = forecast_series(rows, ridge, "5", as_text=True)
    assert answers["shop"].tolist() == [f"shop {one}" for one in range(4) for _ in range(6)]
    assert answers["month"].tolist()[:2] == ["2022-01-01", "2022-02-01"]
    assert (answers["prediction_lower"] < answers["prediction"]).all()
    assert set(answers["model_version"]) == {"5"}
    said = [one.message for one in wrong]
    assert said[0].startswith("is 'shop 9', a series that training never saw. Did you mean 'shop ")
    assert said[1] == "is missing, or no time that can be read"
    assert said[2] == "series 'shop 4' has 12 points; a forecast looks at 24"


def test_a_batch_and_a_request_forecast_the_same(ridge):
    answers, _ = forecast_series(shops(), ridge, "5")
    own = shops().query("shop == 'shop 1'")
    points = Tensor(own["sales"].to_numpy()[-24:].astype(np.float32))
    request: Cells = {"shop": ["shop 1"], "month": ["2021-12-01T00:00:00"], "history": [points]}
    expected = ridge.predict(request).values
    assert expected is not None
    assert np.allclose(answers.query("shop == 'shop 1'")["prediction"], expected[0], rtol=1e-6)


def test_too_few_backtests_leave_out_the_intervals_and_the_card_says_so(tmp_path):
    matrix = MADE.matrix("validation")
    few = type(matrix)(matrix.features[:1], matrix.target[:1])
    _, signature = fit_forecast(
        create("train", Choice(name="ridge")), MADE.matrix("train"), few, MADE.signature, seed=0
    )
    assert signature.output.forecast is not None
    assert signature.output.forecast.intervals is None


def test_no_window_to_learn_from_is_refused():
    matrix = MADE.matrix("train")
    none = type(matrix)(matrix.features[:0], matrix.target[:0])
    for name in ("ridge", "seasonal_naive"):
        with pytest.raises(ContentError):
            fit_forecast(create("train", Choice(name=name)), none, none, MADE.signature, seed=0)


def test_what_moved_a_forecast_adds_up_to_the_mean_of_its_steps(ridge):
    raw = cells(MADE.sets["test"].head(3), ridge.signature)
    predictions = ridge.predict(raw)
    assert predictions.values is not None
    for row, found in enumerate(ridge.explainer().explain(raw, predictions, lambda: 60.0)):
        total = found["base"] + sum(found["contributions"].values())
        assert total == pytest.approx(predictions.values[row].mean(), rel=1e-6)
        assert found["contributions"].keys() == {"shop", "month", "history"}


def test_the_history_is_what_a_forecast_relies_on(ridge):
    found = measure(ridge, MADE.sets["validation"], MADE.schema.problem, "mean_absolute_scaled_error", seed=0)
    assert found.why_not is None
    assert found.inputs[0].input == "history"
    assert found.inputs[0].interval[0] > 0


def test_a_series_that_begins_after_years_of_zeros_harms_no_other_and_a_constant_one_stays_constant():
    rows = shops()
    others = made(rows, spec())
    rows.loc[(rows["shop"] == "shop 3") & (rows["month"] < "2018-01-01"), "sales"] = 0
    rows.loc[rows["shop"] == "shop 4", "sales"] = 5000.0
    found = made(rows, spec())
    values = []
    for one in (others, found):
        test = one.matrix("test")
        ridge, _ = fit_forecast(create("train", Choice(name="ridge")), one.matrix("train"), test, one.signature, seed=1)
        values.append(np.asarray(ridge.predict(test.features).values))
    own = [place for place, name in enumerate(found.sets["test"]["shop"]) if name in ("shop 0", "shop 1")]
    before, after = (np.abs(one[own] - found.matrix("test").target[own]).mean() for one in values)
    assert after < 1.5 * before
    constant = found.sets["test"]["shop"] == "shop 4"
    assert np.allclose(values[1][constant], 5000, rtol=1e-4)


def test_a_counter_of_large_numbers_keeps_its_digits_from_the_table_to_the_forecast():
    rows = shops(1, 100)
    rows["sales"] = 1e9 + 10.0 * np.arange(100)
    found = made(rows, spec())
    test = found.matrix("test")
    last, _ = fit_forecast(create("train", Choice(name="persistence")), test, test, found.signature, seed=1)
    assert np.asarray(last.predict(test.features).values)[-1].tolist() == pytest.approx([1e9 + 930] * 6, abs=1e-3)
    asked = Validator(found.signature).check(request_rows(found.sets["test"], found.signature))
    assert asked.cells["history"][-1].array[-1] == 1e9 + 930
