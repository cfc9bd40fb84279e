"""What it means that medians and hazard ratio point in opposite directions: how often each pair of answers is true."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import exp, inf, isfinite, log
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullLocator
from numpy.typing import NDArray

from reappraise.core.errors import AnalysisError
from reappraise.core.estimate import Estimate
from reappraise.drawing.directions import below_lines, favours_width, set_vertical, write_below, write_favours
from reappraise.drawing.scale import Scale
from reappraise.drawing.style import (
    BAND,
    GREY,
    KINDS,
    LINE,
    SMALL,
    VERMILION,
    WIDTH,
    blank,
    lines,
    note_height,
    probability,
    signed,
    styled,
    title_height,
    wrap,
    write_note,
    write_title,
)
from reappraise.survival.figures.steps import evenly
from reappraise.survival.figures.subject import Floats, SurvivalSubject, drawn

_CLOUD, _LEFT, _STRIP, _GAP = 2.0, 0.62, 1.0, 0.1
"""Inches: height of the cloud of points, left end, width of a strip, and from one panel to the next."""
_MOST = 3000
"""Draws that are drawn as points."""
_GOLDEN = 0.618034

type Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """Draws in which the same medians are reached.

    Parameters
    ----------
    key
        ``"both"``, or who does not reach the median: ``"control"``, ``"experimental"``, ``"neither"``.
    heading
        The region in words; empty where both medians are reached.
    inside
        Which draws lie in it; dims (draw,).
    """

    key: str
    heading: str
    inside: Mask


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One pair of answers and how probable it is.

    Parameters
    ----------
    region
        Key of a `Region`.
    longer, lower
        Arms, 0 or 1, with the longer median and with the lower hazard; None where neither median is reached.
    probability
        Share of the draws.
    """

    region: str
    longer: int | None
    lower: int
    probability: float


def regions(subject: SurvivalSubject, median: Floats, horizon: float) -> tuple[Region, ...]:
    """Divide the draws by which medians are reached by the horizon; those where both are come first.

    Parameters
    ----------
    subject
        Arms and unit.
    median
        Draws; dims (draw, arm).
    horizon
        Time beyond which a median rests on no data.
    """
    reached = median <= horizon if isfinite(horizon) else np.isfinite(median)
    by = f" by {horizon:g} {subject.unit}" if isfinite(horizon) else ""
    first, second = reached[:, 0], reached[:, 1]
    return (
        Region(key="both", heading="", inside=first & second),
        Region(key="control", heading=f"{subject.arms[0]}: median not reached{by}", inside=~first & second),
        Region(key="experimental", heading=f"{subject.arms[1]}: median not reached{by}", inside=first & ~second),
        Region(key="neither", heading=f"Neither median reached{by}", inside=~first & ~second),
    )


def answers(found: tuple[Region, ...], difference: Floats, hazard_ratio: Floats) -> Iterator[Answer]:
    """Yield every pair of answers, those of one region together; the probabilities add up to 1.

    A median that is not reached is longer than one that is. Draws exactly at no difference count as control.

    Parameters
    ----------
    found
        Regions, both medians reached first.
    difference
        Median of experimental minus control arm, where both are reached; dims (draw,).
    hazard_ratio
        Experimental over control; dims (draw,).
    """
    for region in found:
        for lower, side in ((0, hazard_ratio >= 1), (1, hazard_ratio < 1)):
            if region.key == "both":
                for longer, half in ((0, difference <= 0), (1, difference > 0)):
                    share = float(np.mean(region.inside & side & half))
                    yield Answer(region=region.key, longer=longer, lower=lower, probability=share)
            else:
                longer_arm = {"control": 0, "experimental": 1}.get(region.key)
                share = float(np.mean(region.inside & side))
                yield Answer(region=region.key, longer=longer_arm, lower=lower, probability=share)


