"""Lookups of the customers of a shop."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from schemas.lookups import LookupSpec
from serving.lookups.lookup import Lookup
from serving.lookups.opening import opened
from tests.ml.io.database.postgresql import postgresql as postgresql
from tests.serving.lookups.web import Served, serving


def spec(**given: Any) -> LookupSpec:
    return LookupSpec.model_validate({"name": "customers", "key": "customer", "columns": ["income", "since"], **given})


@pytest.fixture
def served() -> Iterator[Served]:
    with serving({"1": {"customer": "1", "income": 5.5, "since": "2020-01-01", "more": True}}) as one:
        yield one


@pytest.fixture
def look() -> Iterator[Callable[..., Lookup]]:
    made: list[Lookup] = []

    def of(**given: Any) -> Lookup:
        made.append(opened([spec(**given)])[0])
        return made[-1]

    yield of
    for one in made:
        one.close()
