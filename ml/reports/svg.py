"""Small drawings as inline SVG, coloured by the style sheet's classes. All text in them is escaped."""

from collections.abc import Iterable, Sequence
from unicodedata import east_asian_width

from markupsafe import Markup

from ml.values.display import escaped
from schemas.numbers import percent

WIDTH, _HEIGHT, _FOOT = 360, 130, 16
"""Of a drawing that keeps its proportions, and of the line of text below it. Everything else is in these units."""
_ROW, _LABEL, _LONGEST, _ROOM = 22, 130, 20, 190
"""Of paired bars: height of a pair, width and characters of its label, width of a whole bar."""
_WIDE = 11.0
"""Width of the widest characters."""
_COLUMN, _TALL = 10, 100
"""Of a histogram: width of a column, height of the highest."""


def histogram(counts: Sequence[int], title: str) -> Markup:
    """Return columns that fill the room given to them; a count that is not 0 can always be seen."""
    top = max([*counts, 1])
    path = "".join(
        f"M{place * _COLUMN + 0.5:g} {_TALL}V{_TALL - max(count / top * (_TALL - 2), 1.5):.1f}h{_COLUMN - 1}V{_TALL}z"
        for place, count in enumerate(counts)
        if count
    )
    return Markup(
        '<svg class="stretched" viewBox="0 0 {} {}" preserveAspectRatio="none" role="img">'
        '<title>{}</title><path d="{}"/></svg>'
    ).format(len(counts) * _COLUMN, _TALL, escaped(title), path)


def outlines(before: Sequence[float], now: Sequence[float], ticks: tuple[str, str, str], title: str) -> Markup:
    """Return two distributions over each other, as shares of the same bins; `ticks` are the left, middle, right end."""
    top = max([*before, *now, 1e-9])
    paths = [
        Markup('<path class="{}" d="{}"/>').format(name, _outline(shares, top))
        for name, shares in (("before", before), ("now", now))
    ]
    places = zip((0, WIDTH / 2, WIDTH), ticks, ("start", "middle", "end"), strict=True)
    texts = [text(x, _HEIGHT - 3, tick, anchor) for x, tick, anchor in places]
    return drawing(_HEIGHT, title, [*paths, *texts])


def paired_bars(labels: Sequence[str], before: Sequence[float], now: Sequence[float], title: str) -> Markup:
    """Return two bars for each label, of its share before and now, with the figure of now."""
    parts = []
    for place, (label, first, second) in enumerate(zip(labels, before, now, strict=True)):
        y = place * _ROW + 2
        parts += [
            text(_LABEL - 6, y + 13, label if len(label) <= _LONGEST else label[: _LONGEST - 1] + "…", "end"),
            _bar("before", y, first),
            _bar("now", y + 9, second),
            text(_LABEL + max(first, second) * _ROOM + 4, y + 13, percent(second, 0), "start"),
        ]
    return drawing(len(labels) * _ROW + 4, title, parts)


def width_of(words: str) -> float:
    """Return about how wide a line of text of the style sheet's size is, never less than it is."""
    return sum(map(_width, words))


def shortened(words: str, room: float) -> str:
    """Return one line of at most so much width; what is cut off is an ellipsis."""
    line = escaped(" ".join(words.split()))
    if width_of(line) <= room:
        return line
    while line and width_of(line) + _WIDE > room:
        line = line[:-1]
    return line.rstrip() + "…"


def drawing(height: float, title: str, parts: Iterable[Markup], width: float = WIDTH) -> Markup:
    """Return a drawing of these parts that keeps its proportions."""
    frame = Markup(
        '<svg viewBox="0 0 {:g} {:g}" role="img" preserveAspectRatio="xMinYMin meet"><title>{}</title>{}</svg>'
    )
    return frame.format(width, height, escaped(title), Markup("").join(parts))


def text(x: float, y: float, words: str, anchor: str = "start", *, turned: float = 0, size: float = 0) -> Markup:
    """Return a line of text at a place, turned by so many degrees about it, of the style sheet's size or its own."""
    turn = Markup(' transform="rotate({:g} {:.5g} {:.5g})"').format(turned, x, y) if turned else ""
    style = Markup(' style="font-size:{:g}px"').format(size) if size else ""
    return Markup('<text x="{:.5g}" y="{:.5g}" text-anchor="{}"{}{}>{}</text>').format(
        x, y, anchor, turn, style, escaped(words)
    )


def _width(character: str) -> float:
    if character in "MWmw@%—…" or east_asian_width(character) in "WF":
        return _WIDE
    return 8.0 if character.isupper() else 6.4


def _outline(shares: Sequence[float], top: float) -> str:
    floor, width = _HEIGHT - _FOOT, WIDTH / len(shares)
    points = [f"M0 {floor}"]
    for place, share in enumerate(shares):
        y = floor - share / top * (floor - 4)
        points.append(f"L{place * width:.1f} {y:.1f}L{(place + 1) * width:.1f} {y:.1f}")
    return "".join([*points, f"L{WIDTH} {floor}Z"])


def _bar(name: str, y: int, share: float) -> Markup:
    return Markup('<rect class="{}" x="{}" y="{}" width="{:.1f}" height="8"/>').format(name, _LABEL, y, share * _ROOM)
