"""What a service serves."""

from typing import Literal

from pydantic import ConfigDict

from schemas.base import Strict
from schemas.thresholds import Moved

ReleaseState = Literal[
    "announced", "ready", "failed", "current", "retired", "candidate", "shadow", "withdrawn", "thresholds"
]


class Release(Strict):
    """One version as `GET /releases` and `summary.json` name it; `thresholds`: where an operator moved them."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=True)  # every key is written

    version: str
    weight: float
    shadow: bool = False
    since: str | None = None
    why: str | None = None
    thresholds: Moved | None = None
