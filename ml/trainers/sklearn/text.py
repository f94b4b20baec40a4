"""What scikit-learn's estimators learn from texts: the weights of words, sparse beside the prepared features."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ml.components.trainer import ArrayFitted
from ml.io.free_memory import free_memory
from ml.predictions.predictor import Arrays, Predictions
from ml.runtimes.text_parts import TextParts
from ml.values.memory_bound import MemoryBound, gigabytes
from ml.values.sparse_rows import SparseRows
from schemas.errors import ContentError
from schemas.signature import Output, Signature, TfidfDerivation

if TYPE_CHECKING:
    from ml.components.matrix import Matrix
    from ml.components.trainer import Export

_COPIES = 3
"""How many times an estimator has the rows that it learns from: what it is given, a copy of its own, one to work in."""


@dataclass(frozen=True)
class FittedTextPipeline(ArrayFitted):
    """An estimator fitted on texts and the float matrix; `warnings` are scikit-learn's meanwhile."""

    parts: TextParts
    output: Output
    categories: dict[int, int]
    warnings: list[str] = field(default_factory=list)

    def predict_arrays(self, arrays: Arrays) -> Predictions:
        """Predict for n rows of every input."""
        return self.parts.predict(arrays, self.output)

    def export_arrays(self, folder: Path, example: Arrays, memory: MemoryBound) -> "Export":
        """Write the runtime file into `folder`; each runtime's need is estimated first. Raises PackageError."""
        from ml.trainers.sklearn.text_export import export

        return export(self.parts, self.output, self.categories, folder, example, memory)


def texts_of(signature: Signature) -> list[str]:
    """Return the columns whose texts are weights of words."""
    return [one.column for one in signature.derivations if isinstance(one, TfidfDerivation)]


def takes_sparse(estimator: Any) -> bool:
    """Whether an estimator of scikit-learn learns from sparse rows."""
    from sklearn.utils import get_tags

    return bool(get_tags(estimator).input_tags.sparse)


def learnt_from(parts: TextParts, train: "Matrix") -> Any:
    """Return what the estimator is fitted on. Raises ContentError where that would take more memory than is free."""
    texts = [train.arrays[name] for name in parts.texts]
    width = train.features.shape[1] + sum(one.width for one in texts if isinstance(one, SparseRows))
    needed = 0 if parts.sparse else 8 * len(train.target) * width * _COPIES
    if needed > (free := free_memory()):
        name = type(parts.estimator).__name__
        raise ContentError(
            f"{name} takes no sparse rows, and {len(train.target):,} rows of {width:,} words take about "
            f"{gigabytes(needed)} of memory as a matrix, more than the {gigabytes(free)} that are free. Choose another "
            "trainer, such as logistic_regression, or fewer words (data.columns.NAME.max_words)"
        )
    return parts.joined(train.all_arrays)
