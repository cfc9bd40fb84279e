"""Proportional odds of two arms by maximum likelihood, and the test of it."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, inf, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats
from scipy.optimize import brentq

from reappraise.core.interval import Interval
from reappraise.depth.table import OrdinalTable

type Floats = NDArray[np.float64]

ARM_CODE = (-0.5, 0.5)
FARTHEST = 40.0
"""Log odds ratio that stands in for an infinite one."""
WALD = "proportional odds, maximum likelihood, Wald"
PROFILE = "proportional odds, maximum likelihood, profile likelihood"


@dataclass(frozen=True, slots=True)
class OddsTest:
    """The test of proportional odds against distributions that differ freely between the arms.

    Parameters
    ----------
    likelihood_ratio, score
        Statistics; the score statistic is Pearson's chi-square of the fitted counts.
    degrees_of_freedom
        Categories with patients, less two.
    p_likelihood_ratio, p_score
        Upper tails of the chi-square distribution; 1 without degrees of freedom.
    smallest_expected
        Smallest fitted count: below about 5 the score test rejects too often.
    """

    likelihood_ratio: float
    score: float
    degrees_of_freedom: int
    p_likelihood_ratio: float
    p_score: float
    smallest_expected: float


def proportional_odds(table: OrdinalTable, *, level: float = 0.95) -> tuple[Interval, ...]:
    r"""Odds ratio common to all cut points by maximum likelihood, with Wald and profile-likelihood limits.

    .. math:: \mathrm{logit} P(Y \le k \mid a) = c_k + x_a \delta, \quad x = (-1/2, +1/2)

    Experimental over control; above 1 the experimental arm has the better categories. Standard errors are from the
    observed information. Where no pair of patients speaks against one arm the estimate is 0 or infinite, and Wald's
    limits are left out; where all patients are in one category there is no estimate at all.

    Parameters
    ----------
    table
        Patients by category and arm.
    level
        Coverage.

    References
    ----------
    McCullagh P. Regression models for ordinal data. J R Stat Soc B 1980;42:109-142.
    doi:10.1111/j.2517-6161.1980.tb01109.x

    Examples
    --------
    >>> table = OrdinalTable(
    ...     endpoint="size",
    ...     label="Size",
    ...     arms=("others", "carriers"),
    ...     arm_labels=("Others", "Carriers"),
    ...     categories=("large", "medium", "small"),
    ...     category_labels=("Large", "Medium", "Small"),
    ...     counts=((269, 24), (560, 29), (497, 19)),
    ... )
    >>> round(proportional_odds(table)[0].value, 3)
    1.827
    """
    counts = _occupied(table)
    if len(counts) < 2:
        return (Interval(PROFILE, None, 0.0, inf),)
    wins, losses = _pairs(counts)
    if wins and losses:
        fit = _fit(counts)
        effect, error = float(fit.parameters[-1]), sqrt(float(np.linalg.inv(-fit.curvature)[-1, -1]))
        reach = float(stats.norm.ppf((1 + level) / 2)) * error
        low, high = (_limit(counts, fit.log_likelihood, effect, side * error, level) for side in (-1, 1))
        return (
            Interval(WALD, exp(effect), exp(effect - reach), exp(effect + reach)),
            Interval(PROFILE, exp(effect), exp(low), exp(high)),
        )
    end = FARTHEST if wins else -FARTHEST
    best = _fit(counts, effect=end).log_likelihood
    limit = exp(_limit(counts, best, end, -end / 4, level))
    return (Interval(PROFILE, inf if wins else 0.0, limit if wins else 0.0, inf if wins else limit),)


def odds_test(table: OrdinalTable) -> OddsTest:
    r"""Likelihood-ratio and score test of proportional odds.

    .. math:: 2 \sum_{ka} y_{ka} \log (y_{ka} / m_{ka}), \quad \sum_{ka} (y_{ka} - m_{ka})^2 / m_{ka}

    with fitted counts m. With two arms the alternative, free odds ratios at every cut point, is the saturated model:
    so its maximum is known, and the score statistic is Pearson's.

    References
    ----------
    Peterson B, Harrell FE. Partial proportional odds models for ordinal response variables. Appl Stat
    1990;39:205-217. doi:10.2307/2347760
    Smyth GK. Pearson's goodness of fit statistic as a score test statistic. In: Statistics and science: a festschrift
    for Terry Speed. IMS Lecture Notes 2003;40:115-126. doi:10.1214/lnms/1215091138
    """
    counts = _occupied(table)
    freedom = max(len(counts) - 2, 0)
    if not freedom:
        return OddsTest(0.0, 0.0, 0, 1.0, 1.0, float(counts.min(initial=inf)))
    wins, losses = _pairs(counts)
    fit = _fit(counts) if wins and losses else _fit(counts, effect=FARTHEST if wins else -FARTHEST)
    expected = counts.sum(axis=0) * np.exp(fit.log_rate.T)
    ratio = max(0.0, 2 * float(special.xlogy(counts, counts / expected).sum()))
    score = float(((counts - expected) ** 2 / expected).sum())
    return OddsTest(
        likelihood_ratio=ratio,
        score=score,
        degrees_of_freedom=freedom,
        p_likelihood_ratio=float(stats.chi2.sf(ratio, freedom)),
        p_score=float(stats.chi2.sf(score, freedom)),
        smallest_expected=float(expected.min()),
    )


@dataclass(frozen=True, slots=True)
class _Fit:
    parameters: Floats
    log_likelihood: float
    curvature: Floats
    log_rate: Floats


def _occupied(table: OrdinalTable) -> Floats:
    """Counts of the categories that hold patients: an empty one says nothing, and its cut points coincide."""
    counts = np.array(table.counts, dtype=np.float64)
    return counts[counts.sum(axis=1) > 0]


def _pairs(counts: Floats) -> tuple[float, float]:
    """Pairs of patients of which the one of the experimental arm has the better, or the worse, category."""
    control, experimental = counts.T
    after = control[::-1].cumsum()[::-1] - control
    before = control.cumsum() - control
    return float(experimental @ after), float(experimental @ before)


def _fit(counts: Floats, effect: float | None = None) -> _Fit:
    """Newton's method on the cut points, and on the effect unless it is given: the log likelihood is concave."""
    pooled = counts.sum(axis=1).cumsum()[:-1] / counts.sum()
    parameters = np.append(special.logit(pooled), effect or 0.0)
    if effect is not None:
        # far out, each cut point starts within the arm that it divides
        parameters[:-1] = _spread_cuts(counts, effect)
    free = slice(None) if effect is None else slice(-1)
    value, gradient, curvature, log_rate = _derivatives(counts, parameters)
    for _ in range(200):
        step = np.linalg.solve(-curvature[free, free] + 1e-12 * np.eye(len(gradient[free])), gradient[free])
        if np.abs(step).max() < 1e-10:
            break
        size = 1.0
        while size > 1e-12:
            tried = parameters.copy()
            tried[free] += size * step
            found = _derivatives(counts, tried)
            if found[0] >= value - 1e-12 * abs(value):
                break
            size /= 2
        else:
            break
        parameters, (value, gradient, curvature, log_rate) = tried, found
    return _Fit(parameters, value, curvature, log_rate)


