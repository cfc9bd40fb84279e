"""Density curves over their intervals, beside their numbers: panels on one horizontal axis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite, log
from typing import Any

import numpy as np
from arviz_stats.base import array_stats
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from reappraise.drawing.scale import Scale
from reappraise.drawing.sheet import draw_interval
from reappraise.drawing.style import (
    GREY,
    LINE,
    SERIES,
    SMALL,
    WIDTH,
    blank,
    lines,
    note_height,
    styled,
    text_width,
    title_height,
    wrap,
    write_note,
    write_title,
)
from reappraise.drawing.words import NOT_CONVERGED

type Floats = NDArray[np.floating]

_HEIGHT = 0.9
"""Inches of a panel above its intervals."""
_SMOOTHING = 1.5
"""Times Silverman's bandwidth: widens a curve by less than 5%, and does not draw the noise of 2,000 draws."""
_STEP = 0.155
"""Inches from one interval below the curves to the next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """One posterior and the prior that it came from.

    Parameters
    ----------
    label
        The prior in words.
    posterior, prior
        Draws as shown on the axis, any dims; no prior draws, no prior curve.
    value, low, high
        Point and interval, as shown.
    text
        The same in words.
    benefit
        Posterior probability of benefit, in words.
    failed
        Whether the fit did not converge.
    """

    label: str
    posterior: Floats
    prior: Floats
    value: float
    low: float
    high: float
    text: str
    benefit: str
    failed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CurvePanel:
    """The curves of one model."""

    heading: str
    curves: tuple[Curve, ...]


def draw_densities(
    panels: Sequence[CurvePanel],
    *,
    scale: Scale,
    favours: tuple[str, str],
    level: str,
    title: str,
    subtitle: str = "",
    note: str = "",
) -> Figure:
    """Draw densities, panels from top to bottom on one horizontal axis.

    Parameters
    ----------
    panels
        Their curves.
    scale
        The horizontal axis.
    favours
        What lies left and right of no difference.
    level
        The intervals' coverage in words.
    title, subtitle, note
        Above and below.
    """
    with styled():
        curves = [curve for panel in panels for curve in panel.curves]
        columns = (
            max(text_width(_name(curve), bold=curve.failed) for curve in curves) + 0.34,
            max(text_width(text, SMALL) for text in (*(curve.text for curve in curves), f"({level})")) + 0.18,
            text_width("P(benefit)", SMALL) + 0.14,
        )
        left, gap = 0.42, 0.3
        width = max(WIDTH, left + 2.2 + 0.2 + sum(columns))
        plot = width - left - 0.2 - sum(columns)
        heights = [_HEIGHT + _STEP * len(panel.curves) + 0.06 for panel in panels]
        wide = sum(text_width(words, SMALL) for words in favours) + 0.05 > plot
        foot = 0.46 + LINE * (2 if wide else 1) + note_height(note, width)
        head = title_height(title, subtitle, width) + 0.06 + LINE
        height = head + sum(heights) + gap * len(panels) + foot
        figure = blank(height, width)
        densities = [[_densities(curve, scale) for curve in panel.curves] for panel in panels]
        top = max(float(posterior.max()) for panel in densities for posterior, _ in panel)
        down = head
        for index, (panel, found) in enumerate(zip(panels, densities, strict=True)):
            down += gap
            place = (left / width, 1 - (down + heights[index]) / height, plot / width, heights[index] / height)
            axes = figure.add_axes(place, label=panel.heading)
            down += heights[index]
            axes.set_facecolor("none")
            _draw_panel(axes, panel, found, scale, top=top, inches=heights[index])
            scale.set(axes, label=index == len(panels) - 1)
            axes.tick_params(axis="x", labelbottom=index == len(panels) - 1)
            _write_numbers(axes, panel, plot, columns, heights[index], level=level if index == 0 else "")
        last = figure.axes[-1]
        for side, words in zip(("left", "right"), favours, strict=True):
            last.annotate(
                words,
                (float(side == "right"), 0),
                (0, -72 * (0.46 + LINE * (wide and side == "right"))),
                xycoords="axes fraction",
                textcoords="offset points",
                ha=side,
                va="top",
                size=SMALL,
                color=GREY,
            )
        write_title(figure, title, subtitle)
        handles = [
            Line2D([], [], color=GREY, lw=1.6),
            Line2D([], [], color=GREY, lw=1.1, ls=(0, (4, 2)), alpha=0.7),
        ]
        down = title_height(title, subtitle, width)
        figure.legend(
            handles,
            ["posterior", "prior"],
            loc="upper left",
            bbox_to_anchor=(0.1 / width, 1 - down / height),
            ncols=2,
            borderpad=0.0,
            borderaxespad=0.0,
            handletextpad=0.5,
            columnspacing=1.5,
        )
        write_note(figure, note)
    return figure


def _name(curve: Curve) -> str:
    return f"{curve.label} {NOT_CONVERGED}" if curve.failed else curve.label


def _grid(scale: Scale) -> Floats:
    ends = (log(scale.low), log(scale.high)) if scale.logarithmic else (scale.low, scale.high)
    return np.linspace(*ends, 400)


def _densities(curve: Curve, scale: Scale) -> tuple[Floats, Floats]:
    return _density(curve.posterior, scale), _density(curve.prior, scale)


def _density(draws: Floats, scale: Scale) -> Floats:
    """Density on the grid of the axis, per unit of the logarithm if it is logarithmic.

    Draws far outside the axis do not enter the bandwidth, only the share of draws that lies inside.
    """
    flat = np.asarray(draws, dtype=float).ravel()
    with np.errstate(divide="ignore", invalid="ignore"):
        values = np.log(flat) if scale.logarithmic else flat
    known = values[~np.isnan(values)]
    grid = _grid(scale)
    span = grid[-1] - grid[0]
    near = known[(known > grid[0] - span / 2) & (known < grid[-1] + span / 2)]
    if near.size < 20 or np.ptp(near) == 0:
        return np.zeros_like(grid)
    at, density, _ = array_stats.kde(near, bw="silverman", bw_fct=_SMOOTHING)
    inside: Floats = np.interp(grid, at, density, left=0.0, right=0.0) * (near.size / known.size)
    return inside


def _draw_panel(
    axes: Axes, panel: CurvePanel, found: Sequence[tuple[Floats, Floats]], scale: Scale, *, top: float, inches: float
) -> None:
    grid = np.exp(_grid(scale)) if scale.logarithmic else _grid(scale)
    step = top * 1.05 / _HEIGHT  # density for an inch
    axes.set_ylim(-(inches - _HEIGHT) * step, top * 1.05)
    axes.axhline(0, color=GREY, lw=0.6)
    if scale.null is not None:
        axes.axvline(scale.null, color=GREY, lw=1.0, zorder=1)
    for place, (curve, (posterior, prior)) in enumerate(zip(panel.curves, found, strict=True)):
        colour, marker = SERIES[place % len(SERIES)]
        if prior.any():
            axes.plot(grid, prior, color=colour, lw=1.1, ls=(0, (4, 2)), alpha=0.7, zorder=2)
        axes.plot(grid, posterior, color=colour, lw=1.6, zorder=3)
        axes.fill_between(grid, posterior, color=colour, alpha=0.07, lw=0, zorder=2)
        y = -(_STEP * (place + 0.7)) * step
        draw_interval(axes, curve.low, curve.high, y, scale, colour=colour)
        if isfinite(curve.value) and scale.low <= curve.value <= scale.high:
            axes.plot(curve.value, y, marker, color=colour, ms=5, zorder=4)
    axes.set_yticks([])
    axes.set_ylabel("Density", y=1 - _HEIGHT / inches / 2)
    axes.spines["left"].set_visible(False)


def _write_numbers(
    axes: Axes, panel: CurvePanel, plot: float, columns: tuple[float, float, float], inches: float, *, level: str
) -> None:
    """Write the panel's heading above it and its numbers beside it, in inches from its top left corner."""

    def write(text: str, x: float, down: float, **look: Any) -> None:
        axes.annotate(
            text,
            (0, 1),
            (72 * x, -72 * down),
            xycoords="axes fraction",
            textcoords="offset points",
            va="center",
            annotation_clip=False,
            **look,
        )

    heading = wrap(panel.heading, plot, bold=True)
    write(heading, 0.0, -0.1 - 0.07 * (lines(heading) - 1), weight="bold")
    first = plot + 0.12
    starts = (first, first + columns[0], first + columns[0] + columns[1])
    if level:
        for text, x in zip(("prior", f"median\n({level})", "P(benefit)"), starts, strict=True):
            write(text, x + 0.18 * (x == first), 0.05, size=SMALL, color=GREY)
    for place, curve in enumerate(panel.curves):
        colour, marker = SERIES[place % len(SERIES)]
        down = 0.33 + 0.19 * place
        axes.plot(
            (first + 0.06) / plot,
            1 - down / inches,
            marker,
            color=colour,
            ms=5,
            transform=axes.transAxes,
            clip_on=False,
        )
        write(_name(curve), first + 0.18, down, weight="bold" if curve.failed else "normal")
        write(curve.text, starts[1], down, size=SMALL)
        write(curve.benefit, starts[2], down, size=SMALL)
