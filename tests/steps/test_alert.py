"""A run's alert goes out once, what could not be sent with the next run; an alerter takes no verdict with it."""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import update

from schemas.alert import Alert
from schemas.errors import AlertError, DeploymentError
from schemas.home import ROOT
from serving.journal.engine import connect
from serving.journal.location import sqlite_url
from serving.journal.schema import alerts
from serving.journal.tables import create
from steps.alert.delivery import deliver
from steps.alert.posting import poster
from tests.ml.monitoring.alarms import alert_of, drifted

ALERT, OTHER = alert_of(drifted("size")), alert_of(drifted("age"))
DAY = 86400.0


@pytest.fixture
def journal(tmp_path: Path) -> str:
    url = sqlite_url(tmp_path / "journal.db")
    create(url)
    return url


class Box:
    """Takes alerts, or fails."""

    def __init__(self) -> None:
        self.ids: list[str] = []
        self.full = False

    def __call__(self, alert: Alert) -> None:
        if self.full:
            raise AlertError("the box is full")
        self.ids.append(alert.id)


def test_the_same_is_told_once_and_other_changes_besides(journal: str) -> None:
    box = Box()
    states = [deliver(journal, one, box, DAY).state for one in (ALERT, ALERT, OTHER, None)]
    assert states == ["sent", "told_before", "sent", "silent"]
    assert box.ids == [f"{ALERT.key}-1", f"{OTHER.key}-1"]


def test_what_failed_is_told_by_the_next_run_whatever_its_verdict(journal: str) -> None:
    box = Box()
    box.full = True
    failed = deliver(journal, ALERT, box, DAY)
    assert (failed.state, failed.why, failed.waiting) == ("failed", "the box is full; the next run tries again", 1)
    assert deliver(journal, OTHER, box, DAY).waiting == 2
    box.full = False
    calm = deliver(journal, None, box, DAY)
    assert (calm.state, calm.late, calm.waiting) == ("silent", 2, 0)
    assert box.ids == [f"{OTHER.key}-1", f"{ALERT.key}-1"], "what was tried longest ago first"
    assert deliver(journal, ALERT, box, DAY).state == "told_before"


def test_a_run_does_not_try_for_hours_what_cannot_be_sent(journal: str) -> None:
    box = Box()
    box.full = True
    for number in range(9):
        deliver(journal, alert_of(drifted(f"c{number}")), box, DAY)
    box.full = False
    assert (deliver(journal, None, box, DAY).late, len(box.ids)) == (5, 5)
    assert deliver(journal, None, box, DAY).waiting == 0


KILLED = """
import os, signal, sys
from steps.alert.delivery import deliver
from tests.ml.monitoring.alarms import alert_of, drifted
def post(alert):
    print(sys.argv[2] and alert.id, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
deliver(sys.argv[1], alert_of(drifted("size")), post, 86400.0)
"""


@pytest.mark.parametrize("delivered", ["", "delivered"])
def test_whoever_is_killed_before_or_after_the_delivery_is_followed_under_the_same_id(
    journal: str, delivered: str
) -> None:
    words = [sys.executable, "-c", KILLED, journal, delivered]
    killed = subprocess.run(words, cwd=ROOT, capture_output=True, text=True)
    assert killed.returncode == -signal.SIGKILL and killed.stdout.strip() == (delivered and f"{ALERT.key}-1")
    box = Box()
    assert deliver(journal, ALERT, box, DAY).state == "under_way" and box.ids == []
    with connect(journal).begin() as connection:
        connection.execute(update(alerts).values(until=time.time() - 1))
    assert deliver(journal, None, box, DAY).late == 1
    assert box.ids == [f"{ALERT.key}-1"], "told once more where it was delivered: whoever has seen the id may drop it"
    assert deliver(journal, ALERT, box, DAY).state == "told_before"


def test_of_runs_at_once_one_tells(journal: str) -> None:
    box, start, states = Box(), threading.Barrier(8), []

    def run() -> None:
        start.wait()
        states.append(deliver(journal, ALERT, box, DAY).state)

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert box.ids == [f"{ALERT.key}-1"] and sorted(states)[0] == "sent" and len(states) == 8


def test_of_runs_at_once_one_tells_what_an_earlier_one_could_not(journal: str) -> None:
    box, start, records = Box(), threading.Barrier(8), []
    box.full = True
    assert deliver(journal, ALERT, box, DAY).state == "failed"
    box.full = False

    def run() -> None:
        start.wait()
        records.append(deliver(journal, None, box, DAY))

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert box.ids == [f"{ALERT.key}-1"] and sum(one.late for one in records) == 1 and len(records) == 8


def test_an_earlier_alert_that_cannot_be_read_is_told_once_and_stands_in_nobodys_way(journal: str) -> None:
    box = Box()
    box.full = True
    deliver(journal, OTHER, box, DAY)
    box.full = False
    with connect(journal).begin() as connection:
        connection.execute(update(alerts).values(alert='{"format": 2}'))
    record = deliver(journal, ALERT, box, DAY)
    assert (
        record.state == "sent" and "an earlier alert (drift, version 3) cannot be read, and is not sent" in record.why
    )
    assert box.ids == [f"{ALERT.key}-1"] and record.waiting == 0
    assert deliver(journal, OTHER, box, DAY).state == "sent"


def test_what_was_sent_is_not_said_to_have_failed_where_the_journal_breaks_behind_it(journal: str) -> None:
    def post(_: Alert) -> None:
        with connect(journal).begin() as connection:
            connection.exec_driver_sql("DROP TABLE alerts")

    record = deliver(journal, ALERT, post, DAY)
    assert record.state == "sent" and "could not note that, so it is sent once more: no such table" in record.why
    assert "of earlier alerts nothing is known" in record.why


def test_without_its_journal_nothing_is_told(tmp_path: Path) -> None:
    box = Box()
    with pytest.raises(DeploymentError, match="There is no journal"):
        deliver(sqlite_url(tmp_path / "none.db"), ALERT, box, DAY)
    assert box.ids == []


class Theirs:
    """An alerter of somebody: what `act` does is what its `post` does."""

    flavor = "theirs"

    def __init__(self, act: Callable[[], object]) -> None:
        self.act = act
        self.messages: list[str] = []

    def post(self, message: str, params: object) -> object:
        self.messages.append(message)
        return self.act()


def explode() -> object:
    raise RuntimeError("https://hooks.example.org/T0KEN is down")


@pytest.mark.parametrize(
    ("act", "why"),
    [
        (explode, "the alerter raised RuntimeError"),
        (lambda: False, "the alerter says that it could not"),
        (lambda: time.sleep(5), "did not come to an end within 0.1 s"),
    ],
)
def test_whatever_an_alerter_does_is_told_without_its_words(journal: str, act: Callable[[], object], why: str) -> None:
    record = deliver(journal, ALERT, poster(Theirs(act), patience=0.1), DAY)
    assert record.state == "failed" and why in record.why and "T0KEN" not in record.why


def test_an_alerter_of_zenml_gets_the_text_without_what_a_chat_takes_for_commands(journal: str) -> None:
    chat = Theirs(lambda: True)
    assert deliver(journal, alert_of(drifted("<!channel>")), poster(chat), DAY).state == "sent"
    (message,) = chat.messages
    assert "'‹!channel›'" in message and "p < 0.001" in message and "What to do next" in message
