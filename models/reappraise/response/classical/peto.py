"""Peto's one-step odds ratio of one table or of several strata."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, inf, sqrt

from reappraise.core.two_by_two import TwoByTwo
from reappraise.response.classical.rates import normal_quantile

_LARGEST_LOG = 700.0
"""Beyond it a ratio is called 0 or infinite."""


def one_step(tables: Sequence[TwoByTwo], *, level: float) -> tuple[float | None, float, float]:
    r"""Value and limits of Peto's odds ratio, first arm over reference arm.

    .. math:: \log OR = \frac{\sum (O - E)}{\sum V} \pm \frac{z}{\sqrt{\sum V}}

    with O the events of the first arm, E and V their hypergeometric mean and variance. It needs no correction for zero
    cells: the step is taken from no effect, and stays finite. It is biased where effects are large or arms unequal.
    Where nobody or everybody had the event V is 0, and nothing is defined.

    Parameters
    ----------
    tables
        Both arms, by stratum; one for an analysis without strata.
    level
        Coverage.

    References
    ----------
    Yusuf S, Peto R, Lewis J, Collins R, Sleight P. Beta blockade during and after myocardial infarction: an overview
    of the randomized trials. Prog Cardiovasc Dis 1985;27:335-371. doi:10.1016/S0033-0620(85)80003-7

    Examples
    --------
    >>> [round(number, 3) for number in one_step([TwoByTwo(0, 15, 2, 13)], level=0.95)]
    [0.107, 0.006, 1.813]
    """
    found = [table.excess for table in tables]
    excess, variance = sum(item[0] for item in found), sum(item[1] for item in found)
    if variance <= 0:
        return None, 0.0, inf
    width = normal_quantile(level) / sqrt(variance)
    value, low, high = (_exponential(excess / variance + step) for step in (0.0, -width, width))
    return value, low, high


def _exponential(logarithm: float) -> float:
    if abs(logarithm) <= _LARGEST_LOG:
        return exp(logarithm)
    return inf if logarithm > 0 else 0.0
