"""Candidate intervals of one response rate: what a printed interval may have been computed by."""

from __future__ import annotations

from math import erfc, exp, log, sqrt
from statistics import NormalDist

from reappraise.core.interval import Interval

EXACT = "Clopper-Pearson (exact)"


def rate_intervals(events: int, total: int, *, level: float = 0.95) -> tuple[Interval, ...]:
    r"""Intervals of a rate by each standard method, the exact one first.

    .. math:: P(X \ge k \mid p_{low}) = P(X \le k \mid p_{high}) = (1 - level) / 2, \quad X \sim Bin(n, p)

    defines Clopper-Pearson; mid-P counts half of P(X = k). Jeffreys' limits are quantiles of
    Beta(k + 1/2, n - k + 1/2), with 0 and 1 at k = 0 and k = n, where the logit interval, which does not exist there,
    is left out.

    Parameters
    ----------
    events, total
        Patients with the event, of all patients.
    level
        Coverage, two-sided, equal tails.

    Returns
    -------
    tuple of Interval
        Limits as fractions.

    References
    ----------
    Newcombe RG. Two-sided confidence intervals for the single proportion. Stat Med 1998;17:857-872.
    doi:10.1002/(SICI)1097-0258(19980430)17:8<857::AID-SIM777>3.0.CO;2-E
    Brown LD, Cai TT, DasGupta A. Interval estimation for a binomial proportion. Stat Sci 2001;16:101-133.
    doi:10.1214/ss/1009213286

    Examples
    --------
    >>> exact = rate_intervals(8, 20)[0]
    >>> exact.method, round(exact.low, 4), round(exact.high, 4)
    ('Clopper-Pearson (exact)', 0.1912, 0.6395)
    """
    if not (0 <= events <= total and total > 0):
        raise ValueError(f"expected 0 <= events <= total and total > 0, got {events} of {total}")
    rate = events / total
    z = normal_quantile(level)
    width = z * sqrt(rate * (1 - rate) / total)
    corrected = width + 1 / (2 * total)
    added = (events + z**2 / 2) / (total + z**2)
    added_width = z * sqrt(added * (1 - added) / (total + z**2))
    found = [
        (EXACT, _beta_limits(events, total, level, prior=0.0)),
        ("mid-P", _mid_p(events, total, level)),
        ("Wilson score", wilson(events, total, level=level)),
        ("Wilson score with continuity correction", wilson_corrected(events, total, level=level)),
        ("Agresti-Coull", _within(added, added_width)),
        ("Jeffreys", _beta_limits(events, total, level, prior=0.5)),
        ("Wald", _within(rate, width)),
        ("Wald with continuity correction", _within(rate, corrected)),
    ]
    if 0 < events < total:
        middle, reach = log(rate / (1 - rate)), z / sqrt(total * rate * (1 - rate))
        found.append(("Wald on the logit scale", (_expit(middle - reach), _expit(middle + reach))))
    return tuple(Interval(method, rate, float(low), float(high)) for method, (low, high) in found)


def normal_quantile(level: float) -> float:
    """How many standard errors reach to either side of an estimate at a coverage."""
    return NormalDist().inv_cdf((1 + level) / 2)


def normal_tail(z: float) -> float:
    """Probability beyond z standard errors, with all its digits: `NormalDist` calls it 0 from 8.3 on."""
    return erfc(z / sqrt(2)) / 2


def wilson(events: int, total: int, *, level: float) -> tuple[float, float]:
    """Wilson's score interval, which the hybrid interval of a difference is made of as well."""
    z, rate = normal_quantile(level), events / total
    middle, below = 2 * events + z**2, 2 * (total + z**2)
    width = z * sqrt(4 * events * (1 - rate) + z**2)
    return _ends(events, total, (middle - width) / below, (middle + width) / below)


def wilson_corrected(events: int, total: int, *, level: float) -> tuple[float, float]:
    """Wilson's score interval with continuity correction."""
    z = normal_quantile(level)
    rate, middle, below = events / total, 2 * events + z**2, 2 * (total + z**2)
    low = high = 0.0
    if events > 0:
        low = (middle - 1 - z * sqrt(z**2 - 2 - 1 / total + 4 * rate * (total - events + 1))) / below
    if events < total:
        high = (middle + 1 + z * sqrt(z**2 + 2 - 1 / total + 4 * rate * (total - events - 1))) / below
    return _ends(events, total, low, high)


def _beta_limits(events: int, total: int, level: float, *, prior: float) -> tuple[float, float]:
    """Quantiles of Beta(k + prior, n - k + 1 - prior) and of Beta(k + 1 - prior, n - k + prior)."""
    from scipy.special import betaincinv  # half of the time of an audit that prints no interval of a rate

    tail, left = (1 - level) / 2, total - events
    low = 0.0 if events == 0 else float(betaincinv(events + prior, left + 1 - prior, tail))
    high = 1.0 if events == total else float(betaincinv(events + 1 - prior, left + prior, 1 - tail))
    return low, high


def _mid_p(events: int, total: int, level: float) -> tuple[float, float]:
    from scipy.optimize import brentq
    from scipy.special import betainc

    def beyond(p: float) -> float:
        """Half of P(X > k) + P(X >= k)."""
        more = betainc(events + 1, total - events, p) if events < total else 0.0
        as_many = betainc(events, total - events + 1, p) if events else 1.0
        return float(more + as_many) / 2

    tail = (1 - level) / 2
    low = 0.0 if events == 0 else float(brentq(lambda p: beyond(p) - tail, 0.0, 1.0, xtol=1e-13))
    high = 1.0 if events == total else float(brentq(lambda p: beyond(p) - (1 - tail), 0.0, 1.0, xtol=1e-13))
    return low, high


def _within(middle: float, width: float) -> tuple[float, float]:
    return max(0.0, middle - width), min(1.0, middle + width)


def _ends(events: int, total: int, low: float, high: float) -> tuple[float, float]:
    """Limits that are exactly 0 and 1 where nobody or everybody had the event."""
    return (0.0 if events == 0 else low), (1.0 if events == total else high)


def _expit(x: float) -> float:
    return 1 / (1 + exp(-x))
