import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from ml.features.cells import rows as request_rows
from ml.features.derive import Deriver
from ml.features.latest import with_latest
from ml.features.windows import Roles, newest_rows
from ml.forecasting.baselines import persistence
from ml.forecasting.features import WindowFeatures
from ml.schema_inference.infer import infer_schema
from ml.validation.rows import Validator
from schemas.data_spec import HISTORY
from schemas.errors import ContentError
from tests.ml.forecasting.long_table import made, shops, spec


def test_a_long_table_becomes_rows_of_a_past_and_what_came_after():
    found = made(shops(2, 100), spec())
    assert list(found.rows.columns) == ["shop", "month", "history", "sales"]
    row = found.sets["test"].iloc[-1]
    own = shops(2, 100).query("shop == 'shop 1'")["sales"].to_numpy()
    assert row["shop"] == "shop 1"
    assert np.allclose(row["history"].array, own[-30:-6])
    assert np.allclose(row["sales"].array, own[-6:])
    assert row["month"] == pd.Timestamp("2019-10-01")


def test_the_schema_of_windows_has_the_series_the_time_and_the_points_and_leaves_out_the_rest():
    found = made(shops(2, 100, weather="mild"), spec())
    kinds = {column.name: column.type for column in found.schema.columns}
    assert kinds == {"shop": "identifier", "month": "date", "history": "sequence", "weather": "drop"}
    assert found.schema.problem.task == "forecast"
    assert found.schema.forecast is not None
    assert (found.schema.forecast.frequency, found.schema.forecast.history) == ("month", 24)


def test_a_column_that_has_the_name_of_the_points_is_left_out_as_others_are():
    found = made(shops(2, 100, history=7.0), spec())
    assert [column.name for column in found.schema.columns] == ["shop", "month", "history"]
    assert np.allclose(found.sets["test"].iloc[-1]["history"].array, shops(2, 100)["sales"].iloc[-30:-6])


def test_a_series_that_is_named_alone_is_read_as_its_column_reads_it():
    found = made(shops(2, 100), spec())
    assert found.schema.forecast is not None
    newest = newest_rows(found.table, found.schema.forecast, Roles("sales", "month", "shop"))
    validator = Validator(with_latest(found.signature, newest))
    rows = [validator.filled({"shop": name}) for name in (" shop 1 ", "shop 9", None, ["shop 1"])]
    assert list(validator.check(rows).errors) == [1, 2, 3]
    assert len(rows[0]["history"]) == 24


def test_one_series_needs_no_name():
    found = made(shops(1, 100), spec(series=None))
    assert list(found.rows.columns) == ["month", "history", "sales"]
    assert found.signature.known_values() == {}


def test_rows_in_any_order_give_the_same_windows():
    rows = shops(3, 90)
    mixed = rows.sample(frac=1, random_state=3).reset_index(drop=True)
    first, second = made(rows, spec()), made(mixed, spec())
    assert first.rows["history"].tolist() == second.rows["history"].tolist()
    assert second.table.placed.unsorted > 0


def test_a_row_without_a_target_is_a_gap_and_no_fault():
    rows = shops(2, 100)
    rows.loc[50, "sales"] = np.nan
    found = made(rows, spec())
    assert np.isnan(found.table.panel.values).sum() == 1
    assert all(np.isfinite(cell.array).all() for cell in found.rows["history"])
    assert np.isnan(np.stack([cell.array for cell in found.rows["sales"]])).sum() == 6


def test_a_table_without_a_frequency_asks_for_one():
    rows = shops(40, 3).drop_duplicates("shop")
    with pytest.raises(ContentError, match=r"declare data\.frequency"):
        made(rows, spec())


def test_declared_parts_are_features_and_the_year_stands_still_after_training():
    found = made(shops(2, 120), spec(columns={"month": {"parts": ["year", "month"]}}))
    names = found.signature.features
    assert "year.h1" in names
    years = found.matrix("test").features[:, names.index("year.h6")]
    newest = found.matrix("train").features[:, names.index("year.h1")].max()
    assert (years == newest).all()


def test_features_are_derived_alike_from_frames_and_from_checked_requests():
    found = made(shops(3, 100), spec())
    checked = Validator(found.signature).check(request_rows(found.sets["test"], found.signature))
    assert not checked.errors
    assert np.array_equal(Deriver(found.signature).matrix(checked.cells), found.matrix("test").features)


