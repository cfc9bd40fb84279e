"""Hazard ratio under every prior, beside the published and the recomputed one, and what each says about benefit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from reappraise.core.errors import AnalysisError
from reappraise.core.estimate import Estimate
from reappraise.drawing.layout import Layout, Mark, Panel, Row
from reappraise.drawing.scale import Scale, contrast_scale, in_words
from reappraise.drawing.sheet import draw_sheet
from reappraise.drawing.style import GREY, KINDS, number, probability, styled
from reappraise.drawing.words import NOT_CONVERGED, levels_differ, percent_level, prior_name
from reappraise.survival.figures.subject import Floats, SurvivalSubject, drawn, summary

_INNER = 3.6
"""Points: width of the bar of the central half."""
_BELOW = 0.075
"""Inches from the posterior interval to the prior's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SensitivityRow:
    """One hazard ratio.

    Parameters
    ----------
    estimate
        Published, recomputed or posterior; in either direction.
    hazard_ratio
        Posterior draws, experimental over control, any dims; without them no bar of the central half.
    prior
        Central interval of the prior, experimental over control, of the coverage of the posterior one.
    label
        The row in words; by default the kind of estimate, or the prior.
    """

    estimate: Estimate
    hazard_ratio: Floats | None = None
    prior: tuple[float, float] | None = None
    label: str = ""

    @property
    def words(self) -> str:
        """The label."""
        kind = self.estimate.kind
        return self.label or (prior_name(self.estimate.prior) if kind == "posterior" else kind.capitalize())


def draw_prior_sensitivity(subject: SurvivalSubject, rows: Sequence[SensitivityRow]) -> Figure:
    """Draw hazard ratios, experimental over control, with 50% and outer intervals, and P(benefit), by prior.

    Parameters
    ----------
    subject
        Endpoint and arms.
    rows
        From top to bottom; published and recomputed first.

    Raises
    ------
    AnalysisError
        If there is no row, or one of other arms.
    """
    turned = [replace(row, estimate=subject.ratio(row.estimate)) for row in rows]
    if not any(row.estimate.value is not None for row in turned):
        raise AnalysisError(f"{subject.endpoint}: expected hazard ratios to compare priors by, got none")
    estimates = [row.estimate for row in turned]
    level, differ = percent_level(item.level for item in estimates), levels_differ(estimates)
    spans = [(item.value, item.low, item.high) for item in estimates]
    panels = [
        Panel(
            heading=f"Hazard ratio, {subject.arms[1]} over {subject.arms[0]}",
            scale=contrast_scale("hazard_ratio", spans),
            numbers=f"ratio\n({level})",
            favours=subject.favours_hazard,
            reference=next((item.value for item in estimates if item.kind == "published"), None),
        ),
        Panel(
            heading="P(benefit)",
            scale=Scale(label="Probability (%)", low=0.0, high=100.0),
            numbers="probability",
            reference=50.0,
        ),
    ]
    drawn_rows = [_row(row, level=differ) for row in turned]
    turned_round = any(item.turned for item in estimates)
    figure = draw_sheet(
        drawn_rows,
        panels,
        title=subject.title("hazard ratio by prior"),
        subtitle=subject.origin,
        key=[(kind, True, kind) for kind in KINDS if any(item.kind == kind for item in estimates)],
        note=(
            "Posterior: median, bar of the central 50%, equal-tailed interval. A hazard ratio that changes with time "
            "is averaged over events, as Cox's regression averages. Dashed: the prior's interval, before "
            f"the data. P(benefit): posterior probability that {subject.arms[1]} is better. Dotted: published value, "
            f"and 50%.{' A ratio given the other way round was converted.' if turned_round else ''}"
        ),
    )
    with styled():
        layout = Layout(drawn_rows, panels)
        for row, middle in zip(turned, layout.middles, strict=True):
            _add(figure.axes[1], row, middle, panels[0].scale)
    return figure


def _row(row: SensitivityRow, *, level: bool) -> Row:
    item = row.estimate
    bad = item.failed
    first = Mark(
        kind=item.kind, value=item.value, low=item.low, high=item.high, text=in_words(item, level=level), failed=bad
    )
    cells: tuple[tuple[Mark, ...], ...] = ((first,), ())
    if item.prob_benefit is not None:
        share, words = 100 * item.prob_benefit, probability(item.prob_benefit)
        cells = ((first,), (Mark(kind=item.kind, value=share, low=None, high=None, text=words, failed=bad),))
    remark = " to ".join(number(float(f"{end:.2g}")) for end in row.prior) if row.prior else ""
    return Row(label=row.words, cells=cells, remark=NOT_CONVERGED if bad else f"prior {remark}" if remark else "")


def _add(axes: Axes, row: SensitivityRow, middle: float, scale: Scale) -> None:
    colour = Mark(kind="posterior", value=None, low=None, high=None, text="", failed=row.estimate.failed).look.colour
    if row.hazard_ratio is not None:
        low, _, high = summary(drawn(row.hazard_ratio, 0), 0.5)
        ends = max(float(low), scale.low), min(float(high), scale.high)
        if ends[0] < ends[1]:
            axes.plot(ends, [middle] * 2, color=colour, lw=_INNER, alpha=0.55, solid_capstyle="butt", zorder=4)
    if row.prior is not None:
        ends = max(row.prior[0], scale.low), min(row.prior[1], scale.high)
        axes.plot(ends, [middle + _BELOW] * 2, color=GREY, lw=0.9, ls=(0, (3, 2)), zorder=2)
