"""What is too slow, too many or too long, for alerts and for the lines that the dashboard draws."""

import re

from pydantic import Field, field_validator

from schemas.base import Strict
from schemas.latency import WatchedBudget

_SECONDS = {"y": 31_536_000, "w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1, "ms": 0.001}
_DURATION = re.compile("".join(f"(?:(?P<{unit}>[0-9]+){unit})?" for unit in _SECONDS), re.ASCII)
_LONGEST = 100 * _SECONDS["y"]  # Prometheus counts nanoseconds in 63 bits


class Limits(Strict):
    """What alerts go by.

    `window` is what rates are taken over, at least four times the interval between two scrapes; `hold` how long a
    fault lasts before somebody is told; `budget` the seconds within which 99 of 100 requests are to be answered, and
    the others are shares of requests or rows.
    """

    window: str = "5m"
    hold: str = "2m"
    budget: WatchedBudget = 0.1
    errors: float = Field(default=0.01, gt=0, lt=1)
    turned_away: float = Field(default=0.01, gt=0, lt=1)
    invalid: float = Field(default=0.1, gt=0, lt=1)

    @field_validator("window", "hold")
    @classmethod
    def _is_a_duration(cls, text: str) -> str:
        if not 0 <= _seconds(text) <= _LONGEST:
            raise ValueError(
                f"{text!r} is no duration as Prometheus has it: the longest unit first, such as 30s, 5m, 1h30m"
            )
        return text

    @field_validator("window")
    @classmethod
    def _window_has_a_length(cls, text: str) -> str:
        if _seconds(text) == 0:
            raise ValueError(f"no rate is taken over {text}; say at least four intervals between scrapes, such as 5m")
        return text


def _seconds(text: str) -> float:
    """Return how long a duration is; -1 if it is none."""
    found = _DURATION.fullmatch(text)
    if found is None or not text:
        return -1
    return sum(int(number) * _SECONDS[unit] for unit, number in found.groupdict().items() if number is not None)
