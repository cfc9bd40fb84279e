"""What a sheet of intervals holds, and where everything on it stands, in inches, before anything is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from reappraise.core.estimate import Kind
from reappraise.drawing.scale import Scale
from reappraise.drawing.style import GREY, KINDS, LINE, SMALL, WIDTH, Look, lines, text_width, wrap
from reappraise.drawing.words import NOT_CONVERGED

_LABELS = 2.0
"""Widest column of labels, inches."""
GAP = 0.12
_LEAST = 1.45
"""Narrowest panel, inches; the figure grows where numbers and labels leave less."""
MARKS = 0.155
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

    @property
    def bold(self) -> bool:
        """Whether the label is set in bold: headings, and what must not be overlooked."""
        return self.heading or self.remark == NOT_CONVERGED


@dataclass(frozen=True)
class Layout:
    """Inches, from the left and from the top of the rows."""

    rows: Sequence[Row]
    panels: Sequence[Panel]

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """Labels of the rows, wrapped, with their remarks."""
        return tuple(
            wrap(row.label, _LABELS - 0.12 * row.indent, bold=row.bold)
            + (f"\n{wrap(row.remark, _LABELS, bold=row.bold)}" if row.remark else "")
            for row in self.rows
        )

    @cached_property
    def label_width(self) -> float:
        """The column of labels, and what is free on either side of it."""
        widths = [
            text_width(line, bold=row.bold) + 0.12 * row.indent
            for row, label in zip(self.rows, self.labels, strict=True)
            for line in label.split("\n")
        ]
        return 0.12 + max(widths, default=0.0) + GAP

    @cached_property
    def number_widths(self) -> tuple[float, ...]:
        """The column of numbers of each panel."""
        found = []
        for index, panel in enumerate(self.panels):
            texts = [mark.text for row in self.rows if row.cells for mark in row.cells[index]]
            found.append(max(text_width(text, SMALL) for text in (*panel.numbers.split("\n"), *texts)) + 2 * GAP)
        return tuple(found)

    @cached_property
    def panel_width(self) -> float:
        """What is left for each panel."""
        free = WIDTH - self.label_width - sum(self.number_widths)
        return max(free / len(self.panels), _LEAST)

    @cached_property
    def width(self) -> float:
        """The figure."""
        return max(WIDTH, self.label_width + sum(self.number_widths) + self.panel_width * len(self.panels))

    @cached_property
    def lefts(self) -> tuple[float, ...]:
        """Left end of each panel."""
        found, left = [], self.label_width
        for numbers in self.number_widths:
            found.append(left)
            left += self.panel_width + numbers
        return tuple(found)

    @cached_property
    def heights(self) -> tuple[float, ...]:
        """Each row."""
        return tuple(
            max(LINE * lines(label) + 0.05, MARKS * max((len(cell) for cell in row.cells), default=0) + 0.075)
            for row, label in zip(self.rows, self.labels, strict=True)
        )

    @cached_property
    def middles(self) -> tuple[float, ...]:
        """Middle of each row, from the top of the rows."""
        found, top = [], 0.0
        for height in self.heights:
            found.append(top + height / 2)
            top += height
        return tuple(found)

    @cached_property
    def body(self) -> float:
        """All rows."""
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
        return 0.46 + LINE * max(favour_lines(panel, self.panel_width) for panel in self.panels)


def key_lines(key: Key, width: float) -> int:
    """Lines that a key takes in a figure of that width, inches."""
    wide = sum(text_width(words, SMALL) + 0.36 for _, _, words in key)
    return 0 if not key else 1 if wide <= width - 0.2 else len(key)


def favour_lines(panel: Panel, width: float) -> int:
    """Lines that the direction of benefit takes below a panel of that width, inches."""
    if not panel.favours:
        return 0
    return 1 if sum(text_width(words, SMALL) for words in panel.favours) + 0.04 <= width else 2
