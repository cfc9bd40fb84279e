"""What a figure shows: its words, marks and panels, and that no word is cut or covers another."""

from __future__ import annotations

from itertools import combinations
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from reappraise.core.estimate import Estimate

SHORT = ("Placebo", "Drug")
LONG = ("Standard of care with placebo", "Investigational product 12/3 mg b.i.d.")
"""Names of arms that have room, and that have none."""


def texts(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.findobj(Text) if isinstance(text, Text) and text.get_text().strip()]


def said(figure: Figure) -> str:
    return " | ".join(" ".join(text.split()) for text in texts(figure))


def panel(figure: Figure, label: str) -> Axes:
    return next(axes for axes in figure.axes if str(axes.get_label()).startswith(label))


def marks(axes: Axes, marker: str) -> list[Line2D]:
    return [line for line in axes.lines if line.get_marker() == marker]


def estimate(**changes: Any) -> Estimate:
    basis: dict[str, Any] = {
        "endpoint": "relapse",
        "quantity": "rate",
        "arm": "drug",
        "kind": "posterior",
        "method": "",
    }
    return Estimate(**(basis | changes))


def outside(axes: Axes, place: float) -> bool:
    low, high = axes.get_xlim()
    return not low <= place <= high


def visible(figure: Figure) -> list[tuple[str, Bbox]]:
    """Text as drawn, with its box cut by a pixel on every side."""
    figure.draw_without_rendering()
    beyond = {
        tick.label1 for axes in figure.axes for tick in axes.xaxis.get_major_ticks() if outside(axes, tick.get_loc())
    }
    found = []
    for text in figure.findobj(Text):
        assert isinstance(text, Text)
        if (
            text in beyond
            or not text.get_visible()
            or not text.get_text().strip()
            or (text.axes and not text.axes.get_visible())
        ):
            continue
        box = text.get_window_extent()
        if box.width > 2 and box.height > 2:
            found.append((text.get_text(), Bbox([[box.x0 + 1, box.y0 + 1], [box.x1 - 1, box.y1 - 1]])))
    return found


def assert_nothing_overlaps_or_is_cut(name: str, figure: Figure) -> None:
    """Every word has its place, alone."""
    found = visible(figure)
    width, height = figure.bbox.size
    for text, box in found:
        assert box.x0 >= -1, f"{name}: {text!r} is cut at the left"
        assert box.y0 >= -1, f"{name}: {text!r} is cut at the foot"
        assert box.x1 <= width + 1, f"{name}: {text!r} is cut at the right"
        assert box.y1 <= height + 1, f"{name}: {text!r} is cut at the top"
    for (first, one), (second, other) in combinations(found, 2):
        assert not one.overlaps(other), f"{name}: {first!r} and {second!r} overlap"
