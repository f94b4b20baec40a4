"""What is declared of values that training did not have is done alike in requests, batches and training."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from ml.batch.predict import predict_table
from ml.features.cells import cells
from ml.features.signature import fit_signature
from ml.package.model import PackagedModel
from ml.schema_inference.infer import infer_schema
from ml.validation.rows import Validator
from schemas.actions import Actions
from schemas.choice import Choice
from schemas.column_types import ColumnType
from schemas.data_spec import ColumnSpec, DataSpec
from schemas.errors import ContentError
from schemas.signature import Input, Signature
from steps.components import create
from tests.serving import packages

TRAIN = pd.DataFrame(
    {
        "size": [1.5, 2.0, 9.0, 4.0] * 5,
        "rooms": [1, 2, 3, 4] * 5,
        "city": ["Bern", "Ulm", "Bern", "Chur"] * 5,
        "code": [f"k{number % 10}" for number in range(20)],
        "sold": ["yes", "no"] * 10,
    }
)
SOURCE = Choice(name="csv", params={})


def spec(columns: dict[str, Any] | None = None, **every: Any) -> DataSpec:
    given = {"code": {"type": "identifier"}, **(columns or {})}
    return DataSpec(source=SOURCE, target="sold", columns={k: ColumnSpec(**v) for k, v in given.items()}, **every)


def fitted(columns: dict[str, Any] | None = None, **every: Any) -> Signature:
    return fit_signature(TRAIN, infer_schema(TRAIN, spec(columns, **every)))


def actions_in(signature: Signature) -> dict[str, Actions | None]:
    return {one.name: one.actions for one in signature.inputs}


def test_nothing_declared_is_nothing_kept_and_a_package_from_before_is_read() -> None:
    assert set(actions_in(fitted()).values()) == {None}
    before = fitted().model_dump(mode="json")
    for one in before["inputs"]:
        del one["actions"]
    assert Signature.model_validate(before) == fitted()


def test_what_is_declared_of_all_columns_holds_where_it_fits() -> None:
    found = actions_in(fitted(when_out_of_range="clip", when_unseen="missing", when_missing="reject"))
    assert found["size"] == Actions(out_of_range="clip", missing="reject", low=1.5, high=9.0)
    assert found["city"] == Actions(unseen="missing", missing="reject")
    assert found["code"] == Actions(unseen="flag", missing="reject"), "a missing identifier is unknown, too"


def test_a_column_overrides_what_is_declared_of_all_and_its_bounds_are_those_declared() -> None:
    signature = fitted({"size": {"max": 20, "when_out_of_range": "reject"}, "city": {"nullable": False}},
                       when_out_of_range="flag", when_missing="flag")  # fmt: skip
    found = actions_in(signature)
    assert found["size"] == Actions(out_of_range="reject", missing="flag", low=1.5, high=20.0)
    nullable = {one.name: one.nullable for one in signature.inputs}
    assert nullable == {"size": True, "rooms": True, "city": False, "code": True}


def test_bounds_of_whole_numbers_are_whole() -> None:
    found = actions_in(fitted({"rooms": {"max": 7.5, "when_out_of_range": "clip"}}))["rooms"]
    assert found is not None and (found.low, found.high) == (1.0, 7.0)


@pytest.mark.parametrize(
    ("declared", "key"),
    [
        ({"type": "text", "when_out_of_range": "clip"}, "when_out_of_range: clip"),
        ({"type": "date", "when_unseen": "flag"}, "when_unseen: flag"),
        ({"type": "identifier", "when_unseen": "missing"}, "when_unseen: missing"),
        ({"type": "tensor", "when_missing": "flag"}, "when_missing: flag"),
        ({"nullable": False, "when_missing": "flag"}, "nullable: false"),
        ({"nullable": True, "when_missing": "reject"}, "nullable: true"),
    ],
)
def test_what_cannot_go_together_is_a_fault_of_the_configuration(declared: dict[str, Any], key: str) -> None:
    with pytest.raises(ValidationError, match=key):
        ColumnSpec(**declared)


def test_a_forecast_has_no_actions() -> None:
    declared: dict[str, Any] = {"source": SOURCE, "target": "y", "time": "t", "horizon": 3, "when_missing": "flag"}
    with pytest.raises(ValidationError, match="when_missing belongs to rows of a table"):
        DataSpec(**declared)


@pytest.mark.parametrize(
    ("column", "declared", "words"),
    [
        ("city", {"when_out_of_range": "clip"}, r"data.columns.city.when_out_of_range: clip belongs to a number"),
        ("size", {"when_unseen": "flag"}, r"data.columns.size.when_unseen: flag belongs to a category"),
        ("size", {"min": 30, "max": 40, "when_out_of_range": "clip"}, None),
        ("rooms", {"min": 2.2, "max": 2.8, "when_out_of_range": "clip"}, r"data.columns.rooms.when_out_of_range"),
    ],
)
def test_what_does_not_fit_the_rows_is_told_by_its_key(column: str, declared: dict[str, Any], words: str) -> None:
    if words is None:
        assert fitted({column: declared})
        return
    with pytest.raises(ContentError, match=words):
        fitted({column: declared})


def test_an_unseen_one_of_more_categories_than_are_kept_cannot_be_told() -> None:
    frame = pd.DataFrame({"city": [f"c{number}" for number in range(1000)] * 2, "sold": ["yes", "no"] * 1000})
    declared = spec({}, when_unseen="flag").model_copy(update={"columns": {"city": ColumnSpec(type="category")}})
    with pytest.raises(ContentError, match="type: identifier"):
        fit_signature(frame, infer_schema(frame, declared))


SENT = [{"size": 30.0, "rooms": 2, "city": "Rome", "code": "k1"}, {"size": 2.0, "rooms": 9, "city": "Ulm", "code": "x"}]


def test_flags_say_what_was_sent_and_what_was_taken() -> None:
    signature = fitted(when_out_of_range="clip", when_unseen="missing")
    checked = Validator(signature).check([*SENT, {"size": 2, "rooms": 1, "city": "Ulm", "code": "k2"}])
    assert checked.flags == {
        0: [
            {"column": "size", "message": "is 30, outside of 1.5 to 9: taken as 9"},
            {"column": "city", "message": "is 'Rome', which training did not have: taken as missing"},
        ],
        1: [
            {"column": "rooms", "message": "is 9, outside of 1 to 4: taken as 4"},
            {"column": "code", "message": "is 'x', which training did not have: taken as unknown"},
        ],
    }
    assert list(checked.cells["size"]) == [9.0, 2.0, 2] and list(checked.cells["city"]) == [None, "Ulm", "Ulm"]
    assert list(checked.cells["rooms"]) == [2, 4, 1] and isinstance(list(checked.cells["rooms"])[1], int)
    assert list(checked.as_sent["size"]) == [30.0, 2.0, 2] and next(iter(checked.as_sent["city"])) == "Rome"


def test_training_and_evaluation_read_rows_as_the_service_does() -> None:
    signature = fitted(when_out_of_range="clip", when_unseen="missing")
    test_set = pd.DataFrame(SENT)
    read, served = cells(test_set, signature), Validator(signature).check(SENT).cells
    assert {name: list(column) for name, column in read.items()} == {n: list(c) for n, c in served.items()}


def test_what_is_refused_names_bounds_labels_and_the_missing_value() -> None:
    signature = fitted(when_out_of_range="reject", when_unseen="reject", when_missing="reject")
    rows = [*SENT, {"size": None, "rooms": "", "city": "Ulm", "code": "k2"}]
    errors = Validator(signature).check(rows).errors
    assert [error["column"] for error in errors.values()] == ["size", "rooms", "size"]
    assert "is outside of 1.5 to 9: 30.0 (also 'city': is 'Rome', which training never saw" in errors[0]["message"]
    assert errors[2]["message"].startswith("is null, but the column must have a value")


def test_many_clean_rows_stay_one_array_and_one_clipped_changes_its_row_alone() -> None:
    signature = fitted(when_out_of_range="clip")
    rows = [{"size": 2.0, "rooms": 1, "city": "Ulm", "code": "k1"} for _ in range(1000)]
    validator = Validator(signature)
    clean = validator.check(rows)
    assert clean.flags == {} and clean.sent is None and clean.cells is clean.as_sent
    rows[500] = {**rows[500], "size": -1.0}
    column: Any = validator.check(rows).cells["size"]
    assert column.array[500] == column[500] == 1.5 and column.array.sum() == 999 * 2 + 1.5
    assert not math.isnan(np.sum(column.array))


def test_a_batch_has_what_is_told_of_a_row_beside_its_prediction(tmp_path: Path) -> None:
    signature = packages.acting(size=Actions(out_of_range="clip", low=0, high=10), city=Actions(unseen="reject"))
    model = PackagedModel.open(packages.write_rules(tmp_path / "package", signature=signature))
    frame = pd.DataFrame([{**packages.ROW, "size": size, "city": city} for size, city in
                          ((3.5, "Bern"), (12.5, "Bern"), (3.5, "Rome"))])  # fmt: skip
    frame.to_csv(tmp_path / "new.csv", index=False)
    given = create("load", Choice(name="csv", params={"path": str(tmp_path / "new.csv")}))
    sink = create("write", Choice(name="csv", params={"path": str(tmp_path / "out.csv")}))
    record = predict_table(given, sink, tmp_path / "errors.csv", 2, model, "3")
    out = pd.read_csv(tmp_path / "out.csv")
    assert (record.answered, record.refused) == (2, 1) and "Rome" in (tmp_path / "errors.csv").read_text()
    assert out["size"].tolist() == [3.5, 12.5], "the rows are those that were given"
    assert out["flags"].isna().tolist() == [True, False] and list(out)[-2:] == ["flags", "model_version"]
    assert json.loads(out["flags"][1])[0]["column"] == "size"


@pytest.mark.parametrize(
    ("kind", "actions"),
    [
        ("category", Actions(out_of_range="clip", low=0, high=1)),
        ("number", Actions(out_of_range="clip", low=0)),
        ("number", Actions(out_of_range="flag", low=2, high=math.nan)),
        ("number", Actions(out_of_range="reject", low=2, high=1)),
        ("tensor", Actions(missing="flag")),
        ("number", Actions(unseen="flag")),
    ],
)
def test_a_package_whose_actions_cannot_be_done_is_not_read(kind: ColumnType, actions: Actions) -> None:
    with pytest.raises(ValidationError, match="when_"):
        Input(name="x", type=kind, actions=actions)


def test_an_input_without_actions_takes_everything() -> None:
    assert Input(name="size", type="number").actions is None
    assert Validator(packages.SIGNATURE).check([{**packages.ROW, "size": 1e9}]).flags == {}


def test_a_table_of_numbers_is_taken_at_once_where_nothing_is_to_be_told() -> None:
    frame = TRAIN[["size", "rooms", "sold"]]
    for action in ("flag", "clip", "reject"):
        declared = {"source": SOURCE, "target": "sold", "when_out_of_range": action, "when_missing": "flag"}
        schema = infer_schema(frame, DataSpec.model_validate(declared))
        validator = Validator(fit_signature(frame, schema))
        for odd in ([30.0, 1.0], [math.nan, 1.0]):
            assert validator.check_numbers(np.array([odd, [1.0, 2.0]])) is None, "the other way has the words for it"
        clean = validator.check_numbers(np.array([[2.0, 3.0], [1.0, 2.0]]))
        assert clean is not None and clean.flags == {} and list(clean.cells["size"]) == [2.0, 3.0]
