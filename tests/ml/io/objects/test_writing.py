"""Objects are written whole or not at all, and of two writers of a name one wins; on a real S3 server."""

import gc
import threading
from collections import Counter

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ml.io.objects.location import Location
from ml.io.objects.writing import ObjectFile, ObjectTextFile, create_object
from tests.object_store import ObjectStore
from tests.object_store import as_owner as as_owner
from tests.object_store import object_store as object_store
from tests.soak import count

pytestmark = [pytest.mark.slow]


def _place(store: ObjectStore, name: str = "a") -> Location:
    return Location.parse(store.new_folder()).child(name)


def test_an_object_is_there_when_the_block_ends(as_owner: ObjectStore) -> None:
    place, files = _place(as_owner), as_owner.files()
    with ObjectFile(files, place) as file:
        file.write(b"abc")
        assert not files.exists(place.path)
    assert files.cat_file(place.path) == b"abc"


@pytest.mark.parametrize("size", [3, 60 << 20], ids=["small", "sent in parts"])
def test_an_exception_in_the_block_leaves_nothing(size: int, as_owner: ObjectStore) -> None:
    place, files = _place(as_owner), as_owner.files()
    with pytest.raises(KeyboardInterrupt), ObjectFile(files, place) as file:
        file.write(bytes(size))
        raise KeyboardInterrupt
    assert not files.exists(place.path)
    assert not _uploads(files, place)


def test_a_file_that_is_collected_leaves_nothing(as_owner: ObjectStore) -> None:
    place, files = _place(as_owner), as_owner.files()
    for file in (ObjectFile(files, place), ObjectTextFile(ObjectFile(files, place))):
        file.write(b"half" if isinstance(file, ObjectFile) else "half")  # type: ignore[arg-type]
    del file
    gc.collect()
    assert not files.exists(place.path)


def test_text_too_is_whole_or_not_there(as_owner: ObjectStore) -> None:
    place, files = _place(as_owner), as_owner.files()
    with pytest.raises(ValueError, match="stop"), ObjectTextFile(ObjectFile(files, place)) as file:
        file.write("half")
        raise ValueError("stop")
    assert not files.exists(place.path)
    with ObjectTextFile(ObjectFile(files, place)) as file:
        file.write("Zürich\n")
    assert files.cat_file(place.path).decode() == "Zürich\n"


def test_a_table_that_cannot_be_written_leaves_nothing(as_owner: ObjectStore) -> None:
    place, files = _place(as_owner), as_owner.files()
    good = pa.Table.from_pandas(pd.DataFrame({"a": np.arange(10)}))
    with (
        pytest.raises(ValueError, match="schema"),
        ObjectFile(files, place) as file,
        pq.ParquetWriter(file, good.schema) as writer,
    ):
        writer.write_table(good)
        writer.write_table(pa.table({"b": [1]}))
    assert not files.exists(place.path)
    with ObjectFile(files, place) as file:
        pq.write_table(good, file)
    with files.open(place.path, "rb") as stored:
        assert pq.read_table(stored).equals(good)


def test_a_name_that_is_taken_is_not_written_again(as_owner: ObjectStore) -> None:
    place, files = _place(as_owner), as_owner.files()
    with ObjectFile(files, place) as file:
        file.write(b"old")
    for data in (b"", b"new"):
        assert not create_object(files, place, data)
    assert files.cat_file(place.path) == b"old"


def test_an_empty_object_is_made_too(as_owner: ObjectStore) -> None:
    folder, files = Location.parse(as_owner.new_folder()), as_owner.files()
    with ObjectFile(files, folder.child("a")):
        pass
    assert create_object(files, folder.child("b"), b"")
    for name in ("a", "b"):
        assert files.cat_file(folder.child(name).path) == b""


def test_of_two_writers_of_a_name_one_wins(as_owner: ObjectStore) -> None:
    folder = Location.parse(as_owner.new_folder())
    wins: Counter[int] = Counter()
    for number in range(count(50, 1000)):
        won: list[bytes] = []
        place, start = folder.child(str(number)), threading.Barrier(2)

        def write(
            who: bytes, place: Location = place, won: list[bytes] = won, start: threading.Barrier = start
        ) -> None:
            start.wait()
            if create_object(as_owner.files(), place, who):
                won.append(who)

        writers = [threading.Thread(target=write, args=(who,)) for who in (b"one", b"two")]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        wins[len(won)] += 1
        assert won == [as_owner.files().cat_file(place.path)]
    assert set(wins) == {1}


def _uploads(files: object, place: Location) -> list[object]:
    found = files.call_s3("list_multipart_uploads", Bucket=place.bucket, Prefix=place.key)  # type: ignore[attr-defined]
    return list(found.get("Uploads", []))
