"""Prior, likelihood and posterior of a printed log hazard ratio, as densities by prior."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log

import numpy as np
from arviz_stats.base import array_stats
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray
from scipy import stats

from reappraise.core.errors import AnalysisError
from reappraise.drawing.directions import balanced, below_lines, write_below
from reappraise.drawing.scale import Scale, in_words
from reappraise.drawing.style import (
    BLACK,
    BLUE,
    GREY,
    LINE,
    SMALL,
    VERMILION,
    WIDTH,
    blank,
    note_height,
    probability,
    styled,
    text_width,
    title_height,
    write_note,
    write_title,
)
from reappraise.drawing.words import NOT_CONVERGED, favours
from reappraise.survival.effect.events import check_events
from reappraise.survival.effect.fit import EffectFit

type Floats = NDArray[np.floating]

_LEFT, _RIGHT, _GAP, _PANEL = 0.42, 0.2, 0.32, 0.95
"""Inches: left and right of the panels, above each, and their height."""
_REACH = 4.0
"""Standard errors of the likelihood on either side of it that the axis shows."""
_SMOOTHING = 1.5
"""Times Silverman's bandwidth, as in the other densities: draws' noise is not drawn."""
_EXPLAINED = (
    "Densities of the log hazard ratio; the likelihood is a normal one of the rounded print, scaled to a density. Bar: "
    "posterior median and equal-tailed interval. No time is printed, so nothing is known of survival itself."
)
_PRIOR, _LIKELIHOOD = (0, (4, 2)), (0, (1, 1.2))
"""Dashes of the lines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectPanel:
    """One prior, and what the print made of it.

    Parameters
    ----------
    label
        The prior in words.
    prior, posterior
        Densities of the log ratio, or the difference, dims (place,).
    low, value, high
        Limits and median of the posterior ratio or difference.
    text, benefit
        The same, and the probability of benefit, in words.
    failed
        Whether the fit did not converge.
    """

    label: str
    prior: Floats
    posterior: Floats
    low: float
    value: float
    high: float
    text: str
    benefit: str
    failed: bool = False


def draw_effect_densities(
    panels: Sequence[EffectPanel],
    *,
    log_ratio: Floats,
    likelihood: Floats,
    ratio: str,
    short: str = "Hazard ratio",
    logarithmic: bool = True,
    favoured: tuple[str, str],
    level: str,
    title: str,
    subtitle: str = "",
    note: str = "",
) -> Figure:
    """Draw prior, likelihood and posterior of the log hazard ratio, priors from top to bottom on one axis.

    Parameters
    ----------
    panels
        By prior.
    log_ratio
        Log ratios, or differences, that the densities are of, ascending, dims (place,).
    likelihood
        Likelihood of the print, scaled to a density, dims (place,).
    ratio, short
        Which contrast it is, in words, and shorter.
    logarithmic
        Whether it is a ratio, whose logarithm the densities are of.
    favoured
        What lies left and right of no difference.
    level
        Coverage of the intervals in words.
    title, subtitle, note
        Above and below.
    """
    places = np.exp(log_ratio) if logarithmic else log_ratio
    null = 1.0 if logarithmic else 0.0
    with styled():
        columns = tuple(
            max(text_width(text, SMALL) for text in texts) + 0.16
            for texts in (
                (*(panel.text for panel in panels), f"({level})"),
                (*(panel.benefit for panel in panels), "P(benefit)"),
            )
        )
        plot = WIDTH - _LEFT - _RIGHT - sum(columns)
        said = " (log scale)" if logarithmic else ""
        label = ratio if text_width(f"{ratio}{said}") <= plot else short
        scale = Scale(
            label=f"{label}{said}",
            low=float(places[0]),
            high=float(places[-1]),
            logarithmic=logarithmic,
            null=null,
        )
        head = title_height(title, subtitle) + LINE
        foot = 0.46 + LINE * below_lines(favoured, plot) + note_height(note)
        height = head + (_GAP + _PANEL) * len(panels) + foot
        figure = blank(height)
        top = 1.08 * max(float(density.max()) for panel in panels for density in (panel.posterior, likelihood))
        for place, panel in enumerate(panels):
            down = head + (_GAP + _PANEL) * (place + 1)
            where = (_LEFT / WIDTH, 1 - down / height, plot / WIDTH, _PANEL / height)
            axes = figure.add_axes(where, label=panel.label)
            _draw(axes, panel, places, likelihood, top, null)
            last = place == len(panels) - 1
            scale.set(axes, label=last)
            axes.tick_params(axis="x", labelbottom=last)
            _write(axes, panel, (plot, columns[0]), level=level if place == 0 else "")
            if last:
                write_below(axes, favoured, plot)
        write_title(figure, title, subtitle)
        handles = [
            Line2D([], [], color=BLUE, lw=1.2, ls=_PRIOR),
            Line2D([], [], color=BLACK, lw=1.3, ls=_LIKELIHOOD),
            Line2D([], [], color=VERMILION, lw=1.8),
        ]
        figure.legend(
            handles,
            ["prior", "likelihood of the print", "posterior"],
            loc="upper left",
            ncols=3,
            bbox_to_anchor=(0.12 / WIDTH, 1 - title_height(title, subtitle) / height),
            borderpad=0.0,
            borderaxespad=0.0,
            handletextpad=0.5,
            columnspacing=1.5,
        )
        write_note(figure, note)
    return figure