def test_of_a_longer_history_the_last_points_are_looked_at():
    found = made(shops(2, 100), spec())
    row = {"shop": "shop 0", "month": "2020-01-01", "history": [float(one) for one in range(24)]}
    longer = {**row, "history": [7.0, 7.0, *row["history"]]}
    checked = Validator(found.signature).check([row, longer])
    matrix = Deriver(found.signature).matrix(checked.cells)
    assert np.array_equal(matrix[0], matrix[1])
    first, second = checked.cells["history"]
    assert first.digest == second.digest, "nothing else is kept, and no longer history is told as drift"


def refusals():
    good = {"shop": "shop 0", "month": "2020-01-01", "history": [1.0] * 24}
    yield {**good, "history": [1.0] * 23}, "history", "has 23 values; it must be a list of at least 24 numbers"
    yield {**good, "history": [1.0] * 23 + [None]}, "history", "holds null at [23]"
    yield {**good, "history": [1.0] * 23 + [float("nan")]}, "history", "holds NaN at [23]"
    yield {**good, "history": [1.0] * 23 + [3.5e38]}, "history", "holds too large a number at [23]"
    yield {**good, "history": [[1.0] * 24]}, "history", "has more axes than are wanted"
    yield {**good, "history": []}, "history", "is empty"
    yield {**good, "shop": "shop 9"}, "shop", "is 'shop 9', which training never saw. Did you mean 'shop "
    yield {**good, "shop": None}, "shop", "must not be null"
    yield {**good, "month": "soon"}, "month", "is not an ISO 8601 date"
    yield {"shop": "shop 0", "month": "2020-01-01"}, "history", "is missing"


@pytest.mark.parametrize("refusal", refusals(), ids=lambda one: one[2][:30])
def test_what_is_wrong_with_a_row_is_said_by_its_column(refusal):
    row, column, message = refusal
    error = Validator(made(shops(2, 100), spec()).signature).check([row]).errors[0]
    assert error["column"] == column
    assert message in error["message"] or column == "shop"


def test_the_newest_window_of_each_series_ends_with_its_last_point():
    found = made(shops(3, 100), spec())
    assert found.schema.forecast is not None
    newest = newest_rows(found.table, found.schema.forecast, Roles("sales", "month", "shop"))
    assert list(newest.columns) == ["shop", "month", HISTORY]
    assert newest["shop"].tolist() == ["shop 0", "shop 1", "shop 2"]
    assert (newest["month"] == pd.Timestamp("2020-04-01")).all()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"time": None}, "a forecast needs the column that says when a row was"),
        ({"horizon": None}, "time and series belongs to a forecast: declare its horizon"),
        ({"task": "regression"}, "horizon belongs to a forecast, but task is regression"),
        ({"series": "month"}, "target, time and series are three columns"),
        ({"series": "history"}, "series: a forecast calls the last points of a series 'history'"),
        ({"target": "history"}, "target: a forecast calls the last points of a series 'history'"),
        ({"frequency": "fortnight"}, "'fortnight' is no frequency"),
    ],
)
def test_a_declaration_that_is_no_forecast_says_what_is_missing(changes, message):
    with pytest.raises(ValidationError, match=message):
        spec(**changes)


def test_a_column_of_the_forecast_that_is_not_there_is_named():
    with pytest.raises(ContentError, match="there is no column 'shop'"):
        infer_schema(shops(1, 50).drop(columns="shop"), spec())


def test_a_large_counter_keeps_its_digits_from_the_rows_to_the_request():
    rows = shops(1, 100)
    rows["sales"] = 1e9 + 10.0 * np.arange(100)
    found = made(rows, spec())
    assert found.schema.forecast is not None
    features = WindowFeatures.of(found.schema.forecast)
    request = request_rows(found.sets["test"], found.signature)
    assert request[-1]["history"][-1] == rows["sales"].iloc[-7]
    checked = Validator(found.signature).check(request)
    matrix = Deriver(found.signature).matrix(checked.cells)
    last = [cell.array[-1] for cell in found.sets["test"]["history"]]
    assert np.abs(persistence(matrix, features)[:, 0] - last).max() < 0.01


@pytest.mark.parametrize(("point", "message"), [(1e39, "too large a number"), (float("inf"), "an infinite number")])
def test_a_point_that_no_model_can_compute_with_is_refused(point, message):
    row = {"shop": "shop 0", "month": "2020-01-01", "history": [1.0] * 23 + [point]}
    error = Validator(made(shops(2, 100), spec()).signature).check([row]).errors[0]
    assert error["message"].startswith(f"holds {message} at [23]")
