"""Prior, likelihood and posterior of a difference of means, as densities by prior."""

from __future__ import annotations

from math import exp, log

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy import stats

from reappraise.continuous.contrast import MeanContrast
from reappraise.continuous.exact import exact_mean_contrast, posterior
from reappraise.continuous.prior import mean_priors
from reappraise.core.estimate import QUANTITIES
from reappraise.core.located import likelihood
from reappraise.drawing.directions import balanced
from reappraise.drawing.scale import Scale, in_words
from reappraise.drawing.style import probability
from reappraise.drawing.words import favours
from reappraise.effect.prior import EffectPrior
from reappraise.survival.effect.figures import EffectPanel, draw_effect_densities

type Floats = NDArray[np.float64]

_REACH = 0.9995
"""Share of likelihood and posteriors on one side of their ends that the axis shows."""
_PLACES = 500


def draw_mean_contrast(contrast: MeanContrast, *, level: float = 0.95) -> Figure:
    """Draw what the print makes of each named prior.

    Parameters
    ----------
    contrast
        What is known of it.
    level
        Coverage of the intervals.
    """
    label = QUANTITIES[contrast.quantity].label
    unit = f" ({contrast.unit})" if contrast.unit else ""
    control, experimental = contrast.arm_labels
    priors = mean_priors(contrast)
    flat = likelihood(contrast.parts)
    tables = [flat, *(posterior(contrast, prior) for prior in priors)]
    ends = [table.quantile(place) for table in tables for place in (1 - _REACH, _REACH)]
    ends += [0.0, *(() if contrast.margin is None else (contrast.benefit * contrast.margin,))]
    grid = _grid(min(ends), max(ends), logarithmic=contrast.logarithmic)
    scale = "log " if contrast.logarithmic else ""
    came = f" It is {', '.join(contrast.came_about)} in print." if contrast.came_about else ""
    return draw_effect_densities(
        [
            _panel(contrast, prior, grid, table.density(grid), level=level)
            for prior, table in zip(priors, tables[1:], strict=True)
        ],
        log_ratio=grid,
        likelihood=flat.density(grid),
        ratio=f"{label}, {experimental} {'over' if contrast.logarithmic else 'minus'} {control}{unit}",
        short=f"{label}{unit}",
        logarithmic=contrast.logarithmic,
        favoured=favours(experimental, control, "higher" if contrast.benefit > 0 else "lower"),
        level=f"{100 * level:g}%",
        title=f"{contrast.label}: {scale}{label.lower()} before and after the data",
        subtitle=f"From {contrast.words}",
        note=(
            f"Densities of the {scale}{label.lower()}; the likelihood is that of t distributions, scaled to a density. "
            f"Bar: posterior median and equal-tailed interval, exact.{came}"
        ),
    )


def _grid(low: float, high: float, *, logarithmic: bool) -> Floats:
    if logarithmic:
        scale = balanced(Scale(label="", low=exp(low), high=exp(high), logarithmic=True, null=1.0))
        return np.linspace(log(scale.low), log(scale.high), _PLACES)
    scale = balanced(Scale(label="", low=low, high=high, null=0.0))
    return np.linspace(scale.low, scale.high, _PLACES)


def _panel(contrast: MeanContrast, prior: EffectPrior, grid: Floats, density: Floats, *, level: float) -> EffectPanel:
    estimate = next(exact_mean_contrast(contrast, prior, level=level))
    return EffectPanel(
        label=f"{prior.label}: Normal({prior.mean:.3g}, {prior.sd:.3g})",
        prior=np.asarray(stats.norm.pdf(grid, prior.mean, prior.sd)),
        posterior=density,
        low=float(estimate.low or 0.0),
        value=float(estimate.value or 0.0),
        high=float(estimate.high or 0.0),
        text=in_words(estimate),
        benefit=probability(estimate.prob_benefit or 0.0),
    )