def draw_effect(fits: Sequence[EffectFit]) -> Figure:
    """Draw the fits of one printed hazard ratio, one for each prior.

    Parameters
    ----------
    fits
        Fits of the same print.

    Raises
    ------
    AnalysisError
        If there is none, or they are of different prints.
    """
    if len({fit.job.effect for fit in fits}) != 1:
        raise AnalysisError(f"expected fits of one printed hazard ratio, got {[fit.job.name for fit in fits]}")
    job = fits[0].job
    effect, check = job.effect, check_events(job.effect)
    grid = _grid(fits)
    data = job.data()
    density = np.exp(job.model.log_likelihood({"effect": grid}, data))
    notes = [f"{note[:1].upper()}{note[1:]}." for note in effect.notes]
    control, experimental = effect.arm_labels
    return draw_effect_densities(
        [_panel(fit, grid) for fit in fits],
        log_ratio=grid,
        likelihood=density / float(np.trapezoid(density, grid)),
        ratio=f"Hazard ratio, {experimental} over {control}",
        favoured=favours(experimental, control, "lower" if effect.better == "higher" else "higher"),
        level=f"{100 * job.sampling.level:g}%",
        title=f"{effect.label}: log hazard ratio before and after the print",
        subtitle=f"Printed: {effect.printed}" if effect.printed else "",
        note=" ".join([_EXPLAINED, *notes, *([check.words] if check else [])]),
    )


def _grid(fits: Sequence[EffectFit]) -> NDArray[np.float64]:
    """Log hazard ratios that the likelihood and the posteriors reach, 1 among them."""
    effect = fits[0].job.effect
    wide = _REACH * effect.standard_error[1]
    ends = [effect.log_ratio[0] - wide, effect.log_ratio[1] + wide, -0.3, 0.3]
    for fit in fits:
        draws = fit.tree["posterior"]["effect"].to_numpy()
        ends += [float(end) for end in np.quantile(draws, (0.001, 0.999))]
    scale = balanced(Scale(label="", low=exp(min(ends)), high=exp(max(ends)), logarithmic=True, null=1.0))
    return np.linspace(log(scale.low), log(scale.high), 500)


def _panel(fit: EffectFit, grid: Floats) -> EffectPanel:
    estimate = next(item for item in fit.estimates if item.quantity == "hazard_ratio")
    entered = fit.job.entered
    draws = fit.tree["posterior"]["effect"].to_numpy().astype(np.float64).ravel()
    at, density, _ = array_stats.kde(draws, bw="silverman", bw_fct=_SMOOTHING)
    return EffectPanel(
        label=f"{entered.label}: {entered.text}",
        prior=np.asarray(stats.norm.pdf(grid, entered.mean, entered.sd)),
        posterior=np.interp(grid, at, density, left=0.0, right=0.0),
        low=float(estimate.low or 0.0),
        value=float(estimate.value or 0.0),
        high=float(estimate.high or 0.0),
        text=in_words(estimate),
        benefit=probability(estimate.prob_benefit or 0.0),
        failed=not fit.converged,
    )


def _draw(axes: Axes, panel: EffectPanel, ratio: Floats, likelihood: Floats, top: float, null: float) -> None:
    colour = GREY if panel.failed else VERMILION
    bar = -0.1 * top
    axes.set_ylim(2 * bar, top)
    axes.axhline(0, color=GREY, lw=0.6)
    axes.axvline(null, color=GREY, lw=1.0, zorder=1)
    axes.plot(ratio, panel.prior, color=BLUE, lw=1.2, ls=_PRIOR, zorder=3)
    axes.fill_between(ratio, panel.posterior, color=colour, alpha=0.15, lw=0, zorder=2)
    axes.plot(ratio, panel.posterior, color=colour, lw=1.8, zorder=4)
    axes.plot(ratio, likelihood, color=BLACK, lw=1.3, ls=_LIKELIHOOD, zorder=5)
    axes.plot([panel.low, panel.high], [bar, bar], color=colour, lw=1.4, solid_capstyle="butt", zorder=4)
    axes.plot(panel.value, bar, "o", color=colour, ms=4.5, zorder=5)
    axes.set_yticks([])
    axes.set_ylabel("Density")
    axes.spines["left"].set_visible(False)


def _write(axes: Axes, panel: EffectPanel, widths: tuple[float, float], *, level: str) -> None:
    """Write the prior above the panel, and the numbers beside it."""
    plot, first = widths
    label = f"{panel.label} {NOT_CONVERGED}" if panel.failed else panel.label
    places = ((plot + 0.12, panel.text), (plot + 0.12 + first, panel.benefit))
    axes.annotate(
        label,
        (0, 1),
        (0, 4),
        xycoords="axes fraction",
        textcoords="offset points",
        va="bottom",
        weight="bold" if panel.failed else "normal",
    )
    for x, text in places:
        axes.annotate(
            text, (0, 0.5), (72 * x, 0), xycoords="axes fraction", textcoords="offset points", va="center", size=SMALL
        )
    if level:
        for (x, _), text in zip(places, (f"median\n({level})", "P(benefit)"), strict=True):
            axes.annotate(
                text,
                (0, 1),
                (72 * x, 4),
                xycoords="axes fraction",
                textcoords="offset points",
                va="top",
                size=SMALL,
                color=GREY,
            )
