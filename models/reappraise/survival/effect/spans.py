"""What printed limits, p values and counts allow of a standard error: closed spans instead of points."""

from __future__ import annotations

from math import inf, isfinite, log, sqrt
from statistics import NormalDist

from reappraise.core.printed import Printed

type Span = tuple[float, float]
"""Least and largest value that the printed digits allow."""

_NORMAL = NormalDist()


def logs(printed: Printed) -> Span:
    """Span of the logarithm; minus infinity where the digits allow 0, infinity where the limit is not reached."""
    low, high = printed.bounds if isfinite(printed) else (inf, inf)
    return (log(low) if low > 0 else -inf), (log(high) if high > 0 else -inf)


def turned(span: Span) -> Span:
    """The span with its sign changed: of the log ratio the other way round."""
    return 0.0 - span[1], 0.0 - span[0]


def known(span: Span | None) -> bool:
    """Whether both ends are numbers."""
    return span is not None and isfinite(span[0]) and isfinite(span[1])


def middle(low: Span, high: Span) -> Span:
    """Values halfway between two limits."""
    return (low[0] + high[0]) / 2, (low[1] + high[1]) / 2


def meet(first: Span, second: Span) -> bool:
    """Whether two spans share a value."""
    return first[0] <= second[1] and second[0] <= first[1]


def error_of_limits(value: Span, low: Span, high: Span, level: float) -> Span | None:
    r"""Standard errors of a normal estimate whose interval has these limits; None where they say none.

    .. math:: s = (h - l) / (2 z), \qquad z = \Phi^{-1}((1 + \mathrm{level}) / 2)

    or, where one limit is 0 to the printed digits or not reached, the distance of the other from the estimate over z.

    Parameters
    ----------
    value, low, high
        Spans of estimate and limits, on the log scale.
    level
        Coverage of the interval as printed, such as 0.95 or 0.9773.
    """
    z = _NORMAL.inv_cdf((1 + level) / 2)
    if known(low) and known(high):
        found = (high[0] - low[1]) / (2 * z), (high[1] - low[0]) / (2 * z)
    elif known(high):
        found = (high[0] - value[1]) / z, (high[1] - value[0]) / z
    elif known(low):
        found = (value[0] - low[1]) / z, (value[1] - low[0]) / z
    else:
        return None
    # limits that coincide to the printed digits set no least error
    return found if found[0] > 0 else None


def error_of_p(value: Span, p: Printed, sides: int) -> Span | None:
    r"""Standard errors with which an estimate has this p value by Wald's test; None where p says none.

    .. math:: s = |b| / |z|, \qquad z = \Phi^{-1}(1 - p / 2) \text{ two-sided}, \quad \Phi^{-1}(1 - p)
        \text{ one-sided}

    A p value printed as a bound sets the standard error no limit on one side, and so does an estimate that may be 0.

    Parameters
    ----------
    value
        Span of the estimate on the log scale.
    p
        The p value as printed.
    sides
        1 or 2.
    """
    low, high = p.bounds
    if p.relation != "=" or not 0 < low < high < 1 or value[0] <= 0 <= value[1]:
        return None
    share = 1 / sides
    ends = sorted(abs(_NORMAL.inv_cdf(1 - number * share)) for number in (low, high))
    if low * share <= 0.5 <= high * share:
        return None
    sizes = sorted(abs(end) for end in value)
    return sizes[0] / ends[1], sizes[1] / ends[0]


def error_of_events(events: tuple[int | None, int | None]) -> float | None:
    r"""Least standard error of a log hazard ratio with so many events in each arm; None where they say none.

    .. math:: s \ge \sqrt{1 / d_0 + 1 / d_1}

    The information of Cox's partial likelihood is the sum over events of q (1 - q), q the weight of one arm among
    those at risk; at the estimate the q add up to the arm's events, and q (1 - q) is concave. Equality holds where q
    stays the same.

    References
    ----------
    Schoenfeld D. The asymptotic properties of nonparametric tests for comparing survival distributions. Biometrika
    1981;68:316-319. doi:10.1093/biomet/68.1.316
    """
    control, experimental = events
    if not (control and experimental):
        return None
    return sqrt(1 / control + 1 / experimental)
