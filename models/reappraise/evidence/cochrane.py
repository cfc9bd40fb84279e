"""What trials usually find: the prior that the Cochrane database makes, and what it leaves of an estimate."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan
from statistics import NormalDist
from typing import Final

import numpy as np
from scipy.special import ndtr

from reappraise.core.errors import AnalysisError
from reappraise.evidence.likelihood import EffectLikelihood
from reappraise.evidence.posterior import EffectPosterior, effect_posterior
from reappraise.evidence.prior import MixturePrior

WEIGHTS: Final = (0.32, 0.31, 0.30, 0.07)
SDS: Final = (0.61, 1.42, 2.16, 5.64)
"""Weights and standard deviations of the signal-to-noise ratio: table 1 of the reference."""


def cochrane_prior(likelihood: EffectLikelihood) -> MixturePrior:
    r"""What 23,551 trials of the Cochrane database say of the next one, before its estimate is known.

    .. math::
        \theta / s \sim \sum_k w_k \, \mathrm{Normal}(0, \tau_k)

    with s the standard error of this trial: how far the effects of trials lie from no effect, in standard errors. It
    knows neither the disease nor the treatment, and has no opinion of its own on the direction.

    Parameters
    ----------
    likelihood
        The trial, of which its standard error is used.

    References
    ----------
    van Zwet E, Schwab S, Senn S. The statistical properties of RCTs and a proposal for shrinkage. Stat Med
    2021;40:6107-6117. doi:10.1002/sim.9173
    """
    error = likelihood.standard_error
    return MixturePrior(
        "cochrane",
        "Cochrane",
        WEIGHTS,
        (0.0,) * len(SDS),
        tuple(sd * error for sd in SDS),
        "What a trial of this precision usually finds: the effects of 23,551 trials in standard errors. It knows "
        "neither disease nor treatment.",
    )


@dataclass(frozen=True, slots=True)
class Shrinkage:
    """What is left of an estimate, given what trials usually find.

    Parameters
    ----------
    posterior
        Posterior of the effect under the Cochrane prior.
    z
        Estimate of the trial over its standard error.
    estimate
        The estimate of the trial, as people read it.
    shrunken
        Its mean under the posterior, as people read it: of ratios the exponential of the mean logarithm.
    low, high, level
        Equal-tailed interval, and its probability.
    exaggeration
        Median factor by which the estimate overstates the size of the effect.
    right_sign
        Probability that the effect has the sign of the estimate.
    replicates
        Probability that an exact repetition finds the same sign with a two-sided p value below `significance`.
    significance
        Level of that test.
    """

    posterior: EffectPosterior
    z: float
    estimate: float
    shrunken: float
    low: float
    high: float
    level: float
    exaggeration: float
    right_sign: float
    replicates: float
    significance: float


def cochrane_shrinkage(likelihood: EffectLikelihood, *, level: float = 0.95, significance: float = 0.05) -> Shrinkage:
    r"""Shrink an estimate by what trials usually find.

    .. math::
        E(\theta \mid b), \quad \mathrm{median}\,(|b| / |\theta|), \quad P(\theta b > 0), \quad
        P(|b'| > z_{1 - \alpha/2} \, s, \; b' b > 0), \; b' \sim \mathrm{Normal}(\theta, s)

    Parameters
    ----------
    likelihood
        The trial.
    level
        Probability of the interval.
    significance
        Two-sided level of the test in the repetition.

    Raises
    ------
    AnalysisError
        If the estimate is no effect at all, so that it has no sign, or a level is not between 0 and 1.
    """
    estimate, error = likelihood.estimate, likelihood.standard_error
    if not 0 < significance < 1:
        raise AnalysisError(f"expected a level of significance between 0 and 1, such as 0.05, got {significance:g}")
    if abs(estimate) < 1e-9 * error:
        raise AnalysisError(
            f"{likelihood.endpoint}: the estimate is no effect at all, and has no sign to be right or repeated"
        )
    found = effect_posterior(likelihood, cochrane_prior(likelihood))
    low, high = found.interval(level)
    sign = np.sign(estimate)
    needed = NormalDist().inv_cdf(1 - significance / 2)
    weight = found.density / found.density.sum()
    below = float(found.below(0.0))
    return Shrinkage(
        posterior=found,
        z=estimate / error,
        estimate=likelihood.natural(estimate),
        shrunken=likelihood.natural(found.mean),
        low=low,
        high=high,
        level=level,
        exaggeration=abs(estimate) / _median_size(found),
        right_sign=1 - below if sign > 0 else below,
        replicates=float(weight @ ndtr(sign * found.effect / error - needed)),
        significance=significance,
    )


def _median_size(found: EffectPosterior) -> float:
    """Median of the distance of the effect from none."""
    low, high = 0.0, float(np.abs(found.effect).max())
    middle = nan
    for _ in range(60):
        middle = (low + high) / 2
        ends = found.below(np.array([-middle, middle]))
        low, high = (middle, high) if ends[1] - ends[0] < 0.5 else (low, middle)
    return middle
