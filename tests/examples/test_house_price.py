"""Real house sales of a package: learnt, asked, watched."""

import pytest

from tests.examples.pages import ask_as_the_page_says, verdicts
from tests.lifecycle.conftest import Result, World
from tests.ml.sources.packages import installed

pytestmark = [pytest.mark.garage, pytest.mark.untraced]


@pytest.fixture(scope="module")
def sold(world: World) -> Result:
    installed("ames")
    return world.run("+experiment=house_price", "trainer.n_estimators=100", "trainer.learning_rate=0.1")


def test_prices_are_learnt_from_real_sales(sold: Result) -> None:
    assert sold.code == 0, sold.err
    assert sold.summary["metrics"]["test"]["r2"] > 0.85
    assert sold.summary["gate"]["passed"]


def test_it_answers_what_its_page_asks(sold: Result) -> None:
    answer = ask_as_the_page_says("house_price", sold.summary["deployment"]["url"])
    assert 120_000 < answer["value"] < 260_000


def test_sales_it_never_saw_are_quiet_and_areas_in_another_unit_alarm(sold: Result, world: World) -> None:
    (quiet, _), (shifted, blamed) = verdicts(world, "house_price")
    areas = {"Lot_Area", "Gr_Liv_Area", "Total_Bsmt_SF", "Garage_Area"}
    assert (quiet, shifted) == ("ok", "drift") and areas <= blamed
