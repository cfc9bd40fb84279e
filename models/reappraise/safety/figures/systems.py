"""Risk differences of body systems, or of laboratory values, by grade: raw, and as the models see them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from matplotlib.figure import Figure

from reappraise.core.errors import AnalysisError
from reappraise.core.estimate import Estimate
from reappraise.core.grades import GRADE_WORDS
from reappraise.core.interval import Interval
from reappraise.drawing.scale import contrast_scale, in_words, shown
from reappraise.drawing.series_sheet import Series, SeriesMark, SeriesPanel, SeriesRow, draw_series_sheet
from reappraise.drawing.style import KINDS
from reappraise.response.classical.contrasts import risk_differences
from reappraise.safety.figures.shrinkage import LOOKS, cells, count_headings, counts
from reappraise.safety.figures.words import ROWS, event_note, event_subtitle, event_title, harm, of_one
from reappraise.safety.fit import SafetyFit
from reappraise.safety.table import EventTable


def draw_risk_differences(fits: Sequence[SafetyFit], *, endpoint: str) -> Figure:
    """Draw risk differences, experimental minus control, of every row of one kind of table, by grade.

    Parameters
    ----------
    fits
        Fits of the tables of one kind, of each grade the same models.
    endpoint
        The endpoint in words.

    Raises
    ------
    AnalysisError
        If they are of several kinds, or models differ between grades.
    """
    grades = tuple(dict.fromkeys(fit.job.table.grade for fit in fits))
    groups = [[fit for fit in fits if fit.job.table.grade == grade] for grade in grades]
    models = {tuple(fit.job.model.name for fit in group) for group in groups}
    if len({fit.job.table.key for fit in fits}) != 1 or len(models) != 1:
        names = ", ".join(fit.job.name for fit in fits) or "none"
        raise AnalysisError(f"expected fits of one kind of table, of each grade the same models, got {names}")
    rows: list[SeriesRow] = []
    for group in groups:
        of_one(group)
        words = GRADE_WORDS[group[0].job.table.grade]
        rows += [SeriesRow(label=words[:1].upper() + words[1:]), *_rows(group)]
    table, job = fits[0].job.table, fits[0].job
    percent = f"{100 * job.sampling.level:g}% interval"
    marks = [mark for row in rows for mark in row.marks if mark is not None]
    scale = contrast_scale("risk_difference", [(mark.value, mark.low, mark.high) for mark in marks])
    method = _raw(table, 0, job.sampling.level).method
    panel = SeriesPanel(
        heading=f"Risk difference, {table.arm_labels[1]} minus {table.arm_labels[0]}",
        scale=replace(scale, label="Risk difference (percentage points)"),
        sides=harm(table),
        before=count_headings(table),
        after=[f"{fit.job.model.label.replace(', ', chr(10), 1)}\n({percent})" for fit in groups[0]],
        edge="beyond the axis",
    )
    series = [Series(label=f"raw ({method})", look=KINDS["recomputed"])]
    series += [Series(label=fit.job.model.label, look=look) for fit, look in zip(groups[0], LOOKS, strict=False)]
    return draw_series_sheet(
        rows,
        series,
        panel,
        title=event_title(fits, f"{endpoint} {ROWS[table.kind]}: risk difference"),
        subtitle=event_subtitle(fits, contrast="minus"),
        note=f"Raw: {percent}, nothing shared between rows. {event_note(fits)}",
    )


def _rows(fits: Sequence[SafetyFit]) -> list[SeriesRow]:
    table = fits[0].job.table
    level = fits[0].job.sampling.level
    found = [{item.item: item for item in fit.estimates if item.quantity == "risk_difference"} for fit in fits]
    rows = []
    for index, term in enumerate(table.terms):
        own = [one[term] for one in found]
        marks = [_mark(_raw(table, index, level)), *(_mark(item, fit=fit) for item, fit in zip(own, fits, strict=True))]
        rows.append(
            SeriesRow(label=term, before=counts(table, index), marks=marks, after=[in_words(item) for item in own])
        )
    return rows


def _raw(table: EventTable, index: int, level: float) -> Interval:
    return risk_differences(cells(table, index), level=level)[0]


def _mark(item: Estimate | Interval, *, fit: SafetyFit | None = None) -> SeriesMark:
    value, low, high = (shown("risk_difference", number) for number in (item.value, item.low, item.high))
    return SeriesMark(value=value, low=low, high=high, failed=fit is not None and not fit.converged)
