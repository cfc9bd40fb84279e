"""Rows of intervals beside their numbers, in one or more panels: what forest and shrinkage plots are drawn on."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from reappraise.drawing.layout import GAP, MARKS, Key, Layout, Mark, Panel, Row, favour_lines, key_lines
from reappraise.drawing.scale import Scale
from reappraise.drawing.style import (
    BAND,
    GREY,
    KINDS,
    LINE,
    PALE,
    SMALL,
    Look,
    blank,
    note_height,
    styled,
    title_height,
    write_note,
    write_title,
)


def draw_sheet(
    rows: Sequence[Row],
    panels: Sequence[Panel],
    *,
    title: str,
    subtitle: str = "",
    key: Key = (),
    note: str = "",
) -> Figure:
    """Draw rows of intervals.

    Parameters
    ----------
    rows
        From top to bottom.
    panels
        From left to right; each row has one cell for each.
    title, subtitle, note
        Above and below, wrapped to the width.
    key
        What the markers mean: kind (None for what holds of every kind), whether filled, and words.
    """
    with styled():
        layout = Layout(rows, panels)
        width = layout.width
        below, top = layout.foot + note_height(note, width), title_height(title, subtitle, width)
        keys = 0.06 + LINE * key_lines(key, width) if key else 0.0
        height = below + layout.body + layout.head + keys + top
        figure = blank(height, width)
        ground = figure.add_axes((0.0, below / height, 1.0, layout.body / height), label="ground")
        ground.set(xlim=(0, width), ylim=(layout.body, 0))
        ground.set_axis_off()
        _write_labels(ground, layout)
        for index, (panel, left) in enumerate(zip(panels, layout.lefts, strict=True)):
            place = (left / width, below / height, layout.panel_width / width, layout.body / height)
            axes = figure.add_axes(place, label=panel.heading)
            _draw_panel(axes, layout, index)
            _write_around(ground, layout, index)
        write_title(figure, title, subtitle)
        if key:
            _write_key(figure, key, top)
        write_note(figure, note)
    return figure


def _write_labels(ground: Axes, layout: Layout) -> None:
    for index, (row, label) in enumerate(zip(layout.rows, layout.labels, strict=True)):
        middle, height = layout.middles[index], layout.heights[index]
        if index % 2 == 0 and not row.heading:
            ground.axhspan(middle - height / 2, middle + height / 2, color=BAND, zorder=0, lw=0)
        weight = "bold" if row.bold else "normal"
        ground.text(0.12 + 0.12 * row.indent, middle, label, va="center", weight=weight, linespacing=1.15)


def _draw_panel(axes: Axes, layout: Layout, index: int) -> None:
    panel = layout.panels[index]
    axes.set_facecolor("none")
    axes.set_ylim(layout.body, 0)
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", left=False, labelleft=False)
    panel.scale.set(axes)
    axes.grid(axis="x", color=PALE, lw=0.4, alpha=0.6)
    if panel.scale.null is not None:
        axes.axvline(panel.scale.null, color=GREY, lw=1.0, zorder=1)
    if panel.reference is not None:
        axes.axvline(panel.reference, color=GREY, lw=1.0, ls=":", zorder=1)
    for row, middle in zip(layout.rows, layout.middles, strict=True):
        marks = row.cells[index] if row.cells else ()
        heights = [middle + MARKS * (place - (len(marks) - 1) / 2) for place in range(len(marks))]
        for mark, y in zip(marks, heights, strict=True):
            _draw_mark(axes, mark, y, panel.scale)
        if panel.arrows and len(marks) == 2 and marks[0].value is not None and marks[1].value is not None:
            axes.annotate(
                "",
                (marks[1].value, heights[1]),
                (marks[0].value, heights[0]),
                arrowprops={"arrowstyle": "-|>", "color": GREY, "lw": 0.8, "shrinkA": 3, "shrinkB": 3},
                zorder=4,
            )


def draw_interval(axes: Axes, low: float, high: float, y: float, scale: Scale, *, colour: str) -> None:
    """Draw an interval, with an arrow at each end that lies beyond the axis."""
    ends = max(low, scale.low), min(high, scale.high)
    if ends[0] < ends[1]:
        axes.plot(ends, [y, y], color=colour, lw=1.4, solid_capstyle="butt", zorder=3)
    for beyond, end, shape in ((low < scale.low, scale.low, "<"), (high > scale.high, scale.high, ">")):
        if beyond:
            axes.plot(end, y, shape, color=colour, ms=4, clip_on=False, zorder=3)


def _draw_mark(axes: Axes, mark: Mark, y: float, scale: Scale) -> None:
    look = mark.look
    if mark.low is not None and mark.high is not None:
        draw_interval(axes, mark.low, mark.high, y, scale, colour=look.colour)
    if mark.value is not None and isfinite(mark.value) and scale.low <= mark.value <= scale.high:
        face = look.colour if mark.filled else "white"
        axes.plot(
            mark.value,
            y,
            look.marker,
            ms=5.2 if look.marker == "o" else 4.6,
            mfc=face,
            mec=look.colour,
            mew=1.1,
            zorder=5,
            clip_on=False,
        )


def _write_around(ground: Axes, layout: Layout, index: int) -> None:
    panel, left, width = layout.panels[index], layout.lefts[index], layout.panel_width
    numbers = left + width + GAP
    for row, middle in zip(layout.rows, layout.middles, strict=True):
        marks = row.cells[index] if row.cells else ()
        for place, mark in enumerate(marks):
            y = middle + MARKS * (place - (len(marks) - 1) / 2)
            ground.text(numbers, y, mark.text, va="center", size=SMALL, color=GREY if mark.failed else "black")
    top = -0.05
    ground.text(numbers, top, panel.numbers, va="bottom", size=SMALL, color=GREY, linespacing=1.15)
    ground.text(left, -layout.numbers, layout.heading(index), va="bottom", weight="bold", linespacing=1.15)
    if panel.favours:
        foot = layout.body + 0.44
        ground.text(left, foot, panel.favours[0], va="top", ha="left", size=SMALL, color=GREY)
        shift = LINE * (favour_lines(panel, width) - 1)
        ground.text(left + width, foot + shift, panel.favours[1], va="top", ha="right", size=SMALL, color=GREY)


def _write_key(figure: Figure, key: Key, down: float) -> None:
    width, height = figure.get_size_inches()
    handles = [
        Line2D([], [], ls="", marker=look.marker, ms=5, mec=look.colour, mfc=look.colour if filled else "white")
        for look, filled in ((KINDS[kind] if kind else Look(GREY, "o"), filled) for kind, filled, _ in key)
    ]
    figure.legend(
        handles,
        [words for _, _, words in key],
        loc="upper left",
        bbox_to_anchor=(0.06 / width, 1 - down / height),
        ncols=len(key) if key_lines(key, width) == 1 else 1,
        borderpad=0.0,
        borderaxespad=0.0,
        handletextpad=0.1,
        columnspacing=1.2,
        labelspacing=0.35,
    )
