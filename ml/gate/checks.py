"""The gate: what a candidate must satisfy before it may be deployed. Every outcome says why, for a person."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from schemas.base import Strict, Task
from schemas.evaluation import CheckOutcome, GateVerdict, Scores
from schemas.metrics import HIGHER_IS_BETTER, TASKS, fitting
from schemas.numbers import shown
from schemas.run import GateSpec, ProductionCheck

if TYPE_CHECKING:
    from ml.components import Evidence, GateCheck

_ROUNDING = 1e-12
_MEBIBYTE = 1 << 20


class Thresholds(BaseModel):
    """A threshold for each metric, by the metric's name."""

    model_config = ConfigDict(extra="allow", frozen=True)

    __pydantic_extra__: dict[str, float]


class Minimum:
    """Every metric named must reach its threshold."""

    Params: ClassVar[type[BaseModel]] = Thresholds

    def __init__(self, params: Thresholds) -> None:
        self._thresholds = dict(params.__pydantic_extra__)

    def check(self, evidence: "Evidence") -> list[CheckOutcome]:
        """Return one outcome for each metric."""
        return [_threshold("min", name, least, evidence) for name, least in self._thresholds.items()]


class Maximum:
    """Every metric named must stay at or below its threshold."""

    Params: ClassVar[type[BaseModel]] = Thresholds

    def __init__(self, params: Thresholds) -> None:
        self._thresholds = dict(params.__pydantic_extra__)

    def check(self, evidence: "Evidence") -> list[CheckOutcome]:
        """Return one outcome for each metric."""
        return [_threshold("max", name, most, evidence) for name, most in self._thresholds.items()]


class NoParams(Strict):
    """Nothing to set."""


class BeatBaseline:
    """The candidate must be better than the baseline in the run's metric."""

    Params: ClassVar[type[BaseModel]] = NoParams

    def __init__(self, params: NoParams) -> None:
        self._params = params

    def check(self, evidence: "Evidence") -> list[CheckOutcome]:
        """Return one outcome."""
        metric, name = evidence.metric, "beat_baseline"
        value, other = _measured(evidence).get(metric), evidence.baseline.get(metric)
        if value is None or other is None:
            found = _measured(evidence) if value is None else evidence.baseline
            whose = "the candidate" if value is None else "the baseline"
            return [_unmeasured(name, metric, evidence.problem.task, other, found, whose)]
        passed = _gain(metric, value, other) > _ROUNDING
        verb = "is better than" if passed else "is not better than"
        why = f"{metric} {shown(value)} {verb} the baseline's {shown(other)}{_abstained(evidence)}"
        return [_outcome(name, value, other, passed, why)]


def _abstained(evidence: "Evidence") -> str:
    coverage = evidence.baseline.get("coverage")
    if coverage is None or coverage >= 1:
        return ""
    return f" (which predicts {coverage:.1%} of the rows; those it abstains from count as not right)"


class NoWorseThanProduction:
    """The candidate must not be worse than the version in production on the same rows."""

    Params: ClassVar[type[BaseModel]] = ProductionCheck

    def __init__(self, params: ProductionCheck) -> None:
        self._params = params

    def check(self, evidence: "Evidence") -> list[CheckOutcome]:
        """Return one outcome."""
        metric, name = evidence.metric, "no_worse_than_production"
        value, version = _measured(evidence).get(metric), evidence.production_version
        if version is None:
            return [_outcome(name, value, None, True, "first version: nothing is in production yet")]
        if evidence.production is None:
            return [self._not_comparable(name, value, version, evidence.not_comparable)]
        other = evidence.production.get(metric)
        if value is None or other is None:
            found = _measured(evidence) if value is None else evidence.production
            whose = "the candidate" if value is None else f"version {version}"
            return [_unmeasured(name, metric, evidence.problem.task, other, found, whose)]
        tolerance = self._params.tolerance
        least = other - tolerance if HIGHER_IS_BETTER[metric] else other + tolerance
        passed = _gain(metric, value, other) >= -tolerance - _ROUNDING
        verb = "is no worse than" if passed else "is worse than"
        theirs = f"{shown(other)} of version {version} in production (tolerance {shown(tolerance)})"
        return [_outcome(name, value, least, passed, f"{metric} {shown(value)} {verb} {theirs}")]

    def _not_comparable(self, name: str, value: float | None, version: str, why: str | None) -> CheckOutcome:
        passed = self._params.when_not_comparable == "pass"
        end = "let through" if passed else "refused"
        reason = why or "it was not scored on these rows"
        text = f"not comparable with version {version} in production: {reason}; {end}, as when_not_comparable declares"
        return _outcome(name, value, None, passed, text)


