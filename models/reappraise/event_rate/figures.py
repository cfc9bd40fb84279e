"""Prior, likelihood and posterior of a ratio of rates, as densities by prior."""

from __future__ import annotations

from math import exp, log

import numpy as np
from matplotlib.figure import Figure
from scipy import stats

from reappraise.core.estimate import QUANTITIES
from reappraise.drawing.directions import balanced
from reappraise.drawing.scale import Scale, in_words
from reappraise.drawing.style import probability
from reappraise.drawing.words import favours
from reappraise.effect.prior import contrast_priors
from reappraise.event_rate.contrast import RateContrast
from reappraise.event_rate.exact import exact_rate_contrast, flat_likelihood, posterior
from reappraise.survival.effect.figures import EffectPanel, draw_effect_densities

_REACH = 0.9995
"""Share of the posteriors on one side of their ends that the axis shows."""
_PLACES = 500
_WIDE = 4.0
"""Standard errors around the estimate that the axis shows at least."""


def draw_rate_contrast(contrast: RateContrast, *, level: float = 0.95) -> Figure:
    """Draw what the print makes of each named prior.

    Parameters
    ----------
    contrast
        What is known of the ratio.
    level
        Coverage of the intervals.
    """
    control, experimental = contrast.arm_labels
    priors = contrast_priors(contrast)
    tables = [posterior(contrast, prior) for prior in priors]
    middle, wide = tables[0].quantile(0.5), _WIDE * min(contrast.standard_error[1], priors[0].sd)
    ends = [table.quantile(place) for table in tables for place in (1 - _REACH, _REACH)]
    ends += [0.0, middle - wide, middle + wide]
    scale = balanced(Scale(label="", low=exp(min(ends)), high=exp(max(ends)), logarithmic=True, null=1.0))
    grid = np.linspace(log(scale.low), log(scale.high), _PLACES)
    label = QUANTITIES[contrast.quantity].label
    panels = []
    for prior, table in zip(priors, tables, strict=True):
        estimate = next(exact_rate_contrast(contrast, prior, level=level))
        panels.append(
            EffectPanel(
                label=f"{prior.label}: Normal({prior.mean:.3g}, {prior.sd:.3g})",
                prior=np.asarray(stats.norm.pdf(grid, prior.mean, prior.sd)),
                posterior=table.density(grid),
                low=float(estimate.low or 0.0),
                value=float(estimate.value or 0.0),
                high=float(estimate.high or 0.0),
                text=in_words(estimate),
                benefit=probability(estimate.prob_benefit or 0.0),
            )
        )
    came = f" It is {', '.join(contrast.came_about)} in print." if contrast.came_about else ""
    return draw_effect_densities(
        panels,
        log_ratio=grid,
        likelihood=flat_likelihood(contrast, float(grid[0]), float(grid[-1]), _PLACES),
        ratio=f"{label}, {experimental} over {control}",
        short=label,
        favoured=favours(experimental, control, "higher" if contrast.benefit > 0 else "lower"),
        level=f"{100 * level:g}%",
        title=f"{contrast.label}: log {label.lower()} before and after the data",
        subtitle=f"From {contrast.words.partition(';')[0]}",
        note=(
            f"Densities of the log {label.lower()}; the likelihood is scaled to a density. Bar: posterior median and "
            f"equal-tailed interval, exact.{came}{_caution(contrast)}"
        ),
    )


def _caution(contrast: RateContrast) -> str:
    _, _, caution = contrast.words.partition("; ")
    return f" {caution[:1].upper()}{caution[1:]}." if caution else ""
