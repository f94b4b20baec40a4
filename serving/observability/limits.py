"""What is too slow, too many or too long, for alerts and for the lines that the dashboard draws."""

import re

from pydantic import Field, field_validator

from schemas.base import Strict

_DURATION = re.compile(r"^([0-9]+(ms|s|m|h|d|w))+$")


class Limits(Strict):
    """What alerts go by.

    `window` is what rates are taken over, at least four times the interval between two scrapes; `hold` how long a
    fault lasts before somebody is told; `budget` the seconds within which 99 of 100 requests are to be answered, and
    the others are shares of requests or rows.
    """

    window: str = "5m"
    hold: str = "2m"
    budget: float = Field(default=0.1, gt=0)
    errors: float = Field(default=0.01, gt=0, lt=1)
    turned_away: float = Field(default=0.01, gt=0, lt=1)
    invalid: float = Field(default=0.1, gt=0, lt=1)

    @field_validator("window", "hold")
    @classmethod
    def _is_a_duration(cls, text: str) -> str:
        if not _DURATION.match(text):
            raise ValueError(f"{text!r} is no duration as Prometheus has it, such as 30s, 5m, 1h30m")
        return text
