"""Hazard ratio over time beside the one number that was published."""

from __future__ import annotations

from typing import Any

from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from reappraise.core.estimate import Estimate
from reappraise.drawing.directions import balanced, favours_width, set_vertical, write_favours
from reappraise.drawing.scale import Scale, Span, contrast_scale, in_words
from reappraise.drawing.style import (
    BLACK,
    LINE,
    PALE,
    VERMILION,
    WIDTH,
    blank,
    note_height,
    styled,
    title_height,
    write_note,
    write_title,
)
from reappraise.survival.figures.subject import Floats, SurvivalSubject, drawn, set_time, summary

_PLOT, _LEFT = 2.6, 0.62
"""Inches: height of the panel, and its left end."""


def draw_hazard_ratio(
    subject: SurvivalSubject,
    *,
    time: Floats,
    hazard_ratio: Floats,
    published: Estimate | None = None,
    evidence: str = "",
) -> Figure:
    """Draw the posterior of HR(t), experimental over control, on a log axis.

    Parameters
    ----------
    subject
        Endpoint, arms and unit.
    time
        Times, ascending; dims (time,).
    hazard_ratio
        Posterior draws; dims (..., time).
    published
        Hazard ratio as published, drawn as a line over all times.
    evidence
        What speaks for a level line, in a sentence.
    """
    draws = drawn(hazard_ratio, 1)
    low, middle, high = summary(draws, subject.level)
    inner = summary(draws, 0.5)
    known = subject.ratio(published) if published else None
    spans: list[Span] = [(float(m), float(lo), float(hi)) for m, lo, hi in zip(middle, low, high, strict=True)]
    spans += [(known.value, known.low, known.high)] if known else []
    found = contrast_scale("hazard_ratio", spans)
    label = f"Hazard ratio, {subject.arms[1]} over {subject.arms[0]}"
    label = "Hazard ratio (log scale)" if len(label) > 40 else f"{label}\n(log scale)"
    scale = balanced(Scale(label=label, low=found.low, high=found.high, logarithmic=True, null=1.0))
    title = subject.title("hazard ratio over time")
    subtitle = subject.subtitle(f"{subject.arms[1]} over {subject.arms[0]}")
    note = (
        f"Posterior: median, 50% and {subject.percent} pointwise bands. A hazard ratio at a time compares only those "
        "who have not had the event by then. Under proportional hazards the line is level, and one number describes it."
        + (f" {evidence}" if evidence else "")
    )
    with styled():
        head, foot = title_height(title, subtitle) + LINE + 0.16, 0.46 + note_height(note)
        height = head + _PLOT + foot
        right = favours_width(subject.favours_hazard, _PLOT, scale) + 0.1
        figure = blank(height)
        place = (_LEFT / WIDTH, foot / height, (WIDTH - _LEFT - right) / WIDTH, _PLOT / height)
        axes = figure.add_axes(place, label="hazard ratio")
        axes.grid(color=PALE, lw=0.4, alpha=0.6)
        if time.size == 1:
            axes.plot([time[0]] * 2, [low[0], high[0]], color=VERMILION, lw=1.4, zorder=3)
            axes.plot(time, middle, "o", color=VERMILION, ms=5, zorder=4)
        axes.fill_between(time, low, high, color=VERMILION, alpha=0.18, lw=0, zorder=2)
        axes.fill_between(time, inner[0], inner[2], color=VERMILION, alpha=0.25, lw=0, zorder=2)
        axes.plot(time, middle, color=VERMILION, lw=1.8, zorder=4)
        handles: list[tuple[Any, str]] = [
            ((Patch(color=VERMILION, alpha=0.25, lw=0), Line2D([], [], color=VERMILION, lw=1.8)), "posterior")
        ]
        if known and known.value is not None:
            axes.axhline(known.value, color=BLACK, lw=1.3, ls=(0, (5, 2)), zorder=3)
            words = f"published: {in_words(known, level=True)}"
            handles.append((Line2D([], [], color=BLACK, lw=1.3, ls=(0, (5, 2))), words))
            if known.low is not None and known.high is not None:
                for limit in (known.low, known.high):
                    if scale.low < limit < scale.high:
                        axes.axhline(limit, color=BLACK, lw=0.9, ls=":", zorder=3)
                handles.append((Line2D([], [], color=BLACK, lw=0.9, ls=":"), "its limits"))
        set_time(axes, subject, float(time[-1]), label="Time")
        set_vertical(axes, scale)
        write_favours(axes, subject.favours_hazard, _PLOT, scale)
        write_title(figure, title, subtitle)
        figure.legend(
            [handle for handle, _ in handles],
            [words for _, words in handles],
            loc="upper left",
            ncols=3,
            bbox_to_anchor=(0.12 / WIDTH, 1 - title_height(title, subtitle) / height),
            borderpad=0.0,
            borderaxespad=0.0,
            handlelength=2.0,
            handletextpad=0.5,
            columnspacing=1.5,
        )
        write_note(figure, note)
    return figure
