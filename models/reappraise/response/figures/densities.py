"""Prior and posterior densities of a contrast, a panel for each model, a curve for each prior."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from reappraise.core.arms import WHOLE
from reappraise.core.errors import AnalysisError
from reappraise.core.estimate import QUANTITIES
from reappraise.core.silence import silences
from reappraise.drawing.density_panels import Curve, CurvePanel, draw_densities
from reappraise.drawing.scale import Scale, contrast_scale, in_percent, in_words, shown
from reappraise.drawing.style import probability
from reappraise.drawing.words import favours, percent_level
from reappraise.published.trial import TrialEndpoint
from reappraise.response.figures.words import arm_names, binary
from reappraise.response.published import ResponseEndpoint

if TYPE_CHECKING:
    from reappraise.response.fit import ResponseFit


def densities_plot(
    fits: Sequence[ResponseFit], *, endpoint: TrialEndpoint[ResponseEndpoint], quantity: str = "odds_ratio"
) -> Figure:
    """Draw the posterior density of a contrast in the whole population, by model and prior.

    Parameters
    ----------
    fits
        Fits of any endpoint; those of the endpoint as a whole are drawn.
    endpoint
        Binary endpoint of a trial.
    quantity
        ``"odds_ratio"``, ``"risk_ratio"`` or ``"risk_difference"``.

    Raises
    ------
    AnalysisError
        If none of the fits holds the contrast.
    """
    published = binary(endpoint)
    mine = [
        fit
        for fit in fits
        if (fit.job.table.endpoint, fit.job.table.factor) == (published.key, WHOLE)
        and quantity in fit.tree["posterior"]
    ]
    if not mine:
        raise AnalysisError(f"expected fits of {published.key} in all patients that hold {quantity}, got none")
    models = {fit.job.model.name: fit.job.model.label for fit in mine}
    panels = [
        CurvePanel(heading=label, curves=tuple(_curve(fit, quantity) for fit in mine if fit.job.model.name == model))
        for model, label in models.items()
    ]
    arms = arm_names(endpoint.trial)
    below, above = (arms.get(arm, arm) for arm in mine[0].job.table.arms)
    spans = [(curve.value, curve.low, curve.high) for panel in panels for curve in panel.curves]
    ratio = QUANTITIES[quantity].form == "ratio"
    silent = silences(item for fit in mine for item in fit.estimates if item.quantity == quantity)
    return draw_densities(
        panels,
        scale=_widened(contrast_scale(quantity, spans)),
        favours=favours(above, below, published.better),
        level=percent_level(fit.job.sampling.level for fit in mine),
        title=f"{published.label}: {QUANTITIES[quantity].label.lower()} by model and prior",
        subtitle=f"{above} {'over' if ratio else 'minus'} {below}, all patients",
        note=(
            f"P(benefit), that {above} is better than {below}: a posterior probability. Posterior: median and "
            f"equal-tailed interval. Density per {'unit of the logarithm' if ratio else 'percentage point'}, on the "
            "same scale in every panel."
            f"{f' {silent}' if silent else ''}"
        ),
    )


def _curve(fit: ResponseFit, quantity: str) -> Curve:
    found = next(item for item in fit.estimates if item.quantity == quantity)
    value, low, high = (shown(quantity, number) for number in (found.value, found.low, found.high))
    if value is None or low is None or high is None:
        raise AnalysisError(f"{fit.job.name}: expected a point and an interval of {quantity}, got {found}")
    unit = 100.0 if in_percent(quantity) else 1.0
    groups = fit.tree.children
    prior = groups["prior"].dataset[quantity].values if "prior" in groups else np.array([])
    return Curve(
        label=fit.job.prior.label,
        posterior=groups["posterior"].dataset[quantity].values * unit,
        prior=prior * unit,
        value=value,
        low=low,
        high=high,
        text=in_words(found),
        benefit="" if found.prob_benefit is None else probability(found.prob_benefit),
        failed=not fit.converged,
    )


def _widened(scale: Scale) -> Scale:
    """Room for the tails, which reach beyond the intervals."""
    if scale.logarithmic:
        extra = (scale.high / scale.low) ** 0.22
        low, high = scale.low / extra, scale.high * extra
    else:
        extra = 0.22 * (scale.high - scale.low)
        low, high = max(scale.low - extra, -102.0), min(scale.high + extra, 102.0)
    return Scale(label=scale.label, low=low, high=high, logarithmic=scale.logarithmic, null=scale.null)
