"""What it takes to make a packaged form of a trained estimator, told before it is made.

The factors were measured as the growth of the resident set, from before the conversion to the highest point while the
form is made, loaded and replayed: forests of 10 to 60 trees, 2 to 300 classes and 3,000 to 20,000 rows, single trees,
gradient boosting, AdaBoost, nearest neighbours, support vectors, networks (skl2onnx 1.20, onnxruntime 1.22 to 1.27,
skops 0.16; two cores). tests/ml/trainers/test_packaging_memory.py measures some of them again.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from ml.package.parity import CHUNK, replayed_rows
from ml.trainers.sklearn.forest_graph import converters, weight_count

_NODE = 650
"""Bytes for each node of a tree: ten attributes as Python numbers, as protobuf, as bytes, as onnxruntime has them."""
_WEIGHT = 280
"""Bytes for each weight of a leaf (one a leaf of a regression or a class that the leaf gives): four attributes."""
_ONNX_PARAMETERS = 6
"""Bytes for each byte of any other array that was fitted; 0.2 (a network) to 5.7 (support vectors) were measured."""
_SKOPS_PARAMETERS = 4
"""Bytes for each byte of what was fitted: the archive, its copy, what is restored from it; 2 to 4 were measured."""
_PAIR = 14
"""Bytes for each pair of a row asked at once and a training row that the model keeps; 8 to 17 were measured."""
_BASE = 25_000_000
"""Bytes that every conversion takes."""
_KEPT = ("_fit_X", "X_train_", "support_vectors_")  # rows that the graph compares every row with, all at once
_KEPT_BY_SKLEARN = ("X_train_",)  # for neighbours and support vectors, scikit-learn itself holds no such table


def onnx_memory(estimator: Any, rows: int, features: int) -> int:
    """Return about how many bytes it takes to make, load and compare the ONNX form of `estimator`.

    Args:
        estimator: A fitted estimator of scikit-learn.
        rows: Training rows that are there to be replayed.
        features: Features that they have.
    """
    grown = list(_trees(estimator))
    others = _parameters(estimator) - sum(_size(tree) for tree in grown)
    replay = _replay(estimator, rows, features, _KEPT)
    count = _weights_as_written(estimator, grown)
    nodes = sum(int(tree.node_count) for tree in grown)
    return _BASE + _NODE * nodes + _WEIGHT * count + _ONNX_PARAMETERS * max(others, 0) + replay


def skops_memory(estimator: Any, rows: int, features: int) -> int:
    """Return about how many bytes it takes to make, load and compare the skops form; the arguments are the same."""
    return _BASE + _SKOPS_PARAMETERS * _parameters(estimator) + _replay(estimator, rows, features, _KEPT_BY_SKLEARN)


def smaller(estimator: Any) -> list[str]:
    """Return the parameters by which a model of this kind becomes smaller."""
    known = estimator.get_params(deep=False)
    return [name for name in ("max_depth", "min_samples_leaf", "n_estimators") if name in known]


def _weights_as_written(estimator: Any, grown: list[Any]) -> int:
    if type(estimator) in converters():
        return sum(weight_count(tree) for tree in grown)
    # skl2onnx writes every class of every leaf, and of two classes one.
    return sum(int((tree.children_left < 0).sum()) * _of_leaf(tree) for tree in grown)


def _of_leaf(tree: Any) -> int:
    width = int(np.prod(tree.value.shape[1:]))
    return 1 if width == 2 else width


def _replay(estimator: Any, rows: int, features: int, compared: Sequence[str]) -> int:
    asked = replayed_rows(rows)
    classes = len(getattr(estimator, "classes_", ()))
    kept = max((getattr(estimator, name).shape[0] for name in compared if hasattr(estimator, name)), default=0)
    at_once = min(asked, CHUNK)
    return asked * (24 * features + 24 * classes) + at_once * (_PAIR * kept + 40 * features + 40 * classes)


def _trees(estimator: Any) -> Iterator[Any]:
    """Yield every tree of scikit-learn's own kind below `estimator`."""
    if hasattr(estimator, "tree_"):
        yield estimator.tree_
    for part in np.ravel(np.asarray(getattr(estimator, "estimators_", []), dtype=object)):
        yield from _trees(part)


def _size(tree: Any) -> int:
    return int(tree.value.nbytes) + 64 * int(tree.node_count)


def _parameters(estimator: Any) -> int:
    """Return the bytes of every array below `estimator`, each counted once."""
    total, seen, waiting = 0, set[int](), [estimator]
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, np.ndarray) and node.dtype != object:
            total += node.nbytes
        elif hasattr(node, "node_count") and hasattr(node, "value"):
            total += _size(node)
        else:
            waiting += _below(node)
    return total


def _below(node: Any) -> list[Any]:
    if isinstance(node, Mapping):
        return list(node.values())
    if isinstance(node, list | tuple | np.ndarray):
        return list(np.ravel(np.asarray(node, dtype=object))) if isinstance(node, np.ndarray) else list(node)
    if not type(node).__module__.startswith(("sklearn.", "scipy.sparse")):
        return []
    return list(getattr(node, "__dict__", {}).values())
