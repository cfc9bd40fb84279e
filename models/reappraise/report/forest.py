"""A forest of intervals as inline SVG: title and description for who cannot see it, colours by CSS variables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite, log
from typing import Final

from markupsafe import Markup, escape

from reappraise.core.estimate import QUANTITIES, Estimate
from reappraise.report.numbers import PERCENT, estimate_text, quantity_words

WIDTH: Final = 760
LABELS: Final = 250
NUMBERS: Final = 170
ROW: Final = 24
TOP, BOTTOM = 10, 52
REACH: Final = 8.0
"""A ratio's axis goes at most this factor beyond the outermost point: wider intervals end in an arrow."""
_STEPS: Final = (0.1, 0.125, 0.2, 0.25, 0.33, 0.5, 0.67, 0.8, 1.0, 1.25, 1.5, 2.0, 3.0, 4.0, 5.0, 8.0, 10.0)


@dataclass(frozen=True, slots=True)
class Line:
    """One interval: what it is about, the estimate, and whether its fit failed."""

    label: str
    estimate: Estimate


@dataclass(frozen=True, slots=True)
class Axis:
    """Where values lie, in pixels."""

    low: float
    high: float
    logarithmic: bool

    def place(self, value: float) -> float:
        """Pixels from the left, held within the panel."""
        left, right = LABELS + 8, WIDTH - NUMBERS - 8
        low, high, at = (self._scaled(one) for one in (self.low, self.high, min(max(value, self.low), self.high)))
        return left + (right - left) * (at - low) / (high - low)

    def _scaled(self, value: float) -> float:
        return log(value) if self.logarithmic else value

    @property
    def ticks(self) -> tuple[float, ...]:
        """At most seven round numbers."""
        if self.logarithmic:
            found = [step for step in _STEPS if self.low <= step <= self.high]
            while len(found) > 7:
                found = found[::2] if 1.0 in found[::2] else found[1::2]
            return tuple(found)
        span = self.high - self.low
        step = next(one for one in (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 25, 50, 100, 200, 500, 1e3, 1e9) if span / one <= 6)
        first = int(self.low / step) - 1
        return tuple(step * k for k in range(first, first + 20) if self.low <= step * k <= self.high)


def forest(lines: Sequence[Line], *, title: str, favours: tuple[str, str]) -> Markup:
    """Intervals of one quantity, a line each.

    Parameters
    ----------
    lines
        What is drawn, all of one quantity.
    title
        What it shows, in a sentence.
    favours
        What lies left and right of no difference.
    """
    drawn = [line for line in lines if line.estimate.value is not None and isfinite(line.estimate.value)]
    if not drawn:
        return Markup()
    first = drawn[0].estimate
    axis, null = _axis(drawn), QUANTITIES[first.quantity].null
    height = TOP + ROW * len(drawn) + BOTTOM
    foot = TOP + ROW * len(drawn)
    parts = [
        f'<svg viewBox="0 0 {WIDTH} {height}" role="img" class="forest"><title>{escape(title)}</title>',
        f"<desc>{escape('; '.join(f'{line.label}: {estimate_text(line.estimate)}' for line in drawn))}</desc>",
    ]
    if null is not None and axis.low <= _shown(first, null) <= axis.high:
        x = axis.place(_shown(first, null))
        parts.append(f'<line class="null" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{foot}"/>')
        parts.append(
            f'<text class="side" x="{x - 8:.1f}" y="{height - 6}" text-anchor="end">{escape(favours[0])}</text>'
        )
        parts.append(f'<text class="side" x="{x + 8:.1f}" y="{height - 6}">{escape(favours[1])}</text>')
    for tick in axis.ticks:
        x = axis.place(tick)
        parts.append(f'<line class="tick" x1="{x:.1f}" x2="{x:.1f}" y1="{foot}" y2="{foot + 5}"/>')
        parts.append(f'<text class="tick" x="{x:.1f}" y="{foot + 18}" text-anchor="middle">{tick:g}</text>')
    scale = f"{quantity_words(first)}{' (log scale)' if axis.logarithmic else ''}"
    parts.append(f'<text class="side" x="0" y="{foot + 18}">{escape(_cut(scale))}</text>')
    parts.append(f'<line class="axis" x1="{LABELS}" x2="{WIDTH - NUMBERS}" y1="{foot}" y2="{foot}"/>')
    for place, line in enumerate(drawn):
        parts.append(_line(line, TOP + ROW * place + ROW / 2, axis))
    return Markup("".join(map(str, parts)) + "</svg>")  # noqa: S704  # every word in it was escaped


def _line(line: Line, y: float, axis: Axis) -> str:
    item = line.estimate
    shown = [None if value is None else _shown(item, float(value)) for value in (item.value, item.low, item.high)]
    value, low, high = shown
    kind = "failed" if item.failed else item.kind
    label = f"{line.label} (NOT CONVERGED)" if item.failed else line.label
    found = [f'<g class="{kind}"><text x="0" y="{y + 4:.1f}">{escape(_cut(label))}</text>']
    if low is not None and high is not None:
        found.append(f'<line x1="{axis.place(low):.1f}" x2="{axis.place(high):.1f}" y1="{y:.1f}" y2="{y:.1f}"/>')
        for limit, end, turn in ((low, axis.low, 1), (high, axis.high, -1)):
            if (limit < end) if turn > 0 else (limit > end):
                x = axis.place(end)
                found.append(f'<path d="M{x:.1f} {y:.1f}l{7 * turn} -4v8z"/>')
    if value is not None:
        found.append(_mark(item.kind, axis.place(value), y))
    found.append(f'<text x="{WIDTH}" y="{y + 4:.1f}" text-anchor="end">{escape(estimate_text(item))}</text></g>')
    return "".join(found)


def _mark(kind: str, x: float, y: float) -> str:
    if kind == "posterior":
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5"/>'
    if kind == "published":
        return f'<rect x="{x - 4:.1f}" y="{y - 4:.1f}" width="8" height="8"/>'
    return f'<path d="M{x:.1f} {y - 5:.1f}l5 5l-5 5l-5 -5z"/>'


def _cut(label: str) -> str:
    return label if len(label) <= 40 else f"{label[:39]}\N{HORIZONTAL ELLIPSIS}"


def _shown(item: Estimate, value: float) -> float:
    return 100 * value if item.quantity in PERCENT else value


def _axis(lines: Sequence[Line]) -> Axis:
    known = QUANTITIES[lines[0].estimate.quantity]
    items = [line.estimate for line in lines]
    points = [_shown(item, float(item.value)) for item in items if item.value is not None]
    limits = [_shown(item, float(limit)) for item in items for limit in (item.low, item.high) if limit is not None]
    limits = [limit for limit in limits if isfinite(limit)]
    if known.form == "ratio":
        points = [1.0, *(point for point in points if point > 0)]
        low = max(min([*points, *(limit for limit in limits if limit > 0)]), min(points) / REACH)
        high = min(max([*points, *limits]), max(points) * REACH)
        return Axis(min(low, 0.75) / 1.08, max(high, 1.33) * 1.08, logarithmic=True)
    null = [] if known.null is None or not isfinite(known.null) else [_shown(items[0], known.null)]
    low, high = min([*points, *limits, *null]), max([*points, *limits, *null])
    pad = 0.06 * (high - low) or 1.0
    return Axis(low - pad, high + pad, logarithmic=False)