def draw_directions(
    subject: SurvivalSubject,
    *,
    median: Floats,
    hazard_ratio: Floats,
    horizon: float = inf,
    published: tuple[Estimate, Estimate, Estimate] | None = None,
) -> Figure:
    """Draw the joint posterior of the difference of medians and the hazard ratio, quadrants in words.

    Parameters
    ----------
    subject
        Endpoint, arms and unit.
    median
        Posterior draws in the unit of time, infinite where not reached; dims (..., arm).
    hazard_ratio
        Posterior draws of the event-weighted hazard ratio, experimental over control; dims (...).
    horizon
        Time beyond which a median counts as not reached.
    published
        Medians of control and experimental arm and hazard ratio as published.

    Raises
    ------
    AnalysisError
        If the draws of the two do not fit together.
    """
    medians, ratios = drawn(median, 1), drawn(hazard_ratio, 0)
    if medians.shape != (ratios.size, 2):
        raise AnalysisError(
            f"{subject.endpoint}: expected medians of 2 arms in {ratios.size} draws, got {medians.shape}"
        )
    found = regions(subject, medians, horizon)
    both = found[0].inside
    difference = np.zeros_like(ratios)
    difference[both] = medians[both, 1] - medians[both, 0]
    told = list(answers(found, difference, ratios))
    point = _point(subject, published) if published else None
    left_to_right = [found[1]] if found[1].inside.any() else []
    left_to_right += [found[0], *(region for region in found[2:] if region.inside.any())]
    title = subject.title("what medians and hazard ratio say together")
    subtitle = subject.subtitle(
        f"Medians: {subject.arms[1]} minus {subject.arms[0]}. Hazard ratio: {subject.arms[1]} over {subject.arms[0]}"
    )
    note = _note(subject, told, horizon, printed=point is not None)
    with styled():
        strips = (_STRIP + _GAP) * (len(left_to_right) - 1)
        words = {item: _words(subject, item) for item in told}
        free = WIDTH - _LEFT - 0.45 - strips
        room = 0.14 + 0.125 * max(
            lines(_wrapped(words[item], free, item.region))
            for item in told
            if item.region in {region.key for region in left_to_right}
        )
        tall = _CLOUD + 2 * room
        scale, reach = _scale(ratios, point, room), _reach(difference[both], point)
        plot = WIDTH - _LEFT - favours_width(subject.favours_hazard, tall, scale) - 0.08 - strips
        headings = {region.key: wrap(region.heading, _STRIP, SMALL) for region in left_to_right}
        head = title_height(title, subtitle) + 0.08 + 0.12 * max(map(lines, headings.values()))
        foot = 0.46 + LINE * below_lines(subject.favours_time, plot) + note_height(note)
        height = head + tall + foot
        figure = blank(height)
        left = _LEFT
        for region in left_to_right:
            wide = plot if region.key == "both" else _STRIP
            axes = figure.add_axes((left / WIDTH, foot / height, wide / WIDTH, tall / height), label=region.key)
            _draw_region(axes, region, np.clip(difference, -reach, reach), np.clip(ratios, *_extremes(ratios)), reach)
            set_vertical(axes, scale)
            if left > _LEFT:
                axes.set_ylabel("")
                axes.tick_params(axis="y", labelleft=False)
            for item in told:
                if item.region == region.key:
                    _write_answer(axes, item, _wrapped(words[item], free, item.region))
            axes.annotate(
                headings[region.key],
                (0.5, 1),
                (0, 4),
                xycoords="axes fraction",
                textcoords="offset points",
                ha="center",
                va="bottom",
                size=SMALL,
                linespacing=1.1,
            )
            if region.key == "both":
                axes.set_xlabel(f"Difference of medians ({subject.unit})")
                write_below(axes, subject.favours_time, wide)
                if point:
                    _draw_point(axes, point, scale)
            left += wide + _GAP
        write_favours(figure.axes[-1], subject.favours_hazard, tall, scale)
        write_title(figure, title, subtitle)
        write_note(figure, note)
    return figure


def _words(subject: SurvivalSubject, item: Answer) -> str:
    """Who is favoured by median and hazard ratio."""
    turned = subject.better == "lower"
    hazard = subject.arms[item.lower ^ turned]
    if item.longer is None:
        return f"Hazard ratio favours {hazard}"
    time = subject.arms[item.longer ^ turned]
    return f"Both favour {hazard}" if time == hazard else f"Median favours {time}, hazard ratio {hazard}"


def _wrapped(words: str, free: float, region: str) -> str:
    """The words and, on a line of its own, room for the probability."""
    return f"{wrap(words, 0.46 * free if region == 'both' else _STRIP - 0.06, SMALL)}\n"


def _write_answer(axes: Axes, item: Answer, words: str) -> None:
    top = item.lower == 0  # lower hazard in control: the ratio is above 1
    if item.region == "both":
        x, shift, align = (0.0, 4, "left") if item.longer == 0 else (1.0, -4, "right")
    else:
        x, shift, align = 0.5, 0, "center"
    look: dict[str, Any] = {"xycoords": "axes fraction", "textcoords": "offset points", "ha": align, "zorder": 6}
    first = 72 * 0.045
    axes.annotate(
        probability(item.probability),
        (x, float(top)),
        (shift, -first if top else first),
        va="top" if top else "bottom",
        weight="bold",
        **look,
    )
    away = first + 72 * 0.14
    axes.annotate(
        words.strip(),
        (x, float(top)),
        (shift, -away if top else away),
        va="top" if top else "bottom",
        size=SMALL,
        multialignment=align,
        linespacing=1.15,
        **look,
    )


