"""An alarm is told once, by one of those who want to, again after its time; what failed or was cut off, later."""

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import inspect, update

from schemas.alert import Alert
from serving.journal.alerts import claim, claim_waiting, note_failed, note_sent, prepare, waiting
from serving.journal.engine import connect
from serving.journal.location import sqlite_url
from serving.journal.schema import FORMAT
from serving.journal.schema import alerts as table
from serving.journal.tables import create, format_of
from serving.journal.told_alerts import Standing
from serving.journal.trouble import Unreadable
from tests.ml.monitoring.alarms import alert_of, drifted
from tests.serving.journal.damaged import write_journal

DAY, LEASE = 86400.0, 60.0
ALERT = alert_of(drifted("size"))


def claimed(url: str, alert: Alert = ALERT, holder: str = "me", again_after: float | None = DAY) -> Alert | Standing:
    return claim(connect(url), alert, holder, again_after, LEASE)


def later(url: str, seconds: float) -> None:
    """Let time pass: what is noted was noted so much earlier."""
    with connect(url).begin() as connection:
        connection.execute(update(table).values(time=table.c.time - seconds, until=table.c.until - seconds))


def test_an_alarm_is_told_once_and_again_after_its_time_with_its_number(any_journal: str) -> None:
    engine = connect(any_journal)
    first = claimed(any_journal)
    assert isinstance(first, Alert) and (first.id, first.told) == (f"{ALERT.key}-1", 0)
    note_sent(engine, ALERT.key, "me")
    again = claimed(any_journal, holder="you")
    assert isinstance(again, Standing) and again.state == "sent"
    later(any_journal, DAY + 1)
    assert isinstance(claimed(any_journal, again_after=None), Standing), "null: never again"
    second = claimed(any_journal)
    assert isinstance(second, Alert) and (second.id, second.told) == (f"{ALERT.key}-2", 1)


def test_other_changes_are_another_alarm(any_journal: str) -> None:
    assert isinstance(claimed(any_journal), Alert)
    assert isinstance(claimed(any_journal, alert_of(drifted("age"))), Alert)


def test_what_others_have_told_all_of_is_told(any_journal: str) -> None:
    engine = connect(any_journal)
    for name, at_once in [("ab", "told"), ("bc", "told"), ("ac", "not"), ("c", "not"), ("abc", "not"), ("cd", "told")]:
        alert = alert_of(*map(drifted, name))
        found = claimed(any_journal, alert, holder="me")
        assert isinstance(found, Alert) is (at_once == "told"), name
        note_sent(engine, alert.key, "me")
    for other in ({"version": "4"}, {"verdict": "schema_alarm"}):
        columns = [drifted(name, verdict=other.get("verdict", "drift")) for name in "ac"]
        assert isinstance(claimed(any_journal, alert_of(*columns, **other)), Alert), "another alarm"
    later(any_journal, DAY + 1)
    assert isinstance(claimed(any_journal, alert_of(*map(drifted, "ac"))), Alert), "its time has come again"


def test_what_is_being_told_with_more_is_not_told_besides(any_journal: str) -> None:
    engine = connect(any_journal)
    both, one = alert_of(drifted("a"), drifted("b")), alert_of(drifted("a"))
    claimed(any_journal, both)
    found = claimed(any_journal, one, holder="you")
    assert isinstance(found, Standing) and found.state == "claimed"
    note_failed(engine, both.key, "me", "no answer")
    assert isinstance(claimed(any_journal, one, holder="you"), Alert)
    note_failed(engine, one.key, "you", "no answer")
    assert isinstance(claim_waiting(engine, both.key, "me", DAY, LEASE), Alert)
    note_sent(engine, both.key, "me")
    assert waiting(engine, LEASE) == [one.key] and claim_waiting(engine, one.key, "me", DAY, LEASE) is None
    assert waiting(engine, LEASE) == [], "all of it was told meanwhile"


def test_what_somebody_is_telling_is_left_to_him_until_his_lease_is_over(any_journal: str) -> None:
    engine = connect(any_journal)
    claimed(any_journal, holder="dead")
    found = claimed(any_journal)
    assert isinstance(found, Standing) and found.state == "claimed"
    assert waiting(engine, LEASE) == []
    later(any_journal, LEASE + 1)
    assert waiting(engine, LEASE) == [ALERT.key]
    mine = claimed(any_journal)
    assert isinstance(mine, Alert) and mine.id == f"{ALERT.key}-1", "it was never told"
    note_sent(engine, ALERT.key, "dead")
    assert isinstance(claimed(any_journal, holder="you"), Standing)
    note_sent(engine, ALERT.key, "me")
    with engine.connect() as connection:
        assert connection.execute(table.select()).one().told == 1, "whoever lost his lease notes nothing"


