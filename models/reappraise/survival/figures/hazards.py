"""Hazard of each arm over time: how many of those still at risk have the event per unit of time."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from reappraise.core.errors import AnalysisError
from reappraise.drawing.directions import favours_width, set_vertical, write_favours
from reappraise.drawing.scale import Scale
from reappraise.drawing.style import (
    LINE,
    PALE,
    SERIES,
    SMALL,
    WIDTH,
    blank,
    note_height,
    styled,
    text_width,
    title_height,
    write_note,
    write_title,
)
from reappraise.survival.figures.subject import Floats, SurvivalSubject, drawn, set_time, summary

_PLOT, _LEFT = 2.5, 0.85
"""Inches: height of the panel, and its left end."""
_FARTHEST = 12.0
"""An axis goes at most this factor beyond the medians: wider bands are cut off."""


def draw_hazards(subject: SurvivalSubject, *, edges: Floats, log_hazard: Floats) -> Figure:
    """Draw posterior median and band of the piecewise constant hazard of each arm, on a log axis.

    Parameters
    ----------
    subject
        Endpoint, arms and unit.
    edges
        Ends of the intervals from 0 to the horizon; dims (interval + 1,), in the unit of time.
    log_hazard
        Posterior draws, log of events per person and unit of time; dims (..., arm, interval).

    Raises
    ------
    AnalysisError
        If edges and draws do not fit together.
    """
    draws = drawn(log_hazard, 2)
    if edges.size != draws.shape[-1] + 1 or draws.shape[1] != 2:
        raise AnalysisError(
            f"{subject.endpoint}: expected log hazards of 2 arms in {edges.size - 1} intervals, got {draws.shape[1:]}"
        )
    low, middle, high = (np.exp(line) for line in summary(draws, subject.level))
    floor, top = max(low.min(), middle.min() / _FARTHEST), min(high.max(), middle.max() * _FARTHEST)
    label = f"Events per patient at risk\nand {subject.one} (log scale)"
    scale = Scale(label=label, low=float(floor) / 1.25, high=float(top) * 1.25, logarithmic=True)
    sides = ("\u2190 better", "worse \u2192") if subject.better == "higher" else ("\u2190 worse", "better \u2192")
    title = subject.title("hazard by arm over time")
    subtitle = subject.subtitle(f"Hazard per {subject.one}")
    note = (
        f"Posterior: median and pointwise {subject.percent} band, constant within each interval of the model. Bands "
        "that overlap do not mean that the hazards are equal: their ratio is a figure of its own."
    )
    with styled():
        head, foot = title_height(title, subtitle) + LINE + 0.16, 0.46 + note_height(note)
        height = head + _PLOT + foot
        figure = blank(height)
        place = (
            _LEFT / WIDTH,
            foot / height,
            (WIDTH - _LEFT - favours_width(sides, _PLOT, scale) - 0.1) / WIDTH,
            _PLOT / height,
        )
        axes = figure.add_axes(place, label="hazard")
        axes.grid(color=PALE, lw=0.4, alpha=0.6)
        handles = []
        for code, name in enumerate(subject.arms):
            colour, style = SERIES[code][0], ((0, (5, 1.5)), "-")[code]
            least, line, most = (np.append(row[code], row[code][-1]) for row in (low, middle, high))
            axes.fill_between(edges, least, most, step="post", color=colour, alpha=0.2, lw=0, zorder=2)
            axes.plot(edges, line, drawstyle="steps-post", color=colour, lw=1.8, ls=style, zorder=4 - code)
            handles.append(Line2D([], [], color=colour, lw=1.8, ls=style, label=name))
        set_time(axes, subject, float(edges[-1]))
        set_vertical(axes, scale)
        write_favours(axes, sides, _PLOT, scale)
        write_title(figure, title, subtitle)
        wide = sum(text_width(name, SMALL) + 0.6 for name in subject.arms)
        figure.legend(
            handles=handles,
            loc="upper left",
            borderpad=0.0,
            borderaxespad=0.0,
            handlelength=2.2,
            columnspacing=1.5,
            bbox_to_anchor=(0.12 / WIDTH, 1 - title_height(title, subtitle) / height),
            handletextpad=0.5,
            ncols=2 if wide < WIDTH - 0.3 else 1,
        )
        write_note(figure, note)
    return figure
