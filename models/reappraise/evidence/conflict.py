"""Whether data and prior contradict each other: how surprising the estimate is to who held the prior."""

from __future__ import annotations

from math import hypot
from typing import Final

import numpy as np
from scipy.special import ndtr

from reappraise.core.errors import AnalysisError
from reappraise.evidence.grid import cumulated
from reappraise.evidence.likelihood import EffectLikelihood
from reappraise.evidence.posterior import Opinion, entering
from reappraise.evidence.prior import MixturePrior

SURPRISING: Final = 0.05
"""Prior predictive p value below which prior and data are said to disagree."""
_PLACES: Final = 40_001
_SDS: Final = 10.0


def prior_predictive_p(likelihood: EffectLikelihood, prior: Opinion) -> float:
    r"""Probability, before the trial, of an estimate at least as surprising as the one that it found.

    .. math:: p = P\{m(B) \le m(b)\}, \qquad m(b) = \sum_k w_k \, \mathrm{N}(b \mid m_k, \sqrt{\tau_k^2 + s^2})

    Of a normal prior this is the two-sided p value of the distance of estimate and prior mean. The estimate is taken as
    normal about the effect with the standard error of the trial.

    Parameters
    ----------
    likelihood
        What the data say, with an estimate.
    prior
        A prior that is a distribution.

    Raises
    ------
    AnalysisError
        If the prior is flat: nothing surprises it.

    References
    ----------
    Box GEP. Sampling and Bayes' inference in scientific modelling and robustness. J R Stat Soc A 1980;143:383-430.
    doi:10.2307/2982063

    Evans M, Moshonov H. Checking for prior-data conflict. Bayesian Anal 2006;1:893-914. doi:10.1214/06-BA129
    """
    entered = entering(prior, likelihood)
    if not isinstance(entered, MixturePrior):
        raise AnalysisError(
            f"{likelihood.endpoint}: expected a prior that is a distribution: nothing surprises a flat one"
        )
    error = likelihood.standard_error
    if len(entered.sds) == 1:
        return float(2 * ndtr(-abs(likelihood.estimate - entered.mean) / hypot(entered.sds[0], error)))
    predicted = MixturePrior(
        entered.name,
        entered.label,
        entered.weights,
        entered.means,
        tuple(hypot(sd, error) for sd in entered.sds),
        entered.rationale,
    )
    seen = float(predicted.log_density(np.array(likelihood.estimate)))
    low = min(mean - _SDS * sd for mean, sd in zip(predicted.means, predicted.sds, strict=True))
    high = max(mean + _SDS * sd for mean, sd in zip(predicted.means, predicted.sds, strict=True))
    estimate = np.linspace(low, high, _PLACES)
    height = predicted.log_density(estimate)
    summed = cumulated(estimate, np.exp(height))
    # between two crossings of the seen height, found by a line, the predictive is all above it or all below it
    excess = height - seen
    turns = np.flatnonzero(np.sign(excess[:-1]) * np.sign(excess[1:]) < 0)
    share = excess[turns] / (excess[turns] - excess[turns + 1])
    crossings = estimate[turns] + share * (estimate[turns + 1] - estimate[turns])
    at = np.interp(crossings, estimate, summed)
    ends = np.concatenate([[0.0], at, [summed[-1]]])
    starts_below = 0 if excess[0] <= 0 else 1
    return float(min(1.0, np.diff(ends)[starts_below::2].sum()))
