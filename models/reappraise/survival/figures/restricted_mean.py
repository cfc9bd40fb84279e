"""Time gained up to a horizon, and how certain it is that time is gained, as the horizon moves out."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from reappraise.core.errors import AnalysisError
from reappraise.drawing.directions import balanced, favours_width, set_vertical, write_favours
from reappraise.drawing.scale import Scale
from reappraise.drawing.style import (
    PALE,
    VERMILION,
    WIDTH,
    blank,
    note_height,
    probability,
    signed,
    styled,
    title_height,
    write_note,
    write_title,
)
from reappraise.survival.figures.subject import Floats, SurvivalSubject, drawn, set_time, summary

_PLOT, _LOWER, _LEFT, _BETWEEN = 2.3, 1.05, 0.75, 0.16
"""Inches: heights of the panels, their left end, and from one to the next."""


def draw_restricted_mean(subject: SurvivalSubject, *, horizon: Floats, difference: Floats) -> Figure:
    """Draw the difference of restricted means, experimental minus control, and P(benefit), by horizon.

    Parameters
    ----------
    subject
        Endpoint, arms and unit.
    horizon
        Horizons, ascending, above 0; dims (horizon,).
    difference
        Posterior draws, in the unit of time; dims (..., horizon).

    Raises
    ------
    AnalysisError
        If horizons and draws do not fit together.
    """
    draws = drawn(difference, 1)
    if draws.shape[-1] != horizon.size:
        raise AnalysisError(f"{subject.endpoint}: expected draws at {horizon.size} horizons, got {draws.shape[-1]}")
    low, middle, high = summary(draws, subject.level)
    inner, benefit = summary(draws, 0.5), subject.benefit(draws)
    title = subject.title("time without the event, by horizon")
    subtitle = subject.subtitle(f"Restricted mean, {subject.arms[1]} minus {subject.arms[0]}")
    last, least, most = (signed(f"{line[-1]:.2g}") for line in (middle, low, high))
    note = (
        f"Restricted mean: average time without the event from 0 to the horizon. Up to {horizon[-1]:g} {subject.unit} "
        f"the difference is {last} ({least} to {most}) {subject.unit}, P(benefit) {probability(float(benefit[-1]))}. "
        f"P(benefit): posterior probability that {subject.arms[1]} is better. Posterior: median, 50% and "
        f"{subject.percent} pointwise bands."
    )
    least_end, most_end = min(float(low.min()), 0.0), max(float(high.max()), 0.0)
    pad = 0.06 * (most_end - least_end) or 1.0
    scale = balanced(Scale(label=f"Difference ({subject.unit})", low=least_end - pad, high=most_end + pad, null=0.0))
    with styled():
        head, foot = title_height(title, subtitle) + 0.1, 0.46 + note_height(note)
        height = head + _PLOT + _BETWEEN + _LOWER + foot
        right = favours_width(subject.favours_time, _PLOT, scale) + 0.1
        figure = blank(height)
        wide = (WIDTH - _LEFT - right) / WIDTH
        upper = figure.add_axes(
            (_LEFT / WIDTH, (foot + _LOWER + _BETWEEN) / height, wide, _PLOT / height), label="difference"
        )
        lower = figure.add_axes((_LEFT / WIDTH, foot / height, wide, _LOWER / height), label="benefit")
        set_vertical(upper, scale)
        set_vertical(lower, Scale(label="P(benefit) (%)", low=0.0, high=100.0, null=50.0))
        _draw(upper, horizon, middle, (low, high), (inner[0], inner[2]))
        _draw(lower, horizon, 100 * benefit)
        for axes in (upper, lower):
            axes.grid(color=PALE, lw=0.4, alpha=0.6)
            set_time(axes, subject, float(horizon[-1]), label="Horizon" if axes is lower else "")
            axes.yaxis.set_label_coords(-0.45 / (WIDTH * wide), 0.5)
        write_favours(upper, subject.favours_time, _PLOT, scale)
        write_title(figure, title, subtitle)
        write_note(figure, note)
    return figure


def _draw(axes: Axes, horizon: Floats, line: Floats, *bands: tuple[Floats, Floats]) -> None:
    """Draw a line and its bands; of a single horizon, a point and its intervals."""
    for (low, high), alpha, width in zip(bands, (0.18, 0.25), (1.4, 3.5), strict=False):
        axes.fill_between(horizon, low, high, color=VERMILION, alpha=alpha, lw=0, zorder=2)
        if horizon.size == 1:
            axes.plot(np.repeat(horizon, 2), [low[0], high[0]], color=VERMILION, lw=width, zorder=3, clip_on=False)
    point: dict[str, Any] = {"marker": "o", "ms": 5, "clip_on": False} if horizon.size == 1 else {}
    axes.plot(horizon, line, color=VERMILION, lw=1.8, zorder=4, **point)
