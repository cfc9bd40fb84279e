"""Score intervals of two rates, by inverting the score test of each contrast.

Computed here because those of statsmodels 0.15 stop at tables with a zero cell, and its limits of a difference are
not the ones that Newcombe (1998, table II) prints: 0.0528 and 0.3382 for 56 of 70 and 48 of 80.
"""

from __future__ import annotations

from collections.abc import Callable
from math import exp, inf, log, sqrt
from statistics import NormalDist

from reappraise.core.two_by_two import TwoByTwo

_LARGEST_LOG = 40.0
"""Search for ratios stops at exp(-40) and exp(40), beyond which a limit is called 0 or infinite."""


def difference_limits(table: TwoByTwo, *, level: float, corrected: bool) -> tuple[float, float]:
    r"""Limits of the risk difference at which the score statistic equals its normal quantile.

    .. math:: z(\delta) = (\hat p_1 - \hat p_0 - \delta) \,/\, \sqrt{c (v_1 / n_1 + v_0 / n_0)}, \quad v = p (1 - p)

    with p the maximum likelihood rates under the difference delta, and c = N / (N - 1) if corrected, else 1.

    Parameters
    ----------
    table
        The two arms.
    level
        Coverage.
    corrected
        True for Miettinen and Nurminen, False for Mee.

    References
    ----------
    Miettinen O, Nurminen M. Comparative analysis of two rates. Stat Med 1985;4:213-226. doi:10.1002/sim.4780040211
    """
    found = table.rate - table.reference_rate

    def statistic(delta: float) -> float:
        low, high = max(0.0, -delta), min(1.0, 1.0 - delta)
        p0 = _most_likely(lambda p: _slope(table, p + delta, 1.0, p), low, high)
        p1 = p0 + delta
        variance = p1 * (1 - p1) / table.total + p0 * (1 - p0) / table.reference_total
        return _standardised(found - delta, variance * _correction(table, corrected=corrected))

    return _limits(statistic, found, -1.0, 1.0, level)


def ratio_limits(table: TwoByTwo, *, level: float, corrected: bool) -> tuple[float, float]:
    r"""Limits of the risk ratio at which the score statistic equals its normal quantile.

    .. math:: z(\theta) = (\hat p_1 - \theta \hat p_0) \,/\, \sqrt{c (v_1 / n_1 + \theta^2 v_0 / n_0)}

    with p the maximum likelihood rates under the ratio theta, and v = p (1 - p).

    Parameters
    ----------
    table
        The two arms.
    level
        Coverage.
    corrected
        True for Miettinen and Nurminen (c = N / (N - 1)), False for Koopman (c = 1).

    References
    ----------
    Koopman PAR. Confidence intervals for the ratio of two binomial proportions. Biometrics 1984;40:513-517.
    doi:10.2307/2531405
    """
    if table.events == table.reference_events == 0:
        return 0.0, inf

    def statistic(logarithm: float) -> float:
        ratio = exp(logarithm)
        p0 = _most_likely(lambda p: _slope(table, ratio * p, ratio, p), 0.0, min(1.0, 1.0 / ratio))
        p1 = min(1.0, ratio * p0)
        variance = p1 * (1 - p1) / table.total + ratio**2 * p0 * (1 - p0) / table.reference_total
        return _standardised(
            table.rate - ratio * table.reference_rate, variance * _correction(table, corrected=corrected)
        )

    return _log_limits(statistic, table.rate, table.reference_rate, level)


