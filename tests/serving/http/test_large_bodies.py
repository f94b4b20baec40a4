"""Bodies made to cost much: refused at a cost that grows with their length only."""

import json
import time

import pytest

from ml.validation import row_errors
from ml.validation.rows import Validator
from schemas.errors import did_you_mean
from serving.http.errors import HttpError
from serving.http.instances import instances
from tests.serving import packages

UNKNOWN = 3000


@pytest.mark.parametrize("keys", [8_600, 40_000])
def test_a_doubled_key_after_thousands_of_others_is_found_within_a_second(keys: int) -> None:
    pairs = [f'"column {number}": {number}' for number in range(keys - 1)]
    body = f'{{"instances": [{{{", ".join([*pairs, pairs[-1]])}}}]}}'.encode()
    before = time.process_time()
    with pytest.raises(HttpError) as caught:
        instances(body, 10_000, 5)
    assert time.process_time() - before < 1
    assert caught.value.status == 400 and f"'column {keys - 2}' stands twice" in caught.value.message


def test_of_unknown_columns_by_the_thousand_a_few_are_explained_and_the_rest_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looked_up: list[str] = []

    def counted(word: str, known: list[str]) -> str:
        looked_up.append(word)
        return did_you_mean(word, known)

    monkeypatch.setattr(row_errors, "did_you_mean", counted)
    row = {**packages.ROW, **{f"column {number}": number for number in range(UNKNOWN)}}
    error = Validator(packages.SIGNATURE).check([row]).errors[0]
    explained = error["message"].count("the model has no input of this name")
    assert explained == len(looked_up) == 10
    assert f"and {UNKNOWN - explained} more" in error["message"]
    assert error["column"] == "column 0" and len(json.dumps(error)) < 5_000


def test_an_unknown_column_with_a_name_of_many_thousand_characters_is_quoted_shortened() -> None:
    error = Validator(packages.SIGNATURE).check([{**packages.ROW, "n" * 100_000: 1}]).errors[0]
    assert error["column"] is not None and len(error["column"]) < 100 and len(error["message"]) < 500
