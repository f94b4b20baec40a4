"""The data checks as one HTML page that needs nothing else: no script, no network."""

from ml.reports.templates import render_page
from schemas.evaluation import CheckState, DataCheck, DataReport


def render(report: DataReport) -> str:
    """Return the page. Everything that comes from the data is escaped."""
    failed = [check for check in report.checks if state(check) == "failed"]
    warned = [check for check in report.checks if state(check) == "warning"]
    held = [check for check in report.checks if state(check) == "held"]
    context = {
        "report": report,
        "state": state,
        "verdict": "passed" if report.passed else "refused",
        "counts": f"{len(failed)} failed, {len(warned)} warning{'' if len(warned) == 1 else 's'}, {len(held)} held",
        "groups": [("Failed", failed), ("Warnings", warned), ("Held", held)],
    }
    return render_page(__file__, context)


def state(check: DataCheck) -> CheckState:
    """Return held, warning or failed."""
    if check.passed:
        return "held"
    return "failed" if check.severity == "fail" else "warning"
