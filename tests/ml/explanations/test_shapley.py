"""Sampled Shapley values: they add up, they are right within their errors, and they are the same each time."""

from itertools import permutations
from typing import Any

import numpy as np
import pytest

from ml.explanations.mixed_rows import MixedCells, MixedFeatures, mixed_rows
from ml.explanations.shapley import SampledExplainer
from ml.features.derive import Deriver
from ml.predictions.predictor import Cells, Predictions, Predictor
from ml.values.tensor import Tensor
from schemas.signature import CategoryDerivation, DateDerivation, Input, NumberDerivation, Output, Signature

DRAW = np.random.default_rng(5)
COLUMNS: dict[str, Any] = {
    "a": DRAW.normal(size=32).tolist(),
    "b": DRAW.normal(size=32).tolist(),
    "c": DRAW.choice(["x", "y", "z"], 32).tolist(),
    "d": [f"20{year:02}-03-04" for year in DRAW.integers(10, 25, 32)],
}
ROWS: dict[str, Any] = {"a": [2.0, -1.0], "b": [-3.0, None], "c": ["z", None], "d": ["2024-09-01", "2011-01-01"]}


def signature(**output: Any) -> Signature:
    return Signature(
        inputs=[
            Input(name="a", type="number"),
            Input(name="b", type="number", nullable=True),
            Input(name="c", type="category", nullable=True),
            Input(name="d", type="date"),
        ],
        derivations=[
            NumberDerivation(column="a"),
            NumberDerivation(column="b"),
            CategoryDerivation(column="c", categories=["x", "y", "z"]),
            DateDerivation(column="d", parts=["year", "month"], start="2010-01-01"),
        ],
        features=["a", "b", "c", "d.year", "d.month"],
        output=Output(**output),
    )


REGRESSION = signature(task="regression", target="t")


def score(features: np.ndarray) -> np.ndarray:
    full = np.nan_to_num(features.astype(np.float64), nan=0.5)
    found: np.ndarray = full[:, 0] * full[:, 1] + 2 * (full[:, 2] == 2) + 0.1 * (full[:, 3] - 2010) * full[:, 4]
    return found


class Interacting(Predictor):
    """Values in which inputs work together."""

    def predict(self, features: np.ndarray) -> Predictions:
        return Predictions(values=score(features))


class Graded(Predictor):
    """Three classes with probabilities, of which a row's may be any."""

    def predict(self, features: np.ndarray) -> Predictions:
        raised = np.exp(np.stack([score(features), -score(features), 0.3 * np.ones(len(features))], axis=1) / 3)
        probabilities = raised / raised.sum(axis=1, keepdims=True)
        return Predictions(codes=probabilities.argmax(axis=1), probabilities=probabilities)


class Labelling(Predictor):
    """Classes without probabilities, read from raw cells."""

    reads_cells = True

    def predict(self, features: np.ndarray) -> Predictions:
        raise AssertionError

    def predict_cells(self, cells: Cells) -> Predictions:
        pairs = zip(cells["a"], cells["c"], strict=True)
        return Predictions(codes=np.array([int(isinstance(a, float) and a > 0 and c == "z") for a, c in pairs]))


def explained(model: Predictor, of: Signature, rows: Cells = ROWS) -> list[dict[str, Any]]:
    mixed = mixed_rows(model, of)
    predicted = model.predict_cells(rows) if model.reads_cells else model.predict(Deriver(of).matrix(rows))
    return list(SampledExplainer(mixed, COLUMNS).explain(rows, predicted, lambda: 60.0))


def exactly(row: int) -> dict[str, float]:
    """Return the Shapley values by their definition: every order of every background row."""
    matrix = Deriver(REGRESSION).matrix
    background, own = matrix(COLUMNS), matrix(ROWS)[row]
    of = {"a": [0], "b": [1], "c": [2], "d": [3, 4]}
    found = dict.fromkeys(of, 0.0)
    orders = list(permutations(of))
    for order in orders:
        rows = background.copy()
        before = score(rows)
        for name in order:
            rows[:, of[name]] = own[of[name]]
            after = score(rows)
            found[name] += float((after - before).mean()) / len(orders)
            before = after
    return found


def test_base_and_contributions_add_up_to_the_answer() -> None:
    for one, value in zip(explained(Interacting(), REGRESSION), score(Deriver(REGRESSION).matrix(ROWS)), strict=True):
        assert (one["method"], one["of"]) == ("sampled", "value")
        assert one["base"] == pytest.approx(score(Deriver(REGRESSION).matrix(COLUMNS)).mean())
        assert one["base"] + sum(one["contributions"].values()) == pytest.approx(value)


