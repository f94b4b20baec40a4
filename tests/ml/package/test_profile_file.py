"""A profile's file is taken whole or refused, with what is wrong."""

import hashlib
import json
import struct
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.monitoring.profiles import Profile, profile
from ml.package.profile_file import MAGIC, pack, unpack
from schemas.errors import PackageError

WRITTEN = profile(
    {"größe": [1.5, 2.5, None], "color": ["red", "red", "blue"]}, {"größe": "number", "color": "category"}
).to_bytes()
_HEAD = 28


def sealed(header: object, body: bytes, version: int = 1) -> bytes:
    """Return a file as somebody writes it who knows the checksum."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    whole = MAGIC + struct.pack("<H6xIQ", version, len(text), len(body)) + text + body
    return whole + hashlib.sha256(whole).digest()


def parts() -> tuple[dict[str, list[dict[str, Any]]], bytes]:
    (length,) = struct.unpack_from("<I", WRITTEN, 16)
    return json.loads(WRITTEN[_HEAD : _HEAD + length]), WRITTEN[_HEAD + length : -32]


def test_what_is_written_is_read_and_written_again_to_the_byte() -> None:
    assert pack(unpack(WRITTEN)) == WRITTEN
    assert Profile.from_bytes(WRITTEN).to_bytes() == WRITTEN
    header, body = parts()
    assert [one["name"] for one in header["columns"]] == ["größe", "color"]
    assert header["columns"][0]["mean"] == 2.0
    assert header["columns"][0]["squares"] == 0.5
    assert sum(sum(one["sketches"].values()) for one in header["columns"]) == len(body)


@given(st.integers(0, len(WRITTEN) - 1), st.integers(1, 255))
@settings(max_examples=150, deadline=None)
def test_a_changed_byte_is_always_found(place: int, change: int) -> None:
    damaged = bytearray(WRITTEN)
    damaged[place] ^= change
    with pytest.raises(PackageError, match="cannot be read"):
        Profile.from_bytes(bytes(damaged))


@pytest.mark.parametrize("size", [0, 7, 8, 27, 28, 59, 60, len(WRITTEN) - 1])
def test_what_is_cut_short_is_refused(size: int) -> None:
    with pytest.raises(PackageError, match="cannot be read"):
        Profile.from_bytes(WRITTEN[:size])
    with pytest.raises(PackageError, match="not as long as it says"):
        unpack(WRITTEN + b"\0")


def test_a_newer_format_is_refused_by_its_number() -> None:
    with pytest.raises(PackageError, match=r"format is version 2, and this version of Drivetrain reads 1"):
        unpack(sealed(*parts(), version=2))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rows": 4}, "not as many as the rows"),
        ({"rows": -3}, "rows"),
        ({"rows": "3"}, "rows"),
        ({"missing": True}, "missing"),
        ({"kind": "picture"}, "kind"),
        ({"mean": float("nan")}, "header is wrong"),
        ({"more": 1}, "more"),
        ({"infinite": 3}, "infinite"),
        ({"name": "color"}, "stands twice"),
        ({"sketches": {}}, "a sketch is missing"),
        ({"sketches": {"quantiles": 1 << 40, "labels": 8, "distinct": 8}}, "sketches"),
        ({"sketches": {"quantiles": 1 << 19, "labels": 8, "distinct": 8}}, "cannot be read"),
    ],
)
def test_a_header_that_cannot_be_is_refused_though_its_checksum_is_right(
    change: dict[str, object], message: str
) -> None:
    header, body = parts()
    header["columns"][0] |= change
    with pytest.raises(PackageError, match=message):
        Profile.from_bytes(sealed(header, body))


@pytest.mark.parametrize("header", [b"", b"[", b"[" * 100_000, b"\xff", b"{}", b"null"])
def test_a_header_that_is_none_is_refused(header: bytes) -> None:
    with pytest.raises(PackageError, match="header is wrong"):
        unpack(sealed(header, b""))


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_sketches_of_somebody_who_knows_the_checksum_are_refused_or_make_sense(data: st.DataObject) -> None:
    header, body = parts()
    changed = bytearray(body)
    for _ in range(data.draw(st.integers(1, 4))):
        changed[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    try:
        read = Profile.from_bytes(sealed(header, bytes(changed)))
    except PackageError:
        return
    merged = read.merge(read)
    for name in ("größe", "color"):
        column = merged.column(name)
        assert column is not None
        assert column.rows == 6
        assert sum(column.counts.values()) <= column.present
