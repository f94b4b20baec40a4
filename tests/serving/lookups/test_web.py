"""Lookups at an address of the web: a real server on the loopback, and all that it may answer."""

import time
from collections.abc import Callable

import pytest

from serving.lookups.lookup import Lookup
from serving.lookups.source import Lost
from tests.serving.lookups.web import Served

pytestmark = pytest.mark.slow


def test_an_address_is_asked_once_for_all_keys(served: Served, look: Callable[..., Lookup],
                                               monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    monkeypatch.setenv("SHOP_TOKEN", "Bearer s3cret")
    lookup = look(url=f"{served.url}/rows", headers={"Authorization": {"env": "SHOP_TOKEN"}}, timeout=5)
    found = lookup.of({"1": "1", "2": "2"})
    assert found == {"1": {"income": 5.5, "since": "2020-01-01"}, "2": Lost.UNKNOWN}
    ((method, path, content, headers),) = served.asked
    assert (method, path, content) == ("POST", "/rows", {"keys": ["1", "2"]})
    assert {name.lower(): value for name, value in headers.items()}["authorization"] == "Bearer s3cret"


def test_an_address_with_a_place_for_the_key_is_asked_for_each(served: Served, look: Callable[..., Lookup]) -> None:
    lookup = look(url=f"{served.url}/rows/{{key}}", timeout=5)
    assert lookup.of({"1": "1", "a/../b": "a/../b"}) == {
        "1": {"income": 5.5, "since": "2020-01-01"},
        "a/../b": Lost.UNKNOWN,
    }
    assert lookup.of({"..": ".."}) == {"..": Lost.REFUSED}, "it would be another address"
    assert [path for _, path, _, _ in served.asked] == ["/rows/1", "/rows/a%2F..%2Fb"]


BOTH = ("", "/{key}")


@pytest.mark.parametrize(
    ("path", "status", "lost"),
    [
        *((path, status, Lost.REFUSED) for path in BOTH for status in (400, 413, 422)),
        *(("/{key}", status, Lost.REFUSED) for status in (410, 414)),
        *(("", status, Lost.FAILED) for status in (404, 410)),
        *((path, status, Lost.FAILED) for path in BOTH for status in (401, 403, 405, 408, 415, 429, 500, 503)),
    ],
)
def test_statuses_for_what_was_asked_open_no_breaker_and_those_of_the_address_do(
    served: Served, look: Callable[..., Lookup], path: str, status: int, lost: Lost
) -> None:
    served.status = status
    lookup = look(url=f"{served.url}{path}", timeout=5)
    for _ in range(3):
        assert lookup.of({"1": "1"}) == {"1": lost}
    assert lookup.is_open is (lost is Lost.FAILED)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (302, b""),
        (500, b""),
        (200, b'{"rows": [{"customer": "1", "income": NaN}]}'),
        (200, b'{"rows": [{"customer": "1", "customer": "2"}]}'),
        (200, b'{"rows": {}}'),
        (200, b"[" * 100_000),
        (200, b'{"rows": []}' + b" " * (9 << 20)),
    ],
)
def test_what_is_not_the_agreed_answer_is_a_failure(
    served: Served, look: Callable[..., Lookup], status: int, body: bytes
) -> None:
    served.status, served.body = status, body
    lookup = look(url=served.url, timeout=5)
    assert lookup.of({"1": "1"}) == {"1": Lost.FAILED} and lookup.failures == 1
    assert len(served.asked) == 1, "a redirect is not followed"


def test_a_source_that_is_down_costs_its_timeout_three_times_and_is_tried_again_later(
    served: Served, look: Callable[..., Lookup]
) -> None:
    served.delay = 0.3
    lookup = look(url=served.url, timeout=0.05)
    for _ in range(3):
        assert lookup.of({"1": "1"}) == {"1": Lost.FAILED}
    started = time.perf_counter()
    for _ in range(100):
        assert lookup.of({"1": "1"}) == {"1": Lost.FAILED}
    assert time.perf_counter() - started < 0.05 and lookup.is_open and lookup.failures == 3