def odds_limits(table: TwoByTwo, *, level: float, corrected: bool) -> tuple[float, float]:
    r"""Limits of the odds ratio at which the score statistic equals its normal quantile.

    .. math:: z(\psi) = n_1 (\hat p_1 - p_1) \sqrt{(1 / (n_1 v_1) + 1 / (n_0 v_0)) / c}, \quad v = p (1 - p)

    with p the maximum likelihood rates under the odds ratio psi.

    Parameters
    ----------
    table
        The two arms.
    level
        Coverage.
    corrected
        True for Miettinen and Nurminen (c = N / (N - 1)), False for Cornfield without continuity correction (c = 1).

    References
    ----------
    Miettinen O, Nurminen M. Comparative analysis of two rates. Stat Med 1985;4:213-226. doi:10.1002/sim.4780040211
    """
    if table.uninformative:
        return 0.0, inf
    (yes, no), (reference_yes, reference_no) = table.cells

    def excess(logit: float, logarithm: float) -> tuple[float, float]:
        return _excess(yes, no, logit + logarithm), _excess(reference_yes, reference_no, logit)

    def statistic(logarithm: float) -> float:
        logit = _most_likely(lambda x: sum(excess(x, logarithm)), -2 * _LARGEST_LOG, 2 * _LARGEST_LOG)
        first, reference = table.total * _variance(logit + logarithm), table.reference_total * _variance(logit)
        information = first * reference / (first + reference)
        return _standardised(excess(logit, logarithm)[0], information * _correction(table, corrected=corrected))

    return _log_limits(statistic, float(yes * reference_no), float(no * reference_yes), level)


def _slope(table: TwoByTwo, p1: float, rise: float, p0: float) -> float:
    """Slope of the log likelihood in p0, when p1 rises by `rise` per unit of p0; free of division by zero."""
    (yes, no), (reference_yes, reference_no) = table.cells
    if no and p1 >= 1:
        return -inf
    first = (yes / p1 if yes else 0.0) - (no / (1 - p1) if no else 0.0)
    reference = (reference_yes / p0 if reference_yes else 0.0) - (reference_no / (1 - p0) if reference_no else 0.0)
    return rise * first + reference


def _excess(yes: int, no: int, logit: float) -> float:
    """Events above those expected at a logit, without cancellation at rates near 0 and 1."""
    return yes / (1 + exp(logit)) - no / (1 + exp(-logit))


def _variance(logit: float) -> float:
    return 1 / ((1 + exp(logit)) * (1 + exp(-logit)))


def _most_likely(slope: Callable[[float], float], low: float, high: float) -> float:
    """Where the falling slope of a concave likelihood is zero; the interior of (low, high) only is evaluated."""
    for _ in range(60):
        middle = (low + high) / 2
        if not low < middle < high:
            break
        if slope(middle) > 0:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _correction(table: TwoByTwo, *, corrected: bool) -> float:
    patients = table.total + table.reference_total
    return patients / (patients - 1) if corrected else 1.0


def _standardised(difference: float, variance: float) -> float:
    if variance <= 0:
        return 0.0 if difference == 0 else inf if difference > 0 else -inf
    return difference / sqrt(variance)


def _limits(
    statistic: Callable[[float], float], found: float, least: float, most: float, level: float
) -> tuple[float, float]:
    z = NormalDist().inv_cdf((1 + level) / 2)
    return _root(statistic, found, least, z), _root(statistic, found, most, -z)


def _root(statistic: Callable[[float], float], found: float, edge: float, target: float) -> float:
    """Where the falling statistic, zero at `found`, reaches `target`; the edge if it never does."""
    nearly = edge + (found - edge) * 1e-12
    if found == edge or abs(statistic(nearly)) < abs(target):
        return edge

    def distance(parameter: float) -> float:
        value = 0.0 if parameter == found else statistic(parameter)
        return max(-1e3, min(1e3, value)) - target

    from scipy.optimize import brentq  # slow to import, and an audit without printed contrasts has no need of it

    return float(brentq(distance, nearly, found, xtol=1e-13))


def _log_limits(statistic: Callable[[float], float], above: float, below: float, level: float) -> tuple[float, float]:
    """Limits of a ratio above / below, either of which may be zero, but not both."""
    if above == 0:
        _, high = _limits(statistic, -_LARGEST_LOG, -_LARGEST_LOG, _LARGEST_LOG, level)
        return 0.0, _exponential(high)
    if below == 0:
        low, _ = _limits(statistic, _LARGEST_LOG, -_LARGEST_LOG, _LARGEST_LOG, level)
        return _exponential(low), inf
    low, high = _limits(statistic, log(above / below), -_LARGEST_LOG, _LARGEST_LOG, level)
    return _exponential(low), _exponential(high)


def _exponential(logarithm: float) -> float:
    if logarithm <= -_LARGEST_LOG:
        return 0.0
    return inf if logarithm >= _LARGEST_LOG else exp(logarithm)
