"""Keys in their file: shown once, kept as hashes, for their owner alone, and each good until it is not."""

import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from schemas.errors import DeploymentError
from serving.keys import expiry, store
from serving.keys.key import PREFIX, digest

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "house.keys" / "keys.json"


def test_a_key_is_nowhere_in_the_file_that_its_owner_alone_may_read(path: Path) -> None:
    made, shown = store.add(path, None, None)
    assert shown.startswith(PREFIX) and len(shown) >= len(PREFIX) + 43, "256 random bits"
    assert made.name == "key-1" and made.sha256 == digest(shown.encode())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for file in path.parent.iterdir():
        content = file.read_text()
        assert shown not in content and shown.removeprefix(PREFIX) not in content


def test_keys_made_at_once_are_all_kept_under_names_of_their_own(path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        shown = [one for _, one in pool.map(lambda _: store.add(path, None, None), range(16))]
    kept = store.read(path)
    assert {one.sha256 for one in kept} == {digest(one.encode()) for one in shown} and len(set(shown)) == 16
    assert [one.name for one in kept] == [f"key-{number}" for number in range(1, 17)]


def test_a_revoked_key_stays_in_the_list_and_its_name_is_not_given_again(path: Path) -> None:
    store.add(path, "laptop", None)
    assert store.revoke(path, "laptop").state(NOW) == "revoked"
    assert [one.state(NOW) for one in store.read(path)] == ["revoked"]
    with pytest.raises(DeploymentError, match="was revoked before"):
        store.revoke(path, "laptop")
    with pytest.raises(DeploymentError, match="There is a key 'laptop' already"):
        store.add(path, "laptop", None)


def test_an_unknown_key_and_one_without_a_name_are_told(path: Path) -> None:
    with pytest.raises(DeploymentError, match=r"no key 'laptop'\. There are none"):
        store.revoke(path, "laptop")
    store.add(path, "laptop", None)
    with pytest.raises(DeploymentError, match="Did you mean 'laptop'"):
        store.revoke(path, "labtop")
    with pytest.raises(DeploymentError, match="is no name of a key"):
        store.add(path, "two words\n", None)
    assert [one.name for one in store.read(path)] == ["laptop"]


def test_a_key_is_good_until_it_expires(path: Path) -> None:
    made, _ = store.add(path, "guest", NOW)
    assert made.state(NOW - timedelta(seconds=1)) == "valid" and made.state(NOW) == "expired"


def test_a_file_that_was_written_over_is_told_and_not_taken_for_one_without_keys(path: Path) -> None:
    path.parent.mkdir()
    path.write_text('{"keys": [{"name": "a"}]}')
    for use in (lambda: store.read(path), lambda: store.add(path, None, None)):
        with pytest.raises(DeploymentError, match=r"keys\.json cannot be read: it is not as it was written"):
            use()


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        ("90d", NOW + timedelta(days=90)),
        ("12h", NOW + timedelta(hours=12)),
        ("2027-01-31", datetime(2027, 2, 1, tzinfo=UTC)),
        ("2026-11-30", datetime(2026, 12, 1, tzinfo=UTC)),
    ],
)
def test_an_end_is_a_date_to_its_end_or_a_span_from_now(text: str, ends: datetime) -> None:
    assert expiry.moment(text, NOW) == ends


@pytest.mark.parametrize("text", ["", "soon", "90", "0d", "-1d", "2027-02-30", "999999d9", "2026-11-29", "9999-12-31"])
def test_what_is_no_end_or_over_is_told(text: str) -> None:
    with pytest.raises(ValueError, match=r"is neither a date|is over already"):
        expiry.moment(text, NOW)
