"""Packages that somebody damaged, or made to do harm: each is sealed anew where that is what it takes."""

import hashlib
import io
import json
import os
import random
import shutil
import socket
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.serving import packages

Alter = Callable[[Path, random.Random], None]


def _json(root: Path, name: str) -> Any:
    return json.loads((root / name).read_bytes())


def write(root: Path, name: str, content: bytes) -> None:
    """Replace a file and seal the package anew."""
    (root / name).write_bytes(content)
    seal(root)


def seal(root: Path, change: Callable[[Any], object] | None = None) -> None:
    """Write the manifest that fits the files, changed at last."""
    manifest = _json(root, "manifest.json")
    manifest["files"] = {
        path.name: {"bytes": path.stat().st_size, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
        for path in sorted(root.iterdir())
        if path.is_file() and not path.is_symlink() and path.name not in ("manifest.json", "manifest.sha256")
    }
    if change is not None:
        change(manifest)
    write_manifest(root, json.dumps(manifest).encode())


def write_manifest(root: Path, raw: bytes) -> None:
    (root / "manifest.json").write_bytes(raw)
    (root / "manifest.sha256").write_bytes(hashlib.sha256(raw).hexdigest().encode() + b"\n")


def runtime_file(root: Path) -> str:
    name: str = _json(root, "manifest.json")["runtime_file"]
    return name


def _any_file(root: Path, chosen: random.Random) -> Path:
    return chosen.choice(sorted(path for path in root.iterdir() if path.is_file()))


def flipped(root: Path, chosen: random.Random) -> None:
    path = _any_file(root, chosen)
    content = bytearray(path.read_bytes())
    content[chosen.randrange(len(content))] ^= 1 << chosen.randrange(8)
    path.write_bytes(content)


def cut(root: Path, chosen: random.Random) -> None:
    path = _any_file(root, chosen)
    path.write_bytes(path.read_bytes()[: chosen.randrange(path.stat().st_size)])


def longer(root: Path, chosen: random.Random) -> None:
    path = _any_file(root, chosen)
    path.write_bytes(path.read_bytes() + chosen.randbytes(chosen.choice((1, 100_000))))


def missing(root: Path, chosen: random.Random) -> None:
    _any_file(root, chosen).unlink()


def one_more(root: Path, chosen: random.Random) -> None:
    (root / "run.py").write_text("raise SystemExit\n")


def link(root: Path, chosen: random.Random) -> None:
    path = _any_file(root, chosen)
    path.unlink()
    path.symlink_to(chosen.choice(["/etc/passwd", "/dev/zero", "/nowhere", str(root)]))


def pipe(root: Path, chosen: random.Random) -> None:
    path = _any_file(root, chosen)
    path.unlink()
    os.mkfifo(path)


def folder(root: Path, chosen: random.Random) -> None:
    path = _any_file(root, chosen)
    path.unlink()
    path.mkdir()


def unix_socket(root: Path, chosen: random.Random) -> None:
    path = _any_file(root, chosen)
    path.unlink()
    before = Path.cwd()
    os.chdir(root)  # the path of a socket may have a hundred letters
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(path.name)
    finally:
        os.chdir(before)


def outside(root: Path, chosen: random.Random) -> None:
    names = ["../../../etc/passwd", "/etc/passwd", "a/b", "..", ".hidden", "", "a\x00b", "x" * 300, "manifest.json"]
    record = {"bytes": 10, "sha256": "0" * 64}
    seal(root, lambda manifest: manifest["files"].update({chosen.choice(names): record}))


def huge_record(root: Path, chosen: random.Random) -> None:
    size = chosen.choice([10**12, 2**63, -1, 10**30])
    seal(root, lambda manifest: manifest["files"]["card.md"].update(bytes=size))


def many_files(root: Path, chosen: random.Random) -> None:
    record = {"bytes": 0, "sha256": hashlib.sha256(b"").hexdigest()}
    seal(root, lambda manifest: manifest["files"].update({f"f{number}": record for number in range(5_000)}))


def strange_manifest(root: Path, chosen: random.Random) -> None:
    deep = b"[" * 200_000 + b"]" * 200_000
    write_manifest(root, chosen.choice([b"", b"null", b"[]", b"{}", b"\xff\xfe", deep, b'{"format": 2}', b"1e999" * 9]))


def large_manifest(root: Path, chosen: random.Random) -> None:
    seal(root, lambda manifest: manifest.update(warnings=["x" * 1_000] * 12_000))


def other_runtime(root: Path, chosen: random.Random) -> None:
    names = ["onnx", "keras", "skops", "rules", "pickle", "os"]
    mine = _json(root, "manifest.json")["runtime"]
    seal(root, lambda manifest: manifest.update(runtime=chosen.choice([one for one in names if one != mine])))


def other_runtime_file(root: Path, chosen: random.Random) -> None:
    seal(root, lambda manifest: manifest.update(runtime_file=chosen.choice(["card.md", "samples.json", "none"])))


def noise(root: Path, chosen: random.Random) -> None:
    write(root, runtime_file(root), chosen.randbytes(chosen.choice([0, 1, 1_000, 100_000])))


def noise_inside(root: Path, chosen: random.Random) -> None:
    """A few bytes of the runtime's file are others, and it is sealed as if they were right; it may still predict."""
    name = runtime_file(root)
    content = bytearray((root / name).read_bytes())
    for _ in range(chosen.choice([20, 200])):
        content[chosen.randrange(len(content))] = chosen.randrange(256)
    write(root, name, bytes(content))


def many_inputs(root: Path, chosen: random.Random) -> None:
    signature = _json(root, "signature.json")
    signature["inputs"] += [{"name": f"c{number}", "type": "number", "nullable": True} for number in range(20_000)]
    write(root, "signature.json", json.dumps(signature).encode())


def strange_signature(root: Path, chosen: random.Random) -> None:
    signature = _json(root, "signature.json")
    changes: list[dict[str, Any]] = [
        {"features": []}, {"inputs": []}, {"derivations": []}, {"output": {"task": "regression", "target": "x"}},
        {"derivations": [{"kind": "number", "column": "no such column"}]}, {"features": signature["features"] * 1_000},
    ]  # fmt: skip
    write(root, "signature.json", json.dumps(signature | chosen.choice(changes)).encode())


def strange_samples(root: Path, chosen: random.Random) -> None:
    samples = _json(root, "samples.json")
    changes: list[dict[str, Any]] = [
        {"codes": [7] * 3}, {"probabilities": [[0.5, 0.5]]}, {"cells": {}}, {"codes": None, "probabilities": None},
        {"cells": {name: values[:1] for name, values in samples["cells"].items()}},
        {"cells": samples["cells"] | {"size": ["not a number"] * 3}},
    ]  # fmt: skip
    write(root, "samples.json", json.dumps(samples | chosen.choice(changes)).encode())


def strange_rules(root: Path, chosen: random.Random) -> None:
    contents = [
        '{"kind": "constant", "probabilities": [1.0]}', '{"kind": "constant", "value": 3}', "[]", "{}",
        '{"kind": "constant", "probabilities": [NaN, 1]}', '{"kind": "constant", "probabilities": [7, -6]}',
        '{"kind": "rules", "columns": {}, "rules": []}',
    ]  # fmt: skip
    _become(root, "rules", "rules.json", chosen.choice(contents).encode())


def no_profile(root: Path, chosen: random.Random) -> None:
    contents = [
        b"",
        b"garbage",
        b"WHY1",
        b"WHY1\x00",
        b"WHY1\x02\x08\x00\xff\xff\xff\xff",
        b"WHY1\x00\x05abcde",
        b"\x80\x04K\x01.",
    ]
    (root / "reference.bin").write_bytes(chosen.choice(contents))
    seal(root)


def _body() -> Any:
    """Return what a loop does without end."""
    from onnx import TensorProto, helper

    return helper.make_graph(
        [helper.make_node("Identity", ["going"], ["goes"]), helper.make_node("Sin", ["state"], ["next"])],
        "body",
        [
            helper.make_tensor_value_info("step", TensorProto.INT64, []),
            helper.make_tensor_value_info("going", TensorProto.BOOL, []),
            helper.make_tensor_value_info("state", TensorProto.FLOAT, [None, None]),
        ],
        [
            helper.make_tensor_value_info("goes", TensorProto.BOOL, []),
            helper.make_tensor_value_info("next", TensorProto.FLOAT, [None, None]),
        ],
    )


def endless_graph(root: Path, chosen: random.Random) -> None:
    from onnx import TensorProto, helper

    nodes = [
        helper.make_node("Constant", [], ["most"], value=helper.make_tensor("m", TensorProto.INT64, [], [2**62])),
        helper.make_node("Constant", [], ["yes"], value=helper.make_tensor("y", TensorProto.BOOL, [], [True])),
        helper.make_node("Loop", ["most", "yes", "features"], ["values"], body=_body()),
    ]
    _become_graph(root, nodes)


def hungry_graph(root: Path, chosen: random.Random) -> None:
    from onnx import TensorProto, helper

    shape = helper.make_tensor("s", TensorProto.INT64, [1], [1_500_000_000])
    nodes = [
        helper.make_node("Constant", [], ["shape"], value=shape),
        helper.make_node("ReduceSum", ["features"], ["one"], keepdims=0),
        helper.make_node("Expand", ["one", "shape"], ["large"]),  # at the speed of memory: well before its time is up
        helper.make_node("ReduceSum", ["large"], ["sum"], keepdims=0),
        helper.make_node("Add", ["features", "sum"], ["values"]),
    ]
    _become_graph(root, nodes)


def external_graph(root: Path, chosen: random.Random) -> None:
    from onnx import TensorProto, helper

    weights = TensorProto(name="weights", data_type=TensorProto.FLOAT, dims=[1])
    weights.data_location = TensorProto.EXTERNAL
    entry = weights.external_data.add()
    entry.key, entry.value = "location", chosen.choice(["/etc/passwd", "../../secret", "card.md"])
    _become_graph(root, [helper.make_node("Add", ["features", "weights"], ["values"])], [weights])


def endless_for_one_row(root: Path, chosen: random.Random) -> None:
    """It predicts as it should, all sample rows at once; asked a single row it never ends."""
    from onnx import TensorProto, helper

    rows = helper.make_tensor("i", TensorProto.INT64, [], [0])
    one = helper.make_tensor("o", TensorProto.INT64, [], [1])
    condition = [
        helper.make_node("Shape", ["features"], ["shape"]),
        helper.make_node("Constant", [], ["first"], value=rows),
        helper.make_node("Gather", ["shape", "first"], ["rows"], axis=0),
        helper.make_node("Constant", [], ["one"], value=one),
        helper.make_node("Equal", ["rows", "one"], ["hangs"]),
    ]
    _hang_where(root, condition)


def endless_for_large_values(root: Path, chosen: random.Random) -> None:
    """It predicts as it should, until somebody sends a number beyond 900,000: then it never ends."""
    from onnx import TensorProto, helper

    large = helper.make_tensor("l", TensorProto.FLOAT, [], [9e5])
    condition = [
        helper.make_node("ReduceMax", ["features"], ["largest"], keepdims=0),
        helper.make_node("Constant", [], ["large"], value=large),
        helper.make_node("Greater", ["largest", "large"], ["hangs"]),
    ]
    _hang_where(root, condition)


def failing_for_one_row(root: Path, chosen: random.Random) -> None:
    """It predicts as it should, all sample rows at once; a single row has no second one, which it looks at."""
    from onnx import TensorProto, helper

    second = helper.make_tensor("i", TensorProto.INT64, [], [1])
    nodes = [
        helper.make_node("Constant", [], ["second"], value=second),
        helper.make_node("Gather", ["features", "second"], ["row"], axis=0),
        helper.make_node("ReduceSum", ["row"], ["sum"], keepdims=0),
        helper.make_node("IsNaN", ["sum"], ["lacks"]),
        helper.make_node("Where", ["lacks", "features", "features"], ["given"]),
    ]
    _put_before(root, nodes)


def _hang_where(root: Path, condition: list[Any]) -> None:
    """Put a loop before a good graph that goes on for ever where `hangs` is true."""
    from onnx import TensorProto, helper

    most = helper.make_tensor("m", TensorProto.INT64, [], [2**62])
    nodes = [
        *condition,
        helper.make_node("Constant", [], ["most"], value=most),
        helper.make_node("Loop", ["most", "hangs", "features"], ["looped"], body=_body()),
        helper.make_node("Where", ["hangs", "looped", "features"], ["given"]),
    ]
    _put_before(root, nodes)


def _put_before(root: Path, nodes: list[Any]) -> None:
    """Put nodes before a good graph, which is given what they make."""
    import onnx

    shutil.rmtree(root)
    model = onnx.load(str(packages.write_onnx(root) / "model.onnx"))
    for node in model.graph.node:
        node.input[:] = ["given" if name == "features" else name for name in node.input]
    after = list(model.graph.node)
    del model.graph.node[:]
    model.graph.node.extend([*nodes, *after])
    write(root, "model.onnx", model.SerializeToString())


def _become_graph(root: Path, nodes: list[Any], initializers: Any = ()) -> None:
    from onnx import TensorProto, helper

    given = helper.make_tensor_value_info("features", TensorProto.FLOAT, [None, 6])
    values = helper.make_tensor_value_info("values", TensorProto.FLOAT, [None, None])
    graph = helper.make_graph(nodes, "hostile", [given], [values], list(initializers))
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    _become(root, "onnx", "model.onnx", model.SerializeToString())


def zip_bomb(root: Path, chosen: random.Random) -> None:
    runtime, name = chosen.choice([("keras", "model.keras"), ("skops", "model.skops")])
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for member in ("config.json", "metadata.json", "model.weights.h5", "schema.json"):
            archive.writestr(member, b" " * 50_000_000)
    _become(root, runtime, name, content.getvalue())


def foreign_types(root: Path, chosen: random.Random) -> None:
    import skops.io
    from sklearn.preprocessing import FunctionTransformer

    _become(root, "skops", "model.skops", skops.io.dumps(FunctionTransformer(os.system)))


def foreign_layers(root: Path, chosen: random.Random) -> None:
    layer = {"module": "builtins", "class_name": "Lambda", "config": {"function": "os.system"}, "registered_name": None}
    config = {"module": "keras", "class_name": "Functional", "config": {"layers": [layer]}, "registered_name": None}
    _become(root, "keras", "model.keras", _keras_file(config, b""))


def linked_weights(root: Path, chosen: random.Random) -> None:
    import h5py

    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        if chosen.random() < 0.5:
            file["layers"] = h5py.ExternalLink("/etc/passwd", "/")
        else:
            file.create_dataset("layers", (10,), dtype="u1", external=[("/etc/passwd", 0, 10)])
    layers: list[Any] = []
    config = {"module": "keras", "class_name": "Functional", "config": {"layers": layers}, "registered_name": None}
    _become(root, "keras", "model.keras", _keras_file(config, content.getvalue()))


def _keras_file(config: Any, weights: bytes) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("config.json", json.dumps(config))
        archive.writestr("metadata.json", '{"keras_version": "3.15.0", "backend": "jax"}')
        archive.writestr("model.weights.h5", weights)
    return content.getvalue()


def pickled(root: Path, chosen: random.Random) -> None:
    marker = root.parent / "was-run"
    code = f"cos\nsystem\n(S'touch {marker}'\ntR.".encode()
    runtime, name = chosen.choice([("keras", "model.keras"), ("skops", "model.skops"), ("onnx", "model.onnx")])
    _become(root, runtime, name, code)


def _become(root: Path, runtime: str, name: str, content: bytes) -> None:
    """Let the package be of another runtime, with this file."""
    (root / runtime_file(root)).unlink()
    (root / name).write_bytes(content)
    seal(root, lambda manifest: manifest.update(runtime=runtime, runtime_file=name))


def not_a_folder(root: Path, chosen: random.Random) -> None:
    shutil.rmtree(root)
    if chosen.random() < 0.5:
        root.write_bytes(b"a file")


QUICK: tuple[Alter, ...] = (
    flipped, cut, longer, missing, link, pipe, folder, unix_socket, outside, huge_record, many_files,
    strange_manifest, large_manifest, other_runtime, other_runtime_file, noise, many_inputs, strange_signature,
    strange_samples, strange_rules, no_profile, external_graph, zip_bomb, foreign_types, foreign_layers, linked_weights,
    pickled, not_a_folder,
)  # fmt: skip
MAY_PREDICT: tuple[Alter, ...] = (noise_inside, one_more)
ENDLESS: tuple[Alter, ...] = (endless_for_one_row, endless_graph)


def make(root: Path, alter: Alter, chosen: random.Random) -> Path:
    """Write a good package and alter it."""
    (packages.write_onnx if chosen.random() < 0.5 else packages.write_rules)(root)
    alter(root, chosen)
    return root
