"""Predicted rows on S3: seen whole or not at all, never in the place of another unasked; on a real server."""

import numpy as np
import pandas as pd
import pytest

from ml.io.objects.location import Location
from ml.io.objects.new_object import NewObject
from ml.sinks.csv import CsvSink, CsvSinkParams
from ml.sinks.parquet import ParquetSink, ParquetSinkParams
from ml.sources.csv import CsvSource
from ml.sources.csv_params import CsvParams
from ml.sources.parquet import ParquetParams, ParquetSource
from schemas.errors import ContentError
from tests.object_store import READER, STRANGER, ObjectStore, using
from tests.object_store import as_owner as as_owner
from tests.object_store import object_store as object_store

pytestmark = [pytest.mark.slow]
ROWS = pd.DataFrame({"a": [1, 2], "b": ["x", "Zürich"]})
NAMES = ["out.csv", "out.csv.gz", "out.tsv", "out.parquet"]


def _sink(url: str, *, replace: bool = False) -> CsvSink | ParquetSink:
    if ".parquet" in url:
        return ParquetSink(ParquetSinkParams(path=url, replace=replace))
    return CsvSink(CsvSinkParams(path=url, replace=replace))


def _read(url: str) -> pd.DataFrame:
    if ".parquet" in url:
        return ParquetSource(ParquetParams(path=url)).read()
    return CsvSource(CsvParams(path=url)).read()


@pytest.mark.parametrize("name", NAMES)
def test_rows_are_seen_when_they_are_all_there(name: str, as_owner: ObjectStore) -> None:
    folder = as_owner.new_folder()
    url = f"{folder}/{name}"
    sink = _sink(url)
    assert sink.preflight() == []
    assert as_owner.keys(folder) == [], "looking leaves nothing"
    writer = sink.open()
    writer.write(ROWS)
    writer.write(ROWS)
    writer.prepare()
    assert as_owner.keys(folder) == []
    writer.commit()
    writer.abort()
    pd.testing.assert_frame_equal(_read(url), pd.concat([ROWS, ROWS], ignore_index=True), check_dtype=False)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("prepared", [False, True])
def test_what_is_given_up_leaves_nothing(name: str, prepared: bool, as_owner: ObjectStore) -> None:
    folder = as_owner.new_folder()
    writer = _sink(f"{folder}/{name}").open()
    writer.write(ROWS)
    if prepared:
        writer.prepare()
    writer.abort()
    assert as_owner.keys(folder) == []
    bucket, _, prefix = folder.removeprefix("s3://").partition("/")
    assert not as_owner.files().call_s3("list_multipart_uploads", Bucket=bucket, Prefix=prefix).get("Uploads")


@pytest.mark.parametrize("name", NAMES)
def test_what_is_there_is_replaced_only_when_asked(name: str, as_owner: ObjectStore) -> None:
    url = f"{as_owner.new_folder()}/{name}"
    late = _sink(url).open()
    late.write(ROWS[:1])
    late.prepare()
    as_owner.files().pipe_file(url, b"somebody else's")
    (fault,) = _sink(url).preflight()
    assert fault.message == f"{url} exists already, and nothing is overwritten unasked"
    with pytest.raises(ContentError, match="came into being meanwhile"):
        late.commit()
    late.abort()
    assert as_owner.files().cat_file(url) == b"somebody else's"
    replacing = _sink(url, replace=True)
    assert replacing.preflight() == []
    writer = replacing.open()
    writer.write(ROWS)
    writer.prepare()
    writer.commit()
    assert len(_read(url)) == 2


def test_an_answer_that_is_lost_is_no_other_writer(as_owner: ObjectStore) -> None:
    place = Location.parse(as_owner.new_folder()).child("a")
    made = NewObject(place)
    made.file.write(b"x")
    made.prepare()
    made.publish()
    made.publish()  # as the client does that hears no answer
    assert as_owner.files().cat_file(place.path) == b"x"
    made.withdraw()
    assert not as_owner.files().exists(place.path)


def test_many_rows_are_sent_in_parts(as_owner: ObjectStore) -> None:
    url = f"{as_owner.new_folder()}/out.parquet"
    rows = pd.DataFrame({"x": np.random.default_rng(0).normal(size=3_000_000)})
    writer = _sink(url).open()
    writer.write(rows)
    writer.prepare()
    writer.commit()
    assert as_owner.files().info(url)["ETag"].endswith('-2"')
    pd.testing.assert_frame_equal(_read(url), rows)


@pytest.mark.parametrize(
    ("login", "bucket", "words"),
    [
        (READER, "shelf", "access is denied"),
        (STRANGER, "shelf", "access is denied"),
        (None, "nowhere", "there is no bucket nowhere"),
    ],
)
def test_what_cannot_be_written_is_found_before(
    login: object, bucket: str, words: str, as_owner: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    if login is not None:
        using(monkeypatch, as_owner.environment(login))  # type: ignore[arg-type]
    for name in NAMES:
        (fault,) = _sink(f"s3://{bucket}/x/{name}").preflight()
        assert fault.path == "path" and words in fault.message


def test_a_bucket_alone_is_no_place(as_owner: ObjectStore) -> None:
    (fault,) = CsvSink(CsvSinkParams(path="s3://shelf")).preflight()
    assert fault.message == "s3://shelf is a bucket"
