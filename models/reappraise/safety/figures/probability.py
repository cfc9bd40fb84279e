"""Adverse events by size of the difference and probability of an increase, those that stand out named."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import log, sqrt

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedFormatter, FixedLocator, NullLocator

from reappraise.core.grades import GRADE_WORDS
from reappraise.drawing.directions import balanced, below_lines, write_below
from reappraise.drawing.label_places import Box, Disc, place_labels
from reappraise.drawing.scale import Scale, contrast_scale
from reappraise.drawing.style import (
    BLACK,
    BLUE,
    GREY,
    LINE,
    PALE,
    SMALL,
    VERMILION,
    WIDTH,
    blank,
    note_height,
    styled,
    text_width,
    title_height,
    write_note,
    write_title,
)
from reappraise.safety.figures.words import ROWS, event_note, event_subtitle, event_title, harm
from reappraise.safety.fit import ERROR_RATE, SafetyFit

_PLOT, _LEFT, _RIGHT = 4.3, 0.72, 0.2
"""Inches: height of the panel, and what is free left and right of it."""
_EDGE = 0.001
"""Probabilities nearer to 0 or 1 are drawn there: few draws tell them apart."""
_TICKS = (0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999)
_LARGEST = 0.12
"""Inches: radius of the point with most patients."""
_NAMED = 3
"""Terms that are named even if none is flagged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Point:
    term: str
    ratio: float
    increase: float
    decrease: float
    patients: int
    side: str
    fisher: bool

    @property
    def colour(self) -> str:
        return {"increase": VERMILION, "decrease": BLUE}.get(self.side, GREY)


def draw_event_probability(fit: SafetyFit, *, endpoint: str, error_rate: float = ERROR_RATE) -> Figure:
    """Draw every term by shrunken odds ratio and posterior probability of an increase; flagged ones are named.

    Parameters
    ----------
    fit
        Fit of one table.
    endpoint
        The endpoint in words.
    error_rate
        Mean posterior probability of error that the flagged terms keep, in each direction.

    Raises
    ------
    AnalysisError
        If the rate is not in 0 to 1.
    """
    table = fit.job.table
    points = _points(fit, error_rate)
    found = contrast_scale("odds_ratio", [(point.ratio, None, None) for point in points])
    label = "Odds ratio, geometric mean of the posterior (log scale)"
    wide = balanced(found)
    # room for points at the very ends, and their names
    scale = replace(wide, low=wide.low / 1.15, high=wide.high * 1.15, label=label)
    title = event_title([fit], f"{endpoint} {ROWS[table.kind]}, {GRADE_WORDS[table.grade]}: which stand out")
    subtitle = event_subtitle([fit])
    with styled():
        inner = WIDTH - _LEFT - _RIGHT
        order = _named(points)
        discs = {point.term: _disc(point, scale, inner, max(item.patients for item in points)) for point in points}
        bounds = Box(0.03, 0.03, inner - 0.03, _PLOT - 0.03)
        sizes = [(text_width(point.term, SMALL), 0.11) for point in order]
        places = place_labels(
            [discs[point.term] for point in order], sizes, clear_of=list(discs.values()), bounds=bounds
        )
        hidden = [point.term for point, place in zip(order, places, strict=True) if place is None]
        note = f"{_explained(points, error_rate, hidden)} {event_note([fit], intervals=False)}"
        sides = harm(table)
        foot = 0.46 + LINE * below_lines(sides, inner) + note_height(note)
        top = title_height(title, subtitle)
        height = foot + _PLOT + 0.16 + 2 * LINE + top
        figure = blank(height)
        axes = figure.add_axes((_LEFT / WIDTH, foot / height, inner / WIDTH, _PLOT / height), label="probability")
        _prepare(axes, scale)
        for point in sorted(points, key=lambda item: -item.patients):
            disc = discs[point.term]
            axes.plot(
                disc.x / inner,
                disc.y / _PLOT,
                "o",
                ms=144 * disc.radius,
                transform=axes.transAxes,
                clip_on=False,
                mfc=point.colour,
                mec=BLACK if point.fisher else point.colour,
                mew=1.4 if point.fisher else 0.6,
                alpha=0.45 if point.side == "neither" else 0.8,
                zorder=3,
            )
        for point, place in zip(order, places, strict=True):
            if place is not None:
                _write(axes, point, place, discs[point.term], inner)
        write_below(axes, sides, inner)
        write_title(figure, title, subtitle)
        _write_keys(figure, points, top, error_rate)
        write_note(figure, note)
    return figure


def _points(fit: SafetyFit, error_rate: float) -> list[_Point]:
    table = fit.job.table
    up, down = (
        {signal.term: signal for signal in fit.flagged(error_rate=error_rate, direction=direction).terms}
        for direction in ("increase", "decrease")
    )
    # with a point mass most medians are exactly 1, and would tell nothing
    draws = fit.tree["posterior"]["odds_ratio"].transpose("chain", "draw", "term").values
    ratios = np.exp(np.log(draws.astype(np.float64)).mean(axis=(0, 1)))
    return [
        _Point(
            term=term,
            ratio=float(ratios[index]),
            increase=up[term].probability,
            decrease=down[term].probability,
            patients=sum(events),
            side="increase" if up[term].flagged else "decrease" if down[term].flagged else "neither",
            fisher=up[term].flagged_by_fisher or down[term].flagged_by_fisher,
        )
        for index, (term, events) in enumerate(zip(table.terms, table.events, strict=True))
    ]


