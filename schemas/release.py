"""What a service serves."""

from typing import Literal

from schemas.base import Strict

ReleaseState = Literal["announced", "ready", "failed", "current", "retired"]


class Release(Strict):
    """One version as `GET /releases` and `summary.json` name it."""

    version: str
    weight: float
    shadow: bool = False
    since: str | None = None
    why: str | None = None
