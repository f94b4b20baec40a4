"""What every trainer that learns asks of the training matrix, and how the signature says which features are codes."""

from typing import TYPE_CHECKING

import numpy as np

from ml.features.derive import feature_names
from schemas.errors import ContentError
from schemas.signature import CategoryDerivation, Signature

if TYPE_CHECKING:
    from ml.components.matrix import Matrix


def require_trainable(train: "Matrix", signature: Signature) -> None:
    """Refuse rows that nothing can be learnt from.

    Raises:
        ContentError: If there are no features or rows, a target is missing, or all rows have the same class.
    """
    target = signature.output.target
    if not train.features.shape[1] and not train.arrays:
        raise ContentError(
            "No input column is left to learn from; declare at least one under data.columns with another type than drop"
        )
    if not len(train.target):
        raise ContentError("There is no training row to learn from")
    if signature.output.task == "regression":
        absent = int((~np.isfinite(train.target)).sum())
    else:
        absent = int((train.target < 0).sum())
    if absent:
        raise ContentError(
            f"{absent} of {len(train.target)} training rows have no usable value in the target {target!r}"
        )
    if signature.output.task != "regression" and len(np.unique(train.target)) < 2:
        raise ContentError(
            f"All training rows have the same class in {target!r}; at least two are needed to learn from"
        )


def category_sizes(signature: Signature) -> dict[int, int]:
    """Return for every feature that is a category's code its position in the matrix and how many codes it has."""
    sizes, position = {}, 0
    for derivation in signature.derivations:
        if isinstance(derivation, CategoryDerivation):
            sizes[position] = len(derivation.categories)
        position += len(feature_names(derivation))
    return sizes
