"""Two endpoints of one arm in one panel: the curves in their order, and how many patients lie between them."""

from __future__ import annotations

from typing import Any

from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from reappraise.core.errors import AnalysisError
from reappraise.drawing.style import (
    BLUE,
    LINE,
    PALE,
    VERMILION,
    WIDTH,
    blank,
    lines,
    note_height,
    probability,
    styled,
    title_height,
    wrap,
    write_note,
    write_title,
)
from reappraise.published.trial import TrialEndpoint
from reappraise.survival.beyond.order import OrderedFit
from reappraise.survival.figures.subject import Floats, SurvivalSubject, drawn, set_time, summary
from reappraise.survival.published import SurvivalEndpoint

type Curves = tuple[tuple[Floats, Floats], tuple[Floats, Floats]]
"""Times and draws of survival of the first and of the second endpoint."""

_PLOT, _GAP, _LEFT, _FOOT = 2.55, 0.42, 0.62, 0.46
"""Inches: height of a panel, from one panel to the next, left of the first, and of ticks and label below."""
_COLOURS = (BLUE, VERMILION)


def draw_order(found: OrderedFit, endpoint: TrialEndpoint[SurvivalEndpoint] | None = None) -> Figure:
    """Draw both endpoints of each arm.

    Parameters
    ----------
    found
        Both endpoints.
    endpoint
        The first of them, for labels in place of keys.
    """
    job, source = found.job, found.job.first.job
    labels, arms = job.endpoints, source.arms
    if endpoint is not None:
        by_key = {item.published.key: item.published.label for item in endpoint.trial}
        labels = by_key[job.endpoints[0]], by_key[job.endpoints[1]]
        arms = endpoint.trial.arms[0].short, endpoint.trial.arms[1].short
    subject = SurvivalSubject(
        endpoint=f"{labels[0]} and {labels[1][:1].lower()}{labels[1][1:]}" if endpoint else " and ".join(labels),
        arms=arms,
        keys=source.arms,
        unit=source.unit,
        better=source.better,
        level=job.sampling.level,
        origin=f"{source.model.label}, {source.prior.label.lower()} prior, {source.origin}",
        failed=not found.converged,
    )
    posteriors = [found.tree[key]["posterior"].to_dataset() for key in job.endpoints]
    first, second = (
        (one["time"].to_numpy(), one["survival"].transpose("chain", "draw", "arm", "time").to_numpy())
        for one in posteriors
    )
    return draw_ordered_curves(subject, labels, (first, second), end=job.end, share=found.probability)


def draw_ordered_curves(
    subject: SurvivalSubject, labels: tuple[str, str], curves: Curves, *, end: float, share: float
) -> Figure:
    """Draw a panel for each arm: S(t) of both endpoints.

    Parameters
    ----------
    subject
        Both endpoints in words, arms and unit.
    labels
        The first and the second endpoint.
    curves
        Their times, dims (time,), and draws of survival as fractions, dims (..., arm, time).
    end
        Time up to which the first never exceeds the second, and up to which both are drawn.
    share
        Probability of the order were the two independent.

    Raises
    ------
    AnalysisError
        If there are no draws.
    """
    bands = [(time, *(100 * line for line in summary(drawn(draws, 2), subject.level))) for time, draws in curves]
    if not all((time <= end).sum() > 1 for time, *_ in bands):
        raise AnalysisError(f"{subject.endpoint}: expected times up to {end:g} {subject.unit}")
    title = subject.title("both in one posterior")
    subtitle = subject.subtitle(f"Given that the first never exceeds the second up to {end:g} {subject.unit}")
    note = (
        f"Posterior: median and pointwise {subject.percent} band. By themselves the two endpoints keep this order with "
        f"probability {probability(share)}; their errors are taken as independent but for it. Between the curves lie "
        "the patients who had the event of the first endpoint and not that of the second."
    )
    with styled():
        plot = (WIDTH - _LEFT - _GAP - 0.2) / 2
        headings = [wrap(name, plot, bold=True) for name in subject.arms]
        head = title_height(title, subtitle) + LINE + 0.12 + LINE * max(map(lines, headings)) + 0.04
        foot = _FOOT + 0.06 + note_height(note)
        height = head + _PLOT + foot
        figure = blank(height)
        for code, name in enumerate(subject.arms):
            place = ((_LEFT + code * (plot + _GAP)) / WIDTH, foot / height, plot / WIDTH, _PLOT / height)
            axes = figure.add_axes(place, label=name)
            axes.grid(color=PALE, lw=0.4, alpha=0.6)
            for (time, low, middle, high), colour in zip(bands, _COLOURS, strict=True):
                own = time <= end
                axes.fill_between(time[own], low[code][own], high[code][own], color=colour, alpha=0.2, lw=0, zorder=1)
                axes.plot(time[own], middle[code][own], color=colour, lw=1.8, zorder=4)
            set_time(axes, subject, end)
            axes.set(ylim=(0, 101.5), yticks=range(0, 101, 25))
            axes.tick_params(axis="y", labelleft=code == 0)
            if code == 0:
                axes.set_ylabel("Without the event (%)")
            axes.annotate(
                headings[code], (0, 1), (0, 7), xycoords="axes fraction", textcoords="offset points", weight="bold",
                va="baseline", linespacing=1.15,
            )  # fmt: skip
        write_title(figure, title, subtitle)
        _write_key(figure, labels, title_height(title, subtitle), subject.percent)
        write_note(figure, note)
    return figure


def _write_key(figure: Figure, labels: tuple[str, str], down: float, percent: str) -> None:
    width, height = figure.get_size_inches()
    handles: list[Any] = [
        (Patch(facecolor=to_rgba(colour, 0.2), lw=0), Line2D([], [], color=colour, lw=1.8)) for colour in _COLOURS
    ]
    figure.legend(
        handles, [f"{label}, {percent} band" for label in labels], loc="upper left",
        bbox_to_anchor=(0.12 / width, 1 - down / height), ncols=2, borderpad=0.0, borderaxespad=0.0, handletextpad=0.5,
        columnspacing=1.2, handlelength=1.8,
    )  # fmt: skip