def test_contributions_are_shapley_values_within_their_standard_errors() -> None:
    for row, one in enumerate(explained(Interacting(), REGRESSION)):
        wanted = exactly(row)
        assert set(one["error"]) == set(wanted)
        for name, value in wanted.items():
            assert 0 < one["error"][name] < 1
            assert abs(one["contributions"][name] - value) < 3 * one["error"][name]


def test_an_input_that_does_nothing_has_no_contribution_and_no_error() -> None:
    one = explained(Labelling(), signature(task="binary", target="t", classes=["no", "yes"]))[0]
    assert (one["contributions"]["b"], one["error"]["b"], one["contributions"]["d"]) == (0, 0, 0)
    assert one["of"] == "label" and one["contributions"]["a"] > 0 and one["contributions"]["c"] > 0
    assert one["base"] + sum(one["contributions"].values()) == pytest.approx(1)


def test_of_classes_the_probability_of_the_predicted_one_is_explained() -> None:
    of = signature(task="multiclass", target="t", classes=["p", "q", "r"])
    predicted = Graded().predict(Deriver(of).matrix(ROWS))
    assert predicted.codes is not None and predicted.probabilities is not None
    assert len(set(predicted.codes)) == 2, "the rows are of two classes"
    for row, one in enumerate(explained(Graded(), of)):
        wanted = predicted.probabilities[row, predicted.codes[row]]
        assert one["of"] == "probability" and one["base"] + sum(one["contributions"].values()) == pytest.approx(wanted)


def test_features_and_cells_are_mixed_alike() -> None:
    rows = [kind(Interacting(), REGRESSION) for kind in (MixedFeatures, MixedCells)]
    predicted = Interacting().predict(Deriver(REGRESSION).matrix(ROWS))
    first, second = (list(SampledExplainer(one, COLUMNS).explain(ROWS, predicted, lambda: 60.0)) for one in rows)
    assert first == second == explained(Interacting(), REGRESSION)


def test_a_row_is_explained_alike_wherever_it_stands() -> None:
    turned = {name: values[::-1] for name, values in ROWS.items()}
    assert explained(Interacting(), REGRESSION) == explained(Interacting(), REGRESSION, turned)[::-1]


def test_predictions_that_are_not_finite_are_not_explained() -> None:
    class Diverges(Predictor):
        def predict(self, features: np.ndarray) -> Predictions:
            return Predictions(values=np.where(features[:, 0] > 5, np.inf, 1.0))

    of = REGRESSION
    rows = {**ROWS, "a": [9.0, 0.0]}
    predicted = Predictions(values=np.ones(2))
    first, second = SampledExplainer(mixed_rows(Diverges(), of), COLUMNS).explain(rows, predicted, lambda: 60.0)
    assert list(first) == ["skipped"] and second["contributions"] == dict.fromkeys("abcd", 0.0)


def test_it_ends_between_two_questions_when_there_is_no_time_left() -> None:
    answers = iter([60.0] * 3 + [60.0, 0.0])
    predicted = Interacting().predict(Deriver(REGRESSION).matrix(ROWS))
    explainer = SampledExplainer(mixed_rows(Interacting(), REGRESSION), COLUMNS, clock=lambda: 0.0)
    assert len(list(explainer.explain(ROWS, predicted, lambda: next(answers)))) == 1


class Timed(Predictor):
    """Takes so many seconds a row, by a clock of its own, and notes how many rows it is asked at once."""

    def __init__(self, seconds: float) -> None:
        self.now, self.seconds = 0.0, seconds
        self.asked: list[int] = []

    def predict(self, features: np.ndarray) -> Predictions:
        self.now += self.seconds * len(features)
        self.asked.append(len(features))
        return Predictions(values=score(features))

    def explained(self, seconds: float) -> list[dict[str, Any]]:
        explainer = SampledExplainer(mixed_rows(self, REGRESSION), COLUMNS, clock=lambda: self.now)
        self.asked.clear()
        ends = self.now + seconds
        predicted = Predictions(values=score(Deriver(REGRESSION).matrix(ROWS)))
        return list(explainer.explain(ROWS, predicted, lambda: ends - self.now))


def test_a_slow_model_is_asked_few_rows_at_once_and_a_fast_one_many() -> None:
    slow, fast = Timed(0.01), Timed(1e-6)
    assert slow.explained(8.0) == fast.explained(8.0) == explained(Interacting(), REGRESSION)
    assert max(slow.asked) * slow.seconds <= 0.25 and fast.asked == [192, 192]


def test_a_model_too_slow_for_the_deadline_is_found_out_soon_and_said() -> None:
    model = Timed(0.2)
    found = model.explained(8.0)
    reason = "the model is too slow for deploy.deadline: to ask it 192 rows takes about 38.4 seconds"
    assert found == [{"skipped": reason}] * 2
    assert sum(model.asked) * 0.2 < 1 and set(model.asked) == {1}


