"""A contrast of the arms by level of a subgroup factor, raw and shrunken."""

from __future__ import annotations

from matplotlib.figure import Figure

from reappraise.core.arms import WHOLE
from reappraise.core.comparison import Comparison
from reappraise.core.errors import AnalysisError
from reappraise.core.estimate import QUANTITIES, Estimate, Kind
from reappraise.drawing.estimates import mark_of
from reappraise.drawing.layout import Key, Row
from reappraise.drawing.sheet import draw_sheet
from reappraise.drawing.words import NO_CAUSAL_READING, NOT_CONVERGED, levels_differ, percent_level, prior_name
from reappraise.published.partition import Partition
from reappraise.published.trial import TrialEndpoint
from reappraise.response.figures.forest import contrast_panel, first_of, note_of
from reappraise.response.figures.words import binary, factor_label
from reappraise.response.published import ResponseEndpoint


def subgroup_forest(
    comparison: Comparison,
    *,
    endpoint: TrialEndpoint[ResponseEndpoint],
    factor: str,
    quantity: str = "odds_ratio",
    model: str = "logit-normal",
    prior: str | None = None,
) -> Figure:
    """Draw a contrast by level of a factor: recomputed from each level alone, and shrunken by a model.

    Parameters
    ----------
    comparison
        Recomputed and posterior estimates; of several recomputed by different methods, the first of each is drawn.
    endpoint, factor
        Binary endpoint, and key of a factor known at randomisation.
    quantity
        ``"odds_ratio"``, ``"risk_ratio"`` or ``"risk_difference"``.
    model, prior
        Names; by default the first prior that the comparison holds for the model and factor.

    Raises
    ------
    AnalysisError
        If the factor has no reading as an effect of treatment, no level has patients in both arms, or the
        comparison holds nothing about it.
    """
    published, partition = binary(endpoint), endpoint.partition(factor)
    if not partition.causal:
        raise AnalysisError(f"factor {factor} was {NO_CAUSAL_READING}; expected a factor known at randomisation")
    populations = [partition.population(level) for level in partition.levels]
    mine = [
        item
        for item in comparison.select(endpoint=published.key, quantity=quantity).estimates
        if item.value is not None
        and item.population in {*populations, WHOLE}
        and (item.kind == "recomputed" or (item.kind == "posterior" and item.model == model))
    ]
    chosen = prior or next((item.prior for item in mine if item.kind == "posterior" and item.population != WHOLE), "")
    drawn = [
        *first_of([item for item in mine if item.kind == "recomputed"]),
        *(item for item in mine if item.kind == "posterior" and item.prior == chosen),
    ]
    if not any(item.population != WHOLE for item in drawn):
        raise AnalysisError(f"expected estimates of {published.key} by {factor} in the comparison, got none")
    return draw_sheet(
        list(_rows(drawn, partition)),
        [contrast_panel(drawn, endpoint, quantity, percent_level(item.level for item in drawn))],
        title=f"{published.label}: {QUANTITIES[quantity].label.lower()} by subgroup, raw and shrunken",
        subtitle=factor_label(endpoint, factor),
        key=raw_and_shrunken(model, chosen),
        note=note_of(drawn),
    )


def raw_and_shrunken(model: str, prior: str) -> Key:
    """Key of the markers: what was recomputed from a level alone, and what a model makes of all levels."""
    key: list[tuple[Kind | None, bool, str]] = [("recomputed", True, "raw: each level alone")]
    if prior:
        key.append(("posterior", True, f"shrunken: {prior_name(prior)} prior, {model} model"))
    return key


def _rows(drawn: list[Estimate], partition: Partition) -> list[Row]:
    rows = []
    level = levels_differ(drawn)
    levels = [
        *zip(partition.level_labels, map(partition.population, partition.levels), partition.totals, strict=True),
        ("All patients", WHOLE, _sums(partition)),
    ]
    for label, population, totals in levels:
        mine = [item for item in drawn if item.population == population]
        empty = [arm for arm, total in zip(partition.arm_labels, totals, strict=True) if not total]
        remark = f"no patients in {' or '.join(empty)}" if empty else ""
        if any(item.failed for item in mine):
            remark = NOT_CONVERGED
        if mine or empty:
            rows.append(Row(label=label, cells=(tuple(mark_of(item, level=level) for item in mine),), remark=remark))
    return rows


def _sums(partition: Partition) -> tuple[int, int]:
    first, second = zip(*partition.totals, strict=True)
    return sum(first), sum(second)
