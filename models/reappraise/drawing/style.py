"""How every figure looks: one palette, one type size, widths measured before anything is drawn."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from math import isinf
from types import MappingProxyType
from typing import Any

from matplotlib import style
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

from reappraise.core.estimate import Kind

WIDTH = 7.5
"""Inches: two columns of a journal; at six inches the type is still 6.4 points."""
SIZE = 8.0
"""Points of ordinary text."""
RESOLUTION = 150
"""Dots per inch on a screen."""
SMALL = 7.0
TITLE = 10.0
LINE = 0.145
"""Inches from one line of ordinary text to the next."""
_EDGE = 0.12
"""Inches left free at the left edge."""

BLACK, GREY, PALE, BAND = "#1a1a1a", "#6f6f6f", "#c9c9c9", "#f3f3f3"
BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY = "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"
"""Colours told apart under every common colour-vision deficiency (Okabe and Ito 2008)."""
SERIES = ((BLUE, "o"), (VERMILION, "s"), (GREEN, "^"), (PURPLE, "D"), (ORANGE, "v"), (SKY, "P"))
"""Colour and marker of the members of a series, such as priors or models."""


@dataclass(frozen=True, slots=True)
class Look:
    """Colour and marker shape."""

    colour: str
    marker: str


KINDS: Mapping[Kind, Look] = MappingProxyType(
    {"published": Look(BLACK, "s"), "recomputed": Look(BLUE, "D"), "posterior": Look(VERMILION, "o")}
)

_FONT = "DejaVu Sans"
"""Comes with matplotlib, so that widths are the same everywhere."""
_HINTING = 1.04
"""Letters on a screen are wider than their outlines, because each begins on a whole pixel."""

_SETTINGS: Mapping[str, Any] = MappingProxyType(
    {
        "font.family": [_FONT],
        "font.size": SIZE,
        "text.parse_math": False,
        "text.color": BLACK,
        "axes.edgecolor": GREY,
        "axes.labelcolor": BLACK,
        "axes.labelsize": SIZE,
        "axes.linewidth": 0.7,
        "axes.spines.right": False,
        "axes.spines.top": False,
        "axes.axisbelow": True,
        "xtick.color": GREY,
        "xtick.labelcolor": BLACK,
        "xtick.labelsize": SMALL,
        "ytick.color": GREY,
        "ytick.labelcolor": BLACK,
        "ytick.labelsize": SMALL,
        "legend.frameon": False,
        "legend.fontsize": SMALL,
        "figure.facecolor": "white",
        "savefig.facecolor": "white",
        "savefig.bbox": None,
    }
)


def styled() -> AbstractContextManager[None]:
    """The style as a context: the caller's own settings come back when it ends.

    It starts from the library's defaults, so that a figure looks the same in every session.
    """
    return style.context(["default", dict(_SETTINGS)])


class Picture(Figure):
    """A figure that no window and no registry knows, and that a notebook displays all the same."""

    def _repr_png_(self) -> bytes:
        picture = BytesIO()
        self.savefig(picture, format="png", dpi=RESOLUTION)
        return picture.getvalue()


def blank(height: float, width: float = WIDTH) -> Figure:
    """An empty figure of that size, inches."""
    return Picture(figsize=(width, height))


@lru_cache(maxsize=4096)
def text_width(text: str, size: float = SIZE, *, bold: bool = False) -> float:
    """Width of a line of text, inches."""
    if not text.strip():
        return 0.0
    font = FontProperties(family=[_FONT], size=size, weight="bold" if bold else "normal")
    width, _, _ = text_to_path.get_text_width_height_descent(text, font, ismath=False)
    return float(width) / 72 * _HINTING


def wrap(text: str, width: float, size: float = SIZE, *, bold: bool = False) -> str:
    """Break text into lines no wider than `width` inches; a word that is wider is broken where it must be."""
    lines: list[str] = []
    for word in text.split():
        rest = word
        joined = f"{lines[-1]} {word}" if lines else word
        if lines and text_width(joined, size, bold=bold) <= width:
            lines[-1] = joined
            continue
        while len(rest) > 1 and text_width(rest, size, bold=bold) > width:
            kept = max((n for n in range(1, len(rest)) if text_width(rest[:n], size, bold=bold) <= width), default=1)
            lines.append(rest[:kept])
            rest = rest[kept:]
        lines.append(rest)
    return "\n".join(lines)


def lines(text: str) -> int:
    """How many lines a text has; none if it is empty."""
    return text.count("\n") + 1 if text else 0


def write_title(figure: Figure, title: str, subtitle: str = "") -> None:
    """Write a bold title and a plain subtitle at the top left, wrapped to the figure."""
    width, height = figure.get_size_inches()
    text = wrap(title, width - 0.3, TITLE, bold=True)
    top = 0.1 + 0.175 * lines(text)
    figure.text(_EDGE / width, 1 - 0.1 / height, text, size=TITLE, weight="bold", va="top", linespacing=1.2)
    figure.text(_EDGE / width, 1 - (top + 0.04) / height, wrap(subtitle, width - 0.3), va="top", linespacing=1.2)


def title_height(title: str, subtitle: str = "", width: float = WIDTH) -> float:
    """Inches that title and subtitle take at the top of a figure."""
    return (
        0.16
        + 0.175 * lines(wrap(title, width - 0.3, TITLE, bold=True))
        + (0.04 + LINE * lines(wrap(subtitle, width - 0.3)) if subtitle else 0.0)
    )


def note_lines(note: str, width: float = WIDTH) -> str:
    """The note wrapped to a figure of that width, inches; its own line breaks are kept."""
    return "\n".join(wrap(part, width - 0.3, SMALL) for part in note.split("\n")) if note else ""


def note_height(note: str, width: float = WIDTH) -> float:
    """Inches that the note takes at the foot of a figure."""
    return 0.1 + 0.12 * lines(note_lines(note, width))


def write_note(figure: Figure, note: str) -> None:
    """Write a note at the foot, wrapped to the figure."""
    width, height = figure.get_size_inches()
    figure.text(
        _EDGE / width,
        0.08 / height,
        note_lines(note, width),
        size=SMALL,
        color=GREY,
        va="bottom",
        ha="left",
        linespacing=1.2,
    )


def number(value: float) -> str:
    """A ratio in at most three digits, at least two; what is beyond all reading as a bound."""
    if isinf(value):
        return "∞" if value > 0 else "\u2212∞"
    if value > 9999:
        return ">9999"
    if 0 < value < 0.001:
        return "<0.001"
    text = f"{value:.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    return signed(f"{text}.0" if text.strip("-") in set("123456789") else text)


def percentage(value: float, decimals: int = 1) -> str:
    """A percentage, without its sign."""
    return signed(f"{value:.{decimals}f}")


def probability(value: float) -> str:
    """A probability in percent; the ends, which draws cannot reach, as bounds."""
    if value > 0.999:
        return ">99.9%"
    return "<0.1%" if value < 0.001 else f"{100 * value:.3g}%"


def signed(text: str) -> str:
    """The number with a true minus sign, and none on a zero."""
    return text.removeprefix("-") if not text.strip("-0.") else text.replace("-", "\u2212")
