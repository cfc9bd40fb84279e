"""Rows of intervals beside their numbers, in one or more panels: what forest and shrinkage plots are drawn on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import isfinite

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from reappraise.estimate import Kind
from reappraise.figures.scale import Scale
from reappraise.figures.style import (
    BAND,
    GREY,
    KINDS,
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

_LABELS = 2.0
"""Widest column of labels, inches."""
_GAP = 0.12
_LEAST = 1.45
"""Narrowest panel, inches; the figure grows where numbers and labels leave less."""
_MARKS = 0.155
"""Inches from one interval to the next within a row."""

type Key = Sequence[tuple[Kind | None, bool, str]]
"""Kind, whether the marker is filled, and what that means in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One point with its interval.

    Parameters
    ----------
    kind
        Decides colour and marker.
    value, low, high
        As shown on the axis; None where absent, 0 or infinite where beyond it.
    text
        What stands beside it in the column of numbers.
    filled
        Whether the marker is filled or open.
    failed
        Whether it comes from a fit that did not converge: drawn in grey.
    """

    kind: Kind
    value: float | None
    low: float | None
    high: float | None
    text: str
    filled: bool = True
    failed: bool = False

    @property
    def look(self) -> Look:
        """Colour and marker."""
        found = KINDS[self.kind]
        return Look(GREY, found.marker) if self.failed else found


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One column of intervals.

    Parameters
    ----------
    heading
        What it shows.
    scale
        Its axis.
    numbers
        Heading of the numbers beside it.
    favours
        What lies left and right of no difference.
    reference
        Value of a dotted line.
    arrows
        Whether an arrow goes from the first to the second mark of each row.
    """

    heading: str
    scale: Scale
    numbers: str
    favours: tuple[str, str] | None = None
    reference: float | None = None
    arrows: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row.

    Parameters
    ----------
    label
        Words at the left.
    cells
        The marks, by panel; none for a heading.
    remark
        Second line of the label, such as a verdict.
    heading, indent
        Whether it heads the rows below, and whether it stands below such a heading.
    """

    label: str
    cells: tuple[tuple[Mark, ...], ...] = ()
    remark: str = ""
    heading: bool = False
    indent: bool = False


@dataclass(frozen=True)
class _Layout:
    """Inches, from the left and from the top of the rows."""

    rows: Sequence[Row]
    panels: Sequence[Panel]

    @cached_property
    def labels(self) -> tuple[str, ...]:
        return tuple(
            wrap(row.label, _LABELS - 0.12 * row.indent, bold=row.heading or bool(row.remark))
            + (f"\n{wrap(row.remark, _LABELS, bold=True)}" if row.remark else "")
            for row in self.rows
        )

    @cached_property
    def label_width(self) -> float:
        widths = [
            text_width(line, bold=row.heading or bool(row.remark)) + 0.12 * row.indent
            for row, label in zip(self.rows, self.labels, strict=True)
            for line in label.split("\n")
        ]
        return 0.12 + max(widths, default=0.0) + _GAP

    @cached_property
    def number_widths(self) -> tuple[float, ...]:
        found = []
        for index, panel in enumerate(self.panels):
            texts = [mark.text for row in self.rows if row.cells for mark in row.cells[index]]
            found.append(max(text_width(text, SMALL) for text in (*panel.numbers.split("\n"), *texts)) + 2 * _GAP)
        return tuple(found)

    @cached_property
    def panel_width(self) -> float:
        free = WIDTH - self.label_width - sum(self.number_widths)
        return max(free / len(self.panels), _LEAST)

    @cached_property
    def width(self) -> float:
        return max(WIDTH, self.label_width + sum(self.number_widths) + self.panel_width * len(self.panels))

    @cached_property
    def lefts(self) -> tuple[float, ...]:
        found, left = [], self.label_width
        for numbers in self.number_widths:
            found.append(left)
            left += self.panel_width + numbers
        return tuple(found)

    @cached_property
    def heights(self) -> tuple[float, ...]:
        return tuple(
            max(LINE * lines(label) + 0.05, _MARKS * max((len(cell) for cell in row.cells), default=0) + 0.075)
            for row, label in zip(self.rows, self.labels, strict=True)
        )

    @cached_property
    def middles(self) -> tuple[float, ...]:
        found, top = [], 0.0
        for height in self.heights:
            found.append(top + height / 2)
            top += height
        return tuple(found)

    @cached_property
    def body(self) -> float:
        return sum(self.heights)

    @cached_property
    def numbers(self) -> float:
        """Headings of the numbers, just above the rows."""
        return 0.06 + 0.128 * max(lines(panel.numbers) for panel in self.panels)

    @cached_property
    def head(self) -> float:
        """Headings of the panels and of their numbers."""
        return 0.06 + LINE * max(lines(self.heading(index)) for index in range(len(self.panels))) + self.numbers

    def heading(self, panel: int) -> str:
        """Heading of a panel, which may reach over its numbers."""
        return wrap(self.panels[panel].heading, self.panel_width + self.number_widths[panel] - 0.1, bold=True)

    @cached_property
    def foot(self) -> float:
        """Ticks, axis label and direction of benefit, below the rows."""
        return 0.46 + LINE * max(_favour_lines(panel, self.panel_width) for panel in self.panels)


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
        layout = _Layout(rows, panels)
        width = layout.width
        below, top = layout.foot + note_height(note, width), title_height(title, subtitle, width)
        keys = 0.06 + LINE * _key_lines(key, width) if key else 0.0
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


def _write_labels(ground: Axes, layout: _Layout) -> None:
    for index, (row, label) in enumerate(zip(layout.rows, layout.labels, strict=True)):
        middle, height = layout.middles[index], layout.heights[index]
        if index % 2 == 0 and not row.heading:
            ground.axhspan(middle - height / 2, middle + height / 2, color=BAND, zorder=0, lw=0)
        weight = "bold" if row.heading or row.remark else "normal"
        ground.text(0.12 + 0.12 * row.indent, middle, label, va="center", weight=weight, linespacing=1.15)


def _draw_panel(axes: Axes, layout: _Layout, index: int) -> None:
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
        heights = [middle + _MARKS * (place - (len(marks) - 1) / 2) for place in range(len(marks))]
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


def _draw_mark(axes: Axes, mark: Mark, y: float, scale: Scale) -> None:
    look = mark.look
    if mark.low is not None and mark.high is not None:
        low, high = max(mark.low, scale.low), min(mark.high, scale.high)
        if low < high:
            axes.plot([low, high], [y, y], color=look.colour, lw=1.4, solid_capstyle="butt", zorder=3)
        for limit, end, shape in ((mark.low, scale.low, "<"), (mark.high, scale.high, ">")):
            beyond = limit < end if shape == "<" else limit > end
            if beyond:
                axes.plot(end, y, shape, color=look.colour, ms=4, clip_on=False, zorder=3)
    if mark.value is not None and isfinite(mark.value) and scale.low <= mark.value <= scale.high:
        face = look.colour if mark.filled else "white"
        axes.plot(
            mark.value, y, look.marker, ms=5.2 if look.marker == "o" else 4.6, mfc=face, mec=look.colour, mew=1.1,
            zorder=5, clip_on=False,
        )  # fmt: skip


def _write_around(ground: Axes, layout: _Layout, index: int) -> None:
    panel, left, width = layout.panels[index], layout.lefts[index], layout.panel_width
    numbers = left + width + _GAP
    for row, middle in zip(layout.rows, layout.middles, strict=True):
        marks = row.cells[index] if row.cells else ()
        for place, mark in enumerate(marks):
            y = middle + _MARKS * (place - (len(marks) - 1) / 2)
            ground.text(numbers, y, mark.text, va="center", size=SMALL, color=GREY if mark.failed else "black")
    top = -0.05
    ground.text(numbers, top, panel.numbers, va="bottom", size=SMALL, color=GREY, linespacing=1.15)
    ground.text(left, -layout.numbers, layout.heading(index), va="bottom", weight="bold", linespacing=1.15)
    if panel.favours:
        foot = layout.body + 0.44
        ground.text(left, foot, panel.favours[0], va="top", ha="left", size=SMALL, color=GREY)
        shift = LINE * (_favour_lines(panel, width) - 1)
        ground.text(left + width, foot + shift, panel.favours[1], va="top", ha="right", size=SMALL, color=GREY)


def _write_key(figure: Figure, key: Key, down: float) -> None:
    width, height = figure.get_size_inches()
    handles = [
        Line2D([], [], ls="", marker=look.marker, ms=5, mec=look.colour, mfc=look.colour if filled else "white")
        for look, filled in ((KINDS[kind] if kind else Look(GREY, "o"), filled) for kind, filled, _ in key)
    ]
    figure.legend(
        handles, [words for _, _, words in key], loc="upper left", bbox_to_anchor=(0.06 / width, 1 - down / height),
        ncols=len(key) if _key_lines(key, width) == 1 else 1, borderpad=0.0, borderaxespad=0.0, handletextpad=0.1,
        columnspacing=1.2, labelspacing=0.35,
    )  # fmt: skip


def _key_lines(key: Key, width: float) -> int:
    wide = sum(text_width(words, SMALL) + 0.36 for _, _, words in key)
    return 0 if not key else 1 if wide <= width - 0.2 else len(key)


def _favour_lines(panel: Panel, width: float) -> int:
    if not panel.favours:
        return 0
    return 1 if sum(text_width(words, SMALL) for words in panel.favours) + 0.04 <= width else 2
