"""A forest of scikit-learn as one ONNX operator, with what a leaf says of the classes that it has seen and of no other.

skl2onnx writes a weight for each leaf and class, through lists of Python numbers. Of 300 classes a leaf of a grown tree
has seen one or two: leaving the zeros out is the same function, and takes a hundredth of the memory and the time.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

_DOMAIN = "ai.onnx.ml"
_VERSION = 1  # of the operators; 3 only adds doubles
_MODES = np.array(["LEAF", "BRANCH_LEQ"], dtype=object)  # objects: every node refers to the same two texts
Columns = Mapping[str, NDArray[Any]]


def converters() -> dict[type[Any], Callable[[Any, Any, Any], None]]:
    """Return what skl2onnx is to call for the forests, by their classes."""
    from sklearn.ensemble import (
        ExtraTreesClassifier,
        ExtraTreesRegressor,
        RandomForestClassifier,
        RandomForestRegressor,
    )

    return {
        RandomForestClassifier: _classifier,
        ExtraTreesClassifier: _classifier,
        RandomForestRegressor: _regressor,
        ExtraTreesRegressor: _regressor,
    }


def leaf_weights(tree: Any) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Return node, class and share of every class that a leaf has seen, in the nodes' order; each (weights,).

    Of two classes the second one's share is given for every leaf, also where it is 0: so ONNX writes two classes.
    """
    leaves = np.flatnonzero(tree.children_left < 0)
    shares = tree.value[leaves, 0, :]
    shares = shares / np.where(total := shares.sum(axis=1, keepdims=True), total, 1)
    if shares.shape[1] == 2:
        return leaves, np.zeros(len(leaves), np.int64), shares[:, 1]
    row, column = np.nonzero(shares)
    return leaves[row], column, shares[row, column]


def weight_count(tree: Any) -> int:
    """Return how many weights a tree of a forest is written with."""
    leaves = tree.children_left < 0
    if tree.value.shape[2] <= 2:
        return int(leaves.sum())
    return int(np.count_nonzero(tree.value[leaves]))


def _classifier(scope: Any, operator: Any, container: Any) -> None:
    forest = operator.raw_operator
    weights = [leaf_weights(each.tree_) for each in forest.estimators_]
    container.add_node(
        "TreeEnsembleClassifier",
        operator.input_full_names,
        operator.output_full_names,
        op_domain=_DOMAIN,
        op_version=_VERSION,
        name=scope.get_unique_operator_name("TreeEnsembleClassifier"),
        post_transform="NONE",
        classlabels_int64s=[int(code) for code in forest.classes_],
        **_plain(_nodes(forest.estimators_)),
        **_plain(_weights("class", weights)),
    )


def _regressor(scope: Any, operator: Any, container: Any) -> None:
    forest = operator.raw_operator
    leaves = [np.flatnonzero(each.tree_.children_left < 0) for each in forest.estimators_]
    weights = [
        (at, np.zeros(len(at), np.int64), each.tree_.value[at, 0, 0])
        for at, each in zip(leaves, forest.estimators_, strict=True)
    ]
    container.add_node(
        "TreeEnsembleRegressor",
        operator.input_full_names,
        operator.output_full_names,
        op_domain=_DOMAIN,
        op_version=_VERSION,
        name=scope.get_unique_operator_name("TreeEnsembleRegressor"),
        post_transform="NONE",
        n_targets=1,
        **_plain(_nodes(forest.estimators_)),
        **_plain(_weights("target", weights)),
    )


def _nodes(trees: list[Any]) -> Columns:
    parts = [_of_tree(each.tree_) for each in trees]
    sizes = [each.tree_.node_count for each in trees]
    joined = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return {"nodes_treeids": np.repeat(np.arange(len(trees)), sizes), **joined}


def _of_tree(tree: Any) -> Columns:
    inner = tree.children_left >= 0
    return {
        "nodes_nodeids": np.arange(tree.node_count),
        "nodes_featureids": np.where(inner, tree.feature, 0),
        "nodes_modes": _MODES[inner.astype(np.int8)],
        "nodes_values": np.where(inner, _at_most(tree.threshold), np.float32(0)),
        "nodes_truenodeids": np.where(inner, tree.children_left, 0),
        "nodes_falsenodeids": np.where(inner, tree.children_right, 0),
    }


def _at_most(thresholds: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return for each threshold the largest float32 that is not above it: scikit-learn compares with the double."""
    rounded = thresholds.astype(np.float32)
    return np.where(rounded > thresholds, np.nextafter(rounded, np.float32(-np.inf)), rounded)


def _weights(prefix: str, weights: list[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]]) -> Columns:
    nodes, ids, values = (np.concatenate([one[place] for one in weights]) for place in range(3))
    return {
        f"{prefix}_treeids": np.repeat(np.arange(len(weights)), [len(one[0]) for one in weights]),
        f"{prefix}_nodeids": nodes,
        f"{prefix}_ids": ids,
        f"{prefix}_weights": (values / len(weights)).astype(np.float32),
    }


def _plain(columns: Columns) -> dict[str, list[Any]]:
    return {name: column.tolist() for name, column in columns.items()}
