"""One lookup: keys in, rows out, by cache, source and breaker; a source that fails costs its timeout and no more."""

import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from schemas.deploy_spec import DeploySpec
from schemas.errors import DeploymentError
from schemas.lookups import LookupSpec
from serving.lookups.breaker import Breaker
from serving.lookups.cache import Cache
from serving.lookups.enrichment import key_of
from serving.lookups.lookup import Lookup
from serving.lookups.opening import faults, require_fitting
from serving.lookups.source import Lost
from tests.serving import packages
from tests.serving.lookups.conftest import spec

QUERY = "SELECT id AS customer, income, since FROM customers WHERE id IN :keys"

MISPLACED = [
    "http://{key}:80/v1",
    "https://a.{key}/v1",
    "https://host{key}",
    "https://host:{key}/v1",
    "https://{key}@host/{key}",
    "https://{key}?q=1",
    "https://host\\{key}",
    "https://host/rows#{key}",
]


def of_database(folder: Path) -> str:
    """Make a database of customers, and return its URL."""
    with sqlite3.connect(folder / "shop.db") as connection:
        connection.execute("CREATE TABLE customers (id TEXT PRIMARY KEY, income REAL, since TEXT)")
        rows = [(str(number), 1000.5 * number, None) for number in range(1, 1501)]
        connection.executemany("INSERT INTO customers VALUES (?, ?, ?)", rows)
    return f"sqlite:///{folder / 'shop.db'}"


def test_a_query_gives_the_rows_of_all_keys_at_once(tmp_path: Path, look: Callable[..., Lookup]) -> None:
    lookup = look(url=of_database(tmp_path), query=QUERY, timeout=5)
    keys = {str(number): str(number) for number in (3, 7, 9999, *range(100, 1300))}
    found = lookup.of(keys)
    assert found["3"] == {"income": 3001.5, "since": None} and found["9999"] is Lost.UNKNOWN and len(found) == 1203
    assert (lookup.hits, lookup.misses) == (0, 1203)
    assert lookup.of({"3": "3", "9999": "9999"}) == {"3": found["3"], "9999": Lost.UNKNOWN}
    assert (lookup.hits, lookup.misses, lookup.failures) == (2, 1203, 0), "what is unknown is held, too"


def test_keys_are_parameters_and_a_database_is_only_read(tmp_path: Path, look: Callable[..., Lookup]) -> None:
    url = of_database(tmp_path)
    odd = "1'); DROP TABLE customers; --"
    assert look(url=url, query=QUERY, timeout=5).of({odd: odd}) == {odd: Lost.UNKNOWN}
    with pytest.raises(DeploymentError, match="only reading is done here"):
        look(url=url, query="DELETE FROM customers WHERE id IN :keys")
    writes = "WITH x AS (SELECT 1) INSERT INTO customers SELECT id, 1, 1 FROM customers WHERE id IN :keys"
    assert look(url=url, query=writes, timeout=5).of({"1": "1"}) == {"1": Lost.FAILED}
    assert look(url=url, query=QUERY, timeout=5).of({"1": "1"})["1"] != Lost.UNKNOWN


def test_a_query_that_is_too_slow_is_ended(tmp_path: Path, look: Callable[..., Lookup]) -> None:
    slow = (
        "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 1e9) "
        "SELECT count(*) AS customer, 1 AS income, 1 AS since FROM c WHERE x IN :keys"
    )
    lookup = look(url=of_database(tmp_path), query=slow, timeout=0.1)
    started = time.perf_counter()
    assert lookup.of({"1": "1"}) == {"1": Lost.FAILED} and time.perf_counter() - started < 1
    assert lookup.failures == 1


def test_a_breaker_lets_one_try_and_doubles_its_pause() -> None:
    now = [0.0]
    breaker = Breaker(lambda: now[0])
    for _ in range(3):
        assert breaker.lets_through()
        breaker.failed()
    assert not breaker.lets_through()
    now[0] = 1.1
    assert breaker.lets_through() and not breaker.lets_through(), "one tries"
    breaker.failed()
    now[0] = 2.9
    assert not breaker.lets_through()
    now[0] = 3.2
    assert breaker.lets_through()
    breaker.succeeded()
    assert breaker.lets_through() and breaker.lets_through() and not breaker.is_open


@pytest.mark.parametrize("url", ["http://", "https://[::1", "https:///x"])
def test_an_address_that_is_none_is_told(url: str) -> None:
    (fault,) = faults([spec(url=url)])
    assert "customers: url is no address" in fault.message


def test_a_key_names_no_host_where_the_address_is_a_secret_either(monkeypatch: pytest.MonkeyPatch) -> None:
    for url in MISPLACED:
        monkeypatch.setenv("SHOP_URL", url)
        (fault,) = faults([spec(url={"env": "SHOP_URL"})])
        assert "url may have {key} in its path or query alone" in fault.message
    for url in ("https://host/{key}", "https://host?id={key}", "https://host/a/{key}/b?c={key}#d"):
        assert not faults([spec(url=url)])


