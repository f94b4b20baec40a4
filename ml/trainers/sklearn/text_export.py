"""An estimator on texts to its packaged form: one ONNX graph with an input for each text, else skops."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper

from ml.components.trainer import Export
from ml.package import parity
from ml.predictions.predictions import rows_of
from ml.predictions.predictor import FEATURES, Arrays, Predictions, Predictor
from ml.runtimes.text_parts import TextParts
from ml.trainers.sklearn.export import Needs, converted, described, export_compared
from ml.trainers.sklearn.packaging_memory import onnx_memory, skops_memory
from ml.values.memory_bound import MemoryBound
from ml.values.sparse_rows import SparseRows, concatenate
from schemas.signature import Output

_REPLAYED = 500
"""Training rows that a packaged form is asked, at most: three times each, and a text is as wide as its vocabulary."""
_CHUNK = 16 << 20  # bytes of a matrix that is made of sparse rows
_JOINED = "joined"


def export(
    parts: TextParts,
    output: Output,
    categories: Mapping[int, int],
    folder: Path,
    example: Arrays,
    memory: MemoryBound,
) -> Export:
    """Write the runtime file into `folder` and say which runtime it is, and why.

    Args:
        parts: What was trained.
        output: What its predictions mean.
        categories: How many categories each feature that is a category code has, by position.
        folder: Where the file goes.
        example: Training rows; up to 500 of them are replayed through the packaged form, then again with missing,
            unseen and extreme values in them, with the texts of other rows and with none.
        memory: What the making of a form may take; one that would take more is not begun.

    Raises:
        PackageError: If no runtime predicts as what was trained does, or none can be made within the bound.
    """
    some = rows_of(example, 0, _REPLAYED)
    size = (parts.estimator, len(some[FEATURES]), np.asarray(some[FEATURES]).shape[1])
    needs = Needs(parts.estimator, onnx_memory(*size) + 3 * _CHUNK, skops_memory(*size) + 3 * _CHUNK)
    return export_compared(lambda: _Comparison.of(parts, output, categories, some), needs, folder, memory)


@dataclass(frozen=True)
class _Comparison:
    """What was trained, the rows that it and its packaged forms are asked, and what it predicts for them."""

    parts: TextParts
    output: Output
    categories: Mapping[int, int]
    rows: Arrays
    trained: Predictions

    @classmethod
    def of(cls, parts: TextParts, output: Output, categories: Mapping[int, int], some: Arrays) -> "_Comparison":
        rows: dict[str, Any] = {FEATURES: parity.disturb(np.asarray(some[FEATURES]), categories)}
        for name in parts.texts:
            texts = some[name]
            assert isinstance(texts, SparseRows), "a text is given as weights of words"
            others = np.random.default_rng(0).permutation(len(texts))
            empty = SparseRows(np.zeros(2, dtype=np.int64), texts.indices[:0], texts.data[:0], texts.width)
            rows[name] = concatenate([texts, texts.take(others), texts.take(others[::-1]), empty])
        return cls(parts, output, categories, rows, parts.predict(rows, output))

    @property
    def count(self) -> int:
        return len(self.rows[FEATURES])

    @property
    def content(self) -> Any:
        return self.parts.content

    def graph(self) -> bytes:
        widths = {name: array.width for name, array in self.rows.items() if isinstance(array, SparseRows)}
        inputs = {f"text_{place}": name for place, name in enumerate(widths, start=1)}
        graph = _graph(
            self.parts, self.output, self._scalars, {name: widths[column] for name, column in inputs.items()}
        )
        return described(graph, self.parts.estimator, self.output, inputs)

    def difference(self, packaged: Predictor) -> str | None:
        return parity.difference(self.trained, packaged.predict_arrays(self.rows))

    def overflow(self, packaged: Predictor) -> str | None:
        extreme = parity.extremes(np.asarray(self.rows[FEATURES]), self.categories)
        asked = {**rows_of(self.rows, 0, len(extreme)), FEATURES: extreme}
        return parity.not_finite(packaged.predict_arrays(asked))

    @property
    def _scalars(self) -> int:
        return int(np.asarray(self.rows[FEATURES]).shape[1])


def _graph(parts: TextParts, output: Output, scalars: int, widths: Mapping[str, int]) -> Any:
    """Return one graph: the prepared features and the texts side by side, and the estimator behind them.

    `widths` are the numbers of words by the names of the graph's inputs, which are not those of the columns: a column
    may be called as a node is.
    """
    given = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [None, width]) for name, width in widths.items()]
    columns, before = list(widths), []
    total = sum(widths.values())
    if parts.features is not None:
        prepared = converted(parts.features, FEATURES, scalars)
        onnx.compose.add_prefix_graph(prepared.graph, "prepared/", rename_inputs=False, inplace=True)
        given.insert(0, prepared.graph.input[0])
        columns.insert(0, prepared.graph.output[0].name)
        before = [prepared]
        total += _width(parts, scalars)
    estimator = converted(parts.estimator, _JOINED, total, output)
    join = _join(columns)
    nodes = [*(node for one in before for node in one.graph.node), join, *estimator.graph.node]
    constants = [constant for one in (*before, estimator) for constant in one.graph.initializer]
    graph = helper.make_graph(nodes, "drivetrain", given, list(estimator.graph.output), constants)
    model = helper.make_model(graph, opset_imports=_opsets([*before, estimator]), ir_version=estimator.ir_version)
    onnx.checker.check_model(model)
    return model


def _join(columns: Sequence[str]) -> Any:
    """Return the node that puts columns side by side; alone they are what they are, without a copy of them."""
    if len(columns) == 1:
        return helper.make_node("Identity", columns, [_JOINED])
    return helper.make_node("Concat", columns, [_JOINED], axis=1)


def _width(parts: TextParts, scalars: int) -> int:
    return int(parts.features.transform(np.zeros((1, scalars))).shape[1])


def _opsets(models: Sequence[Any]) -> list[Any]:
    """Return the newest of each set of operators: every part was written for the same, and says less where less do."""
    newest: dict[str, int] = {"": 13}
    for model in models:
        for one in model.opset_import:
            newest[one.domain] = max(newest.get(one.domain, 1), one.version)
    return [helper.make_opsetid(domain, version) for domain, version in newest.items()]
