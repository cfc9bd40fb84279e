"""Diagnostics of every fit of a run at a glance: one dot a fit, thresholds as lines, failing fits by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, isfinite
from typing import Protocol

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator, ScalarFormatter

from reappraise.core.errors import AnalysisError
from reappraise.drawing.style import (
    BLACK,
    GREY,
    SERIES,
    SMALL,
    WIDTH,
    blank,
    note_height,
    note_lines,
    styled,
    text_width,
    title_height,
    write_note,
    write_title,
)

_MOST = 20
"""Failing fits named before the rest is counted."""
_LANE = 0.3
"""Inches of a lane."""
_BETWEEN = 0.68
"""Inches from the lanes of one panel to those of the next."""


class Checked(Protocol):
    """The worst value of one diagnostic, where it stands, and what it must keep."""

    @property
    def name(self) -> str:
        """The diagnostic."""
        ...

    @property
    def value(self) -> float:
        """Its worst value."""
        ...

    @property
    def threshold(self) -> float:
        """What it must keep."""
        ...

    @property
    def variable(self) -> str:
        """Where the worst value stands."""
        ...

    @property
    def passed(self) -> bool:
        """Whether the threshold is kept."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A fit's diagnostics.

    Parameters
    ----------
    name, lane
        Name of the fit, and of the lane it stands in, such as its model.
    checks
        The worst value of each diagnostic and the threshold it must keep.
    """

    name: str
    lane: str
    checks: Sequence[Checked]

    @property
    def failures(self) -> str:
        """What failed, and where; empty when nothing did."""
        return ", ".join(
            f"{check.name} {check.value:.3g} ({check.variable})" for check in self.checks if not check.passed
        )


def draw_diagnostics(judged: Sequence[Judged]) -> Figure:
    """Draw a panel for each diagnostic, a lane for each model, a dot for each fit.

    Raises
    ------
    AnalysisError
        If there is no fit.
    """
    if not judged:
        raise AnalysisError("expected fits to draw the diagnostics of, got none")
    names = list(dict.fromkeys(check.name for fit in judged for check in fit.checks))
    lanes = list(dict.fromkeys(fit.lane for fit in judged))
    failing = [fit for fit in judged if fit.failures]
    title = f"Diagnostics of {len(judged)} {'fit' if len(judged) == 1 else 'fits'}: " + (
        f"{len(failing)} NOT CONVERGED" if failing else "all converged"
    )
    subtitle = "Worst value of each fit; the shaded side of a threshold fails. Crosses: values that fail."
    note = "\n".join(f"{fit.name}: {fit.failures}" for fit in failing[:_MOST])
    if len(failing) > _MOST:
        note += f"\nand {len(failing) - _MOST} more."
    with styled():
        left = 0.12 + max(map(text_width, lanes)) + 0.15
        between = 0.35
        plot = (WIDTH - left - between - 0.25) / 2
        each = max(_LANE * len(lanes), 0.45)
        rows = ceil(len(names) / 2)
        head = title_height(title, subtitle)
        foot = note_height(note) + (0.2 if failing else 0.0)
        height = head + rows * (each + _BETWEEN) + foot
        figure = blank(height)
        for index, check in enumerate(names):
            row, column = divmod(index, 2)
            bottom = height - head - row * (each + _BETWEEN) - 0.3 - each
            place = ((left + column * (plot + between)) / WIDTH, bottom / height, plot / WIDTH, each / height)
            axes = figure.add_axes(place, label=check)
            _draw_check(axes, judged, lanes, check)
            axes.tick_params(axis="y", left=False, labelleft=column == 0)
        if failing:
            figure.text(0.12 / WIDTH, (note_height(note) + 0.02) / height, "Not converged", weight="bold")
        write_title(figure, title, subtitle)
        write_note(figure, note_lines(note))
    return figure


def at_most(checks: Sequence[Checked]) -> bool:
    """Whether the threshold is the largest value allowed, told from verdicts: a value that equals it says nothing."""
    told = [(check.value < check.threshold) == check.passed for check in checks if check.value != check.threshold]
    return told[0] if told else True


def _draw_check(axes: Axes, judged: Sequence[Judged], lanes: Sequence[str], name: str) -> None:
    found = [(fit, check) for fit in judged for check in fit.checks if check.name == name]
    checks = [check for _, check in found]
    upper, threshold = at_most(checks), checks[0].threshold
    finite = [check.value for check in checks if isfinite(check.value)]
    low, high = min([*finite, threshold]), max([*finite, threshold])
    logarithmic = low > 0 and high / low > 8
    if logarithmic:
        axes.set_xscale("log")
        low, high = low / (high / low) ** 0.08, high * (high / low) ** 0.08
        axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if high / low < 200 else (1.0,), numticks=7))
        axes.xaxis.set_minor_locator(NullLocator())
    elif all(value == int(value) for value in [*finite, threshold]):
        low, high = low - 0.3, max(high * 1.08, low + 3.3)
        axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    else:
        pad = 0.08 * (high - low) or max(abs(high) * 0.1, 1.0)
        low, high = low - pad, high + pad
        axes.xaxis.set_major_locator(MaxNLocator(5))
    formatter = ScalarFormatter(useOffset=False)
    formatter.set_scientific(False)
    axes.xaxis.set_major_formatter(formatter)
    axes.set_xlim(low, high)
    axes.set_ylim(len(lanes) - 0.5, -0.5)
    axes.axvspan(threshold, high if upper else low, color="#ececec", zorder=0, lw=0)
    axes.axvline(threshold, color=BLACK, lw=1.0, zorder=1)
    for place, lane in enumerate(lanes):
        colour, marker = SERIES[place % len(SERIES)]
        mine = [check for fit, check in found if fit.lane == lane]
        # spread by a fixed sequence (golden ratio), so that dots of equal value stay apart and never move
        spread = [0.6 * ((index * 0.618034) % 1.0) - 0.3 if len(mine) > 1 else 0.0 for index in range(len(mine))]
        points = [
            (check.value if isfinite(check.value) else (high if upper else low), place + above, check.passed)
            for check, above in zip(mine, spread, strict=True)
        ]
        kept = [(x, y) for x, y, passed in points if passed]
        lost = [(x, y) for x, y, passed in points if not passed]
        if kept:
            x, y = zip(*kept, strict=True)
            axes.plot(x, y, marker, color=colour, ms=3.6, mew=0, alpha=0.75, clip_on=False, zorder=2)
        if lost:
            x, y = zip(*lost, strict=True)
            axes.plot(x, y, "X", color=BLACK, ms=6, mec="white", mew=0.6, clip_on=False, zorder=3)
    axes.set_yticks(range(len(lanes)), lanes)
    axes.set_title(name[:1].upper() + name[1:], loc="left", weight="bold", size=8, pad=4)
    axes.set_xlabel(f"{'at most' if upper else 'at least'} {threshold:g}", size=SMALL, color=GREY, labelpad=2)
