"""Odds ratios of adverse events: raw, and as models see them that share between terms and body systems."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from matplotlib.figure import Figure

from reappraise.core.estimate import Estimate
from reappraise.core.grades import GRADE_WORDS
from reappraise.core.interval import Interval
from reappraise.core.two_by_two import TwoByTwo
from reappraise.drawing.scale import contrast_scale, in_words
from reappraise.drawing.series_sheet import Series, SeriesMark, SeriesPanel, SeriesRow, draw_series_sheet
from reappraise.drawing.style import GREEN, KINDS, ORANGE, PURPLE, Look
from reappraise.response.classical.contrasts import odds_ratios
from reappraise.safety.figures.words import ROWS, event_note, event_subtitle, event_title, harm, of_one
from reappraise.safety.fit import SafetyFit
from reappraise.safety.table import EventTable

EXACT = "conditional odds ratio, exact"
"""The raw odds ratio: its interval has a finite end even where an arm has no event."""
LOOKS = (KINDS["posterior"], Look(GREEN, "^"), Look(PURPLE, "v"), Look(ORANGE, "P"))
"""Colour and marker of the models, in their order."""


def draw_event_shrinkage(fits: Sequence[SafetyFit], *, endpoint: str) -> Figure:
    """Draw raw and shrunken odds ratios of every term, experimental over control, by body system, beside the counts.

    Parameters
    ----------
    fits
        Fits of one table, one of each model.
    endpoint
        The endpoint in words.

    Raises
    ------
    AnalysisError
        If they are not of one table.
    """
    of_one(fits)
    table, level = fits[0].job.table, fits[0].job.sampling.level
    raw = [
        next(item for item in odds_ratios(cells(table, index), level=level) if item.method == EXACT)
        for index in range(len(table.terms))
    ]
    found = [{item.item: item for item in fit.estimates if item.quantity == "odds_ratio"} for fit in fits]
    # a raw ratio of 0 or infinity sets no end of the axis, and raw intervals may end beyond it
    spans = [(item.value, item.low, item.high) for one in found for item in one.values()]
    spans += [(item.value, None, None) for item in raw]
    scale = contrast_scale("odds_ratio", spans)
    widest = replace(scale, low=max(scale.low, 1 / 150), high=min(scale.high, 150.0))
    rows: list[SeriesRow] = []
    for system in table.body_systems:
        if len(table.body_systems) > 1:
            rows.append(SeriesRow(label=system))
        for index, term in enumerate(table.terms):
            if table.systems[index] != system:
                continue
            own = [one[term] for one in found]
            marks = [_mark(raw[index]), *(_mark(item, fit=fit) for item, fit in zip(own, fits, strict=True))]
            after = [in_words(item) for item in own]
            rows.append(SeriesRow(label=term, before=counts(table, index), marks=marks, after=after))
    series = [
        Series(label=f"raw ({EXACT})", look=KINDS["recomputed"]),
        *(Series(label=fit.job.model.label, look=look) for fit, look in zip(fits, LOOKS, strict=False)),
    ]
    undefined = any(item.value is None for item in raw)
    panel = SeriesPanel(
        heading=f"Odds ratio, {table.arm_labels[1]} over {table.arm_labels[0]}",
        scale=widest,
        sides=harm(table),
        before=count_headings(table),
        after=[f"{fit.job.model.label.replace(', ', chr(10), 1)}\n({100 * level:g}% interval)" for fit in fits],
        edge="raw odds ratio 0 or infinite: no event in one arm",
    )
    note = f"Raw: {EXACT}, {100 * level:g}% interval, nothing shared between terms"
    note += "; none where nobody, or everybody, of both arms had the event. " if undefined else ". "
    return draw_series_sheet(
        rows,
        series,
        panel,
        title=event_title(fits, f"{endpoint} {ROWS[table.kind]}, {GRADE_WORDS[table.grade]}: raw and shrunken"),
        subtitle=event_subtitle(fits),
        note=f"{note}Small arrows: the interval goes on beyond the axis. {event_note(fits)}",
    )


def cells(table: EventTable, index: int) -> TwoByTwo:
    """Fourfold table of one term, experimental arm first."""
    (control, treated), (of_control, of_treated) = table.events[index], table.totals[index]
    return TwoByTwo(treated, of_treated, control, of_control)


def counts(table: EventTable, index: int) -> tuple[str, ...]:
    """Events of patients of one term, by arm."""
    return tuple(f"{k}/{n}" for k, n in zip(table.events[index], table.totals[index], strict=True))


def count_headings(table: EventTable) -> tuple[str, ...]:
    """Headings of the columns of counts."""
    return tuple(
        f"{label if len(label) < 14 else short}\n(k/n)"
        for label, short in zip(table.arm_labels, ("control", "exper."), strict=True)
    )


def _mark(item: Estimate | Interval, *, fit: SafetyFit | None = None) -> SeriesMark:
    value, low, high = (None if number is None else float(number) for number in (item.value, item.low, item.high))
    if value is None:
        return SeriesMark()
    return SeriesMark(value=value, low=low, high=high, failed=fit is not None and not fit.converged)
