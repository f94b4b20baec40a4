"""Files on S3 as data: read, fingerprinted, and each trouble of the store said in one sentence; on a real server."""

import gzip
import time
from pathlib import Path

import pandas as pd
import pytest

from ml.io.objects.client import Credentials
from ml.sources.csv import CsvSource
from ml.sources.csv_params import CsvParams
from ml.sources.parquet import ParquetParams, ParquetSource
from schemas.errors import (
    AccessDeniedError,
    ContentError,
    CredentialsError,
    NoBucketError,
    ObjectStoreError,
    UnreachableError,
)
from tests.object_store import OWNER, READER, STRANGER, ObjectStore, using
from tests.object_store import as_owner as as_owner
from tests.object_store import object_store as object_store

pytestmark = [pytest.mark.slow]
ROWS = pd.DataFrame({"a": [1, 2, 3], "b": ["x", "Zürich", None]})
Source = CsvSource | ParquetSource


@pytest.fixture
def folder(as_owner: ObjectStore) -> str:
    """A folder with the rows as text, compressed text, one Parquet file and a folder of two."""
    files, url = as_owner.files(), as_owner.new_folder()
    text = ROWS.to_csv(index=False).encode()
    files.pipe_file(f"{url}/rows.csv", text)
    files.pipe_file(f"{url}/rows.csv.gz", gzip.compress(text))
    for name, rows in (("rows.parquet", ROWS), ("many/a.parquet", ROWS[:2]), ("many/b.parquet", ROWS[2:])):
        files.pipe_file(f"{url}/{name}", rows.to_parquet(index=False))
    return url


def _source(path: str) -> Source:
    if ".csv" in path:
        return CsvSource(CsvParams(path=path))
    return ParquetSource(ParquetParams(path=path))


@pytest.mark.parametrize(
    "name", ["rows.csv", "rows.csv.gz", "rows.parquet", "many", "many/*.parquet", "many/?.parquet"]
)
def test_rows_are_read_and_fingerprinted(name: str, folder: str, as_owner: ObjectStore) -> None:
    source = _source(f"{folder}/{name}")
    assert source.preflight() == []
    assert source.header() == ["a", "b"]
    pd.testing.assert_frame_equal(source.read(), ROWS, check_dtype=False)
    before = source.fingerprint()
    assert before is not None and before == _source(f"{folder}/{name}").fingerprint()
    changed = f"{folder}/many/a.parquet" if name.startswith("many") else f"{folder}/{name}"
    as_owner.files().pipe_file(changed, as_owner.files().cat_file(changed) + b"\n")
    assert _source(f"{folder}/{name}").fingerprint() != before


def test_a_url_may_name_its_server(folder: str, object_store: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    source = _source(f"{folder}/rows.csv?endpoint_url={object_store.endpoint}")
    assert source.label == "rows"
    assert len(source.read()) == 3
    assert _source(f"{folder}/many?endpoint_url={object_store.endpoint}").label == "many"


def test_a_key_is_taken_as_it_is_written(as_owner: ObjectStore) -> None:
    files, folder = as_owner.files(), as_owner.new_folder()
    files.pipe_file(f"{folder}/rows", b"a\n0\n")
    files.pipe_file(f"{folder}/rows#1.csv", b"a\n1\n")
    files.pipe_file(f"{folder}/part-1/year=2024/x%3Fy.parquet", ROWS.to_parquet(index=False))
    assert _source(f"{folder}/rows#1.csv").read()["a"].to_list() == [1]
    assert len(_source(f"{folder}/part-?/year=2024/*.parquet?endpoint_url={as_owner.endpoint}").read()) == 3
    assert len(_source(f"{folder}/part-1/year=2024/x%3Fy.parquet").read()) == 3


WRONG: dict[str, tuple[dict[str, str], type[ObjectStoreError], str]] = {
    "unknown key": ({"AWS_ACCESS_KEY_ID": "nobody"}, CredentialsError, "the access key is not known"),
    "wrong secret": ({"AWS_SECRET_ACCESS_KEY": "wrong"}, CredentialsError, "the secret does not fit"),
    "no right": (
        {"AWS_ACCESS_KEY_ID": STRANGER.key, "AWS_SECRET_ACCESS_KEY": STRANGER.secret},
        AccessDeniedError,
        "access is denied",
    ),
}


@pytest.mark.parametrize("name", ["rows.csv", "rows.parquet", "many"])
@pytest.mark.parametrize("wrong", WRONG)
def test_each_trouble_is_an_error_of_its_own(
    wrong: str, name: str, folder: str, object_store: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    variables, kind, words = WRONG[wrong]
    using(monkeypatch, object_store.environment() | variables)
    source = _source(f"{folder}/{name}")
    (fault,) = source.preflight()
    assert fault.path == "path"
    assert words in fault.message and fault.hint
    assert source.header() is None
    with pytest.raises(kind) as raised:
        source.read()
    assert words in str(raised.value)
    assert OWNER.secret not in str(raised.value) and STRANGER.secret not in str(raised.value)


@pytest.mark.parametrize("name", ["rows.csv", "rows.parquet"])
def test_a_server_that_is_not_there_is_given_up_soon(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    using(
        monkeypatch, {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}
    )
    began = time.monotonic()
    with pytest.raises(UnreachableError, match=r"does not answer\n.*http://127\.0\.0\.1:9 can be reached"):
        _source(f"s3://shelf/{name}").read()
    assert time.monotonic() - began < 60


def test_no_credentials_at_all_is_said(folder: str, object_store: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> None:
    using(monkeypatch, {"AWS_ENDPOINT_URL": object_store.endpoint, "AWS_EC2_METADATA_DISABLED": "true"})
    (fault,) = _source(f"{folder}/rows.csv").preflight()
    assert "there are no credentials" in fault.message
    assert "AWS_ACCESS_KEY_ID" in fault.hint


@pytest.mark.parametrize("name", ["rows.csv", "rows.parquet", "*.parquet"])
def test_an_absent_bucket_is_told_from_an_absent_object(name: str, as_owner: ObjectStore) -> None:
    (fault,) = _source(f"s3://nowhere/{name}").preflight()
    assert fault.message == f"s3://nowhere/{name} cannot be used: there is no bucket nowhere"
    with pytest.raises(NoBucketError):
        _source(f"s3://nowhere/{name}").read()
    (fault,) = _source(f"{as_owner.new_folder()}/{name}").preflight()
    assert fault.message.startswith("there is no file s3://shelf/")
    with pytest.raises(ContentError, match="there is no file"):
        _source(f"{as_owner.new_folder()}/{name}").read()


@pytest.mark.parametrize(
    "url", ["s3://Not_A_Bucket/rows.csv", "s3://shelf/rows.csv?endpoint=x", "s3://shelf/rows.csv?endpoint_url=host"]
)
def test_a_url_that_is_none_is_said(url: str, as_owner: ObjectStore) -> None:
    for one in (url, url.replace(".csv", ".parquet")):
        (fault,) = _source(one).preflight()
        assert fault.path == "path" and "s3" in fault.message


def test_a_folder_is_no_text_file(folder: str) -> None:
    (fault,) = CsvSource(CsvParams(path=f"{folder}/many")).preflight()
    assert "is a folder; name one file" in fault.message


def test_whoever_may_only_read_reads(folder: str, object_store: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> None:
    using(monkeypatch, object_store.environment(READER))
    assert len(_source(f"{folder}/rows.csv").read()) == 3


def test_credentials_show_nothing_of_themselves(tmp_path: Path) -> None:
    assert "secret" not in repr(Credentials("key", "secret"))
