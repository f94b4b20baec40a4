"""What the source, the trainer and the gate check do."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from acme_platform.generalizes import Generalizes, GeneralizesParams
from acme_platform.json_lines import JsonLines, JsonLinesParams
from acme_platform.nearest_centroid import NearestCentroid, NearestCentroidParams

from drivetrain import ContentError
from drivetrain.testing import evidence, sample

if TYPE_CHECKING:
    import pandas as pd


def test_a_key_that_a_line_lacks_is_a_missing_value(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text('{"a": 1, "b": "x"}\n{"a": 2}\n')
    rows = JsonLines(JsonLinesParams(path=str(tmp_path / "rows.jsonl"))).read()
    assert list(rows.columns) == ["a", "b"] and rows["b"].isna().tolist() == [False, True]


def read(folder: Path, content: bytes) -> "pd.DataFrame":
    """Return what the source reads from a file of this content."""
    (folder / "rows.jsonl").write_bytes(content)
    rows: pd.DataFrame = JsonLines(JsonLinesParams(path=str(folder / "rows.jsonl"))).read()
    return rows


@pytest.mark.parametrize(
    ("content", "line", "why"),
    [
        (b'{"a": 1}\n{"a": \n', 2, "is not JSON"),
        (b"5\n6\n", 1, "is no JSON object"),
        (b"[1,2]\n", 1, "is no JSON object"),
        (b'{"a": 1}\n7', 2, "is no JSON object"),
        (b'{"a": 1}\n\nnull\n', 3, "is no JSON object"),
        (b'{"a": 1} {"a": 2}\n', 1, "is not JSON"),
        (b'{"a": NaN}\n', 1, "NaN is no value of JSON"),
        (b'{"a": "\xff"}\n', 1, "is no text in UTF-8"),
        (b"[" * 100_000, 1, "is not JSON"),
    ],
)
def test_a_line_that_is_no_object_is_refused_with_file_and_line(
    content: bytes, line: int, why: str, tmp_path: Path
) -> None:
    with pytest.raises(ContentError) as caught:
        read(tmp_path, content)
    assert str(caught.value).startswith(f"{tmp_path}/rows.jsonl, line {line}, ") and why in str(caught.value)


def test_values_stay_what_they_are_whatever_their_column_is_called(tmp_path: Path) -> None:
    rows = read(tmp_path, b'{"sold_at": 5, "date": "2024-01-01", "big": 12345678901234567}\n')
    assert rows.iloc[0].tolist() == [5, "2024-01-01", 12345678901234567]


def test_a_file_without_a_line_has_no_rows(tmp_path: Path) -> None:
    assert len(read(tmp_path, b"")) == len(read(tmp_path, b"\n \n")) == 0


def test_the_trainer_is_better_than_a_guess() -> None:
    given = sample("binary")
    fitted = NearestCentroid(NearestCentroidParams()).fit(given.train, given.validation, given.signature, seed=0)
    codes = fitted.predict(given.validation.features).codes
    assert codes is not None and np.mean(codes == given.validation.target) > 0.65  # the larger class is 0.55


def test_a_higher_temperature_makes_predictions_less_sure() -> None:
    given, surest = sample("binary"), []
    for temperature in (1.0, 10.0):
        trainer = NearestCentroid(NearestCentroidParams(temperature=temperature))
        found = trainer.fit(given.train, given.validation, given.signature, seed=0).predict(given.train.features)
        assert found.probabilities is not None
        surest.append(found.probabilities.max(axis=1).mean())
    assert surest[1] < surest[0]


@pytest.mark.parametrize(("within", "passed"), [(0.1, True), (0.01, False)])
def test_a_model_may_move_by_so_much_between_the_sets(within: float, passed: bool) -> None:
    given = evidence({"roc_auc": 0.9})
    given.evaluation.metrics["test"]["roc_auc"] = 0.85
    (outcome,) = Generalizes(GeneralizesParams(within=within)).check(given)
    assert outcome.passed is passed and "roc_auc moved by 0.05" in outcome.why
