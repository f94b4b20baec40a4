"""A report of a window that is not whole says so."""

from ml.monitoring.lost import with_lost
from schemas.monitoring import Lost, MonitoringReport

REPORT = MonitoringReport(model="m", version="1", verdict="ok", why="No change found.", rows=9, columns=[])


def test_a_whole_window_is_reported_as_it_is() -> None:
    assert with_lost(REPORT, None) is REPORT


def test_what_a_window_lacks_is_told_in_its_reason_and_changes_no_verdict() -> None:
    lost = Lost(
        requests=1204, rows=1, first="2026-11-20T13:51:37.000+00:00", last="2026-11-20T13:52:37.000+00:00",
        reasons={"closed": 4, "full": 1200},
    )  # fmt: skip
    told = with_lost(REPORT, lost)
    assert (told.verdict, told.lost) == ("ok", lost)
    assert told.why == (
        "No change found. The window is not whole: 1,204 requests (1 row) of 2026-11-20 13:51:37 UTC to "
        "2026-11-20 13:52:37 UTC were answered and are not in the journal (closed: 4, full: 1,200)."
    )