def test_what_failed_waits_for_the_next_run_with_its_own_words(any_journal: str) -> None:
    engine = connect(any_journal)
    claimed(any_journal)
    note_failed(engine, ALERT.key, "me", "no answer")
    assert waiting(engine, LEASE) == [ALERT.key] and waiting(engine, LEASE, but=[ALERT.key]) == []
    taken = claim_waiting(engine, ALERT.key, "you", DAY, LEASE)
    assert taken == ALERT.model_copy(update={"id": f"{ALERT.key}-1"})
    assert claim_waiting(engine, ALERT.key, "they", DAY, LEASE) is None, "somebody has it"
    note_sent(engine, ALERT.key, "you")
    assert waiting(engine, LEASE) == []


def test_a_clock_that_was_ahead_silences_nobody_for_ever(any_journal: str) -> None:
    claimed(any_journal)
    note_sent(connect(any_journal), ALERT.key, "me")
    later(any_journal, -11 * DAY)
    assert isinstance(claimed(any_journal), Alert)


def test_rows_that_nobody_wants_to_know_any_more_go(any_journal: str) -> None:
    claimed(any_journal)
    note_sent(connect(any_journal), ALERT.key, "me")
    later(any_journal, 91 * DAY)
    claimed(any_journal, alert_of(drifted("age")), again_after=None)
    claimed(any_journal, alert_of(drifted("age")))
    with connect(any_journal).connect() as connection:
        assert [row.key for row in connection.execute(table.select())] == [alert_of(drifted("age")).key]


def test_of_twenty_that_tell_at_once_one_does(any_journal: str) -> None:
    start, found = threading.Barrier(20), []

    def tell(number: int) -> None:
        start.wait()
        found.append(claimed(any_journal, holder=f"run {number}"))

    threads = [threading.Thread(target=tell, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 20 and sum(isinstance(one, Alert) for one in found) == 1


def test_of_eight_windows_at_once_of_which_any_two_name_everything_two_are_told(any_journal: str) -> None:
    columns = [drifted(f"c{number}") for number in range(8)]
    start, found = threading.Barrier(8), []

    def tell(number: int) -> None:
        alert = alert_of(*columns[:number], *columns[number + 1 :])
        start.wait()
        found.append(claimed(any_journal, alert, holder=f"run {number}"))

    threads = [threading.Thread(target=tell, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8 and sum(isinstance(one, Alert) for one in found) == 2


def test_a_journal_of_the_version_before_gets_the_table(any_journal: str) -> None:
    engine = connect(any_journal)
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE alerts")
    start = threading.Barrier(4)

    def make() -> None:
        start.wait()
        prepare(engine)

    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert isinstance(claimed(any_journal), Alert)


def test_a_service_of_this_version_adds_the_table_to_an_earlier_journal(any_journal: str) -> None:
    engine = connect(any_journal)
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE alerts")
    create(any_journal)
    assert inspect(engine).has_table("alerts")


def test_a_journal_of_an_old_format_gets_the_table_and_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "old.db"
    write_journal(file, 10, old=True)
    engine = connect(sqlite_url(file))
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE alerts")
    for _ in range(2):
        prepare(engine)
    with engine.connect() as connection:
        assert format_of(connection) == 1 and not inspect(connection).has_table("requests")
    assert isinstance(claimed(sqlite_url(file)), Alert)
    create(sqlite_url(file))
    with engine.connect() as connection:
        assert format_of(connection) == FORMAT


def test_a_row_that_is_no_alert_is_told_as_damage(tmp_path: Path) -> None:
    file = tmp_path / "journal.db"
    create(sqlite_url(file))
    claimed(sqlite_url(file))
    note_failed(connect(sqlite_url(file)), ALERT.key, "me", "no answer")
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("UPDATE alerts SET alert = '{}'")
        connection.commit()
    engine = connect(sqlite_url(file))
    with pytest.raises(Unreadable, match=r"an earlier alert \(drift, version 3\) cannot be read"):
        claim_waiting(engine, ALERT.key, "me", DAY, LEASE)
    assert waiting(engine, LEASE) == [] and isinstance(claimed(sqlite_url(file)), Alert)
