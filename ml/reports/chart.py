"""A chart: marks in the data's own units on two axes, as inline SVG that the style sheet colours."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import ceil, floor, isfinite, log10
from typing import Self

from markupsafe import Markup

from ml.reports.svg import WIDTH, drawing, text

_HEIGHT, _CHARACTER, _LINE = 280, 6.2, 15
"""Height without a legend; width of a character of a tick, and height of a line of text."""
_TICKS = 5
_STEPS = (1, 2, 2.5, 5, 10)


@dataclass(frozen=True)
class Axis:
    """One axis: what it measures and its ends, in the data's units. `log` needs a `low` above 0."""

    label: str
    low: float
    high: float
    log: bool = False
    whole: bool = False

    @classmethod
    def around(cls, label: str, values: Iterable[float], *, log: bool = False, whole: bool = False) -> Self:
        """Return an axis on which every finite value of `values` lies, with some room at its ends."""
        known = [value for value in values if isfinite(value)] or [0.0, 1.0]
        low, high = min(known), max(known)
        if log:
            return cls(label, low / 1.2, high * 1.2, log=True)
        room = 0.04 * (high - low) or 0.1 * abs(high) or 1.0
        return cls(label, low - room, high + room, whole=whole)

    def share(self, value: float) -> float:
        """Return where a value lies: 0 at the low end, 1 at the high one."""
        if self.log:
            return log10(value / self.low) / log10(self.high / self.low)
        return (value - self.low) / (self.high - self.low)

    def ticks(self) -> list[tuple[float, str]]:
        """Return about five round values within the ends, each as written."""
        if self.log:
            return [(mark, f"{mark:g}") for mark in self._powers()]
        step = self._step()
        first = ceil(self.low / step - 1e-9)
        marks = [number * step for number in range(first, floor(self.high / step + 1e-9) + 1)]
        return [(mark, _written(mark, step)) for mark in marks]

    def _powers(self) -> list[float]:
        """Return powers of ten, and their doubles and halves where those are few."""
        powers = range(floor(log10(self.low)), ceil(log10(self.high)) + 1)
        for factors in ((1,), (1, 2, 5)):
            marks = [factor * 10.0**power for power in powers for factor in factors]
            inside = [mark for mark in marks if self.low <= mark <= self.high]
            if len(inside) >= _TICKS - 2:
                break
        return inside[:: ceil(len(inside) / (_TICKS + 1)) or 1]

    def _step(self) -> float:
        raw = (self.high - self.low) / _TICKS
        power = 10.0 ** floor(log10(raw))
        step = next(factor * power for factor in _STEPS if factor * power >= raw * (1 - 1e-9))
        return max(1.0, round(step)) if self.whole else step


@dataclass
class Chart:
    """Marks on two axes. `legend`: for each kind of mark its class in the style sheet and what it is."""

    title: str
    x: Axis
    y: Axis
    legend: Sequence[tuple[str, str]] = ()
    _marks: list[Markup] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._across, self._up = self.x.ticks(), self.y.ticks()
        self._left = 2 * _LINE + _CHARACTER * max([len(written) for _, written in self._up], default=0)
        self._top = 6 + _LINE * len(self.legend)
        self._floor = self._top + _HEIGHT - 2.5 * _LINE

    def line(self, name: str, points: Iterable[tuple[float, float]]) -> None:
        """Join points by a line of the class `name`; a point that is not finite is left out."""
        places = [f"{x:.1f} {y:.1f}" for x, y in self._places(points)]
        self._marks.append(Markup('<path class="{}" d="{}"/>').format(name, "M" + "L".join(places) if places else ""))

    def dots(self, name: str, points: Iterable[tuple[float, float]], radius: float = 2.5) -> None:
        """Put a dot at each point that is finite; the radius is in units of the drawing, which is 360 wide."""
        dots = (Markup(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.3g}"/>') for x, y in self._places(points))
        self._marks.append(Markup('<g class="{}">{}</g>').format(name, Markup("").join(dots)))

    def columns(self, name: str, counts: Sequence[int], edges: Sequence[float], room: float) -> None:
        """Draw a histogram along the y axis in the `room` at the right, as a share of the width."""
        width, top = WIDTH - 2 - self._left, max([*counts, 1])
        bars = []
        for count, low, high in zip(counts, edges[:-1], edges[1:], strict=True):
            length, upper, lower = room * width * count / top, self._y(high), self._y(low)
            bars.append(
                f"M{WIDTH - 2} {upper:.1f}h{-length:.1f}V{max(lower - 0.5, upper):.1f}H{WIDTH - 2}z" if count else ""
            )
        self._marks.append(Markup('<path class="{}" d="{}"/>').format(name, "".join(bars)))

    def markup(self) -> Markup:
        """Return the drawing."""
        bottom = self._floor + 2.5 * _LINE
        return drawing(bottom, self.title, [*self._keys(), *self._frame(bottom), *self._marks])

    def _places(self, points: Iterable[tuple[float, float]]) -> Iterable[tuple[float, float]]:
        return ((self._x(x), self._y(y)) for x, y in points if isfinite(x) and isfinite(y))

    def _x(self, value: float) -> float:
        return self._left + self.x.share(value) * (WIDTH - 2 - self._left)

    def _y(self, value: float) -> float:
        return self._floor - self.y.share(value) * (self._floor - self._top)

    def _keys(self) -> Iterable[Markup]:
        for number, (name, label) in enumerate(self.legend):
            y = 4 + _LINE * number
            yield Markup('<path class="{}" d="M{:.1f} {}h18"/>').format(name, self._left + 4, y + 4)
            yield text(self._left + 30, y + 8, label)

    def _frame(self, bottom: float) -> Iterable[Markup]:
        marks = [f"M{self._left:.1f} {self._top}V{self._floor:.1f}H{WIDTH}"]
        marks += [f"M{self._x(value):.1f} {self._floor:.1f}v4" for value, _ in self._across]
        marks += [f"M{self._left:.1f} {self._y(value):.1f}h-4" for value, _ in self._up]
        yield Markup('<path class="frame" d="{}"/>').format("".join(marks))
        for value, written in self._across:
            yield text(self._x(value), self._floor + _LINE, written, "middle")
        for value, written in self._up:
            yield text(self._left - 6, self._y(value) + 4, written, "end")
        yield text((self._left + WIDTH) / 2, bottom - 5, self.x.label, "middle")
        yield text(10, (self._top + self._floor) / 2, self.y.label, "middle", turned=-90)


def _written(value: float, step: float) -> str:
    """Return a tick with as many decimals as its neighbours differ by."""
    if step < 1e-6 or abs(value) >= 1e12:
        return f"{value:.6g}"
    decimals = max(0, -floor(log10(step) + 1e-9))
    decimals += step * 10**decimals % 1 > 1e-6  # a step of 0.25 needs one more than 0.1 does
    return f"{round(value, decimals) + 0.0:,.{decimals}f}"  # never -0
