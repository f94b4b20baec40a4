"""The gate's verdict: every check is asked, and all of them must pass."""

from collections.abc import Iterable, Sequence

from ml.components.gate_check import Evidence, GateCheck
from schemas.evaluation import CheckOutcome, GateVerdict


def judge(checks: Iterable[GateCheck], evidence: Evidence, also: Sequence[CheckOutcome] = ()) -> GateVerdict:
    """Ask every check; the gate passes when all of them do, and so do the outcomes of others, `also`."""
    outcomes = [*(outcome for check in checks for outcome in check.check(evidence)), *also]
    return GateVerdict(passed=all(outcome.passed for outcome in outcomes), checks=outcomes)
