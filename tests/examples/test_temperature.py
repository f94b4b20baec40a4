"""Seattle's weather of a package: tomorrow is forecast, asked, watched."""

import pytest

from tests.examples.pages import ask_as_the_page_says, verdicts
from tests.lifecycle.conftest import Result, World
from tests.ml.sources.packages import installed

pytestmark = [pytest.mark.garage, pytest.mark.untraced]


@pytest.fixture(scope="module")
def forecast(world: World) -> Result:
    installed("seattle_weather")
    return world.run("+experiment=temperature")


def error_of(result: Result) -> tuple[float, float]:
    """Return the error of the model and of the baseline on the last year."""
    assert result.code == 0, result.err
    sets = result.summary["metrics"]["test"], result.summary["baseline"]["metrics"]["test"]
    own, baseline = (one["mean_absolute_error"] for one in sets)
    return own, baseline


def test_tomorrow_is_not_as_today_and_not_as_in_the_years_before(forecast: Result, world: World) -> None:
    own, persistence = error_of(forecast)
    _, climatology = error_of(world.run("+experiment=temperature", "pipeline=training", "baseline.name=climatology"))
    assert own < persistence < climatology
    assert 0.85 < forecast.summary["metrics"]["test"]["interval_coverage"] < 0.95


def test_it_answers_what_its_page_asks(forecast: Result) -> None:
    answer = ask_as_the_page_says("temperature", forecast.summary["deployment"]["url"])
    assert answer["times"] == ["2015-08-29"]
    (low,), (value,), (high,) = answer["lower"], answer["value"], answer["upper"]
    assert low < 23.3 < value < high


def test_days_it_never_learnt_from_are_quiet_and_another_scale_alarms(forecast: Result, world: World) -> None:
    (quiet, _), (shifted, blamed) = verdicts(world, "temperature")
    assert (quiet, shifted) == ("ok", "drift") and "history.mean" in blamed
