"""Publishing to the real service: nothing restarts, no request fails, and what is broken never serves."""

import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from schemas.errors import DeploymentError
from serving.journal.predictions import count
from serving.releases.publisher import publish, releases, rollback
from tests.serving import packages
from tests.serving.conftest import Live
from tests.serving.processes import supervisor


def version(live: Live) -> str:
    answer = httpx.post(f"{live.url}/predict", json={"instances": [packages.ROW]}).json()
    return str(answer["version"])


@contextmanager
def clients(live: Live, seen: list[tuple[int, str]]) -> Iterator[None]:
    """Send requests from four threads all the while."""
    over = threading.Event()

    def ask() -> None:
        with httpx.Client() as client:
            while not over.is_set():
                response = client.post(f"{live.url}/predict", json={"instances": [packages.ROW]})
                seen.append((response.status_code, response.json().get("version", "")))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()


@pytest.fixture
def back_to_one(live: Live) -> Iterator[None]:
    """Leave version 1 current for the tests that follow."""
    yield
    while releases(live.journal_url)[0].version != "1":
        rollback(live.journal_url)
    time.sleep(0.2)


@pytest.mark.untraced
def test_no_request_fails_while_versions_are_published(live: Live, back_to_one: None) -> None:
    pid = supervisor(live.home)
    before, seen = count(live.journal_url), list[tuple[int, str]]()
    with clients(live, seen):
        for number in ("2", "3", "4"):
            publish(live.journal_url, number, str(packages.write_rules(live.packages / number, yes=0.6)))
            time.sleep(0.15)
    assert {status for status, _ in seen} == {200}
    assert {version for _, version in seen} >= {"2", "3", "4"}
    assert count(live.journal_url) == before + len(seen)
    assert supervisor(live.home) == pid


def test_workers_follow_the_pointer_within_100_ms(live: Live, back_to_one: None) -> None:
    publish(live.journal_url, "5", str(packages.write_rules(live.packages / "5")))
    time.sleep(0.1)
    assert version(live) == "5"


def test_a_rollback_is_quick_because_the_version_before_is_still_loaded(live: Live, back_to_one: None) -> None:
    publish(live.journal_url, "6", str(packages.write_rules(live.packages / "6")))
    shutil.rmtree(live.packages / "6")
    assert rollback(live.journal_url).version == "1"
    time.sleep(0.1)
    assert version(live) == "1"
    assert "rolled back to 1" in str({one.version: one.why for one in releases(live.journal_url)}["6"])


FILES = ["manifest.json", "manifest.sha256", "signature.json", "samples.json", "rules.json", "card.md"]


@pytest.mark.parametrize("name", FILES)
def test_a_package_with_one_byte_flipped_is_never_published(live: Live, name: str) -> None:
    broken = packages.write_rules(live.packages / f"broken-{name}")
    content = bytearray((broken / name).read_bytes())
    content[len(content) // 2] ^= 1
    (broken / name).write_bytes(content)
    with pytest.raises(DeploymentError, match="was not published"):
        publish(live.journal_url, f"broken-{name}", str(broken))
    assert version(live) == "1"
    assert next(one for one in releases(live.journal_url) if one.version == f"broken-{name}").weight == 0


def test_a_package_that_does_not_predict_as_its_trainer_did_is_never_published(live: Live) -> None:
    with pytest.raises(DeploymentError, match="sample rows"):
        publish(live.journal_url, "wrong", str(packages.write_wrong_samples(live.packages / "wrong")))
    assert version(live) == "1"


def test_a_package_that_is_not_there_is_never_published(live: Live) -> None:
    with pytest.raises(DeploymentError, match="cannot be fetched"):
        publish(live.journal_url, "gone", str(live.packages / "gone"))
    assert version(live) == "1"


def test_a_package_that_was_mended_is_fetched_anew(live: Live, back_to_one: None, tmp_path: Path) -> None:
    package = packages.write_rules(tmp_path / "package")
    whole = (package / "rules.json").read_bytes()
    (package / "rules.json").write_bytes(whole[:-1])
    with pytest.raises(DeploymentError):
        publish(live.journal_url, "mended", str(package))
    (package / "rules.json").write_bytes(whole)
    assert publish(live.journal_url, "mended", str(package))[0].version == "mended"


def test_publishing_what_is_current_already_changes_nothing(live: Live) -> None:
    before = releases(live.journal_url)
    assert publish(live.journal_url, "1", str(live.packages / "1")) == before


def test_a_package_comes_from_any_url_that_fsspec_knows(live: Live, back_to_one: None) -> None:
    package = packages.write_rules(live.packages / "url")
    assert publish(live.journal_url, "url", f"local://{package}")[0].version == "url"
    assert publish(live.journal_url, "file", package.as_uri())[0].version == "file"
