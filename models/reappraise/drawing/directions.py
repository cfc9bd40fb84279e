"""Who is favoured on either side of no difference, written beside or below an axis."""

from __future__ import annotations

from math import exp, log

from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

from reappraise.drawing.scale import Scale
from reappraise.drawing.style import GREY, LINE, SMALL, lines, signed, text_width, wrap

type Pair = tuple[str, str]
"""What lies below and above no difference."""

_LEAST_SIDE = 0.38
"""Smallest share of a vertical axis on one side of no difference."""


def set_vertical(axes: Axes, scale: Scale) -> None:
    """Give the vertical axis a scale, with a line where there is no difference."""
    if scale.logarithmic:
        axes.set_yscale("log")
    axes.set_ylim(scale.low, scale.high)
    axes.yaxis.set_major_locator(FixedLocator(scale.ticks if scale.logarithmic else _ticks(scale.low, scale.high)))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda tick, _: signed(f"{tick:.10g}")))
    axes.set_ylabel(scale.label)
    if scale.null is not None:
        axes.axhline(scale.null, color=GREY, lw=1.0, zorder=1)


def _ticks(low: float, high: float) -> tuple[float, ...]:
    return tuple(float(tick) for tick in MaxNLocator(4).tick_values(low, high) if low <= tick <= high)


def balanced(scale: Scale) -> Scale:
    """The scale with room on either side of no difference: who is favoured there has to be named."""
    if scale.null is None:
        return scale
    turn, back = (log, exp) if scale.logarithmic else (float, float)
    null = turn(scale.null)
    below, above = null - turn(scale.low), turn(scale.high) - null
    least = max(below, above) * _LEAST_SIDE / (1 - _LEAST_SIDE)
    low, high = back(null - max(below, least)), back(null + max(above, least))
    return Scale(label=scale.label, low=low, high=high, logarithmic=scale.logarithmic, null=scale.null)


def favours_width(favoured: Pair, inches: float, scale: Scale) -> float:
    """Inches that the direction of benefit takes beside a vertical axis of that height."""
    return 0.14 + 0.115 * max(map(lines, _beside(favoured, inches, scale)))


def write_favours(axes: Axes, favoured: Pair, inches: float, scale: Scale) -> None:
    """Write right of a vertical axis who is favoured below and above no difference, reading upwards."""
    for words, place, align in zip(_beside(favoured, inches, scale), (0.0, 1.0), ("bottom", "top"), strict=True):
        axes.annotate(
            words,
            (1, place),
            (5, 0),
            xycoords="axes fraction",
            textcoords="offset points",
            rotation=90,
            va=align,
            ha="left",
            size=SMALL,
            color=GREY,
            linespacing=1.1,
            multialignment="left" if align == "bottom" else "right",
        )


def _beside(favoured: Pair, inches: float, scale: Scale) -> Pair:
    """The words wrapped, each to its own side of no difference."""
    if scale.null is None:
        below = 0.5
    elif scale.logarithmic:
        below = log(scale.null / scale.low) / log(scale.high / scale.low)
    else:
        below = (scale.null - scale.low) / (scale.high - scale.low)
    first, second = (
        wrap(words, max(share * inches - 0.08, 0.5), SMALL)
        for words, share in zip(favoured, (below, 1 - below), strict=True)
    )
    return first, second


def write_below(axes: Axes, favoured: Pair, inches: float, *, down: float = 0.46) -> None:
    """Write below a horizontal axis who is favoured on either side of no difference, on two lines if need be."""
    wide = below_lines(favoured, inches) == 2
    for side, words in enumerate(favoured):
        axes.annotate(
            words,
            (side, 0),
            (0, -72 * (down + LINE * (wide and side == 1))),
            xycoords="axes fraction",
            textcoords="offset points",
            va="top",
            ha="right" if side else "left",
            size=SMALL,
            color=GREY,
        )


def below_lines(favoured: Pair, inches: float) -> int:
    """Lines that the direction of benefit takes below an axis of that width."""
    return 1 if sum(text_width(words, SMALL) for words in favoured) + 0.08 <= inches else 2
