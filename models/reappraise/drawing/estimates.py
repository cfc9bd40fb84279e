"""Estimates of any kind of endpoint as a sheet of intervals: what every fit can show of itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from matplotlib.figure import Figure

from reappraise.core.errors import AnalysisError
from reappraise.core.estimate import QUANTITIES, Estimate
from reappraise.drawing.layout import Mark, Panel, Row
from reappraise.drawing.scale import Scale, contrast_scale, in_words, rate_scale, shown
from reappraise.drawing.sheet import draw_sheet
from reappraise.drawing.words import NOT_CONVERGED, levels_differ, percent_level

MOST = 40
"""Rows that are drawn; of more, the first."""
_FORMS = ("ratio", "difference", "arm")


def mark_span(item: Estimate) -> tuple[float | None, float | None, float | None]:
    """Point and limits of an estimate, as shown."""
    return (shown(item.quantity, item.value), shown(item.quantity, item.low), shown(item.quantity, item.high))


def mark_of(item: Estimate, *, filled: bool = True, level: bool = False) -> Mark:
    """The estimate as it is drawn, its number beside it, and with `level` the coverage of its interval."""
    value, low, high = mark_span(item)
    text = in_words(item, level=level)
    return Mark(kind=item.kind, value=value, low=low, high=high, text=text, filled=filled, failed=item.failed)


def draw_estimates(
    estimates: Sequence[Estimate],
    *,
    title: str,
    named: Callable[[Estimate], str],
    favours: tuple[str, str] | None = None,
    note: str = "",
) -> Figure:
    """Draw the intervals of one kind of number: ratios if there are any, else differences, else numbers of arms.

    Parameters
    ----------
    estimates
        Estimates with intervals, and others, which are left out.
    title, note
        Above and below.
    named
        What an estimate is about, in words.
    favours
        What lies left and right of no difference.

    Raises
    ------
    AnalysisError
        If none has an interval.
    """
    chosen = _one_kind(estimates)
    if not chosen:
        raise AnalysisError("expected estimates with intervals to draw, got none")
    first = chosen[0]
    known, several = QUANTITIES[first.quantity], len({item.quantity for item in chosen}) > 1
    drawn, level = chosen[:MOST], levels_differ(chosen)
    scale = _scale(drawn)
    rows = [
        Row(
            label=", ".join(dict.fromkeys(part for part in _label(item, named, several=several) if part)),
            cells=((mark_of(item, level=level),),),
            remark=NOT_CONVERGED if item.failed else "",
        )
        for item in drawn
    ]
    one = len({(item.numerator, item.denominator) for item in drawn}) == 1  # else each row names its own
    contrast = f", {first.numerator} {'over' if known.form == 'ratio' else 'minus'} {first.denominator}" if one else ""
    heading = ("Ratio" if several else known.label) + (contrast if known.form != "arm" else "")
    panel = Panel(
        heading=heading,
        scale=replace(scale, label="Ratio (log scale)") if several else scale,
        numbers=f"\n({percent_level(item.level for item in drawn)})",
        favours=favours if known.form != "arm" else None,
    )
    left = len(chosen) - len(drawn)
    return draw_sheet(rows, [panel], title=title, note=f"{note}\nand {left} more." if left else note)


def _one_kind(estimates: Sequence[Estimate]) -> list[Estimate]:
    """Those that one axis can hold."""
    whole = [item for item in estimates if item.value is not None and item.low is not None]
    for form in _FORMS:
        mine = [item for item in whole if QUANTITIES[item.quantity].form == form]
        if form == "ratio" and mine:  # of one direction: a ratio of times and one of hazards favour opposite sides
            first = QUANTITIES[mine[0].quantity].hastens
            return [item for item in mine if QUANTITIES[item.quantity].hastens == first]
        if mine:
            return [item for item in mine if item.quantity == mine[0].quantity]
    return []


def _label(item: Estimate, named: Callable[[Estimate], str], *, several: bool) -> tuple[str, ...]:
    return named(item), QUANTITIES[item.quantity].label if several else "", item.arm, item.at


def _scale(drawn: Sequence[Estimate]) -> Scale:
    quantity = drawn[0].quantity
    spans = [mark_span(item) for item in drawn]
    if QUANTITIES[quantity].form != "arm":
        return contrast_scale(quantity, spans)
    if quantity == "rate":
        return rate_scale(spans)
    numbers = [number for span in spans for number in span if number is not None and number < float("inf")]
    low, high = min(numbers), max(numbers)
    pad = 0.05 * (high - low) or 1.0
    return Scale(label=QUANTITIES[quantity].label, low=low - pad, high=high + pad)
