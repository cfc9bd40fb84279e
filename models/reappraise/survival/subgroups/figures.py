"""A forest plot of printed subgroups: each level as printed, and as the other levels make it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from matplotlib.figure import Figure

from reappraise.core.arms import WHOLE
from reappraise.core.estimate import Estimate
from reappraise.drawing.estimates import mark_of, mark_span
from reappraise.drawing.layout import Panel, Row
from reappraise.drawing.scale import contrast_scale, in_words
from reappraise.drawing.sheet import draw_sheet
from reappraise.drawing.style import probability
from reappraise.drawing.words import NOT_CONVERGED, favours, levels_differ, percent_level, prior_name
from reappraise.survival.subgroups.classical import addition, averaged, heterogeneity
from reappraise.survival.subgroups.estimands import ALIKE
from reappraise.survival.subgroups.fit import SubgroupFit
from reappraise.survival.subgroups.table import SubgroupLevel, SubgroupTable


def subgroup_forest(fit: SubgroupFit, *, published: Sequence[Estimate]) -> Figure:
    """Draw the hazard ratio of every level and of all patients: as printed, and shrunken.

    Parameters
    ----------
    fit
        A fit of one factor.
    published
        Published estimates of the endpoint, contrasts experimental over control.
    """
    table = fit.job.table
    control, experimental = table.arm_labels
    drawn = [
        *(item for item in _ratios(published) if not item.at and item.value is not None),
        *_ratios(fit.estimates),
    ]
    rows = list(_rows(table, drawn))
    shown = [item for _, items in rows for item in items]
    level = percent_level(item.level for item in shown)
    panel = Panel(
        heading=f"Hazard ratio, {experimental} over {control}",
        scale=contrast_scale("hazard_ratio", (mark_span(item) for item in shown)),
        numbers=f"ratio\n({level})",
        favours=favours(experimental, control, "lower" if table.better == "higher" else "higher"),
    )
    return draw_sheet(
        [row for row, _ in rows],
        [panel],
        title=f"{table.label}: hazard ratio by subgroup, printed and shrunken",
        subtitle=f"by {table.factor_label}",
        key=[
            ("published", True, "printed: each level alone"),
            ("posterior", True, f"shrunken: {prior_name(fit.job.prior.name)} prior, effects of levels share theirs"),
        ],
        note=_note(fit, table),
    )


def _ratios(items: Sequence[Estimate]) -> Iterator[Estimate]:
    return (item for item in items if item.quantity == "hazard_ratio")


def _rows(table: SubgroupTable, drawn: Sequence[Estimate]) -> Iterator[tuple[Row, list[Estimate]]]:
    level = levels_differ(drawn)
    for one in table.levels:
        population = table.population(one.key)
        printed = [item for item in drawn if item.population == population and item.kind == "published"]
        mine = [*printed[:1], *(item for item in drawn if item.population == population and item.kind == "posterior")]
        yield _row(one.label, mine, _events(table, one), level=level), mine
    whole = [item for item in drawn if item.population == WHOLE and item.kind == "published"]
    average = [item for item in drawn if item.at == averaged(table) and item.kind == "posterior"]
    mine = [*whole[:1], *average]
    yield _row("All patients", mine, "", level=level), mine


def _row(label: str, items: Sequence[Estimate], events: str, *, level: bool) -> Row:
    remark = NOT_CONVERGED if any(item.failed for item in items) else events
    return Row(label=label, cells=(tuple(mark_of(item, level=level) for item in items),), remark=remark)


def _events(table: SubgroupTable, level: SubgroupLevel) -> str:
    """Events of patients in each arm, experimental first as in the ratio."""
    said = []
    for arm, events, total in zip(table.arm_labels, level.events, level.totals, strict=True):
        if events is None:
            return ""
        said.append(f"{arm} {events}" + (f"/{total}" if total else ""))
    return ", ".join(reversed(said))


def _note(fit: SubgroupFit, table: SubgroupTable) -> str:
    found = {(item.quantity, item.at): item for item in fit.estimates if item.population == WHOLE}
    spread = next(item for (quantity, _), item in found.items() if quantity == "ratio_of_hazard_ratios")
    alike = next(item for (quantity, _), item in found.items() if quantity == "probability_of_equivalence")
    every = next(item for (_, at), item in found.items() if "every level" in at)
    both = probability(alike.value or 0.0), probability(every.value or 0.0)
    said = [
        "Posterior median and equal-tailed interval. All patients: printed, and the average of the levels.",
        f"Largest over smallest ratio {in_words(spread)}; within a factor of {ALIKE:g} with probability {both[0]}.",
        f"Benefit in every level with probability {both[1]}.",
    ]
    classical = heterogeneity(table)
    said += [f"Interaction from the printed intervals: {classical.words}."] if classical else []
    adding = fit.job.adds_up
    said += [f"{adding[:1].upper()}{adding[1:]}."] if adding and addition(table) else []
    said += [f"{note[:1].upper()}{note[1:]}." for note in table.notes]
    return " ".join(said)
