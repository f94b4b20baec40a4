"""Many rows are checked column by column, and mean what each of them means alone."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.features.derive import Deriver
from ml.validation.checked import Checked
from ml.validation.rows import Validator
from ml.values.numbers import Numbers
from schemas.actions import Actions, Missing, OutOfRange, Unseen
from schemas.signature import (
    BooleanDerivation,
    CategoryDerivation,
    DateDerivation,
    Input,
    NumberDerivation,
    Output,
    Signature,
)

SIGNATURE = Signature(
    inputs=[
        Input(name="size", type="number"),
        Input(name="rooms", type="number", integer=True, nullable=True),
        Input(name="age", type="number", missing=["-1"], nullable=True, decimal=".", thousands=","),
        Input(name="garden", type="boolean", nullable=True),
        Input(name="town", type="category", categories=["Ulm", "Bern"], nullable=True),
        Input(name="grade", type="category", categories=["1", "2"], numeric=True),
        Input(name="sold", type="date"),
    ],
    ignored=["note"],
    derivations=[
        NumberDerivation(column="size"),
        NumberDerivation(column="rooms"),
        NumberDerivation(column="age"),
        BooleanDerivation(column="garden"),
        CategoryDerivation(column="town", categories=["Ulm", "Bern"]),
        CategoryDerivation(column="grade", categories=["1", "2"]),
        DateDerivation(column="sold", parts=["year"], start="2020-01-01"),
    ],
    features=["size", "rooms", "age", "garden", "town", "grade", "sold.year"],
    output=Output(task="regression", target="price"),
)
VALIDATOR = Validator(SIGNATURE)


def acting(out_of_range: OutOfRange, unseen: Unseen, missing: Missing | None) -> Signature:
    """Return the signature with what is declared of values that training did not have."""
    inputs = []
    for one in SIGNATURE.inputs:
        actions = Actions(
            out_of_range=out_of_range if one.type == "number" else "accept",
            unseen=unseen if one.type == "category" else "accept",
            missing=missing,
            low=-2.0,
            high=6.0,
        )
        inputs.append(one.model_copy(update={"actions": actions, "nullable": one.nullable or missing == "flag"}))
    return SIGNATURE.model_copy(update={"inputs": inputs})


ACTING = [
    Validator(acting(*actions))
    for actions in (
        ("flag", "flag", "flag"),
        ("clip", "missing", "flag"),
        ("reject", "reject", None),
        ("clip", "flag", "reject"),
    )
]
GOOD = {"size": 80.5, "rooms": 3, "age": 7, "garden": True, "town": "Ulm", "grade": "1", "sold": "2024-05-31"}
ODD: Any = st.sampled_from(
    [
        *(None, True, False, 0, 1, -1, 2.0, 2.5, 2**53 + 1, 2**64, 1e39, float("inf"), float("nan")),
        *("", "1", "2", "-1", "1,234.5", "Ulm", "Basel", "true", "2024-05-31", "\ud800", [], {}, "x" * 20_000),
    ]
)
PLAIN: Any = st.fixed_dictionaries(
    {
        "size": st.floats(-1e6, 1e6) | st.integers(-1000, 1000),
        "rooms": st.integers(0, 9) | st.none(),
        "age": st.floats(0, 100),
        "garden": st.booleans(),
        "town": st.sampled_from(["Ulm", "Bern"]),
        "grade": st.sampled_from(["1", "2"]),
        "sold": st.just("2024-05-31"),
    }
)
CHANGES: Any = st.dictionaries(st.sampled_from([*GOOD, "note", "other", "si\u0301ze"]), ODD, max_size=2)
ROWS: Any = st.lists(st.tuples(PLAIN, CHANGES | st.just({})), min_size=4, max_size=9)


def one_by_one(rows: Sequence[Any], validator: Validator = VALIDATOR) -> Checked:
    """Return what each row is alone."""
    found = [validator.check([row]) for row in rows]
    right = [one for one in found if one.positions]
    cells: dict[str, Sequence[Any]] = {name: [one.cells[name][0] for one in right] for name in validator.names}
    sent: dict[str, Sequence[Any]] = {name: [one.as_sent[name][0] for one in right] for name in validator.names}
    errors = {place: one.errors[0] for place, one in enumerate(found) if one.errors}
    flags = {place: one.flags[0] for place, one in enumerate(found) if one.flags}
    return Checked(cells, [place for place, one in enumerate(found) if one.positions], errors, flags, sent)


def as_lists(cells: Mapping[str, Sequence[Any]]) -> dict[str, list[str]]:
    return {name: [repr(value) for value in column] for name, column in cells.items()}


@pytest.mark.untraced
@settings(max_examples=300, deadline=None)
@given(
    ROWS,
    st.sets(st.sampled_from(list(GOOD)), max_size=2),
    st.sampled_from([None, 3, [], "row"]),
    st.sampled_from([VALIDATOR, *ACTING]),
)
def test_rows_mean_together_what_they_mean_alone(rows: Any, absent: set[str], odd: Any, validator: Validator) -> None:
    made = [plain | changes for plain, changes in rows]
    made[0] = {name: value for name, value in made[0].items() if name not in absent}
    made += [] if odd is None else [odd]
    together, alone = validator.check(made), one_by_one(made, validator)
    assert together.positions == alone.positions and together.errors == alone.errors
    assert together.flags == alone.flags
    assert as_lists(together.cells) == as_lists(alone.cells)
    assert as_lists(together.as_sent) == as_lists(alone.as_sent)
    deriver = Deriver(SIGNATURE)
    np.testing.assert_array_equal(deriver.matrix(together.cells), deriver.matrix(alone.cells))


def test_plain_numbers_are_in_one_array_with_gaps() -> None:
    rows = [GOOD | {"size": size, "rooms": rooms} for size, rooms in ((1, 2), (2.5, None), (3, 4.0), (4, 5))]
    cells = VALIDATOR.check(rows).cells
    size, rooms = cells["size"], cells["rooms"]
    assert isinstance(size, Numbers) and size.array.tolist() == [1.0, 2.5, 3.0, 4.0]
    assert isinstance(rooms, Numbers) and np.isnan(rooms.array[1]) and list(rooms) == [2, None, 4.0, 5]
    assert list(rooms[1:3]) == [None, 4.0] and rooms[1:].array.tolist()[1:] == [4.0, 5.0]
    assert not isinstance(cells["age"], Numbers), "a number of it stands for a missing one"


def test_names_of_the_same_letters_in_another_form_are_the_same_names() -> None:
    signature = SIGNATURE.model_copy(update={"inputs": [Input(name="größe", type="number")], "derivations": []})
    rows = [{"gro\u0308ße": 1.5}] * 3 + [{"größe": 2.5}] * 3 + [{"grosse": 1.0}]
    checked = Validator(signature).check(rows)
    assert list(checked.cells["größe"]) == [1.5] * 3 + [2.5] * 3 and list(checked.errors) == [6]


@pytest.mark.parametrize("explained", [0, 2])
def test_no_more_errors_are_spelled_out_than_are_asked_for(explained: int) -> None:
    checked = VALIDATOR.check([GOOD, *[GOOD | {"size": None}] * 4], explained)
    assert [error["column"] for error in checked.errors.values()] == ["size"] * explained + [None] * (4 - explained)
