"""Survival curves by arm: Kaplan-Meier curves of the data, the model's posterior, and what was printed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any, Self

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from numpy.typing import NDArray

from reappraise.core.errors import AnalysisError
from reappraise.core.estimate import Estimate
from reappraise.drawing.style import (
    BLUE,
    GREY,
    KINDS,
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
from reappraise.survival.figures.steps import at_risk, evenly, steps
from reappraise.survival.figures.subject import Floats, SurvivalSubject, drawn, set_time, summary, time_ticks

_PLOT, _GAP, _FOOT = 2.55, 0.42, 0.46
"""Inches: height of a panel, from one panel to the next, and of ticks and label below it."""
_MOST = 60
"""Curves of an ensemble that are drawn."""


def draw_survival_curves(
    subject: SurvivalSubject,
    *,
    data: tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.integer]] | None,
    totals: tuple[int, int],
    grid: Floats,
    survival: Floats,
    horizon: float | None = None,
    printed: Sequence[Estimate] = (),
) -> Figure:
    """Draw a panel for each arm: the data as Kaplan-Meier curves, the posterior of S(t), printed numbers, at risk.

    Parameters
    ----------
    subject
        Endpoint, arms and unit.
    data
        Times, events and arms of individual data, known (one replicate) or reconstructed (many): dims (..., patient)
        twice, and (patient,) with 0 for control, 1 for experimental. None where nothing but the print is known.
    totals
        Patients by arm.
    grid
        Times of the posterior curve; dims (time,).
    survival
        Posterior draws of S(t) as fractions; dims (..., arm, time).
    horizon
        End of the time axis; by default the longest time of the data.
    printed
        Medians, and survival ``at`` a time, as printed; others are not drawn.

    Raises
    ------
    AnalysisError
        If an arm has no patients, or there are no draws.
    """
    if min(totals) < 1:
        raise AnalysisError(f"{subject.endpoint}: expected patients in both arms to draw the curves of")
    patients = None if data is None else _Patients.of(*data)
    if horizon is None and patients is None:
        raise AnalysisError(f"{subject.endpoint}: expected a horizon where no data are known")
    end = float(patients.times.max()) if horizon is None and patients is not None else float(horizon or 0.0)
    low, middle, high = summary(drawn(survival, 2), subject.level)
    replicates = 0 if patients is None else patients.times.shape[0]
    ensemble = replicates > 1
    ticks = time_ticks(end, subject.unit)
    said = () if patients is None else ("at risk, median", "range") if ensemble else ("at risk",)
    title = subject.title("data, model and printed summaries" if replicates else "model and printed summaries")
    subtitle = subject.subtitle(_data_in_words(replicates))
    note = _note(subject, replicates)
    with styled():
        left = 0.12 + max([0.4, *(text_width(words, SMALL) for words in said)]) + 0.22
        plot = (WIDTH - left - _GAP - 0.2) / 2
        headings = [_heading(name, size, plot) for name, size in zip(subject.arms, totals, strict=True)]
        head = title_height(title, subtitle) + LINE + 0.12 + LINE * max(map(lines, headings)) + 0.04
        foot = _FOOT + 0.06 + 0.13 * len(said) + note_height(note)
        height = head + _PLOT + foot
        figure = blank(height)
        for code, name in enumerate(subject.arms):
            place = ((left + code * (plot + _GAP)) / WIDTH, foot / height, plot / WIDTH, _PLOT / height)
            axes = figure.add_axes(place, label=name)
            axes.grid(color=PALE, lw=0.4, alpha=0.6)
            if patients is not None:
                _draw_data(axes, *patients.arm(code))
            axes.fill_between(grid, 100 * low[code], 100 * high[code], color=VERMILION, alpha=0.2, lw=0, zorder=1)
            for limit in (low[code], high[code]):
                axes.plot(grid, 100 * limit, color=VERMILION, lw=0.8, zorder=4)
            axes.plot(grid, 100 * middle[code], color=VERMILION, lw=1.8, zorder=4)
            axes.plot(grid, 100 * middle[1 - code], color=GREY, lw=1.1, ls=(0, (4, 2)), zorder=3)
            set_time(axes, subject, end)
            axes.set(ylim=(0, 101.5), yticks=range(0, 101, 25))
            for item in printed:
                if subject.place(item.arm) == code:
                    _draw_printed(axes, item, end)
            axes.tick_params(axis="y", labelleft=code == 0)
            if code == 0:
                axes.set_ylabel(f"{subject.without} (%)")
            if patients is not None:
                words = said if code == 0 else ()
                _write_at_risk(axes, patients.arm(code)[0], ticks, words=words, ensemble=ensemble)
            axes.annotate(
                headings[code],
                (0, 1),
                (0, 4),
                xycoords="axes fraction",
                textcoords="offset points",
                weight="bold",
                va="bottom",
                linespacing=1.15,
            )
        write_title(figure, title, subtitle)
        _write_key(figure, subject, title_height(title, subtitle), replicates=replicates, printed=bool(printed))
        write_note(figure, note)
    return figure


@dataclass(frozen=True, slots=True)
class _Patients:
    """Times and events, dims (replicate, patient), and arms."""

    times: NDArray[np.float64]
    events: NDArray[np.bool_]
    arms: NDArray[np.integer]

    @classmethod
    def of(cls, time: NDArray[np.float64], event: NDArray[np.bool_], arm: NDArray[np.integer]) -> Self:
        times = np.asarray(time, dtype=np.float64).reshape(-1, time.shape[-1])
        return cls(times, np.asarray(event, dtype=np.bool_).reshape(times.shape), arm)

    def arm(self, code: int) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        own = np.flatnonzero(self.arms == code)
        return self.times[:, own], self.events[:, own]


def _heading(name: str, patients: int, inches: float) -> str:
    """The arm and its size, which keeps together."""
    size = f"(n = {patients})"
    if text_width(f"{name} {size}", bold=True) <= inches:
        return f"{name} {size}"
    return f"{wrap(name, inches, bold=True)}\n{size}"


def _data_in_words(replicates: int) -> str:
    if replicates == 0:
        return "No patients' data: the likelihood is that of the printed numbers"
    if replicates == 1:
        return "Individual data"
    shown = evenly(replicates, _MOST).size
    return (
        f"Reconstructed data: {shown} of {replicates} replicates drawn"
        if shown < replicates
        else (f"Reconstructed data: {replicates} replicates")
    )


def _note(subject: SurvivalSubject, replicates: int) -> str:
    said = f"Posterior: median and pointwise {subject.percent} band. "
    if replicates == 0:
        return f"{said}Beyond the last printed number the curve rests on the prior's smoothness."
    if replicates == 1:
        return f"{said}Ticks on the curve: end of observation without the event. At risk: just before each time."
    return (
        f"{said}The spread of the step curves is what the printed numbers leave open about the data. At risk: just "
        "before each time, median and range over all replicates."
    )


def _draw_data(axes: Axes, time: NDArray[np.float64], event: NDArray[np.bool_]) -> None:
    chosen = evenly(time.shape[0], _MOST)
    at, left = steps(time[chosen], event[chosen])
    corners = np.stack([np.repeat(at, 2, axis=-1)[:, 1:], 100 * np.repeat(left, 2, axis=-1)[:, :-1]], axis=-1)
    alone = chosen.size == 1
    axes.add_collection(
        LineCollection(
            list(corners),
            colors=BLUE,
            linewidths=1.3 if alone else 0.6,
            alpha=1.0 if alone else max(0.22, min(0.6, 8 / chosen.size)),
            zorder=2,
            label="data",
        )
    )
    if time.shape[0] == 1:
        censored = time[0][~event[0]]
        level = left[0][np.searchsorted(at[0], censored, side="right") - 1]
        axes.plot(censored, 100 * level, "|", color=BLUE, ms=4.5, mew=0.8, zorder=2, clip_on=False)


def _draw_printed(axes: Axes, item: Estimate, end: float) -> None:
    # without a level the limits are a range of observations, and no interval of the estimate
    look, low, high = KINDS["published"], *((item.low, item.high) if item.level is not None else (None, None))
    if item.quantity == "median" and not item.at and item.value is not None:
        if low is not None and high is not None:
            axes.plot([min(low, end), min(high, end)], [50, 50], color=look.colour, lw=1.5, zorder=5)
        if max(item.value, high or 0.0) > end:
            axes.plot(end, 50, ">", color=look.colour, ms=4.5, zorder=6, clip_on=False)
        if item.value <= end:
            axes.plot(item.value, 50, look.marker, color=look.colour, ms=4.6, zorder=6)
    elif item.quantity == "survival" and item.value is not None:
        at = _time(item)
        if low is not None and high is not None:
            axes.plot([at, at], [100 * low, 100 * high], color=look.colour, lw=1.5, zorder=5)
        axes.plot(at, 100 * item.value, look.marker, color=look.colour, ms=4.6, zorder=6)


def _time(item: Estimate) -> float:
    try:
        at = float(item.at.split()[0])
    except (IndexError, ValueError):
        at = float("nan")
    if not isfinite(at):
        raise AnalysisError(f"{item.endpoint}: expected survival at a time such as '12 months', got {item.at!r}")
    return at


def _write_at_risk(
    axes: Axes, time: NDArray[np.float64], ticks: tuple[float, ...], *, words: tuple[str, ...], ensemble: bool
) -> None:
    numbers = at_risk(time, ticks)
    rows = [[f"{middle:.0f}" for middle in np.median(numbers, axis=0)]]
    if ensemble:
        rows.append(
            [
                f"{low}\u2013{high}" if low < high else ""
                for low, high in zip(numbers.min(0), numbers.max(0), strict=True)
            ]
        )
    for index, row in enumerate(rows):
        down = -72 * (_FOOT + 0.03 + 0.13 * index)
        for tick, text in zip(ticks, row, strict=True):
            axes.annotate(
                text,
                (tick, 0),
                (0, down),
                xycoords=axes.get_xaxis_transform(),
                textcoords="offset points",
                ha="center",
                va="top",
                size=SMALL,
                annotation_clip=False,
                color="black" if index == 0 else GREY,
            )
    for index, text in enumerate(words):
        axes.annotate(
            text,
            (0, 0),
            (-72 * 0.2, -72 * (_FOOT + 0.03 + 0.13 * index)),
            xycoords="axes fraction",
            textcoords="offset points",
            ha="right",
            va="top",
            size=SMALL,
            color=GREY,
        )


def _write_key(figure: Figure, subject: SurvivalSubject, down: float, *, replicates: int, printed: bool) -> None:
    width, height = figure.get_size_inches()
    band = Patch(facecolor=to_rgba(VERMILION, 0.2), edgecolor=VERMILION, lw=0.8)
    look = KINDS["published"]
    handles: list[tuple[Any, str]] = [
        ((band, Line2D([], [], color=VERMILION, lw=1.8)), f"posterior, {subject.percent} band"),
        (Line2D([], [], color=GREY, lw=1.1, ls=(0, (4, 2))), "posterior, other arm"),
    ]
    if replicates:
        words = "data, one curve a replicate" if replicates > 1 else "data (Kaplan-Meier)"
        handles.insert(0, (Line2D([], [], color=BLUE, lw=1.0), words))
    if printed:
        words = "as printed, with interval"
        handles.append((Line2D([], [], color=look.colour, lw=1.5, marker=look.marker, ms=4.6), words))
    figure.legend(
        [handle for handle, _ in handles],
        [words for _, words in handles],
        loc="upper left",
        bbox_to_anchor=(0.12 / width, 1 - down / height),
        ncols=4,
        borderpad=0.0,
        borderaxespad=0.0,
        handletextpad=0.5,
        columnspacing=1.2,
        handlelength=1.8,
    )
