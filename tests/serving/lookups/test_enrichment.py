"""The rows of one request, filled in for one version; no service is started for it."""

import json
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from ml.validation.rows import Validator
from schemas.deploy_spec import DeploySpec
from schemas.lookups import LookupSpec
from serving.http.live_models import live_schemas
from serving.http.openapi import document
from serving.http.predict import Predict
from serving.http.reading import Reader, Rows, reader
from serving.http.v2.infer import Infer
from serving.http.work import NoValidRow
from serving.lookups.enrichment import Enrichment
from serving.lookups.lookup import Lookup
from serving.lookups.source import Found, Key, KeyRefused, Source
from tests.serving import packages

KEY = "Schlüssel"
DECOMPOSED = unicodedata.normalize("NFD", KEY)
COLUMNS = ["rooms", "größe"]
LEFT = {name: value for name, value in packages.ROW.items() if name != "rooms"}
Look = Callable[..., Lookup]


class Table(Source):
    """Knows one key, and refuses another."""

    def fetch(self, keys: Sequence[Key], seconds: float) -> Mapping[str, Found]:
        if keys == [3]:
            raise KeyRefused("it answers 422")
        return {"1": {"rooms": 4, "größe": 5.5}}

    def close(self) -> None:
        pass


@pytest.fixture
def look() -> Iterator[Look]:
    made: list[Lookup] = []

    def of(**given: Any) -> Lookup:
        spec = {"name": "homes", "key": KEY, "key_type": "integer", "columns": COLUMNS, "url": "https://host", **given}
        made.append(Lookup(LookupSpec.model_validate(spec), Table()))
        return made[-1]

    yield of
    for one in made:
        one.close()


def reads(*lookups: Lookup) -> Reader:
    return reader(packages.SIGNATURE, Validator(packages.SIGNATURE), DeploySpec(), "digest", {}, lookups)


def read(row: dict[str, Any], *lookups: Lookup) -> Rows:
    body = json.dumps({"instances": [row]}).encode()
    return reads(*lookups).read(body, lambda rows, explain: None, lambda: None)


def test_names_are_composed_before_anything_is_looked_up(look: Look) -> None:
    rows: list[Any] = [{DECOMPOSED: 1}, {DECOMPOSED: 1, unicodedata.normalize("NFD", "größe"): 7.0}, {KEY: 1}, "none"]
    assert not Enrichment([look()], COLUMNS, COLUMNS).put(rows).errors
    assert rows == [{"rooms": 4, "größe": 5.5}, {"rooms": 4, "größe": 7.0}, {"rooms": 4, "größe": 5.5}, "none"]


def test_a_key_that_stands_twice_is_no_input(look: Look) -> None:
    message = read({**LEFT, KEY: 1, DECOMPOSED: 1}, look(columns=["rooms"])).checked.errors[0]["message"]
    assert message.startswith("the model has no input of this name")


def test_a_version_from_before_a_lookup_takes_its_key_and_asks_nothing(look: Look) -> None:
    newer = look(columns=["income"])
    older = reads(newer)
    assert not older.waits and not older.looked_up
    for key in (KEY, DECOMPOSED):
        rows = read({**packages.ROW, key: "of any kind"}, newer)
        assert not rows.checked.errors and json.loads(rows.kept.inputs or "") == [packages.ROW]
    assert (newer.hits, newer.misses) == (0, 0)
    assert read({**packages.ROW, "other": 1}, newer).checked.errors, "other columns are none of its inputs still"


def test_beside_a_lookup_that_is_done_the_key_of_another_has_no_effect(look: Look) -> None:
    both = look(columns=["rooms"]), look(name="incomes", key="customer", columns=["income"])
    found = reads(*both)
    assert found.waits and found.looked_up == {"rooms"}
    rows = read({**LEFT, KEY: 1.0, "customer": 7}, *both)
    assert not rows.checked.errors and json.loads(rows.kept.inputs or "") == [{**LEFT, "rooms": 4}]


def test_the_document_of_a_version_from_before_a_lookup_has_its_key(look: Look) -> None:
    row = live_schemas(packages.SIGNATURE, [look(columns=["income"]).spec])["Row"]
    Draft202012Validator(row).validate({**packages.ROW, KEY: 1})
    assert row["properties"][KEY] == {"description": "key of the lookup homes: has no effect here"}


def test_the_example_leaves_out_what_is_looked_up_and_that_of_tensors_nothing(look: Look) -> None:
    specs = [look(key="city", columns=["rooms"]).spec]
    paths = document([Predict, Infer], "house", "1", packages.SIGNATURE, packages.ROW, lookups=specs)["paths"]
    rows, tensors = (
        paths[one.path]["post"]["requestBody"]["content"]["application/json"]["example"] for one in (Predict, Infer)
    )
    assert rows["instances"] == [LEFT] and [one["name"] for one in tensors["inputs"]] == list(packages.ROW)


@pytest.mark.parametrize(
    ("key", "message", "reason"),
    [
        (2, f"'{KEY}': the lookup 'homes' knows no such '{KEY}': send 'rooms', or another '{KEY}'",
         f"'{KEY}' is unknown to its lookup"),
        (3, f"'{KEY}': the lookup 'homes' takes no such '{KEY}': send 'rooms', or another '{KEY}'",
         f"'{KEY}' is refused by its lookup"),
        ("s3cret", f"'{KEY}' must be a whole number, the key of the lookup 'homes', not the string 's3cret'",
         f"'{KEY}' must be a whole number"),
        ("s3cret" * 99, f"'{KEY}' is no key of the lookup 'homes': at most 400 letters",
         f"'{KEY}' is no key of the lookup"),
    ],
)  # fmt: skip
def test_a_refused_key_is_told_to_the_caller_with_it_and_to_the_log_without(
    look: Look, key: Any, message: str, reason: str
) -> None:
    refusal = NoValidRow(read({**LEFT, KEY: key}, look(columns=["rooms"])).checked.errors, 1)
    assert (refusal.message, refusal.reason) == (message, reason)
