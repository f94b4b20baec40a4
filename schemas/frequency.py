"""How often a series is measured: the unit of its grid, how many units lie between two points, its season."""

import re
from typing import Literal, NamedTuple, get_args

Unit = Literal["minute", "hour", "day", "week", "month", "quarter", "year"]

_WRITTEN = re.compile(r"(?:([1-9][0-9]{0,3}) )?(minute|hour|day|week|month|quarter|year)s?")
_SEASON: dict[Unit, int] = {"minute": 60, "hour": 24, "day": 7, "week": 52, "month": 12, "quarter": 4, "year": 1}
_HISTORY: dict[Unit, int] = {"minute": 120, "hour": 168, "day": 28, "week": 104, "month": 24, "quarter": 8, "year": 4}
_SEVERAL: tuple[Unit, ...] = ("minute", "hour", "day")
_LONGER: tuple[tuple[Unit, int, Unit], ...] = (("minute", 60, "hour"), ("hour", 24, "day"))
_MINUTES_OF_A_DAY = 1440
_LONGEST_SEASON = 288
"""Points of a day at five minutes: of shorter distances the season is the hour, else histories would be too long."""


class Frequency(NamedTuple):
    """A point every `every` units, `15 minutes`; only minutes, hours and days may be several."""

    unit: Unit
    every: int = 1

    def __str__(self) -> str:
        return self.unit if self.every == 1 else f"{self.every} {self.unit}s"

    @property
    def season(self) -> int:
        """Points in the shortest season that such series usually have: the hour, day, week or year above the unit.

        Of five minutes and more it is the day.
        """
        is_daily = self.unit == "minute" and self.every * _LONGEST_SEASON >= _MINUTES_OF_A_DAY
        whole, rest = divmod(_MINUTES_OF_A_DAY if is_daily else _SEASON[self.unit], self.every)
        return whole if whole > 1 and not rest else 1

    @property
    def history(self) -> int:
        """Points of the past that a forecast looks at where nothing is declared: several seasons."""
        return max(_HISTORY[self.unit] // self.every, 2 * self.season, 4)

    def points(self, count: int) -> str:
        """Return a number of points for a person: 12 months, 3 points of 15 minutes."""
        if self.every > 1:
            return f"{count:,} point{'' if count == 1 else 's'} of {self}"
        return f"{count:,} {self.unit}{'' if count == 1 else 's'}"


def parse_frequency(text: str) -> Frequency:
    """Return what `month`, `15 minutes` or `day` means; 60 minutes are an hour, 24 hours a day, 7 days a week.

    Raises:
        ValueError: If it is none, or several of a unit that has no fixed length.
    """
    match = _WRITTEN.fullmatch(text.strip().lower())
    if match is None:
        known = ", ".join(get_args(Unit))
        raise ValueError(f"{text!r} is no frequency; write one of {known}, or several: 15 minutes")
    unit: Unit = match[2]  # type: ignore[assignment]
    found = Frequency(unit, int(match[1] or 1))
    if found.every > 1 and unit not in _SEVERAL:
        raise ValueError(f"{text!r}: only minutes, hours and days may be several; write {unit}")
    return normal(found)


def normal(frequency: Frequency) -> Frequency:
    """Return the same distance in the longest unit that it is a whole number of; of weeks only a single one is."""
    for unit, several, longer in _LONGER:
        if frequency.unit == unit and frequency.every % several == 0:
            frequency = Frequency(longer, frequency.every // several)
    return Frequency("week") if frequency == Frequency("day", 7) else frequency
