"""Limits of the odds ratio by profile likelihood, as programs print them for logistic regression."""

from __future__ import annotations

from math import exp, inf, log
from statistics import NormalDist

from reappraise.core.interval import Interval
from reappraise.core.two_by_two import TwoByTwo
from reappraise.response.classical.contrasts import ratio

METHOD = "sample odds ratio, profile likelihood"
FARTHEST = 60.0
"""Logarithm of the odds ratio beyond which no limit is looked for."""
PRECISION = 1e-10
"""Within which the logarithm of a limit is found."""


def profile_likelihood(table: TwoByTwo, *, level: float = 0.95) -> Interval:
    r"""The odds ratio, first arm over reference arm, with those limits that a likelihood ratio test does not reject.

    .. math:: 2 \{\ell(\hat\theta_1, \hat\theta_0) - \max_{\theta_1 / \theta_0 = e^\psi} \ell\} \le z^2,

    the odds :math:`\theta` under the constraint being those at which the expected number of events is the observed one.
    With a zero cell one limit is 0 or infinite.

    Parameters
    ----------
    table
        The two arms.
    level
        Coverage.

    References
    ----------
    Venzon DJ, Moolgavkar SH. A method for computing profile-likelihood-based confidence intervals. Appl Stat
    1988;37:87-94. doi:10.2307/2347496
    """
    (a, b), (c, d) = table.cells
    if a + c == 0 or b + d == 0:
        return Interval(METHOD, None, 0.0, inf)
    most = NormalDist().inv_cdf((1 + level) / 2) ** 2
    above, below = a * d, b * c
    centre = log(above / below) if above and below else -FARTHEST if below else FARTHEST
    low = exp(_end(table, -FARTHEST, centre, most)) if above else 0.0
    high = exp(_end(table, FARTHEST, centre, most)) if below else inf
    return Interval(METHOD, ratio(above, below), low, high)


def _end(table: TwoByTwo, outside: float, inside: float, most: float) -> float:
    """Logarithm of the odds ratio between two at which the deviance is so large, by halving."""
    while abs(outside - inside) > PRECISION:
        middle = (outside + inside) / 2
        outside, inside = (middle, inside) if _deviance(table, middle) > most else (outside, middle)
    return inside


def _deviance(table: TwoByTwo, log_ratio: float) -> float:
    """Twice the fall of the log-likelihood from its maximum to that given the odds ratio."""
    (a, b), (c, d) = table.cells
    # expected events x of the first arm: x (d - a + x) / ((a + b - x) (a + c - x)) is the odds ratio
    low, high = max(0.0, float(a - d)), float(min(a + b, a + c))
    while low < (middle := (low + high) / 2) < high:
        cells = middle, a + b - middle, a + c - middle, d - a + middle
        below = log(cells[0]) + log(cells[3]) - log(cells[1]) - log(cells[2]) < log_ratio
        low, high = (middle, high) if below else (low, middle)
    x = (low + high) / 2
    # a cell may vanish in rounding: then it is far below what the limit leaves of it
    expected = (max(cell, 1e-300) for cell in (x, a + b - x, a + c - x, d - a + x))
    return 2 * sum(n * log(n / cell) for n, cell in zip((a, b, c, d), expected, strict=True) if n)
