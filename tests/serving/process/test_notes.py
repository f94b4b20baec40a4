"""What workers let each other know: counters that never fall, whoever is gone and whoever is asked."""

import asyncio
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from serving.http.families import counter, gauge, histogram
from serving.http.metric_table import FAMILIES, READY
from serving.http.sharing import Sharing, plain
from serving.process import notes
from serving.process.notes import Note
from serving.process.tally import Family, added


def counted(value: float, at: float = 1.0) -> list[Family]:
    return plain(
        [
            counter("requests", "Requests.", [({"status": "200"}, value)]),
            gauge("drivetrain_requests_waiting", "Waiting.", [({}, at)]),
            gauge("stage", "Stage.", [({}, at)]),
            READY.of([({}, at)]),
            histogram("seconds", "Seconds.", []),
        ]
    )


def told(families: list[Family]) -> dict[str, float]:
    return {name: value for one in families for (name, _), value in one.samples.items()}


def ended_process() -> int:
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    return child.pid


def test_whichever_worker_is_asked_tells_the_sum_of_all(tmp_path: Path) -> None:
    one, other = Sharing(tmp_path, 1, 2, "house"), Sharing(tmp_path, 2, 2, "house")
    other.write(counted(5, at=2), "answers", 1)
    one.write(counted(3), "answers", 1)
    for found in (told(one.of_all(counted(3))), told(other.of_all(counted(5, at=2)))):
        assert found == {"requests_total": 8, "drivetrain_requests_waiting": 3, "stage": 2, "drivetrain_ready": 1,
                         "drivetrain_workers": 2, "drivetrain_workers_wanted": 2}  # fmt: skip


def test_of_a_gauge_the_worst_worker_is_told() -> None:
    one, other = (plain([family.of([({}, at)]) for family in FAMILIES if family.kind == "gauge"]) for at in (0, 3))
    found = {family.name: told([family])[family.name] for family in added([one, other])}
    assert {name for name, value in found.items() if value == 0} == {"drivetrain_ready", "drivetrain_journal_up"}
    assert Family.of(one[0].plain()) == one[0]
    with pytest.raises(ValueError):
        Family.of([*one[0].plain()[:3], True, []])  # as an earlier program wrote it


def test_what_a_worker_counted_stays_when_it_is_gone_and_what_it_was_at_does_not(tmp_path: Path) -> None:
    gone = Note("a", ended_process(), 1, notes.now() - 60, "answers", counted(5, at=9))
    notes.write(tmp_path, gone)
    one = Sharing(tmp_path, 2, 2, "house")
    for _ in range(3):  # before and after it is added to what is left of those before
        found = told(one.of_all(counted(1)))
        assert (found["requests_total"], found["stage"], found["drivetrain_workers"]) == (6, 1, 1)
        notes.tidy(tmp_path)
        assert not list(tmp_path.glob("worker-a*"))
    notes.write(tmp_path, Note("b", ended_process(), 1, notes.now() - 60, "answers", counted(10)))
    notes.tidy(tmp_path)
    assert told(one.of_all(counted(1)))["requests_total"] == 16


def test_one_that_lives_and_stands_still_is_not_taken_for_gone(tmp_path: Path) -> None:
    notes.write(tmp_path, Note("a", os.getpid(), 1, notes.now() - 60, "answers", counted(5)))
    notes.tidy(tmp_path)
    assert list(tmp_path.glob("worker-a*"))
    assert told(Sharing(tmp_path, 2, 2, "house").of_all(counted(1)))["drivetrain_workers"] == 1


def test_what_was_collected_before_does_not_come_after_what_was_collected_later(tmp_path: Path) -> None:
    one, other = Sharing(tmp_path, 1, 2, "house"), Sharing(tmp_path, 2, 2, "house")
    earlier, later = one.number(), one.number()
    one.write(counted(150), "answers", later)
    one.write(counted(100), "answers", earlier)
    assert told(other.of_all([]))["requests_total"] == 150


def test_a_worker_is_counted_once_though_who_adds_it_up_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended, one = ended_process(), Sharing(tmp_path, 1, 1, "house")
    with monkeypatch.context() as killed:
        killed.setattr(notes, "_unlink", lambda *_: None)
        for name, value in (("a", 10), ("b", 1)):
            notes.write(tmp_path, Note(name, ended, 1, -3.0, "is gone", counted(value)))
            notes.tidy(tmp_path)
    assert told(one.of_all(counted(0)))["requests_total"] == 11
    notes.write(tmp_path, Note("c", ended, 1, -3.0, "is gone", counted(2)))
    notes.tidy(tmp_path)
    assert told(one.of_all(counted(0)))["requests_total"] == 13
    assert not list(tmp_path.glob("worker-*"))


def test_one_whose_process_has_ended_is_not_alive_however_fresh_its_note_is(tmp_path: Path) -> None:
    notes.write(tmp_path, Note("a", ended_process(), 1, notes.now(), "answers", counted(5)))
    assert told(Sharing(tmp_path, 2, 2, "house").of_all(counted(1)))["drivetrain_workers"] == 1
    assert [note.is_alive for note in notes.read(tmp_path)[0]] == [False]


def test_a_note_that_is_half_there_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "worker-a.json").write_text('{"worker": "a", ')
    (tmp_path / "gone.json").write_text("[]")
    assert notes.read(tmp_path) == ([], [])


def test_each_process_has_a_place_of_its_own(tmp_path: Path) -> None:
    with notes.a_place(tmp_path, None) as first, notes.a_place(tmp_path, None) as second:
        assert (first, second) == (1, 2)
    with notes.a_place(tmp_path, None) as again, notes.a_place(tmp_path, "7") as told_so:
        assert (again, told_so) == (1, 7)


def test_a_worker_tells_once_a_second_what_it_has_counted_and_at_its_end(tmp_path: Path) -> None:
    loop, one = asyncio.new_event_loop(), Sharing(tmp_path, 1, 1, "house", lambda: loop)
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    one.start(lambda: [counter("requests", "Requests.", [({}, 4)])], lambda: "answers")
    while not list(tmp_path.glob("worker-*.json")):
        pass
    assert [(note.state, note.is_alive) for note in notes.read(tmp_path)[0]] == [("answers", True)]
    one.stop()
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    (note,) = notes.read(tmp_path)[0]
    assert not note.is_alive and told(note.families)["requests_total"] == 4