class SizeParams(Strict):
    """The largest package allowed, in MiB."""

    mib: float = Field(gt=0)


class MaxSize:
    """The package must not be larger than a number of MiB."""

    Params: ClassVar[type[BaseModel]] = SizeParams

    def __init__(self, params: SizeParams) -> None:
        self._most = params.mib

    def check(self, evidence: "Evidence") -> list[CheckOutcome]:
        """Return one outcome."""
        size = evidence.size_bytes / _MEBIBYTE
        passed = size <= self._most
        why = f"the package has {size:.3g} MiB, {'within' if passed else 'more than'} the {self._most:g} MiB allowed"
        return [_outcome("max_size", size, self._most, passed, why)]


def built_in(spec: GateSpec) -> list["GateCheck"]:
    """Return the checks that a gate's specification asks for, without its plug-in checks."""
    checks: list[GateCheck] = []
    if spec.min:
        checks.append(Minimum(Thresholds.model_validate(spec.min)))
    if spec.max:
        checks.append(Maximum(Thresholds.model_validate(spec.max)))
    if spec.beat_baseline:
        checks.append(BeatBaseline(NoParams()))
    if spec.no_worse_than_production is not None:
        checks.append(NoWorseThanProduction(spec.no_worse_than_production))
    if spec.max_size is not None:
        checks.append(MaxSize(SizeParams(mib=spec.max_size)))
    return checks


def judge(checks: Iterable["GateCheck"], evidence: "Evidence") -> GateVerdict:
    """Ask every check; the gate passes when all of them do."""
    outcomes = [outcome for check in checks for outcome in check.check(evidence)]
    return GateVerdict(passed=all(outcome.passed for outcome in outcomes), checks=outcomes)


def _measured(evidence: "Evidence") -> Scores:
    """The test set's metrics, or the validation set's where the test set stays sealed."""
    return evidence.evaluation.metrics.get("test") or evidence.evaluation.metrics.get("validation") or {}


def _threshold(side: Literal["min", "max"], metric: str, threshold: float, evidence: "Evidence") -> CheckOutcome:
    name, found = f"{side}.{metric}", _measured(evidence)
    value = found.get(metric)
    if value is None:
        return _unmeasured(name, metric, evidence.problem.task, threshold, found, "the candidate")
    passed = value >= threshold if side == "min" else value <= threshold
    place = {
        ("min", True): "reaches",
        ("min", False): "is below",
        ("max", True): "is within",
        ("max", False): "is above",
    }[side, passed]
    bound = "minimum" if side == "min" else "maximum"
    return _outcome(name, value, threshold, passed, f"{metric} {shown(value)} {place} the {bound} {shown(threshold)}")


def _unmeasured(
    name: str, metric: str, task: Task, threshold: float | None, found: Mapping[str, float | None], whose: str
) -> CheckOutcome:
    from ml.evaluation.metrics import why_undefined

    if task not in TASKS.get(metric, ()):
        why = f"{metric} is not defined for a {task} task; use one of: {', '.join(fitting(task))}"
        return _outcome(name, None, threshold, False, why)
    why = f"{metric} of {whose} is undefined on these rows: {why_undefined(metric, found)}"
    return _outcome(name, None, threshold, False, why)


def _gain(metric: str, value: float, other: float) -> float:
    return value - other if HIGHER_IS_BETTER[metric] else other - value


def _outcome(name: str, value: float | None, threshold: float | None, passed: bool, why: str) -> CheckOutcome:
    return CheckOutcome(name=name, value=value, threshold=threshold, passed=passed, why=why)
