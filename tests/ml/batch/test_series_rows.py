import numpy as np
import pandas as pd
import pytest

from ml.batch.series_rows import sound_series, untold, unusable
from ml.features.windows import Roles, measured
from schemas.reading import Dates, TextReading
from tests.ml.forecasting.long_table import made, shops, spec

ROLES = Roles("sales", "month", "shop")
NOW = np.datetime64("2021-12-15", "us")


@pytest.fixture(scope="module")
def signature():
    found = made(shops(3, 100), spec()).signature
    return found.model_copy(update={"text": TextReading(missing=["", "NA"])})


def judged(rows: pd.DataFrame, signature):
    """Return the panel that sound rows make, and what is wrong, by row."""
    read = measured(rows, ROLES, Dates(None, None, None))
    wrong = list(unusable(rows["sales"], read, signature, NOW))
    sound, more = sound_series(read, np.setdiff1d(np.arange(len(rows)), [one.row for one in wrong]), signature.window)
    wrong += more if sound is None else [*more, *untold(sound, signature.window)]
    assert len({one.row for one in wrong}) == len(wrong)
    return sound, {one.row: (one.column, one.message) for one in wrong}


def test_sound_rows_have_no_fault_and_only_the_points_that_are_looked_at_are_kept(signature):
    sound, wrong = judged(shops(3, 100), signature)
    assert wrong == {}
    assert sound is not None
    assert sound.table.panel.lengths.tolist() == [25] * 3
    assert sound.table.panel.values[-1] == shops(3, 100)["sales"].iloc[-1]


def test_what_stands_there_and_is_no_number_is_told_and_what_is_left_out_is_a_gap(signature):
    rows = shops(3, 100).astype({"sales": object})
    rows.loc[96, "sales"], rows.loc[97, "sales"], rows.loc[98, "sales"], rows.loc[95, "sales"] = (
        "n/k",
        None,
        1e39,
        " NA ",
    )
    sound, wrong = judged(rows, signature)
    assert wrong == {96: ("sales", "is no number: 'n/k'"), 98: ("sales", "is 1e+39, beyond 3.4e38")}
    assert sound is not None
    assert np.isnan(sound.table.panel.values).sum() == 4


def test_a_row_of_the_future_and_two_values_for_one_moment_are_faults_of_their_rows_alone(signature):
    rows = shops(3, 120)
    rows.loc[119, "month"] = "2022-01-01"
    rows = pd.concat([rows, rows.iloc[[200, 201]].assign(sales=[rows["sales"][200], 7.0])], ignore_index=True)
    sound, wrong = judged(rows, signature)
    assert wrong[119] == ("month", "is later than now: what has not happened yet was not measured")
    text = "is in the same month as another row of its series, with another value; neither is taken"
    assert wrong[201] == wrong[361] == ("month", text)
    assert len(wrong) == 3
    assert sound is not None
    assert len(sound.table.panel) == 3


@pytest.mark.parametrize("stray", ["1900-01-01", "2021-12-01"])
def test_one_stray_row_makes_no_grid_of_centuries(signature, stray):
    rows = shops(3, 100)
    rows.loc[0, "month"] = stray
    sound, wrong = judged(rows, signature)
    assert sound is not None
    assert len(sound.table.panel.values) <= 75
    if stray > "2021":  # what was measured lies before its history
        assert wrong == {0: ("month", "series 'shop 0' was measured at 5 of its last 24 points; half are needed")}


def test_a_series_without_any_value_or_too_short_is_told_once(signature):
    rows = shops(3, 100)
    rows.loc[rows["shop"] == "shop 1", "sales"] = np.nan
    rows = rows[~((rows["shop"] == "shop 2") & (rows["month"] < "2019-01-01"))].reset_index(drop=True)
    _, wrong = judged(rows, signature)
    assert wrong[199] == ("month", "series 'shop 1' was measured at 0 of its last 24 points; half are needed")
    assert wrong[215] == ("month", "series 'shop 2' has 16 points; a forecast looks at 24")
    assert len(wrong) == 2


def test_the_nearest_name_is_looked_for_once_for_each_and_not_for_hundreds(signature, monkeypatch):
    asked: list[str] = []

    def near(name, _):
        asked.append(name)
        return " Near?"

    monkeypatch.setattr("ml.batch.series_rows.did_you_mean", near)
    rows = pd.concat([shops(3, 100), shops(3, 100).assign(shop="shop x")], ignore_index=True)
    rows.loc[:99, "shop"] = [f"other {one}" for one in range(100)]
    _, wrong = judged(rows, signature)
    assert len(asked) == len(set(asked)) <= 20
    assert wrong[0] == ("shop", "is 'other 0', a series that training never saw. Near?")
    assert wrong[99][1] == "is 'other 99', a series that training never saw."


def test_rows_of_the_future_are_taken_where_training_knew_some(signature):
    window = signature.window
    forecast = window.forecast.model_copy(update={"until": "2023-01-01T00:00:00"})
    later = signature.model_copy(update={"derivations": [window.model_copy(update={"forecast": forecast})]})
    rows = shops(3, 120)
    rows.loc[119, "month"] = "2022-01-01"
    assert judged(rows, later)[1] == {}
