r"""Stratified analyses of two rates: one table for each stratum, one effect common to all.

With a of n patients with the event in the first arm of a stratum, c of m in the reference arm, and N = n + m:

.. math::
    OR_{MH} = \frac{\sum a (m - c) / N}{\sum c (n - a) / N}, \qquad
    RR_{MH} = \frac{\sum a m / N}{\sum c n / N}, \qquad
    RD_{MH} = \frac{\sum (a m - c n) / N}{\sum n m / N}

Strata without patients in an arm say nothing and are left out. No count is changed: where a sum is zero the ratio is 0
or infinite with the limits 0 and infinity, or, where both are, not defined. A stratum in which nobody or everybody had
the event still counts for the difference.

References
----------
Mantel N, Haenszel W. Statistical aspects of the analysis of data from retrospective studies of disease. J Natl Cancer
Inst 1959;22:719-748. doi:10.1093/jnci/22.4.719
Greenland S, Robins JM. Estimation of a common effect parameter from sparse follow-up data. Biometrics 1985;41:55-68.
doi:10.2307/2530643
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import inf, sqrt

from reappraise.core.interval import Interval
from reappraise.core.two_by_two import TwoByTwo
from reappraise.response.classical.contrasts import log_wald, ratio
from reappraise.response.classical.hypothesis_tests import Direction, PValue
from reappraise.response.classical.peto import one_step
from reappraise.response.classical.rates import normal_quantile, normal_tail


def stratified_odds_ratios(tables: Sequence[TwoByTwo], *, level: float = 0.95) -> tuple[Interval, ...]:
    r"""The odds ratio common to all strata: Mantel and Haenszel's with Robins, Breslow and Greenland's limits first.

    .. math:: \mathrm{var} \log OR_{MH} = \frac{\sum P R}{2 (\sum R)^2}
        + \frac{\sum (P S + Q R)}{2 \sum R \sum S} + \frac{\sum Q S}{2 (\sum S)^2}

    with R and S the terms above and below the line, P = (a + m - c) / N and Q = (n - a + c) / N.

    Parameters
    ----------
    tables
        Both arms, by stratum.
    level
        Coverage.

    References
    ----------
    Robins J, Breslow N, Greenland S. Estimators of the Mantel-Haenszel variance consistent in both sparse data and
    large-strata limiting models. Biometrics 1986;42:311-323. doi:10.2307/2531052
    """
    above = below = first = second = third = 0.0
    for table in tables:
        (a, b), (c, d) = table.cells
        patients = table.total + table.reference_total
        r, s, p, q = a * d / patients, b * c / patients, (a + d) / patients, (b + c) / patients
        above, below = above + r, below + s
        first, second, third = first + p * r, second + p * s + q * r, third + q * s
    limits = (0.0, inf)
    if above and below:
        error = sqrt(first / above**2 / 2 + second / (above * below) / 2 + third / below**2 / 2)
        limits = log_wald(above / below, error, level)
    found = one_step(tables, level=level)
    return (
        Interval("Mantel-Haenszel odds ratio, Robins-Breslow-Greenland log", ratio(above, below), *limits),
        Interval("Peto one-step odds ratio", *found),
    )


def stratified_risk_ratios(tables: Sequence[TwoByTwo], *, level: float = 0.95) -> tuple[Interval, ...]:
    r"""The risk ratio common to all strata: Mantel and Haenszel's with Greenland and Robins' limits.

    .. math:: \mathrm{var} \log RR_{MH} = \frac{\sum (n m (a + c) - a c N) / N^2}{\sum a m / N \; \sum c n / N}

    Parameters
    ----------
    tables
        Both arms, by stratum.
    level
        Coverage.
    """
    above = below = spread = 0.0
    for table in tables:
        a, n, c, m = table.events, table.total, table.reference_events, table.reference_total
        patients = n + m
        above, below = above + a * m / patients, below + c * n / patients
        spread += (n * m * (a + c) - a * c * patients) / patients**2
    limits = (0.0, inf)
    if above and below:
        limits = log_wald(above / below, sqrt(max(0.0, spread) / (above * below)), level)
    return (Interval("Mantel-Haenszel risk ratio, Greenland-Robins log", ratio(above, below), *limits),)


def stratified_risk_differences(tables: Sequence[TwoByTwo], *, level: float = 0.95) -> tuple[Interval, ...]:
    r"""The risk difference common to all strata: Mantel and Haenszel's, with Greenland and Robins' limits first.

    .. math:: \mathrm{var} RD_{MH} = \sum w^2 (v_1 / n + v_0 / m) / (\sum w)^2, \quad w = n m / N, \quad v = p (1 - p)

    and Sato's, which holds for many small strata as well: (RD sum P + sum Q) / (sum w)^2 with

    .. math:: P = (n^2 c - m^2 a + n m (m - n) / 2) / N^2, \qquad Q = (a (m - c) + c (n - a)) / (2 N)

    Parameters
    ----------
    tables
        Both arms, by stratum; at least one.
    level
        Coverage.

    References
    ----------
    Sato T. On the variance estimator for the Mantel-Haenszel risk difference. Biometrics 1989;45:1323-1324.
    """
    weight = above = robins = p_sum = q_sum = 0.0
    for table in tables:
        a, n, c, m = table.events, table.total, table.reference_events, table.reference_total
        patients, share = n + m, n * m / (n + m)
        weight, above = weight + share, above + (a * m - c * n) / patients
        first, reference = table.rate, table.reference_rate
        robins += share**2 * (first * (1 - first) / n + reference * (1 - reference) / m)
        p_sum += (n**2 * c - m**2 * a + n * m * (m - n) / 2) / patients**2
        q_sum += (a * (m - c) + c * (n - a)) / (2 * patients)
    difference = above / weight
    return tuple(
        Interval(f"Mantel-Haenszel risk difference, {name}", difference, *_around(difference, variance, weight, level))
        for name, variance in (("Greenland-Robins", robins), ("Sato", difference * p_sum + q_sum))
    )


def stratified_p_values(
    tables: Sequence[TwoByTwo], *, direction: Direction, strata: str = "", said: str = ""
) -> tuple[PValue, ...]:
    r"""P values of no effect in any stratum, by Cochran's, Mantel's and Haenszel's test, two-sided first.

    .. math:: z = \sum (a - n M / N) \,/\, \sqrt{\sum n m M (N - M) / (N^2 (N - 1))}, \qquad M = a + c

    Corrected for continuity, 1/2 is taken off the size of the sum above. Where no stratum has patients both with and
    without the event, every p value is 1.

    Parameters
    ----------
    tables
        Both arms, by stratum.
    direction
        The alternative of the one-sided tests: events of the first arm are "higher" or "lower" than expected.
    strata
        Key of the factor whose levels are the strata.
    said
        The strata in words, such as " over stage", to stand in the name.

    References
    ----------
    Cochran WG. Some methods for strengthening the common chi-square tests. Biometrics 1954;10:417-451.
    doi:10.2307/3001616
    """
    return tuple(_p_values(tables, direction, strata, said))


def _p_values(tables: Sequence[TwoByTwo], direction: Direction, strata: str, said: str) -> Iterator[PValue]:
    excess, variance = 0.0, 0.0
    for table in tables:
        own = table.excess
        excess, variance = excess + own[0], variance + own[1]
    sign = 1.0 if direction == "higher" else -1.0
    for words, correction in (("", 0.0), (" with continuity correction", 0.5)):
        size = max(0.0, abs(excess) - correction) * (1 if excess > 0 else -1)
        z = size / sqrt(variance) if variance > 0 else 0.0
        two, one = (2 * normal_tail(abs(z)), normal_tail(sign * z)) if variance > 0 else (1.0, 1.0)
        name = f"Cochran-Mantel-Haenszel{said}{words}"
        yield PValue(f"{name}, two-sided", 2, two, "cochran_mantel_haenszel", strata)
        yield PValue(f"{name}, one-sided", 1, one, "cochran_mantel_haenszel", strata)


def _around(difference: float, variance: float, weight: float, level: float) -> tuple[float, float]:
    width = normal_quantile(level) * sqrt(max(0.0, variance)) / weight
    return max(-1.0, difference - width), min(1.0, difference + width)
