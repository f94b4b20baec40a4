"""The gate's verdict: every check is asked, and all of them must pass."""

from collections.abc import Iterable

from ml.components.gate_check import Evidence, GateCheck
from schemas.evaluation import GateVerdict


def judge(checks: Iterable[GateCheck], evidence: Evidence) -> GateVerdict:
    """Ask every check; the gate passes when all of them do."""
    outcomes = [outcome for check in checks for outcome in check.check(evidence)]
    return GateVerdict(passed=all(outcome.passed for outcome in outcomes), checks=outcomes)
