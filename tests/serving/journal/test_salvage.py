"""What can be read of a damaged journal is saved, whatever was damaged; what was never written is not made up."""

import random
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from serving.journal.integrity import damage
from serving.journal.labelled import labelled
from serving.journal.location import sqlite_url
from serving.journal.predictions import window
from serving.journal.salvage import Saved, salvage
from serving.releases.publisher import current_release
from tests.serving.journal.damaged import overwrite, pages, write_journal
from tests.soak import count


def root(file: Path, name: str) -> int:
    with closing(sqlite3.connect(file)) as connection:
        found: int = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (name,)).fetchone()[0]
    return found


def by_name(saved: list[Saved]) -> dict[str, Saved]:
    return {one.table: one for one in saved}


def test_a_sound_journal_is_sound_and_its_copy_is_equal(tmp_path: Path) -> None:
    source, target = tmp_path / "a.db", tmp_path / "b.db"
    ids = write_journal(source)
    assert damage(source) is None and damage(tmp_path / "none.db") is None
    assert salvage(source, target) == [Saved("releases", 2, 0), Saved("requests", 5_000, 0), Saved("labels", 500, 0)]
    one, other = window(sqlite_url(source)), window(sqlite_url(target))
    assert one == other and set(other.request_ids) == ids
    assert len(labelled(sqlite_url(target))[0].labels) == 500


def test_of_damaged_pages_only_their_own_rows_are_lost(tmp_path: Path) -> None:
    source, target = tmp_path / "a.db", tmp_path / "b.db"
    ids = write_journal(source)
    chosen = random.Random(3).sample(range(root(source, "workers") + 5, pages(source)), 6)
    for page in chosen:
        overwrite(source, page)
    assert damage(source) is not None
    saved = by_name(salvage(source, target))
    kept = set(window(sqlite_url(target)).request_ids)
    assert kept <= ids and len(kept) == saved["requests"].rows > 5_000 - 6 * 60
    assert damage(target) is None and current_release(sqlite_url(target)) is not None


def test_rows_behind_a_lost_inner_page_are_lost_but_all_other_tables_are_saved(tmp_path: Path) -> None:
    source, target = tmp_path / "a.db", tmp_path / "b.db"
    write_journal(source)
    overwrite(source, root(source, "requests"))
    saved = by_name(salvage(source, target))
    assert (
        saved["requests"].rows == 0
        and saved["requests"].lost == 5_000
        and saved["labels"].rows == 500
        and saved["releases"].rows == 2
    )


def test_the_loss_of_the_newest_rows_is_counted_by_an_index(tmp_path: Path) -> None:
    source, target = tmp_path / "a.db", tmp_path / "b.db"
    write_journal(source)
    with closing(sqlite3.connect(source)) as connection:
        last = "SELECT max(pageno) FROM dbstat WHERE name = 'requests'"
        try:
            page = connection.execute(last).fetchone()[0]
        except sqlite3.OperationalError:  # a SQLite that was built without this table
            pytest.skip("the pages of a table cannot be asked for")
    overwrite(source, page)
    saved = by_name(salvage(source, target))["requests"]
    assert saved.lost == 5_000 - saved.rows > 0 and saved.unknown_after is None


def test_rows_of_which_none_is_sound_are_lost(tmp_path: Path) -> None:
    source, target = tmp_path / "a.db", tmp_path / "b.db"
    write_journal(source, 300)
    with closing(sqlite3.connect(source)) as connection:
        connection.execute("UPDATE requests SET answers = '[{\"label\": '")
        connection.commit()
    saved = by_name(salvage(source, target))["requests"]
    assert str(saved) == "0 requests saved, 300 lost"


def test_damaged_indexes_cost_nothing(tmp_path: Path) -> None:
    source, target = tmp_path / "a.db", tmp_path / "b.db"
    write_journal(source)
    for index in ("sqlite_autoindex_requests_1", "requests_by_time", "labels_by_prediction"):
        overwrite(source, root(source, index))
    assert damage(source) is not None
    assert [one.rows for one in salvage(source, target)] == [2, 5_000, 500]


@pytest.mark.parametrize("content", [b"\x00" * 4096, b"\xa5" * 4096, b"not a database" * 10])
def test_without_its_first_page_a_journal_is_read_by_what_every_journal_is_like(tmp_path: Path, content: bytes) -> None:
    source, target = tmp_path / "a.db", tmp_path / "b.db"
    write_journal(source)
    overwrite(source, 1, content)
    assert damage(source) is not None
    saved = salvage(source, target)
    assert [one.rows for one in saved] == [2, 5_000, 0, 500]
    assert str(saved[2]) == "0 shadows saved; how many there were cannot be read"


@pytest.mark.parametrize("content", [b"", b"x", b"\x00" * 100_000, b"SQLite format 3\x00" + b"\xff" * 50_000])
def test_a_file_that_holds_nothing_of_a_journal_gives_an_empty_one(tmp_path: Path, content: bytes) -> None:
    source, target = tmp_path / "a.db", tmp_path / "b.db"
    source.write_bytes(content)
    saved = salvage(source, target)
    assert [one.rows for one in saved] == [0] * 5 and damage(target) is None
    assert all(str(one).endswith("how many there were cannot be read") for one in saved)


@pytest.mark.untraced
def test_a_file_cut_short_keeps_what_is_before_the_cut(tmp_path: Path) -> None:
    source, target = tmp_path / "a.db", tmp_path / "b.db"
    ids = write_journal(source)
    with source.open("r+b") as file:
        file.truncate(pages(source) * 4096 // 2 + 1_000)
    saved = by_name(salvage(source, target))
    assert 500 < saved["requests"].rows < 5_000 and set(window(sqlite_url(target)).request_ids) <= ids
    after = saved["requests"].unknown_after
    assert after is not None and after == saved["requests"].rows + saved["requests"].lost
    assert f"any after number {after} are lost, and how many those were cannot be read" in str(saved["requests"])


# With 27 SQLite quotes bytes that are no text, with 175 a row of another table is where one of predictions was.
@pytest.mark.parametrize("seed", range(300) if count(0, 1) else [*range(8), 27, 175])
def test_whatever_bytes_are_changed_nothing_is_made_up_and_the_new_journal_is_sound(tmp_path: Path, seed: int) -> None:
    source, target, chosen = tmp_path / "a.db", tmp_path / "b.db", random.Random(seed)
    ids = write_journal(source, 500)
    with source.open("r+b") as file:
        for _ in range(chosen.choice((1, 5, 50))):
            file.seek(chosen.randrange(source.stat().st_size))
            file.write(chosen.randbytes(chosen.choice((1, 8, 300))))
    salvage(source, target)
    found = window(sqlite_url(target))
    strange = [one for one in found.request_ids if one not in ids]
    assert damage(target) is None and len(strange) <= 60, "bytes inside of a text are not noticed by anybody"
