"""The axis of a quantity: linear in percent or logarithmic, what it reaches, and its ticks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from math import ceil, floor, inf, isfinite, log10

from matplotlib.axes import Axes
from matplotlib.ticker import FixedFormatter, FixedLocator, NullLocator

from reappraise.core.estimate import QUANTITIES, Estimate
from reappraise.core.printed import Printed
from reappraise.drawing.style import number, percentage, signed

REACH = 8.0
"""A ratio's axis goes at most this factor beyond the outermost point: wider intervals end in an arrow."""
_STEPS = ((1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8), (1, 1.5, 2, 3, 5, 7), (1, 2, 5), (1, 3), (1,))

type Span = tuple[float | None, float | None, float | None]
"""Point and interval limits, as shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """An axis.

    Parameters
    ----------
    label
        Quantity with its unit.
    low, high
        What it reaches, as shown.
    logarithmic
        Whether equal distances are equal ratios.
    null
        Value of no difference; None where there is none.
    """

    label: str
    low: float
    high: float
    logarithmic: bool = False
    null: float | None = None

    @property
    def ticks(self) -> tuple[float, ...]:
        """At most six round numbers."""
        if not self.logarithmic:
            return _linear_ticks(self.low, self.high)
        decades = range(floor(log10(self.low)) - 1, ceil(log10(self.high)) + 1)
        for steps in _STEPS:
            found = tuple(s * 10.0**k for k in decades for s in steps if self.low <= s * 10.0**k <= self.high)
            if len(found) <= 6:
                return found
        every = ceil(len(decades) / 5)
        return tuple(10.0**k for k in decades if k % every == 0 and self.low <= 10.0**k <= self.high)

    def set(self, axes: Axes, *, label: bool = True) -> None:
        """Give the horizontal axis of `axes` this scale."""
        if self.logarithmic:
            axes.set_xscale("log")
        axes.set_xlim(self.low, self.high)
        axes.xaxis.set_major_locator(FixedLocator(self.ticks))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.xaxis.set_major_formatter(FixedFormatter([signed(f"{tick:.10g}") for tick in self.ticks]))
        if label:
            axes.set_xlabel(self.label)


def shown(quantity: str, value: float | None) -> float | None:
    """The value in the unit of its axis: rates in percent, differences in percentage points, ratios as they are."""
    if value is None:
        return None
    return 100 * float(value) if in_percent(quantity) else float(value)


def in_percent(quantity: str) -> bool:
    """Whether the quantity is shown in percent, or percentage points."""
    return quantity in {"rate", "risk_difference"}


def in_words(item: Estimate, *, level: bool = False) -> str:
    """Value and interval in the unit of the axis, each with the digits it has: printed ones, or those supported.

    With `level`, the coverage of the interval stands beside it, for figures in which it differs.
    """
    if item.value is None:
        return ""
    texts = [_text(item, value) for value in (item.value, item.low, item.high) if value is not None]
    if len(texts) < 3:
        return texts[0]
    said = f"; {100 * item.level:g}%" if level and item.level is not None else ""
    return f"{texts[0]} ({texts[1]} to {texts[2]}{said})"


def _text(item: Estimate, value: float) -> str:
    if not in_percent(item.quantity):
        return value.text if isinstance(value, Printed) and isfinite(value) else number(value)
    decimals = 1
    if item.kind != "recomputed":
        # a digit that Monte Carlo error does not support, or that was not printed, is not shown
        digits = value.digits if isinstance(value, Printed) else Decimal(str(round(float(value), 4)))
        decimals = max(0, min(-int(digits.as_tuple().exponent) - 2, 1))
    return percentage(100 * float(value), decimals)


def rate_scale(spans: Iterable[Span], label: str = "Rate (%)") -> Scale:
    """Scale of rates in percent: from 0 to the first round number above everything drawn."""
    top = max((number for span in spans for number in span if number is not None), default=100.0)
    rounded = next(step for step in (10, 20, 30, 40, 50, 60, 80, 100, inf) if top <= step * 0.985 or step == 100)
    return Scale(label=label, low=0.0, high=float(rounded))


def contrast_scale(quantity: str, spans: Iterable[Span]) -> Scale:
    """Scale of a contrast: holds its null value and every finite point, and of the intervals what is near.

    Parameters
    ----------
    quantity
        Key of a ratio or a difference.
    spans
        Points and interval limits, as shown.
    """
    known = QUANTITIES[quantity]
    points, limits = [], []
    for value, low, high in spans:
        points += [value] if value is not None and isfinite(value) else []
        limits += [limit for limit in (low, high) if limit is not None and isfinite(limit)]
    if known.form == "difference":
        null = 100 * (known.null or 0.0)
        ends = (min([null, *points, *limits]), max([null, *points, *limits]))
        pad = max(0.06 * (ends[1] - ends[0]), 2.0)
        low, high = max(ends[0] - pad, -102.0), min(ends[1] + pad, 102.0)
        return Scale(label=f"{known.label} (percentage points)", low=low, high=high, null=null)
    null = known.null or 1.0
    points = [null, *(point for point in points if point > 0)]
    inner, outer = min(points), max(points)
    low = max(min([inner, *(limit for limit in limits if limit > 0)]), inner / REACH)
    high = min(max([outer, *limits]), outer * REACH)
    low, high = min(low, null / 1.5) / 1.15, max(high, null * 1.5) * 1.15
    return Scale(label=f"{known.label} (log scale)", low=low, high=high, logarithmic=True, null=null)


def _linear_ticks(low: float, high: float) -> tuple[float, ...]:
    span = high - low
    step = next(step for step in (5, 10, 20, 25, 50, 100) if span / step <= 5 or step == 100)
    return tuple(float(step * index) for index in range(ceil(low / step), floor(high / step) + 1))
