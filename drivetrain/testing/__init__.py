"""The conformance suite, for the tests of plug-in packages, as scikit-learn's estimator checks are.

Each function returns what breaks the contract; `require` makes a failed test of it. `check_package` tries a package as
it is installed, with its YAML, flavors and stacks; the others try one class.
"""

from drivetrain.testing.features import check_features
from drivetrain.testing.flavors import check_flavor
from drivetrain.testing.gate_checks import check_gate_check, evidence
from drivetrain.testing.imports import NoAnswer, imported_by, unasked_imports, without_answer
from drivetrain.testing.package import check_package
from drivetrain.testing.parameters import check_declaration
from drivetrain.testing.samples import Example, Sample, no_parameters, sample, table
from drivetrain.testing.sinks import check_sink
from drivetrain.testing.source_code import foreign_imports, pickling
from drivetrain.testing.sources import check_source
from drivetrain.testing.splitters import check_splitter
from drivetrain.testing.trainers import check_trainer
from drivetrain.testing.violation import Violation, examine, require

__all__ = [
    "Example",
    "NoAnswer",
    "Sample",
    "Violation",
    "check_declaration",
    "check_features",
    "check_flavor",
    "check_gate_check",
    "check_package",
    "check_sink",
    "check_source",
    "check_splitter",
    "check_trainer",
    "evidence",
    "examine",
    "foreign_imports",
    "imported_by",
    "no_parameters",
    "pickling",
    "require",
    "sample",
    "table",
    "unasked_imports",
    "without_answer",
]
