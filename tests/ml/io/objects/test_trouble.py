"""A store that is throttled, hangs or goes away: one error each, in bounded time, and no half object."""

import time
from collections.abc import Iterator

import pytest

from ml.io.objects.check import reach
from ml.io.objects.location import Location
from ml.io.objects.reading import StoredObject
from ml.io.objects.writing import ObjectFile, create_object
from schemas.errors import StorageError, ThrottledError, UnreachableError
from tests.object_store import ObjectStore
from tests.object_store import own_object_store as own_object_store
from tests.soak import SOAKING

pytestmark = [pytest.mark.own_worker, pytest.mark.slow]


@pytest.fixture
def place(own_object_store: ObjectStore) -> Location:
    return Location.parse(f"{own_object_store.new_folder()}?endpoint_url={own_object_store.endpoint}").child("a")


@pytest.fixture
def throttled(own_object_store: ObjectStore) -> Iterator[ObjectStore]:
    own_object_store.throttle(writes=0)
    yield own_object_store
    own_object_store.throttle(writes=None)


def test_a_throttled_store_is_said_to_be_one(throttled: ObjectStore, place: Location) -> None:
    files = throttled.files()
    deadline = time.monotonic() + 10
    with pytest.raises(ThrottledError, match="asks to slow down"):
        while time.monotonic() < deadline:  # the server takes a moment to heed it
            with ObjectFile(files, place.child(str(time.monotonic()))) as file:
                file.write(b"x")
    with pytest.raises(ThrottledError):
        create_object(files, place, b"x")
    with pytest.raises(ThrottledError):
        reach(place, files, write=True)
    assert not files.exists(place.path)


def test_once_it_is_left_alone_it_is_used_again(own_object_store: ObjectStore, place: Location) -> None:
    deadline = time.monotonic() + 10
    while True:
        try:
            return reach(place, own_object_store.files(), write=True)
        except ThrottledError:
            assert time.monotonic() < deadline


@pytest.mark.skipif(not SOAKING, reason="it takes a minute to give a silent server up")
def test_a_store_that_answers_nothing_is_given_up(own_object_store: ObjectStore, place: Location) -> None:
    files = own_object_store.files()
    reach(place, files, write=True)
    own_object_store.stop()
    try:
        began = time.monotonic()
        with pytest.raises(UnreachableError, match="does not answer"):
            reach(place, files, write=False)
        assert time.monotonic() - began < 100
    finally:
        own_object_store.go_on()


def test_a_store_that_goes_away_while_an_object_is_read_is_said(own_object_store: ObjectStore, place: Location) -> None:
    files = own_object_store.files()
    files.pipe_file(place.path, bytes(60 << 20))  # more than is read ahead
    stored = StoredObject(files, place)
    assert stored.read(10) == bytes(10)
    own_object_store.kill()
    began = time.monotonic()
    with pytest.raises(UnreachableError) as raised:
        stored.read()
    assert time.monotonic() - began < 60
    assert isinstance(raised.value, StorageError)
    assert raised.value.what == f"s3://{place.path} at {place.endpoint_url} cannot be used: the store does not answer"
    assert raised.value.hint == f"see whether {place.endpoint_url} can be reached from here"
