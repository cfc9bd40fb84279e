"""Ranks of simulated truths, as histograms: flat if intervals are right as often as they say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from scipy import stats

from reappraise.core.errors import AnalysisError
from reappraise.drawing.style import (
    BLUE,
    GREY,
    PALE,
    SMALL,
    VERMILION,
    WIDTH,
    blank,
    note_height,
    styled,
    title_height,
    write_note,
    write_title,
)

if TYPE_CHECKING:
    from reappraise.calibrate.record import Record

_COLUMNS = 4
_ROW, _LEFT, _BETWEEN = 1.12, 0.55, 0.32
"""Inches: height of a row, left end of the panels, and from one panel to the next."""
_HIGHEST = 3.0
"""Top of the axes, in multiples of the uniform height."""
_BAND = 0.99
_NOTE = (
    "Bars: ranks of the truth among posterior draws, right simulator. Grey band: where 99% of bars lie if ranks "
    "are uniform. Line: the deliberately wrong simulator, which must not be flat. Heights are multiples of that of "
    "uniform ranks; what is higher runs out of the panel."
)


def calibration_plot(record: Record) -> Figure:
    """Draw the ranks of every quantity of a calibration.

    Parameters
    ----------
    record
        A complete calibration.
    """
    verdict = "calibrated" if record.calibrated else "NOT CALIBRATED"
    right, wrong = record.right, record.wrong
    refused = sum(right.refused.values())
    subtitle = (
        f"{right.datasets} simulated data sets" + (f", {refused} of them refused" if refused else "") + "; smallest p "
        f"{right.verdict.smallest:.2g}. Wrong simulator ({record.mistake}): {wrong.datasets} data sets, smallest p "
        f"{wrong.verdict.smallest:.2g}."
    )
    return draw_calibration(
        {name: item.counts for name, item in right.quantities.items()},
        {name: item.counts for name, item in wrong.quantities.items()},
        title=f"{record.label}: {verdict}",
        subtitle=subtitle,
        note=_NOTE,
    )


def draw_calibration(
    counts: Mapping[str, Sequence[int]],
    wrong: Mapping[str, Sequence[int]],
    *,
    title: str,
    subtitle: str = "",
    note: str = "",
) -> Figure:
    """Draw histograms of ranks, a panel for each quantity, with the band that uniform ranks keep to.

    Parameters
    ----------
    counts
        Ranks in bins of equal width, by quantity.
    wrong
        The same of a wrong simulator, with bins of their own; quantities may be missing.
    title, subtitle, note
        Above and below.

    Raises
    ------
    AnalysisError
        If there is nothing to draw.
    """
    if not counts:
        raise AnalysisError("expected ranks to draw, got none")
    rows = ceil(len(counts) / _COLUMNS)
    head, foot = title_height(title, subtitle) + 0.12, 0.3 + note_height(note)
    height = head + rows * _ROW + foot
    panel = (WIDTH - _LEFT - 0.15 - (_COLUMNS - 1) * _BETWEEN) / _COLUMNS
    with styled():
        figure = blank(height)
        for index, (name, found) in enumerate(counts.items()):
            row, column = divmod(index, _COLUMNS)
            bottom = height - head - _ROW * (row + 1) + 0.22
            left = _LEFT + column * (panel + _BETWEEN)
            place = (left / WIDTH, bottom / height, panel / WIDTH, (_ROW - 0.45) / height)
            axes = figure.add_axes(place, label=name)
            _draw_ranks(axes, np.asarray(found), np.asarray(wrong.get(name, ())))
            axes.set_title(name, loc="left", size=SMALL, weight="bold", pad=3)
            axes.tick_params(labelleft=column == 0, labelbottom=index + _COLUMNS >= len(counts))
            if index + _COLUMNS >= len(counts):
                axes.set_xlabel("Rank, as a fraction", size=SMALL, color=GREY, labelpad=1)
            if column == 0:
                axes.set_ylabel("Height", size=SMALL, color=GREY)
        write_title(figure, title, subtitle)
        write_note(figure, note)
    return figure


def _draw_ranks(axes: Axes, counts: np.ndarray, wrong: np.ndarray) -> None:
    number, bins = int(counts.sum()), counts.size
    expected = number / bins
    low, high = stats.binom.interval(_BAND, number, 1 / bins)
    axes.axhspan(low / expected, high / expected, color=PALE, alpha=0.6, lw=0, zorder=0)
    axes.axhline(1.0, color=GREY, lw=0.7, zorder=1)
    edges = np.linspace(0.0, 1.0, bins + 1)
    axes.bar(edges[:-1], counts / expected, width=1 / bins, align="edge", color=BLUE, alpha=0.55, lw=0, zorder=2)
    if wrong.size:
        axes.stairs(
            wrong * wrong.size / wrong.sum(), np.linspace(0.0, 1.0, wrong.size + 1), color=VERMILION, lw=1.0, zorder=3
        )
    axes.set(xlim=(0.0, 1.0), ylim=(0.0, _HIGHEST), xticks=(0.0, 0.5, 1.0))
    axes.set_xticklabels(("0", "0.5", "1"))
    axes.yaxis.set_major_locator(MaxNLocator(3, integer=True))
