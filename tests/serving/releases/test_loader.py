"""The memory of versions that were let go of: freed, whatever holds itself in a circle there."""

import gc
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest

from schemas.deploy_spec import DeploySpec
from serving.releases import loader
from serving.releases.events import Event
from serving.releases.loaded_version import Version
from serving.releases.loader import Loader
from tests.serving import packages


@pytest.fixture(autouse=True)
def own_collector() -> Iterator[None]:
    """Leave the collector as it was."""
    threshold = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*threshold)


class Circle:
    """What holds itself."""

    def __init__(self) -> None:
        self.itself = self


def test_versions_that_were_let_go_of_are_freed_whatever_holds_itself_in_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = packages.write_rules(tmp_path / "package")
    monkeypatch.setattr(loader, "proven", lambda *_: root)
    monkeypatch.setattr(loader, "keep", lambda *_: None)
    circles = list["weakref.ref[Circle]"]()

    def encircle(version: Version) -> None:
        circle = version.sample["circle"] = Circle()
        circles.append(weakref.ref(circle))

    one = Loader(tmp_path / "cache", DeploySpec(), encircle)
    frozen = []
    for number in range(4):
        event = Event(number, str(number), f"file:{number}", 0.0, "announced", None, None, 0.0)
        assert one.load(event, was_current=True) is None
        one.keep(lambda key, number=number: key[0] == str(number))  # type: ignore[misc]
        frozen.append(gc.get_freeze_count())
    assert frozen[0] > 0 and max(frozen[1:]) <= frozen[0], (
        "what imports made is put aside once, and no version after it"
    )
    gc.collect()
    assert [circle() is not None for circle in circles[2:]] == [False] * 4 + [False, True]
