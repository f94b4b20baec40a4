"""The data of a tensor: flat, nested or bytes, exactly as many as the shape says and of its datatype."""

from typing import Any

import numpy as np
import pytest

from serving.http.errors import HttpError
from serving.http.v2.data import require_size, values
from serving.http.v2.request import Given


def of_json(datatype: str, shape: list[int], data: Any) -> Any:
    return values(Given("x", datatype, shape, data), memoryview(b""))


def of_bytes(datatype: str, shape: list[int], data: bytes) -> Any:
    given = Given("x", datatype, shape, slice(1, 1 + len(data)))
    require_size(given)
    return values(given, memoryview(b"\x00" + data + b"\x00"))


@pytest.mark.parametrize("code", ["f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8"])
def test_numbers_of_every_datatype_are_the_same_in_json_and_bytes(code: str) -> None:
    datatype = {"f": "FP", "i": "INT", "u": "UINT"}[code[0]] + str(8 * int(code[1]))
    array = np.array([0, 1, 100], dtype=f"<{code}")
    found = of_bytes(datatype, [3], array.tobytes())
    assert found.dtype == array.dtype and found.tolist() == array.tolist()
    assert not found.flags.owndata, "numbers stay where they arrived"
    assert of_json(datatype, [3], array.tolist()).tolist() == array.tolist()


def test_texts_truths_and_gaps() -> None:
    assert of_bytes("BYTES", [3, 1], b"\x02\0\0\0ab\0\0\0\0\x02\0\0\0\xc3\xa9") == ["ab", "", "é"]
    assert of_json("BYTES", [2], ["ab", None]) == ["ab", None]
    assert of_bytes("BOOL", [2], b"\x01\x00").tolist() == [True, False]
    assert of_json("BOOL", [2], [True, False]).tolist() == [True, False]
    assert of_json("BOOL", [2], [True, None]) == [True, None]
    assert of_json("INT8", [2], [-7, None]) == [-7, None]
    assert np.isnan(of_json("FP32", [2], [0.1, None])[1]) and of_json("FP32", [1], [0.1])[0] == 0.1
    assert np.isnan(of_bytes("FP64", [1], np.array([np.nan]).tobytes())[0])


def test_nested_lists_are_as_the_shape_says() -> None:
    assert of_json("INT64", [2, 1], [[1], [2]]).tolist() == [1, 2]
    assert of_json("INT64", [2, 2, 1], [[[1], [2]], [[3], [4]]]).tolist() == [1, 2, 3, 4]
    assert of_json("INT64", [2, 2], [1, 2, 3, 4]).tolist() == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("datatype", "shape", "data", "said"),
    [
        ("FP64", [3], [1, 2], "has 2 elements, and its shape 3"),
        ("FP64", [1 << 40, 1 << 40], [1], "more than 2**63"),
        ("FP64", [0], [1], "has 1 elements, and its shape 0"),
        ("FP64", [2, 2], [[1, 2], [3]], "not nested as its shape says"),
        ("FP64", [2, 2], [[1, 2], 3], "not nested as its shape says"),
        ("FP64", [2], [[1], [2]], "must hold numbers"),
        ("FP64", [2], [1, [2]], "must hold numbers"),
        ("FP64", [1, 0], [[]], None),
        ("FP64", [1], "1", "must have a list"),
        ("FP64", [1], {"a": 1}, "must have a list"),
        ("FP64", [1], [True], "must hold numbers"),
        ("FP64", [1], ["1"], "must hold numbers"),
        ("FP64", [1], [10**400], "beyond the datatype"),
        ("FP32", [1], [1e39], "beyond the datatype"),
        ("FP16", [1], [70_000], "beyond the datatype"),
        ("INT8", [1], [128], "beyond the datatype"),
        ("UINT8", [2], [None, -1], "beyond the datatype"),
        ("UINT64", [1], [1 << 64], "beyond the datatype"),
        ("INT64", [1], [1.0], "must hold whole numbers"),
        ("BOOL", [1], [1], "must hold true and false"),
        ("BYTES", [1], [1], "must hold strings"),
    ],
)
def test_json_that_is_not_of_the_datatype_or_the_shape_is_refused(
    datatype: str, shape: list[int], data: Any, said: str | None
) -> None:
    if said is None:
        assert len(of_json(datatype, shape, data)) == 0
        return
    with pytest.raises(HttpError) as caught:
        of_json(datatype, shape, data)
    assert caught.value.status == 400 and said in caught.value.message


@pytest.mark.parametrize(
    ("datatype", "shape", "data", "said"),
    [
        ("FP64", [2], bytes(15), "15 bytes of binary data, and FP64 of that shape has 16"),
        ("FP64", [1 << 62, 1 << 62], bytes(16), "more than 2**63"),
        ("FP64", [0], bytes(8), "of that shape has 0"),
        ("INT16", [2], bytes(8), "of that shape has 4"),
        ("BOOL", [2], b"\x01\x02", "bytes other than 0 and 1"),
        ("BYTES", [2], b"\x01\0\0\0a", "too few for its shape"),
        ("BYTES", [1 << 40], b"\x01\0\0\0a", "too few for its shape"),
        ("BYTES", [1], b"\xff\xff\xff\xffa", "ends before its element 0"),
        ("BYTES", [2], b"\x06\0\0\0abcdef\0\0", "ends before its element 1"),
        ("BYTES", [1], b"\x01\0\0\0ab", "1 bytes behind its last element"),
        ("BYTES", [1], b"\x01\0\0\0\xff", "element 0 that is not UTF-8"),
        ("BYTES", [1], b"\x03\0\0\0\xed\xa0\x80", "element 0 that is not UTF-8"),
        ("BYTES", [0], b"\0", "1 bytes behind its last element"),
    ],
)
def test_bytes_that_lie_are_refused(datatype: str, shape: list[int], data: bytes, said: str) -> None:
    with pytest.raises(HttpError) as caught:
        of_bytes(datatype, shape, data)
    assert caught.value.status == 400 and said in caught.value.message
