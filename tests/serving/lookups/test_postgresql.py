"""Lookups in a real PostgreSQL: by parameters, in time, over connections that only read."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from serving.lookups.lookup import Lookup
from serving.lookups.source import Lost
from tests.ml.io.database.postgresql import OWNER, PASSWORD, Server

pytestmark = pytest.mark.slow


def test_rows_are_looked_up_read_only_and_in_time(
    postgresql: Server, look: Callable[..., Lookup], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("SHOP_PASSWORD", PASSWORD)
    postgresql.execute(
        "CREATE TABLE customers (id integer PRIMARY KEY, income numeric, since date)",
        "INSERT INTO customers VALUES (1, 12.5, '2020-01-31'), (2, NULL, NULL)",
        "CREATE FUNCTION spoil(integer) RETURNS integer AS 'DELETE FROM customers RETURNING 1' LANGUAGE sql",
    )

    def asked(query: str, key: Any, **given: Any) -> Any:
        login = {"url": postgresql.url, "user": OWNER, "password": {"env": "SHOP_PASSWORD"}}
        lookup = look(query=query, **login, **{"timeout": 5, "key_type": "integer", **given})
        return lookup.of({str(key): key})[str(key)]

    columns = "id AS customer, income, since"
    assert asked(f"SELECT {columns} FROM customers WHERE id IN :keys", 1) == {"income": 12.5, "since": "2020-01-31"}
    assert asked(f"SELECT {columns} FROM customers WHERE id IN :keys", 2) == {"income": None, "since": None}
    assert asked(f"SELECT {columns} FROM customers WHERE id IN :keys", 10**12) is Lost.UNKNOWN
    assert asked(f"SELECT {columns}, spoil(1) FROM customers WHERE id IN :keys", 1) is Lost.FAILED
    assert asked(f"SELECT {columns} FROM customers WHERE id IN :keys", "x", key_type="text") is Lost.REFUSED
    as_text = asked(f"SELECT {columns} FROM customers WHERE id::text IN :keys", "1", key_type="text")
    assert as_text == {"income": 12.5, "since": "2020-01-31"}
    started = time.perf_counter()
    slow = f"SELECT {columns}, pg_sleep(5) FROM customers WHERE id IN :keys"
    assert asked(slow, 1, timeout=0.3) is Lost.FAILED and time.perf_counter() - started < 2
    assert PASSWORD not in caplog.text and "read-only" in caplog.text
