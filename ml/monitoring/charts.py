"""Small pictures of a distribution before and after, as inline SVG."""

import math
from collections.abc import Sequence
from datetime import date
from html import escape

from schemas import numbers
from schemas.monitoring import Distribution

_WIDTH, _HEIGHT, _FOOT = 360, 130, 16
_ROW, _LABEL, _LONGEST = 22, 130, 20
_EPOCH = date(1970, 1, 1).toordinal()


def chart(shown: Distribution) -> str:
    """Return an SVG element: bins as two outlines over each other, labels as two bars each. All text is escaped."""
    return _labels(shown) if shown.labels else _bins(shown)


def _svg(height: int, body: str, title: str) -> str:
    return (
        f'<svg viewBox="0 0 {_WIDTH} {height}" role="img" preserveAspectRatio="xMinYMin meet">'
        f"<title>{escape(title)}</title>{body}</svg>"
    )


def _bins(shown: Distribution) -> str:
    top = max([*shown.reference, *shown.window, 1e-9])
    body = (
        f'<path class="before" d="{_steps(shown.reference, top)}"/><path class="now" d="{_steps(shown.window, top)}"/>'
    )
    ends = [_tick(shown.edges[position], shown.kind) for position in (0, len(shown.edges) // 2, -1)]
    for x, anchor, text in zip((0, _WIDTH / 2, _WIDTH), ("start", "middle", "end"), ends, strict=True):
        body += f'<text x="{x:g}" y="{_HEIGHT - 3}" text-anchor="{anchor}">{escape(text)}</text>'
    return _svg(_HEIGHT, body, f"{shown.column}: shares from {ends[0]} to {ends[-1]}, in training and now")


def _steps(shares: Sequence[float], top: float) -> str:
    floor, width = _HEIGHT - _FOOT, _WIDTH / len(shares)
    points = [f"M0 {floor}"]
    for position, share in enumerate(shares):
        y = floor - share / top * (floor - 4)
        points.append(f"L{position * width:.1f} {y:.1f}L{(position + 1) * width:.1f} {y:.1f}")
    return "".join([*points, f"L{_WIDTH} {floor}Z"])


def _labels(shown: Distribution) -> str:
    room = _WIDTH - _LABEL - 40
    rows = []
    for position, (text, before, now) in enumerate(zip(shown.labels, shown.reference, shown.window, strict=True)):
        y = position * _ROW + 2
        short = text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
        rows.append(
            f'<text x="{_LABEL - 6}" y="{y + 13}" text-anchor="end">{escape(short)}</text>'
            f'<rect class="before" x="{_LABEL}" y="{y}" width="{before * room:.1f}" height="8"/>'
            f'<rect class="now" x="{_LABEL}" y="{y + 9}" width="{now * room:.1f}" height="8"/>'
            f'<text x="{_LABEL + max(before, now) * room + 4:.1f}" y="{y + 13}">{now:.0%}</text>'
        )
    return _svg(len(shown.labels) * _ROW + 4, "".join(rows), f"{shown.column}: shares in training and now")


def _tick(value: float, kind: str) -> str:
    if kind != "date":
        return numbers.shown(value)
    try:
        return date.fromordinal(_EPOCH + math.floor(value)).isoformat()
    except (OverflowError, ValueError):
        return f"day {value:.4g}"
