"""Every shipped experiment with every trainer that fits it: deployed, and predicting as the trained object does.

`make matrix` runs it; `make test` leaves it out, since it takes minutes.
"""

import pytest

from cli.config.repository import CONF
from ml.package.parity import difference
from tests.lifecycle.conftest import World
from tests.lifecycle.matrix import ROWS, deployed
from tests.ml.sources.packages import require_tables

# A network is trained twice for each: deployed, and once more here.
pytestmark = [pytest.mark.own_worker, pytest.mark.matrix, pytest.mark.timeout(900)]

_CLASSES = ("logistic_regression", "random_forest", "gradient_boosting", "keras_mlp", "majority")
_VALUES = ("ridge", "random_forest", "gradient_boosting", "keras_mlp", "mean")
_TEXTS = ("logistic_regression", "keras_text", "majority")
_TRAINERS = {
    "breast_cancer": _CLASSES,
    "deliveries": (*_CLASSES, "rules"),
    "pumps": _CLASSES,
    "diabetes": _VALUES,
    "houses": _VALUES,
    "even_odd": _CLASSES,
    "house_price": _VALUES,
    "batch_size": _CLASSES,
    "spam": _TEXTS,
    "missing_word": _TEXTS,
    "sales": ("ridge", "gradient_boosting", "keras_forecast", "seasonal_naive", "climatology"),
    "temperature": ("ridge", "gradient_boosting", "keras_forecast", "keras_mlp", "persistence"),
}
_REFUSED = {"sales_ledger"}  # as its page shows
_RULES = ("majority", "mean", "rules", "persistence", "seasonal_naive", "climatology")
_RUNTIMES = dict.fromkeys(_RULES, "rules")


@pytest.mark.parametrize(
    ("experiment", "trainer"), [(experiment, trainer) for experiment, known in _TRAINERS.items() for trainer in known]
)
def test_the_service_predicts_as_the_trained_object(world: World, experiment: str, trainer: str):
    shipped = {path.stem for path in (CONF / "experiment").glob("*.yaml")}
    assert {*_TRAINERS, *_REFUSED} == shipped, "an experiment is left out"
    require_tables(experiment)
    model = deployed(world, experiment, trainer)
    rows = model.rows()
    assert len(rows) == ROWS
    assert difference(model.expected(rows), model.answered(rows)) is None
    assert model.manifest.runtime == _RUNTIMES.get(trainer, "onnx")