def test_the_largest_row_bounds_how_many_are_mixed_at_once() -> None:
    class Notes(Predictor):
        reads_cells = True
        most = 0

        def predict(self, features: np.ndarray) -> Predictions:
            raise AssertionError

        def predict_cells(self, cells: Cells) -> Predictions:
            count = len(cells["a"])
            self.most = max(self.most, count * max(grid.array.size for grid in cells["a"]))
            return Predictions(values=np.zeros(count))

    short, long = Tensor(np.zeros(1)), Tensor(np.zeros(100_000))
    others: dict[str, Any] = {"b": [0.0] * 32, "c": [""] * 32, "d": ["2020-01-01"] * 32}
    for background, own in (([short] * 32, long), ([short] * 31 + [long], short)):
        model = Notes()
        explainer = SampledExplainer(MixedCells(model, REGRESSION), {"a": background, **others})
        model.most = 0
        rows: Any = {"a": [own], "b": [1.0], "c": ["x"], "d": ["2024-01-01"]}
        (one,) = explainer.explain(rows, Predictions(values=np.zeros(1)), lambda: 60.0)
        assert one["method"] == "sampled" and 100_000 <= model.most <= 1 << 19


def chosen(places: list[int]) -> dict[str, Any]:
    return {name: [values[place] for place in places] for name, values in COLUMNS.items()}


@pytest.mark.parametrize("places", [[0], list(range(15)), [0, 1, 2] * 10])
@pytest.mark.parametrize("kind", [MixedFeatures, MixedCells])
def test_few_background_rows_that_differ_say_nothing_of_the_error(places: list[int], kind: Any) -> None:
    predicted = Interacting().predict(Deriver(REGRESSION).matrix(ROWS))
    for one in SampledExplainer(kind(Interacting(), REGRESSION), chosen(places)).explain(ROWS, predicted, lambda: 60.0):
        assert one["error"] == dict.fromkeys("abcd")
        assert one["contributions"]["a"] != 0


def test_background_rows_that_are_repeated_count_once_in_the_error() -> None:
    """A row twice is no second draw of the training rows: the error stays about what it is without."""
    predicted = Interacting().predict(Deriver(REGRESSION).matrix(ROWS))
    once, often = (
        next(iter(SampledExplainer(mixed_rows(Interacting(), REGRESSION), chosen(places)).explain(
            ROWS, predicted, lambda: 60.0
        )))
        for places in (list(range(20)), list(range(20)) * 9)
    )  # fmt: skip
    for name in "abcd":
        assert often["error"][name] > 0.6 * once["error"][name]


def test_a_large_input_is_one_input_and_is_replaced_as_a_whole() -> None:
    class Sums(Predictor):
        reads_cells = True

        def predict(self, features: np.ndarray) -> Predictions:
            raise AssertionError

        def predict_cells(self, cells: Cells) -> Predictions:
            pairs = zip(cells["a"], cells["c"], strict=True)
            sums = [float(grid.array.sum()) + len(text) for grid, text in pairs]
            return Predictions(values=np.array(sums))

    rows: Any = {"a": [Tensor(np.ones((8, 8)))], "b": [1.0], "c": ["four"], "d": ["2024-01-01"]}
    background: Any = {"a": [Tensor(np.zeros((8, 8)))] * 4, "b": [0.0] * 4, "c": [""] * 4, "d": ["2020-01-01"] * 4}
    mixed = MixedCells(Sums(), REGRESSION)
    assert mixed.sizes(rows).tolist() == [[64, 1, 4, 10]]
    (one,) = SampledExplainer(mixed, background).explain(rows, Predictions(values=np.array([68.0])), lambda: 60.0)
    assert one["contributions"] == {"a": 64, "b": 0, "c": 4, "d": 0} and one["base"] == 0


def test_one_input_alone_has_the_whole_difference() -> None:
    of = Signature(
        inputs=[Input(name="a", type="number")],
        derivations=[NumberDerivation(column="a")],
        features=["a"],
        output=Output(task="regression", target="t"),
    )

    class Doubles(Predictor):
        def predict(self, features: np.ndarray) -> Predictions:
            return Predictions(values=features[:, 0].astype(np.float64) * 2)

    explainer = SampledExplainer(mixed_rows(Doubles(), of), {"a": [1.0, 3.0]})
    (one,) = explainer.explain({"a": [5.0]}, Predictions(values=np.array([10.0])), lambda: 60.0)
    assert (one["base"], one["contributions"]) == (4, {"a": 6})
