"""What workers that are killed while the journal takes nothing owed it: counted by the next one, to the request."""

import asyncio
import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from schemas.journal_spec import JournalSpec
from serving.journal.engine import connect
from serving.journal.loss import Reason
from serving.journal.losses import Losses
from serving.journal.lost import lost
from serving.journal.owed import COUNTS
from serving.journal.owed_file import Damaged, read
from serving.journal.predictions import window
from serving.journal.takeover import begin
from serving.journal.writer import Journal
from tests.serving.journal.owing import files, killed, take_over, totals
from tests.serving.journal.requests import request
from tests.small_disk import mounted

DROP = JournalSpec(policy="drop", queue=20)
LONGEST = "ÿ𐍈" * 127 + "𐍈"  # 255 characters of a version's name


def hold(*names: str, version: str = "1") -> Callable[[Any], None]:
    def owes(owed: Any) -> None:
        for name in names:
            owed.hold(request(name, 3, version))

    return owes


def test_what_was_held_is_counted_once_and_what_is_in_the_journal_is_not(any_journal: str, tmp_path: Path) -> None:
    folder = tmp_path / "owed"
    writing = Journal(connect(any_journal))
    asyncio.run(writing.write(request("b")))
    writing.close()
    killed(folder, hold("a", "b", "c", version=LONGEST), any_journal)
    path = files(folder)[0]
    again = path.read_bytes()
    assert [one.requests for one in take_over(any_journal, folder)] == [2] and files(folder) == []
    path.write_bytes(again)  # as if whoever counted it had been killed before it went
    assert take_over(any_journal, folder) == [] and files(folder) == []
    assert totals(any_journal) == {(LONGEST, "killed"): (2, 6)}


def test_a_count_takes_in_what_was_held_at_every_moment_of_a_kill(journal_url: str, tmp_path: Path) -> None:
    """Whatever store was the last, a request stands in the file once."""
    folder, found = tmp_path / "owed", set()

    def owes(stores: int) -> Callable[[Any], None]:
        def lose(owed: Any) -> None:
            losses, one, two = Losses(owed), request("a", 3), request("b", 3)
            owed.hold(one)
            owed.hold(two)
            losses.add(one, "refused")
            Ending.words, Ending.left = owed.file.words, stores
            owed.file.words = Ending()
            losses.add(two, "refused")
            losses.add(request("c", 3), "refused")

        return lose

    for stores in range(10):
        killed(folder, owes(stores), journal_url)
        (path,) = files(folder)
        contents = read(path.read_bytes())
        assert contents is not None
        noted = len(contents.held), sum(one.requests for one in contents.counts.values())
        assert sum(noted) in (2, 3) and sum(one.rows for one in contents.counts.values()) == 3 * noted[1]
        found.add(noted)
        path.unlink()
    assert found == {(1, 1), (0, 2), (0, 3)}


class Ending:
    """Words of a file that end the process with the next store, once so many were made."""

    words: Any
    left: int

    def __getitem__(self, at: int) -> int:
        return int(Ending.words[at])

    def __setitem__(self, at: int, word: int) -> None:
        if not Ending.left:
            os.kill(os.getpid(), signal.SIGKILL)
        Ending.left -= 1
        Ending.words[at] = word


