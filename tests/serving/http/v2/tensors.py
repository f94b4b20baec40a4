"""Requests of the protocol, as its clients write them."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

HEADER = "Inference-Header-Content-Length"
Body = tuple[bytes, dict[str, str]]


def binary_of(datatype: str, values: Sequence[Any]) -> bytes:
    """Return the bytes of a tensor, FP64 or BYTES."""
    if datatype == "FP64":
        return np.array(values, dtype="<f8").tobytes()
    texts = [value if isinstance(value, bytes) else value.encode() for value in values]
    return b"".join(len(text).to_bytes(4, "little") + text for text in texts)


def request(columns: Mapping[str, tuple[str, Sequence[Any]]], *, binary: bool = False, **more: Any) -> Body:
    """Return body and headers for columns, each a datatype and a value for each row."""
    inputs, parts = [], list[bytes]()
    for name, (datatype, values) in columns.items():
        tensor: dict[str, Any] = {"name": name, "shape": [len(values)], "datatype": datatype}
        if binary:
            parts.append(binary_of(datatype, values))
            tensor["parameters"] = {"binary_data_size": len(parts[-1])}
        else:
            tensor["data"] = list(values)
        inputs.append(tensor)
    head = json.dumps({"inputs": inputs, **more}).encode()
    if not binary:
        return head, {"content-type": "application/json"}
    return head + b"".join(parts), {HEADER: str(len(head)), "content-type": "application/octet-stream"}


def outputs_of(content: bytes, headers: Mapping[str, str]) -> dict[str, list[Any]]:
    """Return the outputs of an answer by name, flat, from JSON or from the bytes behind it."""
    length = int(headers.get(HEADER.lower(), len(content)))
    head, rest = json.loads(content[:length]), content[length:]
    found: dict[str, list[Any]] = {}
    for one in head["outputs"]:
        size = one.get("parameters", {}).get("binary_data_size")
        if size is None:
            found[one["name"]] = one["data"]
            continue
        part, rest = rest[:size], rest[size:]
        found[one["name"]] = _decoded(one["datatype"], part)
    assert not rest
    return found


def _decoded(datatype: str, part: bytes) -> list[Any]:
    if datatype != "BYTES":
        return list(np.frombuffer(part, dtype={"FP64": "<f8", "INT64": "<i8", "BOOL": "|b1"}[datatype]).tolist())
    texts = []
    while part:
        length = int.from_bytes(part[:4], "little")
        texts.append(part[4 : 4 + length].decode())
        part = part[4 + length :]
    return texts
