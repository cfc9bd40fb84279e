"""Rows of intervals of named series between columns of text: counts before, numbers after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from reappraise.drawing.directions import Pair, below_lines, write_below
from reappraise.drawing.layout import GAP
from reappraise.drawing.scale import Scale
from reappraise.drawing.sheet import draw_interval
from reappraise.drawing.style import (
    BAND,
    GREY,
    LINE,
    PALE,
    SMALL,
    WIDTH,
    Look,
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

_STEP = 0.092
"""Inches from one interval to the next within a row."""
_LABELS = 1.95
"""Widest column of labels, inches."""
_LEAST = 2.0
"""Narrowest panel, inches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """What the marks of one kind mean.

    Parameters
    ----------
    label
        In words.
    look
        Colour and marker.
    filled
        Whether its markers are filled or open.
    """

    label: str
    look: Look
    filled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesMark:
    """A point with its interval, as shown on the axis; what is infinite, or 0 on a logarithmic axis, lies beyond it.

    Parameters
    ----------
    value, low, high
        Point and limits; None where absent.
    failed
        Whether it comes from a fit that did not converge: drawn in grey.
    """

    value: float | None = None
    low: float | None = None
    high: float | None = None
    failed: bool = False

    def beyond(self, scale: Scale) -> bool:
        """Whether the point lies beyond the axis."""
        return self.value is not None and not scale.low <= self.value <= scale.high


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesRow:
    """One row.

    Parameters
    ----------
    label
        Words at the left.
    before, after
        Texts of the columns before and after the panel; none for a heading.
    marks
        By series; None where a series has none.
    """

    label: str
    before: Sequence[str] = ()
    marks: Sequence[SeriesMark | None] = ()
    after: Sequence[str] = ()

    @property
    def heading(self) -> bool:
        """Whether it heads the rows below."""
        return not self.marks


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesPanel:
    """The panel, and the columns beside it.

    Parameters
    ----------
    heading
        What it shows.
    scale
        Its axis.
    sides
        What lies left and right of no difference.
    before, after
        Headings of the columns of text; each may have several lines.
    edge
        What a point beyond the axis means, for the key.
    reference
        Value of a dotted line.
    """

    heading: str
    scale: Scale
    sides: Pair
    before: Sequence[str]
    after: Sequence[str]
    edge: str
    reference: float | None = None


def draw_series_sheet(
    rows: Sequence[SeriesRow], series: Sequence[Series], panel: SeriesPanel, *, title: str, subtitle: str, note: str
) -> Figure:
    """Draw rows of intervals of several series.

    Parameters
    ----------
    rows
        From top to bottom.
    series
        From top to bottom within a row.
    panel
        Axis and columns.
    title, subtitle, note
        Above and below, wrapped to the width.
    """
    with styled():
        labels = [wrap(row.label, 5.0 if row.heading else _LABELS - 0.12, bold=row.heading) for row in rows]
        indent = 0.12 * any(row.heading for row in rows)
        heights = [
            max(LINE * lines(label) + 0.05, _STEP * len(row.marks) + 0.07)
            for row, label in zip(rows, labels, strict=True)
        ]
        body = sum(heights)
        column = (
            max(
                text_width(t)
                for row, label in zip(rows, labels, strict=True)
                if not row.heading
                for t in label.split("\n")
            )
            + indent
            + 0.12
        )
        before, after = (
            _widths(heads, [getattr(row, side) for row in rows if not row.heading])
            for side, heads in (("before", panel.before), ("after", panel.after))
        )
        left = column + GAP + sum(before)
        inner = max(WIDTH - left - sum(after) - GAP, _LEAST)
        width = left + inner + GAP + sum(after)
        heading = wrap(panel.heading, max(width - left - 0.1, inner), bold=True)
        tall = 0.06 + 0.128 * max(map(lines, (*panel.before, *panel.after)), default=0)
        head = tall + 0.06 + LINE * lines(heading)
        handles = _handles(rows, series, panel)
        wide = sum(text_width(words, SMALL) + 0.42 for _, words in handles) <= width - 0.2
        top = title_height(title, subtitle, width)
        keys = 0.08 + LINE * (1 if wide else len(handles))
        foot = 0.46 + LINE * below_lines(panel.sides, inner) + note_height(note, width)
        height = foot + body + head + keys + top
        figure = blank(height, width)
        ground = figure.add_axes((0.0, foot / height, 1.0, body / height), label="ground")
        ground.set(xlim=(0, width), ylim=(body, 0))
        ground.set_axis_off()
        axes = figure.add_axes((left / width, foot / height, inner / width, body / height), label="intervals")
        _prepare(axes, panel, body)
        lefts = [column + GAP + sum(before[:place]) for place in range(len(before))]
        lefts += [left + inner + GAP + sum(after[:place]) for place in range(len(after))]
        y, shaded = 0.0, False
        for row, label, tall_row in zip(rows, labels, heights, strict=True):
            middle = y + tall_row / 2
            shaded = not shaded and not row.heading
            if shaded:
                ground.axhspan(y, y + tall_row, color=BAND, zorder=0, lw=0)
            weight = "bold" if row.heading else "normal"
            ground.text(
                0.12 + (0.0 if row.heading else indent), middle, label, va="center", weight=weight, linespacing=1.15
            )
            for x, text in zip(lefts, (*row.before, *row.after), strict=False):
                ground.text(x, middle, text, va="center", size=SMALL)
            for place, (mark, one) in enumerate(zip(row.marks, series, strict=not row.heading)):
                if mark is not None:
                    _draw(axes, mark, one, middle + _STEP * (place - (len(series) - 1) / 2), panel.scale)
            y += tall_row
        for x, text in zip(lefts, (*panel.before, *panel.after), strict=True):
            ground.text(x, -0.05, text, va="bottom", size=SMALL, color=GREY, linespacing=1.15)
        ground.text(left, -tall, heading, va="bottom", weight="bold", linespacing=1.15)
        write_below(axes, panel.sides, inner)
        write_title(figure, title, subtitle)
        figure.legend(
            [handle for handle, _ in handles],
            [words for _, words in handles],
            loc="upper left",
            bbox_to_anchor=(0.12 / width, 1 - (top + 0.02) / height),
            ncols=len(handles) if wide else 1,
            borderpad=0.0,
            borderaxespad=0.0,
            handletextpad=0.4,
            handlelength=1.4,
            columnspacing=1.2,
            labelspacing=0.35,
        )
        write_note(figure, note)
    return figure