def test_two_that_take_over_at_once_count_once(journal_url: str, tmp_path: Path) -> None:
    folder = tmp_path / "owed"
    for name in range(6):
        killed(folder, hold(f"{name}"), journal_url)
    threads = [threading.Thread(target=take_over, args=(journal_url, folder)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    take_over(journal_url, folder)
    assert totals(journal_url) == {("1", "killed"): (6, 18)} and files(folder) == []


@pytest.mark.parametrize("moment", ["before", "after"])
def test_whoever_is_killed_while_he_takes_over_leaves_it_to_the_next(
    journal_url: str, tmp_path: Path, moment: str
) -> None:
    folder = tmp_path / "owed"
    killed(folder, hold("a", "b"), journal_url)
    if not (child := os.fork()):
        engine = connect(journal_url)
        end = lambda *_: os.kill(os.getpid(), signal.SIGKILL)  # noqa: E731
        if moment == "before":
            event.listen(engine, "commit", end)
        _, taking = begin(engine, folder, None)
        taking.attempt(end)  # it is told after the commit
    os.waitpid(child, 0)
    assert len(files(folder)) == 1 and totals(journal_url) == ({} if moment == "before" else {("1", "killed"): (2, 6)})
    take_over(journal_url, folder)
    assert totals(journal_url) == {("1", "killed"): (2, 6)} and files(folder) == []


def test_what_a_living_worker_owes_is_its_own_affair(journal_url: str, tmp_path: Path) -> None:
    owed, _ = begin(connect(journal_url), tmp_path, 20)
    owed.hold(request("a"))
    assert take_over(journal_url, tmp_path) == [] and len(files(tmp_path)) == 1
    owed.close()  # it goes, and the journal has not come back
    assert len(take_over(journal_url, tmp_path)) == 1 and files(tmp_path) == []


def test_what_is_no_such_file_is_set_aside_and_what_is_owed_to_another_journal_left(
    journal_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "owed"
    killed(folder, hold("its name"), journal_url)
    (path,) = files(folder)
    whole = path.read_bytes()
    lengths = whole.index(b"its name") - 8
    cut, other, begun = whole[:-8], bytearray(whole), bytearray(whole)
    other[48] ^= 1
    begun[:8] = bytes(8)
    for data in (b"x" * 9, whole[:100], cut, whole[:lengths] + b"\xff" * 8 + whole[lengths + 8 :]):
        with pytest.raises(Damaged):
            read(data)
    assert read(bytes(begun)) is None is read(b"")
    for name, data in (("cut", cut), ("other", bytes(other)), ("begun", bytes(begun))):
        (folder / f"{name}.owed").write_bytes(data)
    take_over(journal_url, folder)
    assert [one.name for one in files(folder)] == ["cut.damaged", "other.owed"]
    assert "it has lost a part" in caplog.text and "owed to another journal" in caplog.text
    assert totals(journal_url) == {("1", "killed"): (1, 3)}


def test_more_counts_than_a_file_has_room_for_go_into_the_last_one(journal_url: str, tmp_path: Path) -> None:
    def owes(owed: Any) -> None:
        losses = Losses(owed)
        for minute in range(2 * COUNTS):
            losses.add(request("a", 3, when=60.0 * minute), "full")
        losses.add(request("a", 3, LONGEST), "closed")

    killed(tmp_path, owes, journal_url)
    assert take_over(journal_url, tmp_path) == []
    assert totals(journal_url) == {("1", "full"): (2 * COUNTS, 6 * COUNTS), (LONGEST, "closed"): (1, 3)}
    assert len(lost(journal_url, 0.0)) < COUNTS and max(one.until for one in lost(journal_url, 0.0, "1")) == 30_660


def test_a_folder_that_cannot_be_written_to_is_no_error_of_serving(
    journal_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    journal = Journal(connect(journal_url), DROP, folder=tmp_path / "file" / "owed")
    asyncio.run(journal.write(request("a")))
    journal.close()
    assert window(journal_url).request_ids == ["a"] and "cannot be noted" in caplog.text


def test_on_a_disk_that_is_full_from_the_start_nothing_is_noted_and_what_was_left_is_counted(
    journal_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "disk").mkdir()
    with mounted(tmp_path / "disk", "600k") as folder:
        killed(folder, hold("a"), journal_url)
        journal = Journal(connect(journal_url), DROP, folder=folder)
        asyncio.run(journal.write(request("b")))
        journal.close()
        assert files(folder) == [] and totals(journal_url) == {("1", "killed"): (1, 3)}
    assert window(journal_url).request_ids == ["b"] and "No space left" in caplog.text


def test_a_service_that_withholds_answers_has_no_file_and_takes_over(journal_url: str, tmp_path: Path) -> None:
    killed(tmp_path, hold("a"), journal_url)
    journal = Journal(connect(journal_url), JournalSpec(), folder=tmp_path)
    until(lambda: not journal.takeover.is_pending)
    assert files(tmp_path) == [] and journal.losses.requests == {("1", "killed"): 1}
    journal.close()


def test_what_a_closing_service_could_not_count_is_counted_by_the_next(journal_url: str, tmp_path: Path) -> None:
    engine = connect(journal_url, lock_timeout=0.05)
    journal = Journal(engine, DROP, 0.05, folder=tmp_path)
    with connect(journal_url).connect() as holder:
        holder.exec_driver_sql("BEGIN IMMEDIATE")
        asyncio.run(sent(journal, 30))
        journal.close()
    assert sum(one[0] for one in totals(journal_url).values()) == 0
    take_over(journal_url, tmp_path)
    reasons: dict[tuple[str, Reason], int] = {key: count[0] for key, count in totals(journal_url).items()}  # type: ignore[misc]
    assert reasons == journal.losses.requests and sum(reasons.values()) == 30


async def sent(journal: Journal, requests: int) -> None:
    await asyncio.gather(*(journal.write(request(f"{number}", 3)) for number in range(requests)))


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)
