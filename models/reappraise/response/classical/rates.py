"""Candidate intervals of one response rate: what a printed interval may have been computed by."""

from __future__ import annotations

from math import exp, log, sqrt
from statistics import NormalDist

from scipy.optimize import brentq
from scipy.stats import binom, binomtest
from statsmodels.stats.proportion import proportion_confint

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
    z = NormalDist().inv_cdf((1 + level) / 2)
    error = sqrt(rate * (1 - rate) / total)
    corrected = z * error + 1 / (2 * total)
    found = [
        (EXACT, _scipy(events, total, level, "exact")),
        ("mid-P", _mid_p(events, total, level)),
        ("Wilson score", _scipy(events, total, level, "wilson")),
        ("Wilson score with continuity correction", _scipy(events, total, level, "wilsoncc")),
        ("Agresti-Coull", _statsmodels(events, total, level, "agresti_coull")),
        ("Jeffreys", _jeffreys(events, total, level)),
        ("Wald", _statsmodels(events, total, level, "normal")),
        ("Wald with continuity correction", (max(0.0, rate - corrected), min(1.0, rate + corrected))),
    ]
    if 0 < events < total:
        middle, width = log(rate / (1 - rate)), z / sqrt(total * rate * (1 - rate))
        found.append(("Wald on the logit scale", (_expit(middle - width), _expit(middle + width))))
    return tuple(Interval(method, rate, float(low), float(high)) for method, (low, high) in found)


def _scipy(events: int, total: int, level: float, method: str) -> tuple[float, float]:
    limits = binomtest(events, total).proportion_ci(level, method)  # type: ignore[arg-type]  # a literal, passed on
    return limits.low, limits.high


def _statsmodels(events: int, total: int, level: float, method: str) -> tuple[float, float]:
    low, high = proportion_confint(events, total, alpha=1 - level, method=method)
    return max(0.0, low), min(1.0, high)


def _jeffreys(events: int, total: int, level: float) -> tuple[float, float]:
    low, high = _statsmodels(events, total, level, "jeffreys")
    return (0.0 if events == 0 else low), (1.0 if events == total else high)


def _mid_p(events: int, total: int, level: float) -> tuple[float, float]:
    tail = (1 - level) / 2

    def beyond(p: float) -> float:
        return float(binom.sf(events, total, p) + 0.5 * binom.pmf(events, total, p))

    low = 0.0 if events == 0 else brentq(lambda p: beyond(p) - tail, 0.0, 1.0, xtol=1e-13)
    high = 1.0 if events == total else brentq(lambda p: beyond(p) - (1 - tail), 0.0, 1.0, xtol=1e-13)
    return low, high


def _expit(x: float) -> float:
    return 1 / (1 + exp(-x))
