"""Priors on a difference of means: normal, each with its reason, on the scale on which patients differ."""

from __future__ import annotations

from math import exp
from typing import Final

from reappraise.continuous.contrast import LARGE, MeanContrast
from reappraise.effect.prior import EffectPrior, doubt_and_belief

WIDE: Final = 10.0
"""Standard deviation of the reference prior, in standard deviations between patients."""
UNSEEN: Final = 10.0
"""The same in standard errors of the printed difference, where no spread between patients is printed."""
RATIO: Final = 1.0
"""The same of the logarithm of a ratio: ratios from 0.14 to 7.1 are within its 95%."""


def mean_priors(contrast: MeanContrast) -> tuple[EffectPrior, ...]:
    """Named priors on a contrast of means: the reference first, then the sceptical and the enthusiastic one.

    Parameters
    ----------
    contrast
        What is known of it: the sceptical and the enthusiastic prior know its planned effect, or the smallest
        difference that matters; without either a difference of half a standard deviation between patients, which is
        called a medium one.

    References
    ----------
    Cohen J. Statistical Power Analysis for the Behavioral Sciences. 2nd ed. 1988, chapter 2.
    """
    if contrast.logarithmic:
        sd, wide = RATIO, f"Barely an opinion: ratios from {exp(-1.96):.2g} to {exp(1.96):.2g} are within its 95%."
    elif contrast.sd is not None:
        sd = WIDE * contrast.sd
        wide = "Barely an opinion: means may differ by twenty standard deviations between patients."
    else:
        sd, wide = UNSEEN * contrast.error, "Barely an opinion: worth a hundredth of what the printed limits say."
    planned, whose = contrast.planned, "the planned effect"
    if planned is None and contrast.margin is not None:
        planned, whose = contrast.benefit * contrast.margin, "the smallest difference that matters"
    if planned is None and contrast.sd is not None:
        planned = contrast.benefit * LARGE * contrast.sd
        whose = "half a standard deviation between patients, for want of a planned effect"
    reference = EffectPrior("reference", "Reference", 0.0, sd, wide)
    if planned is None:
        why = "Large effects are rare: centred at no effect, worth as much as the trial; no planned effect is stated."
        return reference, EffectPrior("sceptical", "Sceptical", 0.0, contrast.error, why)
    return (reference, *doubt_and_belief(planned, whose))
