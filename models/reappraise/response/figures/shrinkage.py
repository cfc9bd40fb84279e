"""Response rates by subgroup and arm: the raw proportion, and where the model moves it."""

from __future__ import annotations

from dataclasses import replace

from matplotlib.figure import Figure

from reappraise.core.comparison import Comparison
from reappraise.core.errors import AnalysisError
from reappraise.core.estimate import Estimate
from reappraise.drawing.estimates import mark_of, mark_span
from reappraise.drawing.layout import Mark, Panel, Row
from reappraise.drawing.scale import rate_scale
from reappraise.drawing.sheet import draw_sheet
from reappraise.drawing.words import NO_CAUSAL_READING, NOT_CONVERGED, levels_differ, percent_level
from reappraise.published.partition import Partition
from reappraise.published.trial import TrialEndpoint
from reappraise.response.figures.forest import first_of, note_of
from reappraise.response.figures.subgroups import raw_and_shrunken
from reappraise.response.figures.words import binary, factor_label
from reappraise.response.published import ResponseEndpoint


def shrinkage_plot(
    comparison: Comparison,
    *,
    endpoint: TrialEndpoint[ResponseEndpoint],
    factor: str,
    model: str = "beta-binomial",
    prior: str | None = None,
) -> Figure:
    """Draw the rate of every level and arm of a factor: raw, and as a model sees it that shares between levels.

    Parameters
    ----------
    comparison
        Recomputed and posterior rates; of several recomputed by different methods, the first of each is drawn.
    endpoint, factor
        Binary endpoint, and key of a factor. One determined after randomisation is drawn with that warning.
    model, prior
        Names; by default the first prior that the comparison holds for the model and factor.

    Raises
    ------
    AnalysisError
        If the comparison holds nothing about the factor.
    """
    published, partition = binary(endpoint), endpoint.partition(factor)
    populations = {partition.population(level) for level in partition.levels}
    mine = [
        item
        for item in comparison.select(endpoint=published.key, quantity="rate").estimates
        if item.population in populations and item.value is not None
    ]
    posterior = [item for item in mine if item.kind == "posterior" and item.model == model]
    chosen = prior or next((item.prior for item in posterior), "")
    drawn = [
        *first_of([item for item in mine if item.kind == "recomputed"]),
        *(item for item in posterior if item.prior == chosen),
    ]
    if not drawn:
        raise AnalysisError(f"expected rates of {published.key} by {factor} in the comparison, got none")
    level = percent_level(item.level for item in drawn)
    scale = rate_scale(mark_span(item) for item in drawn)
    arms = [arm for arm in range(2) if any(totals[arm] for totals in partition.totals)]
    panels = []
    for arm in arms:
        events, total = (sum(row[arm] for row in cells) for cells in (partition.events, partition.totals))
        panels.append(
            Panel(
                heading=partition.arm_labels[arm],
                scale=scale,
                numbers=f"events of patients, %\n({level})",
                reference=100 * events / total,
                arrows=True,
            )
        )
    warning = "" if partition.causal else f", {NO_CAUSAL_READING}"
    return draw_sheet(
        _rows(drawn, partition, arms),
        panels,
        title=f"{published.label}: rates by subgroup, raw and shrunken{warning}",
        subtitle=factor_label(endpoint, factor),
        key=raw_and_shrunken(model, chosen),
        note=f"Dotted line: all patients of the arm. {note_of(drawn)}",
    )


def _rows(drawn: list[Estimate], partition: Partition, arms: list[int]) -> list[Row]:
    rows = []
    differ = levels_differ(drawn)
    for index, (level, label) in enumerate(zip(partition.levels, partition.level_labels, strict=True)):
        population = partition.population(level)
        cells = []
        bad = False
        for arm in arms:
            mine = [item for item in drawn if item.population == population and item.arm == partition.arms[arm]]
            bad = bad or any(item.failed for item in mine)
            events, total = partition.events[index][arm], partition.totals[index][arm]
            marks = tuple(_mark(item, f"{events}/{total}, ", level=differ) for item in mine)
            cells.append(marks if total else (_nobody(),))
        rows.append(Row(label=label, cells=tuple(cells), remark=NOT_CONVERGED if bad else ""))
    return rows


def _mark(item: Estimate, counts: str, *, level: bool) -> Mark:
    mark = mark_of(item, level=level)
    return replace(mark, text=f"{counts}{mark.text}") if item.kind == "recomputed" else mark


def _nobody() -> Mark:
    return Mark(kind="recomputed", value=None, low=None, high=None, text="no patients")
