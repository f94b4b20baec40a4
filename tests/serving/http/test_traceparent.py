"""`traceparent`, as the W3C's recommendation says."""

import pytest

from serving.http.traceparent import Traceparent, parsed

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
GOOD = f"00-{TRACE}-{SPAN}-01"


def test_what_is_well_formed_is_read() -> None:
    found = parsed([(b"host", b"x"), (b"traceparent", GOOD.encode())])
    assert found == Traceparent(int(TRACE, 16), int(SPAN, 16), 1, GOOD)


def test_a_later_version_is_read_as_far_as_it_is_known() -> None:
    for more in ("", "-what-comes-later"):
        found = parsed([(b"traceparent", f"cc-{TRACE}-{SPAN}-ff{more}".encode())])
        assert found is not None and found.text == GOOD and found.flags == 1


@pytest.mark.parametrize(
    "header",
    [
        "",
        "00",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-{TRACE[:-1]}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-1",
        f"00-{TRACE}-{SPAN}-01-more",
        f"00-{TRACE}-{SPAN}-01-",
        f"cc-{TRACE}-{SPAN}-01more",
        f"0-{TRACE}-{SPAN}-01",
        f" {GOOD}",
        f"{GOOD},{GOOD}",
        f"00-{TRACE}-{SPAN}-0g",
        "é" * 55,
    ],
)
def test_what_is_malformed_is_as_if_it_were_not_there(header: str) -> None:
    assert parsed([(b"traceparent", header.encode())]) is None


def test_two_headers_are_none() -> None:
    assert parsed([(b"traceparent", GOOD.encode())] * 2) is None and parsed([]) is None
