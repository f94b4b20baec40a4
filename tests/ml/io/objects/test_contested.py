"""A conditional write that Amazon answers with 409, since another is under way: asked again, or told as what it is."""

import time
from typing import Any

import pytest
from botocore.exceptions import ClientError
from s3fs.errors import translate_boto_error

from ml.io.objects import new_object, writing
from ml.io.objects.client import Credentials, client_of, lent
from ml.io.objects.location import Location
from ml.io.objects.new_object import NewObject
from ml.io.objects.writing import create_object
from schemas.errors import ContentError, ContestedError

PLACE = Location("shelf", "a")


class Answering:
    """A client whose conditional writes are answered with these codes, one after another; an empty one is success."""

    def __init__(self, *codes: str) -> None:
        self.codes, self.asked = list(codes), list[str]()

    def call_s3(self, method: str, **words: Any) -> dict[str, Any]:
        self.asked.append(method)
        code = self.codes.pop(0) if "IfNoneMatch" in words else "404" if method == "head_object" else ""
        if code:
            raise translate_boto_error(ClientError({"Error": {"Code": code, "Message": "no"}}, "PutObject"))
        return {"UploadId": "1", "ETag": "x"}


def test_it_is_asked_again_until_one_has_won(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "_PAUSE", 0)
    busy = "ConditionalRequestConflict"
    for codes, is_ours in (((busy, busy, ""), True), ((busy, "PreconditionFailed"), False), (("409", "412"), False)):
        files = Answering(*codes)
        assert create_object(files, PLACE, b"x") is is_ours
        assert files.codes == []


def test_where_none_wins_it_is_an_error_of_the_store(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "_PAUSE", 0)
    files = Answering(*["ConditionalRequestConflict"] * 9)
    with pytest.raises(ContestedError, match="s3://shelf/a cannot be written: others write that name") as raised:
        create_object(files, PLACE, b"x")
    assert raised.value.hint == "run again"
    assert len(files.asked) == 5


def test_it_is_asked_five_times_within_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr(time, "sleep", waited.append)
    with pytest.raises(ContestedError):
        create_object(Answering(*["409"] * 5), PLACE, b"x")
    assert waited == [0.05, 0.1, 0.2, 0.4]


@pytest.mark.parametrize(
    ("code", "says"),
    [("ConditionalRequestConflict", "is written by somebody else at this moment"), ("412", "came into being")],
)
def test_predicted_rows_are_not_put_in_the_place_of_anothers(
    code: str, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = Answering(code)
    monkeypatch.setattr(new_object, "client_of", lambda _location: files)
    made = NewObject(PLACE)
    made.file.write(b"x")
    made.prepare()
    with pytest.raises(ContentError, match=rf"s3://shelf/a {says}"):
        made.publish()
    made.abort()
    assert files.asked[-1] == "abort_multipart_upload"


def test_credentials_are_lent_for_one_folder() -> None:
    keys = Credentials("key", "secret")
    with lent(Location("shelf", "store"), keys):
        assert client_of(Location("shelf", "store/package")).key == "key"
        for other in (Location("shelf", "stored"), Location("other"), Location("shelf", "store", "http://127.0.0.1:9")):
            assert client_of(other).key is None
        with lent(Location("shelf"), None):
            assert client_of(Location("shelf", "store/package")).key is None
    assert client_of(Location("shelf", "store/package")).key is None
