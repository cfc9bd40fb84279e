"""Prior and posterior densities of a contrast, a panel for each model, a curve for each prior."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite, log
from typing import TYPE_CHECKING

import numpy as np
from arviz_stats.base import array_stats
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from reappraise.endpoints.partition import WHOLE
from reappraise.errors import AnalysisError
from reappraise.estimate import QUANTITIES
from reappraise.figures.scale import Scale, contrast_scale, in_words, shown
from reappraise.figures.style import (
    GREY,
    LINE,
    SERIES,
    SMALL,
    WIDTH,
    blank,
    lines,
    note_height,
    probability,
    styled,
    text_width,
    title_height,
    wrap,
    write_note,
    write_title,
)
from reappraise.figures.words import NOT_CONVERGED, arm_names, binary, favours, percent_level
from reappraise.trial import TrialEndpoint

if TYPE_CHECKING:
    from reappraise.fitting import Fit

type Floats = NDArray[np.floating]

_HEIGHT = 1.05
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


def densities_plot(fits: Sequence[Fit], *, endpoint: TrialEndpoint, quantity: str = "odds_ratio") -> Figure:
    """Draw the posterior density of a contrast in the whole population, by model and prior.

    Parameters
    ----------
    fits
        Fits of any endpoint; those of the endpoint as a whole are drawn.
    endpoint
        Binary endpoint of a trial.
    quantity
        ``"odds_ratio"``, ``"risk_ratio"`` or ``"risk_difference"``.

    Raises
    ------
    AnalysisError
        If none of the fits holds the contrast.
    """
    published = binary(endpoint)
    mine = [
        fit
        for fit in fits
        if (fit.job.partition.endpoint, fit.job.partition.factor) == (published.key, WHOLE)
        and quantity in fit.tree["posterior"]
    ]
    if not mine:
        raise AnalysisError(f"expected fits of {published.key} in all patients that hold {quantity}, got none")
    models = {fit.job.model.name: fit.job.model.label for fit in mine}
    panels = [
        CurvePanel(heading=label, curves=tuple(_curve(fit, quantity) for fit in mine if fit.job.model.name == model))
        for model, label in models.items()
    ]
    arms = arm_names(endpoint.trial)
    below, above = (arms.get(arm, arm) for arm in mine[0].job.partition.arms)
    spans = [(curve.value, curve.low, curve.high) for panel in panels for curve in panel.curves]
    ratio = QUANTITIES[quantity].form == "ratio"
    label = f"{QUANTITIES[quantity].label}, {above} {'over' if ratio else 'minus'} {below}"
    return draw_densities(
        panels,
        scale=_widened(contrast_scale(quantity, spans, f"{label} ({'log scale' if ratio else 'percentage points'})")),
        favours=favours(above, below, published.better),
        level=percent_level(fit.job.sampling.level for fit in mine),
        title=f"{published.label}: {QUANTITIES[quantity].label.lower()} by model and prior",
        note=(
            f"P(benefit): posterior probability that {above} is better than {below}. Posterior: median and equal-tailed "
            f"interval. Density per {'unit of the logarithm' if ratio else 'percentage point'}, on the same scale in "
            "every panel."
        ),
    )


def draw_densities(
    panels: Sequence[CurvePanel], *, scale: Scale, favours: tuple[str, str], level: str, title: str, note: str = ""
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
    title, note
        Above and below.
    """
    with styled():
        curves = [curve for panel in panels for curve in panel.curves]
        names = [f"{curve.label} {NOT_CONVERGED}" if curve.failed else curve.label for curve in curves]
        columns = (
            max(map(text_width, (*names, "Prior"))) + 0.3,
            max(text_width(text, SMALL) for text in (*(curve.text for curve in curves), f"({level})")) + 0.18,
            text_width("P(benefit)", SMALL) + 0.14,
        )
        left, gap = 0.42, 0.3
        width = max(WIDTH, left + 2.2 + 0.2 + sum(columns))
        plot = width - left - 0.2 - sum(columns)
        heights = [_HEIGHT + _STEP * len(panel.curves) + 0.06 for panel in panels]
        wide = sum(text_width(words, SMALL) for words in favours) + 0.05 > plot
        foot = 0.46 + LINE * (2 if wide else 1) + note_height(note, width)
        head = title_height(title, "", width) + 0.06 + LINE
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
                words, (float(side == "right"), 0), (0, -72 * (0.46 + LINE * (wide and side == "right"))),
                xycoords="axes fraction", textcoords="offset points", ha=side, va="top", size=SMALL, color=GREY,
            )  # fmt: skip
        write_title(figure, title)
        handles = [
            Line2D([], [], color=GREY, lw=1.6),
            Line2D([], [], color=GREY, lw=1.1, ls=(0, (4, 2)), alpha=0.7),
        ]
        down = title_height(title, "", width)
        figure.legend(
            handles, ["posterior", "prior"], loc="upper left", bbox_to_anchor=(0.1 / width, 1 - down / height), ncols=2,
            borderpad=0.0, borderaxespad=0.0, handletextpad=0.5, columnspacing=1.5,
        )  # fmt: skip
        write_note(figure, note)
    return figure


