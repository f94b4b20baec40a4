"""What a signature knows of its columns of labels."""

from schemas.signature import (
    CategoryDerivation,
    DateDerivation,
    IdentifierDerivation,
    Input,
    NumberDerivation,
    Output,
    Signature,
)

SIGNATURE = Signature(
    inputs=[Input(name=name, type="category", categories=["seen"]) for name in ("shade", "who", "size", "day")],
    derivations=[
        IdentifierDerivation(column="who", values=["12", "a"]),
        CategoryDerivation(column="shade", categories=["blue", "red"], impute="red"),
        NumberDerivation(column="size"),
        DateDerivation(column="day", parts=["year"], start="2024-01-01"),
        CategoryDerivation(column="empty", categories=[]),
    ],
    features=[],
    output=Output(task="regression", target="t"),
)


def test_categories_are_those_with_a_code_in_the_order_of_the_codes() -> None:
    assert SIGNATURE.categories() == {"shade": ["blue", "red"], "empty": []}


def test_identifiers_are_the_values_that_training_knew() -> None:
    assert SIGNATURE.identifiers() == {"who": ["12", "a"]}


def test_known_values_are_both_and_no_other_column_has_any() -> None:
    assert SIGNATURE.known_values() == {"shade": ["blue", "red"], "empty": [], "who": ["12", "a"]}


def test_what_is_stored_holds_the_fields_and_nothing_of_the_methods() -> None:
    stored = SIGNATURE.model_dump_json()
    assert set(SIGNATURE.model_dump()) == {"inputs", "ignored", "derivations", "features", "output", "text", "drawn"}
    assert Signature.model_validate_json(stored) == SIGNATURE
