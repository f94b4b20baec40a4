"""House sales of a package, and a ledger in a SQL database: forecast, asked, watched, refused."""

import pytest

from schemas.home import ROOT
from tests.examples.pages import ask_as_the_page_says, verdicts
from tests.lifecycle.conftest import Result, World
from tests.ml.sources.packages import installed

pytestmark = [pytest.mark.garage, pytest.mark.untraced]
MASE = "mean_absolute_scaled_error"


@pytest.fixture(scope="module")
def forecast(world: World) -> Result:
    installed("txhousing")
    return world.run("+experiment=sales")


def test_a_year_of_sales_is_forecast_better_than_by_the_year_before(forecast: Result) -> None:
    assert forecast.code == 0, forecast.err
    tested, baseline = forecast.summary["metrics"]["test"], forecast.summary["baseline"]["metrics"]["test"]
    assert tested[MASE] < 0.9 * baseline[MASE]
    assert 0.85 < tested["interval_coverage"] < 0.95


def test_it_answers_what_its_page_asks(forecast: Result) -> None:
    answer = ask_as_the_page_says("sales", forecast.summary["deployment"]["url"])
    assert answer["times"][0] == "2015-08-01" and len(answer["value"]) == 12
    assert all(map(float.__lt__, answer["lower"], answer["value"]))
    assert all(map(float.__lt__, answer["value"], answer["upper"]))


def test_months_are_quiet_and_quarters_reported_as_months_alarm(forecast: Result, world: World) -> None:
    (quiet, _), (shifted, blamed) = verdicts(world, "sales")
    assert (quiet, shifted) == ("ok", "drift") and "history.mean" in blamed


def test_the_year_as_a_feature_reruns_all_but_the_reading_and_is_refused(forecast: Result, world: World) -> None:
    shipped = (ROOT / "conf" / "experiment" / "sales.yaml").read_text(encoding="utf-8")
    with_year = shipped.replace("# columns:", "columns:")
    assert with_year != shipped
    words = world.experiment("sales_by_year", with_year), "+experiment=sales_by_year", "pipeline=training"
    result = world.run(*words)
    assert result.reused == {"load"}
    assert result.code == 3 and result.summary["metrics"]["test"][MASE] > 1
    back = world.run("+experiment=sales", "pipeline=training")
    assert back.ran <= {"data_gate", "gate", "package", "register"}, "what needs the year is there without it, too"


def test_two_years_of_a_ledger_carry_two_months_and_no_year(world: World) -> None:
    refused = world.run("+experiment=sales_ledger")
    assert refused.code == 3
    assert "24 points a series cannot carry 4 backtest origins of 12 months" in refused.summary["error"]
    shorter = ("data.horizon=2", "data.history=8", "split.origins=2")
    carried = world.run("+experiment=sales_ledger", "pipeline=training", *shorter)
    assert carried.code == 0, carried.err
