"""A chart: marks in the data's own units on two axes, as inline SVG that the style sheet colours."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import ceil, floor, log10
from typing import Self

from markupsafe import Markup

from ml.reports.svg import WIDTH, drawing, shortened, text, width_of

_HEIGHT, _LINE = 280, 15
"""Height without a legend, and of a line of text."""
_LARGEST = 1e300  # beyond it differences overflow; such values are left out as infinite ones are
_ALIKE = 1e-10  # values whose spread is a smaller share of them are drawn as one
_TICKS = 5
_STEPS = (1, 2, 2.5, 5, 10)


@dataclass(frozen=True)
class Axis:
    """One axis: what it measures and its ends, in the data's units. `log` needs a `low` above 0.

    Ticks stand between `first` and `last` only, where those are given; `whole` has none between whole numbers;
    `years` are written without a mark between thousands.
    """

    label: str
    low: float
    high: float
    log: bool = False
    whole: bool = False
    first: float | None = None
    last: float | None = None
    years: bool = False

    @classmethod
    def around(cls, label: str, values: Iterable[float], *, log: bool = False, whole: bool = False) -> Self:
        """Return an axis on which every finite value of `values` lies, with some room at its ends."""
        known = [value for value in values if _drawn(value)] or [0.0, 1.0]
        low, high = min(known), max(known)
        if log:
            return cls(label, low / 1.2, high * 1.2, log=True)
        size = max(abs(low), abs(high))
        if size < 1 / _LARGEST:
            return cls(label, -1.0, 1.0, whole=whole)
        room = 0.04 * (high - low) if high - low > _ALIKE * size else 0.1 * size
        return cls(label, low - room, high + room, whole=whole, first=low if whole else None)

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
        first, last = self.low if self.first is None else self.first, self.high if self.last is None else self.last
        marks = [number * step for number in range(ceil(first / step - 1e-9), floor(last / step + 1e-9) + 1)]
        return [(mark, f"{mark:.0f}" if self.years else _written(mark, step)) for mark in marks]

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
        self._up = self.y.ticks()
        self._left = 2 * _LINE + max([width_of(written) for _, written in self._up], default=0)
        self._across = self._apart(self.x.ticks())
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
        return ((self._x(x), self._y(y)) for x, y in points if _drawn(x) and _drawn(y))

    def _apart(self, ticks: list[tuple[float, str]]) -> list[tuple[float, str]]:
        """Return the ticks of the x axis that have room beside each other: all, each second, each third."""
        if len(ticks) < 2:
            return ticks
        apart = self._x(ticks[1][0]) - self._x(ticks[0][0])
        widest = 8 + max(width_of(written) for _, written in ticks)
        return ticks[:: ceil(widest / apart)]

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
            beyond = self._x(value) + width_of(written) / 2 > WIDTH
            place = (WIDTH, "end") if beyond else (self._x(value), "middle")
            yield text(place[0], self._floor + _LINE, written, place[1])
        for value, written in self._up:
            yield text(self._left - 6, self._y(value) + 4, written, "end")
        across, up = shortened(self.x.label, WIDTH - self._left), shortened(self.y.label, bottom)
        yield text((self._left + WIDTH) / 2, bottom - 5, across, "middle")
        yield text(10, bottom / 2, up, "middle", turned=-90)


def _drawn(value: float) -> bool:
    return abs(value) <= _LARGEST


def _written(value: float, step: float) -> str:
    """Return a tick with as many decimals as its neighbours differ by, and none of a large number's noughts."""
    digits = -floor(log10(step) + 1e-9)
    digits += step * 10.0**digits % 1 > 1e-6  # a step of 0.25 needs one more than 0.1 does
    value = round(value, digits) + 0.0  # never -0
    if not value or (step >= 1e-6 and abs(value) < 1e15):
        return f"{value:,.{max(0, digits)}f}"
    return f"{value:.{max(0, floor(log10(abs(value)) + 1e-9) + digits)}e}"
