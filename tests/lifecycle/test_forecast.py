"""The next months of five shops go all the way round: windows, backtests, service, labels, batch, monitoring."""

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.lifecycle.conftest import Result, World, ask
from tests.ml.forecasting.long_table import shops

pytestmark = pytest.mark.own_worker
YAML = """# @package _global_
defaults:
  - override /data: csv
  - override /split: origins
  - override /trainer: ridge
name: shops
data:
  path: {path}
  target: sales
  time: month
  series: shop
  horizon: 6
  {more}
monitor: {{window: 200, min_rows: 50}}
"""


def experiment(world: World, name: str, rows: pd.DataFrame, more: str = "") -> tuple[str, str]:
    """Write rows and what is asked of them; return the words that run it."""
    path = world.folder / f"{name}.csv"
    rows.to_csv(path, index=False)
    return world.experiment(name, YAML.format(path=path, more=more)), f"+experiment={name}"


@pytest.fixture(scope="module")
def words(world: World) -> tuple[str, str]:
    return experiment(world, "shops", shops())


@pytest.fixture(scope="module")
def deployed(world: World, words: tuple[str, str]) -> Result:
    result = world.run(*words)
    assert result.code == 0, result.said
    return result


@pytest.fixture(scope="module")
def url(deployed: Result) -> str:
    return str(deployed.summary["deployment"]["url"])


def instance(shop: int, end: int, factor: float = 1.0) -> dict[str, Any]:
    """Return the 24 months of a shop up to and with one of its 120."""
    own = shops().query(f"shop == 'shop {shop}'").reset_index(drop=True)
    points = (factor * own["sales"].iloc[end - 23 : end + 1]).round(4).tolist()
    return {"shop": f"shop {shop}", "month": own["month"].iloc[end], "history": points}


def test_the_forecast_beats_the_season_before_and_its_intervals_cover(deployed: Result) -> None:
    summary = deployed.summary
    assert summary["gate"]["passed"]
    tested, baseline = summary["metrics"]["test"], summary["baseline"]["metrics"]["test"]
    assert tested["mean_absolute_scaled_error"] < 0.9 * baseline["mean_absolute_scaled_error"]
    assert tested["interval_coverage"] > 0.8
    low, high = summary["metrics"]["intervals"]["test"]["mean_absolute_scaled_error"]
    assert low <= tested["mean_absolute_scaled_error"] <= high


def test_it_answers_six_months_with_their_intervals(url: str) -> None:
    (found,) = ask(url, "/predict", {"instances": [instance(2, 119)]})["predictions"]
    assert found["times"] == [f"2022-0{month}-01" for month in range(1, 7)]
    assert len(found["value"]) == len(found["lower"]) == len(found["upper"]) == 6
    assert all(
        low < value < high for low, value, high in zip(found["lower"], found["value"], found["upper"], strict=True)
    )


def test_a_row_that_names_its_series_alone_gets_its_last_points(url: str) -> None:
    asked = {"instances": [{"shop": "shop 2"}, instance(2, 119)]}
    alone, whole = ask(url, "/predict", asked)["predictions"]
    assert alone["times"] == whole["times"]
    assert np.allclose(alone["value"], whole["value"], rtol=1e-5)


def test_what_is_wrong_with_one_series_harms_no_other(url: str) -> None:
    good = instance(1, 100)
    wrong = [{**good, "history": good["history"][:9]}, {**good, "shop": "shop 9"}, {"shop": "shop 9"}]
    rows = ask(url, "/predict", {"instances": [wrong[0], good, *wrong[1:]]})["predictions"]
    assert rows[0]["error"]["message"].startswith("has 9 values; it must be a list of at least 24 numbers")
    assert len(rows[1]["value"]) == 6
    assert "which training never saw" in rows[2]["error"]["message"]
    assert rows[3]["error"]["column"] == "shop"


def test_what_came_is_a_label_and_a_quiet_window_is_quiet_and_a_shifted_one_drifts(
    world: World, words: tuple[str, str], url: str
) -> None:
    places = [(shop, end) for shop in range(5) for end in range(40, 113)]
    draw = np.random.default_rng(2)
    chosen = [places[one] for one in draw.permutation(len(places))[:200]]
    answer = ask(url, "/predict", {"instances": [instance(*one) for one in chosen]})
    for index, (shop, end) in enumerate(chosen[:40]):
        came = shops().query(f"shop == 'shop {shop}'")["sales"].iloc[end + 1 : end + 7].tolist()
        label = [*came[:5], None]
        said = ask(url, "/feedback", {"request_id": answer["request_id"], "index": index, "label": label})
        assert said["status"] == "recorded"
    quiet = world.run(*words, "pipeline=monitoring")
    assert quiet.summary["monitoring"]["verdict"] == "ok", quiet.said
    assert "mean_absolute_scaled_error" in quiet.err
    ask(url, "/predict", {"instances": [instance(shop, end, 20) for shop, end in chosen]})
    shifted = world.run(*words, "pipeline=monitoring")
    assert shifted.summary["monitoring"]["verdict"] == "drift"


def test_a_batch_has_the_next_months_of_every_series(world: World, words: tuple[str, str], url: str) -> None:
    given, taken = world.folder / "newest.csv", world.folder / "next.csv"
    shops().to_csv(given, index=False)
    result = world.run(*words, "pipeline=batch_inference", f"+batch.input.path={given}", f"+batch.output.path={taken}")
    assert result.code == 0, result.said
    found = pd.read_csv(taken)
    assert list(found.columns[:5]) == ["shop", "month", "prediction", "prediction_lower", "prediction_upper"]
    assert len(found) == 5 * 6
    (asked,) = ask(url, "/predict", {"instances": [instance(3, 119)]})["predictions"]
    assert np.allclose(found.query("shop == 'shop 3'")["prediction"], asked["value"], rtol=1e-5)


@pytest.mark.untraced
def test_another_feature_of_the_times_reruns_all_that_comes_after_the_rows(
    world: World, words: tuple[str, str], url: str
) -> None:
    (world.folder / "mine" / "experiment" / "with_year.yaml").write_text(
        YAML.format(path=world.folder / "shops.csv", more="columns: {month: {parts: [month, year]}}")
    )
    result = world.run(words[0], "+experiment=with_year", "pipeline=training")
    assert result.reused == {"load"}
    assert {"infer_schema", "windows", "split", "fit_features", "train", "train_baseline"} <= result.ran


def test_series_that_carry_no_backtest_are_refused_with_the_arithmetic_and_what_else_is_wrong(world: World) -> None:
    twice = pd.concat([shops(20, 24), shops(20, 24).tail(3).assign(sales=0.5)])
    result = world.run(*experiment(world, "ledger", twice), "pipeline=training")
    assert result.code == 3, result.said
    said = json.dumps(result.summary)
    assert "24 points a series cannot carry 4 backtest origins of 6 months: 4 test origins take 3 x 3 + 6 = 15" in said
    assert "3 of 483 rows are in the same month as another row of their series, 3 with another value" in said


def test_a_forecast_is_split_by_origins_and_only_a_forecast(world: World, words: tuple[str, str]) -> None:
    wrong = world.run(*words, "pipeline=training", "split=random")
    assert wrong.code == 2
    assert "would test forecasts on times that they learnt from" in wrong.err + wrong.out
    table = world.run("+experiment=houses", "split=origins", "pipeline=training")
    assert table.code == 2
    assert "data.horizon is not declared" in table.err + table.out
