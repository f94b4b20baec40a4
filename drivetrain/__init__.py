"""The face for plug-in packages: the only name that one imports.

A package adds components by subclassing the bases below, naming them as entry points, and saying for which version of
this contract it was made; `docs/extending.md` shows it. Everything named here keeps its meaning within a major version
of `CONTRACT`.
"""

from ml.components.gate_check import Evidence, GateCheck
from ml.components.matrix import Matrix
from ml.components.sink import Sink, Writer
from ml.components.source import Chunk, Source
from ml.components.splitter import Splitter
from ml.components.trainer import ArrayFitted, Export, Fitted, Trainer
from ml.predictions.predictor import FEATURES, Arrays, Cells, Predictions, Predictor
from ml.values.memory_bound import MemoryBound
from ml.values.sparse_rows import SparseRows
from ml.values.tensor import Tensor
from schemas.base import Scalar, Strict, Task
from schemas.choice import Choice
from schemas.contract import version_text
from schemas.data import Column, Problem, TableSchema
from schemas.errors import (
    ConfigurationError,
    ContentError,
    DeploymentError,
    DrivetrainError,
    Fault,
    PackageError,
    RefusedError,
    StorageError,
)
from schemas.evaluation import CheckOutcome, Evaluation
from schemas.explanation import CategoryTerm, LinearForm, NumberTerm
from schemas.learning import LearningCurves
from schemas.package import Runtime
from schemas.rules import RuleRecord
from schemas.secret import SecretRef
from schemas.signature import Input, Output, Signature

CONTRACT = version_text()
"""The version of this contract."""

__all__ = [
    "CONTRACT",
    "FEATURES",
    "ArrayFitted",
    "Arrays",
    "CategoryTerm",
    "Cells",
    "CheckOutcome",
    "Choice",
    "Chunk",
    "Column",
    "ConfigurationError",
    "ContentError",
    "DeploymentError",
    "DrivetrainError",
    "Evaluation",
    "Evidence",
    "Export",
    "Fault",
    "Fitted",
    "GateCheck",
    "Input",
    "LearningCurves",
    "LinearForm",
    "Matrix",
    "MemoryBound",
    "NumberTerm",
    "Output",
    "PackageError",
    "Predictions",
    "Predictor",
    "Problem",
    "RefusedError",
    "RuleRecord",
    "Runtime",
    "Scalar",
    "SecretRef",
    "Signature",
    "Sink",
    "Source",
    "SparseRows",
    "Splitter",
    "StorageError",
    "Strict",
    "TableSchema",
    "Task",
    "Tensor",
    "Trainer",
    "Writer",
]