def _spread_cuts(counts: Floats, effect: float) -> Floats:
    """Cut points at which the mean of both arms' cumulative probabilities is that of all patients."""
    totals = counts.sum(axis=0)
    pooled = counts.sum(axis=1).cumsum()[:-1] / counts.sum()

    def excess(cut: float, rate: float) -> float:
        return float(totals @ special.expit(cut + np.array(ARM_CODE) * effect) / totals.sum() - rate)

    reach = abs(effect) + 50.0
    return np.array([brentq(excess, -reach, reach, args=(rate,)) for rate in pooled])


def _derivatives(counts: Floats, parameters: Floats) -> tuple[float, Floats, Floats, Floats]:
    """Log likelihood without its constant, gradient, matrix of second derivatives, log rates (arm, category)."""
    cuts, effect = parameters[:-1], parameters[-1]
    number = len(cuts)
    value, gradient, curvature = 0.0, np.zeros(number + 1), np.zeros((number + 1, number + 1))
    rates = []
    if (np.diff(cuts) <= 0).any():
        return -inf, gradient, curvature, np.empty((2, number + 1))
    for arm, code in enumerate(ARM_CODE):
        own = cuts + code * effect
        between = special.log_expit(own[1:]) + special.log_expit(-own[:-1]) + np.log(-np.expm1(-np.diff(own)))
        log_rate = np.concatenate([special.log_expit(own[:1]), between, special.log_expit(-own[-1:])])
        rates.append(log_rate)
        weight = counts[:, arm]
        value += float(weight @ log_rate)
        log_density = special.log_expit(own) + special.log_expit(-own)
        # density at a cut point over the rate of the category above it, and of the one below it
        above, below = np.exp(log_density - log_rate[:-1]), np.exp(log_density - log_rate[1:])
        slope = weight[:-1] * above - weight[1:] * below
        bend = 1 - 2 * special.expit(own)
        second = np.diag(weight[:-1] * (bend * above - above**2) - weight[1:] * (bend * below + below**2))
        cross = weight[1:-1] * below[:-1] * above[1:]
        second += np.diag(cross, 1) + np.diag(cross, -1)
        design = np.column_stack([np.eye(number), np.full(number, code)])
        gradient += design.T @ slope
        curvature += design.T @ second @ design
    return value, gradient, curvature, np.array(rates)


def _limit(counts: Floats, best: float, effect: float, step: float, level: float) -> float:
    """Where the profile deviance reaches the chi-square quantile, in the direction of `step` from the estimate."""
    allowed = float(stats.chi2.ppf(level, 1))

    def excess(value: float) -> float:
        return 2 * (best - _fit(counts, effect=value).log_likelihood) - allowed

    outer = effect + step
    while excess(outer) < 0:
        outer += step
    return float(brentq(excess, effect, outer, xtol=1e-10))
