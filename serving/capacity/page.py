"""What a replica can do as one HTML page that needs nothing else: no script, no network."""

from collections.abc import Sequence

from ml.reports.templates import render_page
from schemas.capacity import CapacityRecord, Trial


def render(model: str, record: CapacityRecord, trials: Sequence[Trial]) -> str:
    """Return the page; trials in the order in which they were tried."""
    tried = [(trial, "held" if trial.holds(record.latency_budget) else "failed") for trial in trials]
    return render_page(__file__, {"model": model, "record": record, "tried": tried})
