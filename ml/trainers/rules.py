"""Rules that people write: the first solution that a team ships, and the one that a model must beat."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, get_args

from pydantic import BaseModel, ValidationError

from ml.components.trainer import Fitted, Trainer
from schemas.base import Task
from schemas.column_types import ColumnType
from schemas.errors import ContentError, Fault, PackageError
from schemas.rules import Condition, Rule, RuleList, RuleRecord, RuleSet

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ml.components.matrix import Matrix
    from ml.components.trainer import Export
    from ml.predictions.predictor import Cells, Predictions
    from ml.runtimes.rules import DecisionList
    from schemas.data import TableSchema
    from schemas.signature import Signature


@dataclass(frozen=True)
class FittedRules(Fitted):
    """The rules as they were written, compiled, and what each did on the training rows."""

    rules: RuleSet
    model: "DecisionList"
    records: list[RuleRecord]
    warnings: list[str]
    reads_cells: ClassVar[bool] = True

    def predict(self, features: "NDArray[np.float32]") -> "Predictions":
        """Refuse: features no longer show what the cells were. Raises PackageError always."""
        raise PackageError("Rules read raw cells, not features")

    def predict_cells(self, cells: "Cells") -> "Predictions":
        """Predict for raw cells, columns of equal length."""
        return self.model.predict_cells(cells)

    def export(self, folder: Path, example: "NDArray[np.float32]") -> "Export":
        """Write `rules.json` into `folder`."""
        from ml.components.trainer import Export

        text = self.rules.model_dump_json(by_alias=True, exclude_none=True, indent=1)
        (folder / "rules.json").write_text(text, encoding="utf-8")
        return Export(runtime="rules", file="rules.json", reason="rules read raw cells and need no graph")


class Rules(Trainer):
    """Ordered if-then-else conditions on the raw columns; the first that holds decides, or abstains."""

    Params: ClassVar[type[BaseModel]] = RuleList
    params: RuleList
    takes: ClassVar[Collection[ColumnType]] = frozenset(get_args(ColumnType))
    tasks: ClassVar[Sequence[Task]] = ("binary", "multiclass")
    gives_probabilities: ClassVar[bool] = False
    light: ClassVar[bool] = True

    def __init__(self, params: RuleList) -> None:
        self._declared = params

    @classmethod
    def faults(cls, params: Mapping[str, Any], task: str) -> list[Fault]:
        """Return a fault for each rule that no row can reach."""
        from ml.rules.reachability import unreachable

        return unreachable(_read(params))

    @classmethod
    def faults_beside(cls, params: Mapping[str, Any]) -> list[Fault]:
        """Return a fault for each sound rule that no row can reach, where other rules are broken."""
        from ml.rules.reachability import unreachable

        given = params.get("rules")
        rules = [_sound(rule, position) for position, rule in enumerate(given if isinstance(given, list) else [])]
        return unreachable(RuleList(rules=rules)) if rules else []

    @classmethod
    def columns(cls, params: Mapping[str, Any]) -> dict[str, str]:
        """Return the raw columns that the rules read, by key path."""
        return {f"{path}.column": str(leaf.column) for path, leaf in _read(params).leaves()}

    @classmethod
    def incompatibilities(cls, params: Mapping[str, Any], schema: "TableSchema") -> list[str]:
        """Return each outcome that is no class, and each comparison that means nothing for its column."""
        from ml.rules.classes import strangers
        from ml.rules.column_checks import column_incompatibilities

        declared, problem = _read(params), schema.problem
        wrong = [] if problem.classes is None else strangers(declared, problem.target, problem.classes)
        return wrong + column_incompatibilities(declared, schema)

    def fit(self, train: "Matrix", validation: "Matrix", signature: "Signature", *, seed: int) -> FittedRules:
        """Count on `train` how often each rule decides and is right; nothing is learnt. Raises ContentError."""
        from ml.rules.classes import strangers
        from ml.rules.coverage import records, warnings
        from ml.runtimes.rules import DecisionList

        if not len(train.target):
            raise ContentError("There is no training row to count on what the rules predict")
        output, types = signature.output, {one.name: one.type for one in signature.inputs}
        read = dict.fromkeys(str(leaf.column) for _, leaf in self._declared.leaves())
        wrong = strangers(self._declared, output.target, output.classes or [])
        wrong += [f"the rules read {name!r}, which is no input" for name in read if name not in types]
        if wrong:
            raise ContentError("The rules do not fit the rows:\n  " + "\n  ".join(wrong))
        rules = RuleSet(
            rules=self._declared.rules,
            otherwise=self._declared.otherwise,
            columns={name: types[name] for name in read},
        )
        model = DecisionList(rules, output)
        fired = model.fired(train.cells)
        coverage = records(rules, fired, model.predictions_at(fired), train.target)
        return FittedRules(rules, model, coverage, warnings(rules, coverage, signature))


def _sound(rule: Any, position: int) -> Rule:
    """Return a rule, or where it is broken one that has nothing to do with the others."""
    try:
        return Rule.model_validate(rule)
    except ValidationError:
        return Rule(when=Condition(column=f"\0 broken rule {position}", missing=True), abstain=True)


def _read(params: Mapping[str, Any]) -> RuleList:
    return RuleList.model_validate(params)