def _widths(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[float]:
    return [
        max(text_width(text, SMALL) for text in (*head.split("\n"), *(row[place] for row in rows))) + 0.14
        for place, head in enumerate(heads)
    ]


def _handles(rows: Sequence[SeriesRow], series: Sequence[Series], panel: SeriesPanel) -> list[tuple[Line2D, str]]:
    marks = [mark for row in rows for mark in row.marks if mark is not None]
    found = [
        (
            Line2D(
                [],
                [],
                color=one.look.colour,
                lw=1.4,
                marker=one.look.marker,
                ms=4.4,
                mfc=one.look.colour if one.filled else "white",
            ),
            one.label,
        )
        for one in series
    ]
    if any(mark.beyond(panel.scale) for mark in marks):
        found.append((Line2D([], [], ls="", marker=">", ms=6.5, color=series[0].look.colour, mec="black"), panel.edge))
    if any(mark.failed for mark in marks):
        found.append((Line2D([], [], color=GREY, lw=1.4), "grey: NOT CONVERGED"))
    return found


def _prepare(axes: Axes, panel: SeriesPanel, body: float) -> None:
    axes.set_facecolor("none")
    axes.set_ylim(body, 0)
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", left=False, labelleft=False)
    panel.scale.set(axes)
    axes.grid(axis="x", color=PALE, lw=0.4, alpha=0.6)
    for value, style in ((panel.scale.null, "-"), (panel.reference, ":")):
        if value is not None:
            axes.axvline(value, color=GREY, lw=1.0, ls=style, zorder=1)


def _draw(axes: Axes, mark: SeriesMark, series: Series, y: float, scale: Scale) -> None:
    colour = GREY if mark.failed else series.look.colour
    if mark.low is not None and mark.high is not None:
        draw_interval(axes, mark.low, mark.high, y, scale, colour=colour)
    if mark.value is None:
        return
    if mark.beyond(scale):
        above = mark.value > scale.high
        axes.plot(
            scale.high if above else scale.low,
            y,
            ">" if above else "<",
            color=colour,
            ms=6.5,
            mec="black",
            mew=0.8,
            clip_on=False,
            zorder=6,
        )
    elif isfinite(mark.value):
        face = colour if series.filled else "white"
        axes.plot(mark.value, y, series.look.marker, ms=4.2, mfc=face, mec=colour, mew=1.0, zorder=5, clip_on=False)
