"""Prior, likelihood and posterior of a printed contrast, as densities by prior."""

from __future__ import annotations

from math import exp, log

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy import stats

from reappraise.core.estimate import QUANTITIES, Estimate
from reappraise.drawing.directions import balanced
from reappraise.drawing.scale import Scale, in_words
from reappraise.drawing.style import probability
from reappraise.drawing.words import favours
from reappraise.effect.contrast import PrintedContrast
from reappraise.effect.exact import exact_contrast, posterior
from reappraise.effect.prior import EffectPrior, contrast_priors
from reappraise.survival.effect.exact import NormalMixture
from reappraise.survival.effect.figures import EffectPanel, draw_effect_densities

type Floats = NDArray[np.float64]

_REACH = 4.0
"""Standard errors of the likelihood on either side of it that the axis shows."""


def draw_contrast(contrast: PrintedContrast, *, level: float = 0.95) -> Figure:
    """Draw what the print makes of each named prior.

    Parameters
    ----------
    contrast
        What was printed.
    level
        Coverage of the intervals.
    """
    label = QUANTITIES[contrast.quantity].label
    percent = contrast.quantity == "risk_difference"
    unit = " (percentage points)" if percent else f" ({contrast.unit})" if contrast.unit else ""
    control, experimental = contrast.arm_labels
    priors = contrast_priors(contrast)
    grid = _grid(contrast, priors)
    flat = NormalMixture.of(contrast.effect, contrast.standard_error, contrast.centre, 1e3 * contrast.standard_error[1])
    shown = 100.0 if percent else 1.0
    scale = "log " if contrast.ratio else ""
    notes = [f"{note[:1].upper()}{note[1:]}." for note in contrast.notes]
    said = f" It is {', '.join(contrast.came_about)} in print." if contrast.came_about else ""
    explained = (
        f"Densities of the {scale}{label.lower()}; the likelihood is a normal one of the rounded print, scaled to a "
        f"density. Bar: posterior median and equal-tailed interval, exact.{said}"
    )
    return draw_effect_densities(
        [_panel(contrast, prior, grid, level=level) for prior in priors],
        log_ratio=grid * shown,
        likelihood=flat.density(grid),
        ratio=f"{label}, {experimental} {'over' if contrast.ratio else 'minus'} {control}{unit}",
        short=f"{label}{unit}",
        logarithmic=contrast.ratio,
        favoured=favours(experimental, control, "higher" if contrast.benefit > 0 else "lower"),
        level=f"{100 * level:g}%",
        title=f"{contrast.label}: {scale}{label.lower()} before and after the print",
        subtitle=f"Printed: {contrast.printed}",
        note=" ".join((explained, *notes)),
    )


def _grid(contrast: PrintedContrast, priors: tuple[EffectPrior, ...]) -> Floats:
    """Effects that the likelihood and the posteriors reach, no difference among them."""
    wide = _REACH * contrast.standard_error[1]
    ends = [contrast.effect[0] - wide, contrast.effect[1] + wide, 0.0]
    for prior in priors:
        found = posterior(contrast, prior)
        ends += [found.quantile(place) for place in (0.001, 0.999)]
    low, high = min(ends), max(ends)
    if contrast.ratio:
        scale = balanced(Scale(label="", low=exp(low), high=exp(high), logarithmic=True, null=1.0))
        return np.linspace(log(scale.low), log(scale.high), 500)
    scale = balanced(Scale(label="", low=low, high=high, null=0.0))
    return np.linspace(scale.low, scale.high, 500)


def _panel(contrast: PrintedContrast, prior: EffectPrior, grid: Floats, *, level: float) -> EffectPanel:
    estimate: Estimate = next(exact_contrast(contrast, prior, level=level))
    shown = 100.0 if contrast.quantity == "risk_difference" else 1.0
    numbers = [shown * float(number or 0.0) for number in (estimate.low, estimate.value, estimate.high)]
    return EffectPanel(
        label=f"{prior.label}: Normal({prior.mean * shown:.3g}, {prior.sd * shown:.3g})",
        prior=np.asarray(stats.norm.pdf(grid, prior.mean, prior.sd)),
        posterior=posterior(contrast, prior).density(grid),
        low=numbers[0],
        value=numbers[1],
        high=numbers[2],
        text=in_words(estimate),
        benefit=probability(estimate.prob_benefit or 0.0),
    )