def _named(points: list[_Point]) -> list[_Point]:
    """Flagged terms, or at least those whose direction is clearest; the clearest first."""
    clearest = sorted(points, key=lambda point: -max(point.increase, point.decrease))
    return [point for place, point in enumerate(clearest) if point.side != "neither" or point.fisher or place < _NAMED]


def _disc(point: _Point, scale: Scale, inner: float, most: int) -> Disc:
    across = log(point.ratio / scale.low) / log(scale.high / scale.low)
    return Disc(across * inner, _height(point.increase) * _PLOT, _radius(point.patients, most))


def _height(probability: float) -> float:
    """Height in the panel, as a fraction: log odds, from `_EDGE` to 1 - `_EDGE`, with a margin."""
    held = min(max(probability, _EDGE), 1 - _EDGE)
    return 0.5 + 0.46 * log(held / (1 - held)) / log((1 - _EDGE) / _EDGE)


def _prepare(axes: Axes, scale: Scale) -> None:
    scale.set(axes)
    axes.set_ylim(0, 1)
    axes.yaxis.set_major_locator(FixedLocator([_height(tick) for tick in _TICKS]))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FixedFormatter([f"{100 * tick:g}" for tick in _TICKS]))
    axes.set_ylabel("Posterior probability of an increase (%, log odds scale)")
    axes.grid(color=PALE, lw=0.4, alpha=0.6)
    axes.axhline(0.5, color=GREY, lw=1.0, zorder=1)
    axes.axvline(scale.null or 1.0, color=GREY, lw=1.0, zorder=1)


def _write(axes: Axes, point: _Point, place: Box, disc: Disc, inner: float) -> None:
    near = place.nearest(disc)
    far = sqrt((near[0] - disc.x) ** 2 + (near[1] - disc.y) ** 2)
    if far > disc.radius + 0.08:
        x, y = ([disc.x / inner, near[0] / inner], [disc.y / _PLOT, near[1] / _PLOT])
        axes.plot(x, y, color=GREY, lw=0.6, transform=axes.transAxes, zorder=2)
    axes.text(
        place.left / inner,
        (place.low + place.high) / 2 / _PLOT,
        point.term,
        transform=axes.transAxes,
        va="center",
        size=SMALL,
        color=BLACK,
        zorder=6,
        bbox={"facecolor": "white", "alpha": 0.8, "lw": 0, "pad": 0.6},
    )


def _write_keys(figure: Figure, points: list[_Point], top: float, error_rate: float) -> None:
    width, height = figure.get_size_inches()
    rate = f"error rate {100 * error_rate:g}%"
    colours = [
        (_circle(0.042, VERMILION, VERMILION, alpha=0.8), f"flagged as increase, {rate}"),
        (_circle(0.042, BLUE, BLUE, alpha=0.8), f"flagged as decrease, {rate}"),
        (_circle(0.042, GREY, GREY, alpha=0.45), "not flagged"),
        (_circle(0.042, "white", BLACK, rim=1.4), "flagged by Fisher's test"),
    ]
    most = max(point.patients for point in points)
    amounts = sorted({most, max(round(most / 4), 1), max(round(most / 16), 1)}) if most else [0]
    sizes = [
        (_circle(_radius(amount, most), "white", GREY), f"{amount} patient{'s' * (amount != 1)}") for amount in amounts
    ]
    for line, (entries, gap) in enumerate(((colours, 0.3), (sizes, 1.0))):
        figure.legend(
            [handle for handle, _ in entries],
            [words for _, words in entries],
            loc="center left",
            bbox_to_anchor=(0.12 / width, 1 - (top + LINE * (0.5 + 1.4 * line)) / height),
            ncols=len(entries),
            borderpad=0.0,
            borderaxespad=0.0,
            handletextpad=gap,
            handlelength=0.8 + gap,
            columnspacing=1.3,
        )


def _circle(radius: float, face: str, edge: str, *, alpha: float = 1.0, rim: float = 0.6) -> Line2D:
    return Line2D([], [], ls="", marker="o", ms=144 * radius, mfc=face, mec=edge, mew=rim, alpha=alpha)


def _radius(patients: int, most: int) -> float:
    """Inches, so that areas are as patients; nobody is a dot."""
    return max(_LARGEST * sqrt(patients / max(most, 1)), 0.025)


def _explained(points: list[_Point], error_rate: float, hidden: list[str]) -> str:
    flagged = sum(point.side != "neither" for point in points)
    said = (
        "Area: patients of both arms with the event. Flagged, in each direction: the largest set whose mean posterior "
        f"probability of error is at most {100 * error_rate:g}%; by Fisher's test: one-sided p value, adjusted by "
        f"Benjamini and Hochberg, at most {error_rate:g}."
    )
    if not flagged:
        said += " None is flagged; named are the terms whose direction is clearest."
    if any(point.increase + point.decrease < 1 - _EDGE for point in points):
        said += " A term may have no effect at all: where an increase is improbable, a decrease need not be probable."
    if any(not _EDGE < point.increase < 1 - _EDGE for point in points):
        said += f" Probabilities beyond {100 * _EDGE:g}% and {100 * (1 - _EDGE):g}% are drawn there."
    if hidden:
        said += f" Without room for a name: {', '.join(hidden)}."
    return said
