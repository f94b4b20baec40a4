"""Looking at a journal's file while a service runs."""

import time
from pathlib import Path

import pytest

from serving.journal import integrity
from serving.journal.integrity import Integrity
from serving.journal.location import sqlite_url
from tests.serving.journal.damaged import write_journal

ENDLESS = (
    "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT 'ok' WHERE (SELECT count(*) FROM n) = 0"
)


@pytest.mark.parametrize("seconds", [0.0, 0.3])
def test_a_look_that_takes_long_is_broken_off_when_the_service_stops(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seconds: float
) -> None:
    file = tmp_path / "house.db"
    write_journal(file, 10)
    monkeypatch.setattr(integrity, "_PAGES", ENDLESS)  # as on a journal of terabytes
    monkeypatch.setattr(integrity, "_AT_ONCE", -1)
    one = Integrity(sqlite_url(file), "house")
    one.start()
    time.sleep(seconds)
    began = time.monotonic()
    one.stop()
    assert time.monotonic() - began < 5 and one.error is None
