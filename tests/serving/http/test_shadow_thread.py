"""The thread of a shadow: it ends when the shadow is withdrawn, and the version is freed."""

import asyncio
import threading
import weakref
from typing import Any

import pytest

from serving.http import shadowing
from serving.http.errors import HttpError
from serving.http.shadowing import Shadowing

NAME = "shadow that is withdrawn"


class Shadow:
    """What stands for a version."""

    version = NAME.removeprefix("shadow ")


class Kept:
    """What stands for a journal."""

    def __init__(self) -> None:
        self.entries = list[Any]()

    async def write(self, entry: Any) -> None:
        self.entries.append(entry)


class Asked:
    """What stands for a request."""

    size = 10


def refused(*_: Any) -> Any:
    raise HttpError(422, "no")


def threads() -> list[str]:
    return [one.name for one in threading.enumerate() if one.name == NAME]


async def until_ended(tries: int = 200) -> None:
    while threads() and tries:
        await asyncio.sleep(0.01)
        tries -= 1


def test_a_shadow_that_was_withdrawn_is_freed_and_one_that_comes_again_follows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shadowing, "_LOOK_SECONDS", 0.01)
    kept, stands = Kept(), list[Any]()
    one = Shadowing("house", kept, refused, lambda: stands[0] if stands else None)  # type: ignore[arg-type]

    async def follow() -> "weakref.ref[Shadow]":
        stands.append(Shadow())
        one.follow(stands[0], Asked(), "id")  # type: ignore[arg-type]
        await asyncio.sleep(0.05)
        assert threads() == [NAME], "it stands, and waits for more"
        return weakref.ref(stands.pop())

    async def twice() -> None:
        for times in (1, 2):
            seen = await follow()
            await until_ended()
            assert threads() == [] and seen() is None and len(kept.entries) == times

    asyncio.run(twice())