def _draw_region(axes: Axes, region: Region, difference: Floats, ratios: Floats, reach: float) -> None:
    places = np.flatnonzero(region.inside)
    places = places[evenly(places.size, max(1, round(_MOST * places.size / ratios.size)))] if places.size else places
    both = region.key == "both"
    # strips have no horizontal axis: a fixed sequence (golden ratio) keeps their points apart
    x = difference[places] if both else 0.2 + 0.6 * ((np.arange(places.size) * _GOLDEN) % 1.0)
    axes.plot(x, ratios[places], "o", color=VERMILION, ms=2.6, mew=0, alpha=0.22, zorder=3, rasterized=True)
    if both:
        axes.set_xlim(-reach, reach)
        axes.axvline(0, color=GREY, lw=1.0, zorder=1)
        axes.xaxis.set_major_locator(MaxNLocator(6))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda tick, _: signed(f"{tick:.10g}")))
    else:
        axes.set(xlim=(0, 1), facecolor=BAND)
        axes.xaxis.set_major_locator(NullLocator())
        axes.spines[["left", "bottom"]].set_visible(False)
        axes.tick_params(axis="y", left=False)


def _scale(ratios: Floats, point: _Point | None, room: float) -> Scale:
    """Axis of the ratio: the cloud and 1, and room above and below for words."""
    held = [0.0, *np.log(_extremes(ratios))]
    held += [log(point.ratio)] if point else []
    low, high = min([*held, -0.15]), max([*held, 0.15])
    inch = 1.04 * (high - low) / _CLOUD
    return Scale(
        label="Hazard ratio (log scale)",
        low=exp(low - room * inch),
        high=exp(high + room * inch),
        logarithmic=True,
        null=1.0,
    )


def _extremes(ratios: Floats) -> Floats:
    """Ends of the cloud: a few draws far out would make it small."""
    return np.asarray(np.quantile(ratios, [0.001, 0.999]))


def _reach(difference: Floats, point: _Point | None) -> float:
    """How far the axis of the difference goes to either side: as far on both, so that no side looks larger."""
    far = float(np.quantile(np.abs(difference), 0.998)) if difference.size else 0.0
    return 1.05 * max(far, abs(point.difference) if point else 0.0) or 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Point:
    """What was published: difference of medians, hazard ratio and its limits."""

    difference: float
    ratio: float
    low: float | None
    high: float | None


def _point(subject: SurvivalSubject, published: tuple[Estimate, Estimate, Estimate]) -> _Point | None:
    """The published pair, None where a median was not reached."""
    *medians, ratio = published
    value = {subject.place(item.arm): item.value for item in medians}
    turned = subject.ratio(ratio)
    control, experimental = value.get(0), value.get(1)
    if control is None or experimental is None or turned.value is None:
        return None
    if not (isfinite(control) and isfinite(experimental)):
        return None
    return _Point(difference=experimental - control, ratio=turned.value, low=turned.low, high=turned.high)


def _draw_point(axes: Axes, point: _Point, scale: Scale) -> None:
    look = KINDS["published"]
    if point.low is not None and point.high is not None:
        ends = [max(point.low, scale.low), min(point.high, scale.high)]
        axes.plot([point.difference] * 2, ends, color=look.colour, lw=1.3, zorder=5)
    axes.plot(point.difference, point.ratio, look.marker, color=look.colour, ms=5, zorder=6)


def _note(subject: SurvivalSubject, told: list[Answer], horizon: float, *, printed: bool) -> str:
    opposed = sum(item.probability for item in told if item.longer is not None and item.longer != item.lower)
    beyond = f" by {horizon:g} {subject.unit}" if isfinite(horizon) else ""
    said = (
        "Each point is a posterior draw; percentages are posterior probabilities and add up to 100%. "
        f"Median and hazard ratio favour different arms with probability {probability(opposed)}. A median is one point "
        "of a curve; the hazard ratio is averaged over the events of the whole follow-up, as by Cox's regression: "
        f"where they disagree, the curves as a rule cross or run close. A median not reached{beyond} counts as longer "
        "than one that is; the shaded strips hold such draws, without a horizontal axis."
    )
    return f"{said} Black square: as published, with the interval of the hazard ratio." if printed else said
