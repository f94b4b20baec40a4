"""That a window is not whole: some of what was predicted then never came into the journal."""

from ml.reports.formats import count, timestamp
from schemas.monitoring import Lost, MonitoringReport


def with_lost(report: MonitoringReport, lost: Lost | None) -> MonitoringReport:
    """Add to a report what its window lacks, and say so in its reason; the verdict is on what is there."""
    if lost is None:
        return report
    kinds = ", ".join(f"{reason}: {number:,}" for reason, number in lost.reasons.items())
    when = f"{timestamp(lost.first)} to {timestamp(lost.last)}"
    text = f"The window is not whole: {count(lost.requests, 'request')} ({count(lost.rows, 'row')}) of {when}"
    why = f"{report.why} {text} were answered and are not in the journal ({kinds})."
    return report.model_copy(update={"why": why, "lost": lost})