def _curve(fit: Fit, quantity: str) -> Curve:
    found = next(item for item in fit.estimates if item.quantity == quantity)
    value, low, high = (shown(quantity, number) for number in (found.value, found.low, found.high))
    if value is None or low is None or high is None:
        raise AnalysisError(f"{fit.job.name}: expected a point and an interval of {quantity}, got {found}")
    unit = shown(quantity, 1.0)
    prior = fit.tree["prior"][quantity].values if "prior" in fit.tree.children else np.array([])
    return Curve(
        label=fit.job.prior.label,
        posterior=fit.tree["posterior"][quantity].values * unit,
        prior=prior * unit,
        value=value,
        low=low,
        high=high,
        text=in_words(found),
        benefit="" if found.prob_benefit is None else probability(found.prob_benefit),
        failed=not fit.converged,
    )


def _widened(scale: Scale) -> Scale:
    """Room for the tails, which reach beyond the intervals."""
    if scale.logarithmic:
        extra = (scale.high / scale.low) ** 0.22
        low, high = scale.low / extra, scale.high * extra
    else:
        extra = 0.22 * (scale.high - scale.low)
        low, high = max(scale.low - extra, -102.0), min(scale.high + extra, 102.0)
    return Scale(label=scale.label, low=low, high=high, logarithmic=scale.logarithmic, null=scale.null)


def _grid(scale: Scale) -> Floats:
    ends = (log(scale.low), log(scale.high)) if scale.logarithmic else (scale.low, scale.high)
    return np.linspace(*ends, 400)


def _densities(curve: Curve, scale: Scale) -> tuple[Floats, Floats]:
    return _density(curve.posterior, scale), _density(curve.prior, scale)


def _density(draws: Floats, scale: Scale) -> Floats:
    """Density on the grid of the axis, per unit of the logarithm if it is logarithmic; draws far outside do not widen it."""
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
    return np.asarray(np.interp(grid, at, density, left=0.0, right=0.0)) * (near.size / known.size)


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
        low, high = max(curve.low, scale.low), min(curve.high, scale.high)
        if low < high:
            axes.plot([low, high], [y, y], color=colour, lw=1.4, solid_capstyle="butt", zorder=3)
        if isfinite(curve.value) and scale.low <= curve.value <= scale.high:
            axes.plot(curve.value, y, marker, color=colour, ms=5, zorder=4)
    axes.set_yticks([])
    axes.set_ylabel("Density", y=1 - _HEIGHT / inches / 2)
    axes.spines["left"].set_visible(False)


def _write_numbers(
    axes: Axes, panel: CurvePanel, plot: float, columns: tuple[float, float, float], inches: float, *, level: str
) -> None:
    """Write the panel's heading above it and its numbers beside it, in inches from its top left corner."""

    def write(text: str, x: float, down: float, **look: object) -> None:
        axes.annotate(
            text, (0, 1), (72 * x, -72 * down), xycoords="axes fraction", textcoords="offset points", va="center",
            annotation_clip=False, **look,
        )  # fmt: skip

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
            (first + 0.06) / plot, 1 - down / inches, marker, color=colour, ms=5, transform=axes.transAxes,
            clip_on=False,
        )  # fmt: skip
        name = f"{curve.label} {NOT_CONVERGED}" if curve.failed else curve.label
        write(name, first + 0.18, down, weight="bold" if curve.failed else "normal")
        write(curve.text, starts[1], down, size=SMALL)
        write(curve.benefit, starts[2], down, size=SMALL)
