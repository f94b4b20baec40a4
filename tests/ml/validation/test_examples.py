import pandas as pd

from ml.checks.expectations import check_expectations
from ml.schema_inference.infer import infer_schema
from ml.validation.examples import examples
from schemas.choice import Choice
from schemas.data_spec import ColumnSpec, DataSpec


def test_a_few_different_values_are_named_and_long_ones_shortened() -> None:
    assert examples([1, 1, 2.5, "a", "b"]) == "'1', '2.5', 'a'"
    assert examples(["x" * 1000, [1]]) == f"'{'x' * 59}…, '[1]'"
    assert examples([]) == ""


def test_an_expectation_that_does_not_hold_quotes_no_whole_text() -> None:
    text = "a secret that is told to nobody, neither here nor anywhere else, and not in a report either"
    frame = pd.DataFrame({"note": [text] * 2 + [f"{place} is a thing" for place in range(58)], "y": ["a", "b"] * 30})
    spec = DataSpec(source=Choice(name="csv"), target="y", columns={"note": ColumnSpec(type="text", unique=True)})
    (broken,) = [one for one in check_expectations(frame, infer_schema(frame, spec), spec) if not one.passed]
    assert "occur more than once, for example 'a secret that is told" in broken.message
    assert "…" in broken.message and "report" not in broken.message
