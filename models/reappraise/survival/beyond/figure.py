"""Survival beyond the follow-up as a picture: what was observed solid, what a rule makes of it dashed and shaded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from reappraise.core.errors import AnalysisError
from reappraise.drawing.style import (
    BAND,
    BLUE,
    GREY,
    LINE,
    PALE,
    SMALL,
    VERMILION,
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
from reappraise.published.trial import TrialEndpoint
from reappraise.survival.beyond.extrapolate import ExtrapolatedFit
from reappraise.survival.beyond.rule import ExternalRow
from reappraise.survival.figures.subject import Floats, SurvivalSubject, drawn, set_time, summary
from reappraise.survival.published import SurvivalEndpoint

_PLOT, _GAP, _LEFT, _FOOT = 2.55, 0.42, 0.62, 0.46
"""Inches: height of a panel, from one panel to the next, left of the first, and of ticks and label below."""
DASHED: Final = (0, (4, 2))
DOTTED: Final = (0, (1, 1.5))


def draw_extrapolation(found: ExtrapolatedFit, endpoint: TrialEndpoint[SurvivalEndpoint] | None = None) -> Figure:
    """Draw the curves of an extrapolation.

    Parameters
    ----------
    found
        The extrapolation.
    endpoint
        Its endpoint, for labels in place of keys.
    """
    job, source = found.job, found.job.source.job
    named = source.arms if endpoint is None else tuple(arm.short for arm in endpoint.trial.arms)
    subject = SurvivalSubject(
        endpoint=source.endpoint if endpoint is None else endpoint.published.label,
        arms=(named[0], named[1]),
        keys=source.arms,
        unit=source.unit,
        better=source.better,
        level=source.sampling.level,
        origin=f"{source.model.label}, {source.prior.label.lower()} prior, {source.origin}",
        failed=not found.converged,
    )
    posterior = found.tree["posterior"].to_dataset()
    return draw_beyond(
        subject,
        time=posterior["time"].to_numpy(),
        survival=posterior["survival"].transpose("chain", "draw", "arm", "time").to_numpy(),
        after=job.after,
        words=job.words,
        rows=job.rule.rows,
    )


def draw_beyond(
    subject: SurvivalSubject,
    *,
    time: Floats,
    survival: Floats,
    after: float,
    words: str,
    rows: Sequence[ExternalRow] = (),
) -> Figure:
    """Draw a panel for each arm: the posterior of S(t), solid within the follow-up and dashed beyond it.

    Parameters
    ----------
    subject
        Endpoint, arms and unit.
    time
        Times of the curves, in the subject's unit, that of the end of follow-up among them; dims (time,).
    survival
        Posterior draws of S(t) as fractions; dims (..., arm, time).
    after
        End of the follow-up.
    words
        The rule in words.
    rows
        External survival; of those that stand for an arm S(start) r / n is drawn, from the median of S(start).

    Raises
    ------
    AnalysisError
        If no time lies beyond the follow-up, or there are no draws.
    """
    if not time[-1] > after > time[0]:
        raise AnalysisError(f"{subject.endpoint}: expected times before and after {after:g} {subject.unit}")
    low, middle, high = (100 * line for line in summary(drawn(survival, 2), subject.level))
    within, further = time <= after, time >= after
    title = subject.title("within and beyond the follow-up")
    subtitle = subject.subtitle(f"Extrapolated: {words}")
    note = (
        f"Posterior: median and pointwise {subject.percent} band. Up to {after:g} {subject.unit} it rests on the data; "
        "on the shaded ground on the rule" + (" and the external rows." if rows else " alone.")
    )
    if any(row.arm for row in rows):
        note += " An external row is drawn from the median at its start."
    if not all(row.arm for row in rows):
        note += " Rows that stand for no arm speak of the hazard halfway between the arms, and are not drawn."
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
            axes.axvspan(after, float(time[-1]), color=BAND, lw=0, zorder=0)
            _write_beyond(axes, after, float(time[-1]), plot)
            axes.fill_between(time, low[code], high[code], color=VERMILION, alpha=0.2, lw=0, zorder=1)
            for part, style in ((within, "-"), (further, DASHED)):
                for limit in (low[code], high[code]):
                    axes.plot(time[part], limit[part], color=VERMILION, lw=0.8, ls=style, zorder=4)
                axes.plot(time[part], middle[code][part], color=VERMILION, lw=1.8, ls=style, zorder=4)
            axes.plot(time, middle[1 - code], color=GREY, lw=1.1, ls=DOTTED, zorder=3)
            for row in rows:
                if row.arm == subject.keys[code]:
                    _draw_row(axes, row, time, middle[code])
            set_time(axes, subject, float(time[-1]))
            axes.set(ylim=(0, 101.5), yticks=range(0, 101, 25))
            axes.tick_params(axis="y", labelleft=code == 0)
            if code == 0:
                axes.set_ylabel(f"{subject.without} (%)")
            axes.annotate(
                headings[code], (0, 1), (0, 7), xycoords="axes fraction", textcoords="offset points", weight="bold",
                va="baseline", linespacing=1.15,
            )  # fmt: skip
        write_title(figure, title, subtitle)
        _write_key(figure, subject, title_height(title, subtitle), external=any(row.arm for row in rows))
        write_note(figure, note)
    return figure


def _write_beyond(axes: Axes, after: float, end: float, inches: float) -> None:
    """The word on the shaded ground, upright where it is too narrow."""
    narrow = text_width("extrapolated", SMALL) + 0.1 > inches * (end - after) / end
    axes.annotate(
        "extrapolated", ((after + end) / 2, 0.985), xycoords=axes.get_xaxis_transform(), ha="center", va="top",
        size=SMALL, color=GREY, rotation=90 if narrow else 0, zorder=5,
    )  # fmt: skip


def _draw_row(axes: Axes, row: ExternalRow, time: Floats, middle: Floats) -> None:
    begin = float(np.interp(row.start, time, middle))
    axes.plot(
        [row.start, row.stop], [begin, begin * row.r / row.n], color=BLUE, lw=1.0, marker="D", ms=3.2, zorder=5,
        markevery=[1],
    )  # fmt: skip


def _write_key(figure: Figure, subject: SurvivalSubject, down: float, *, external: bool) -> None:
    width, height = figure.get_size_inches()
    band = Patch(facecolor=to_rgba(VERMILION, 0.2), edgecolor=VERMILION, lw=0.8)
    handles: list[tuple[Any, str]] = [
        ((band, Line2D([], [], color=VERMILION, lw=1.8)), f"posterior, {subject.percent} band"),
        (Line2D([], [], color=VERMILION, lw=1.8, ls=DASHED), "extrapolated"),
        (Line2D([], [], color=GREY, lw=1.1, ls=DOTTED), "other arm"),
    ]
    if external:
        handles.append((Line2D([], [], color=BLUE, lw=1.0, marker="D", ms=3.2), "external rows"))
    figure.legend(
        [handle for handle, _ in handles], [words for _, words in handles], loc="upper left",
        bbox_to_anchor=(0.12 / width, 1 - down / height), ncols=4, borderpad=0.0, borderaxespad=0.0, handletextpad=0.5,
        columnspacing=1.2, handlelength=2.2,
    )  # fmt: skip