def test_a_cache_is_bounded_and_forgets() -> None:
    now = [0.0]
    cache = Cache(2, 10.0, lambda: now[0])
    cache.add({"a": {"x": 1}, "b": None})
    assert cache.known(["a"]) == {"a": {"x": 1}}
    cache.add({"c": {"x": 3}})
    assert cache.known(["a", "b", "c"]) == {"a": {"x": 1}, "c": {"x": 3}}, "b was not used for longest"
    now[0] = 10.0
    assert cache.known(["a"]) == {}
    unheld = Cache(2, 0.0)
    unheld.add({"a": None})
    assert unheld.known(["a"]) == {}


@pytest.mark.parametrize(
    ("value", "kind", "key"),
    [("a", "text", "a"), (17, "text", "17"), (17, "integer", 17), ("17", "integer", 17), (None, "text", None),
     (True, "text", ValueError), (1.5, "text", ValueError), ("x", "integer", ValueError), ([], "text", ValueError),
     (2**70, "integer", ValueError), ("\0", "text", ValueError), ("\ud800", "text", ValueError),
     ("k" * 500, "text", ValueError), (17.0, "integer", 17), (17.0, "text", "17"), (-3, "integer", -3),
     ("-3", "integer", -3), ("0", "integer", 0), (-0.0, "integer", 0), (2.0**53, "integer", ValueError),
     (2.0**53, "text", ValueError), (True, "integer", ValueError), (1.5, "integer", ValueError),
     (float("inf"), "integer", ValueError), ("1_0", "text", "1_0"),
     *((text, "integer", ValueError) for text in ("1_0", "１７", "+17", "-0", "017", " 17\n", "17\n", "٣", "17.0"))],
)  # fmt: skip
def test_keys_are_read_as_their_source_takes_them(value: Any, kind: str, key: Any) -> None:
    of = spec(url="http://127.0.0.1:1", key_type=kind)
    if key is ValueError:
        with pytest.raises(ValueError, match="customers"):
            key_of(value, of)
    else:
        assert key_of(value, of) == key


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"url": "postgresql://host/shop"}, "query: a database needs one SELECT"),
        ({"url": "https://host", "query": QUERY}, "query, user and password belong to a database"),
        ({"url": "postgresql://me:secret@host/shop", "query": QUERY}, "url holds a password"),
        ({"url": "sqlite:///x.db", "query": "SELECT 1"}, "query must have :keys once"),
        ({"url": "https://host", "headers": {"X-API-Key": "abcdefghijklmnopqrstuvwxyz"}}, "headers.X-API-Key holds"),
        ({"url": {"secret": "shop", "key": "url"}}, "a service has no secrets of ZenML"),
        ({"url": "https://host", "fallback": {"income": 1}}, "a value for each of the columns, income, since"),
        ({"url": "https://host", "key": "income"}, "cannot be one of the columns"),
        ({"url": "https://host", "columns": ["income", "income"]}, "a column stands twice"),
        *(({"url": url}, r"url may have \{key\} in its path or query alone") for url in MISPLACED),
    ],
)
def test_what_cannot_work_is_a_fault_of_the_configuration(given: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        spec(**given)


@pytest.mark.parametrize(
    ("others", "words"),
    [
        ([{"name": "customers"}], "the name 'customers' stands twice"),
        ([{"name": "others"}], "the column 'income' stands twice"),
        (
            [{"name": "b", "key": "c", "columns": ["customer"]}],
            "'customer' of 'customers' .* put 'b' before 'customers'",
        ),
        ([{"name": "others", "columns": ["age"], "timeout": 9.9}], "do not end before the deadline of 10"),
    ],
)
def test_lookups_fit_each_other(others: list[dict[str, Any]], words: str) -> None:
    one = {"key": "customer", "columns": ["income"], "url": "https://host", "name": "customers"}
    with pytest.raises(ValidationError, match=words):
        DeploySpec.model_validate({"lookups": [one, *({**one, **other} for other in others)]})


def test_what_does_not_fit_the_model_is_told_before_anything_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    of = {"name": "homes", "key": "id", "url": "https://host"}
    wrong: list[dict[str, Any]] = [
        {**of, "columns": ["cities"]},
        {**of, "name": "towns", "columns": ["city"], "fallback": "missing"},
    ]
    wrong.append({**of, "name": "sizes", "columns": ["size"], "fallback": {"size": "wide"}})
    words = r"(?s)'cities' is no input.*'city' cannot be missing.*sizes.fallback: 'size' must be a number"
    with pytest.raises(DeploymentError, match=words):
        require_fitting([LookupSpec.model_validate(one) for one in wrong], packages.SIGNATURE)
    monkeypatch.delenv("NOT_SET", raising=False)
    unset = {**of, "columns": ["city"], "headers": {"Authorization": {"env": "NOT_SET"}}}
    with pytest.raises(DeploymentError, match="the environment variable NOT_SET is not set"):
        require_fitting([LookupSpec.model_validate(unset)], packages.SIGNATURE)
    (fault,) = faults([LookupSpec.model_validate(unset)])
    assert (fault.path, fault.message.startswith("homes: the environment variable NOT_SET")) == ("deploy.lookups", True)
