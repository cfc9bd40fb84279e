"""Arithmetic on what printed numbers allow: closed spans instead of points."""

from __future__ import annotations

from math import inf, isfinite, log
from statistics import NormalDist

from reappraise.core.printed import Printed
from reappraise.response.classical.rates import normal_tail

type Span = tuple[float, float]
"""Least and largest value that the printed digits allow."""

_NORMAL = NormalDist()


def quantile(level: float) -> float:
    """Half width of a two-sided normal interval of that level, in standard errors."""
    return _NORMAL.inv_cdf((1 + level) / 2)


def logs(printed: Printed) -> Span:
    """Span of the logarithm; from minus infinity where the digits allow 0."""
    low, high = printed.bounds
    return (log(low) if low > 0 else -inf), (log(high) if high > 0 else -inf)


def overlap(first: Span, second: Span) -> bool:
    """Whether two spans share a value, up to floating-point noise."""
    # of the numbers themselves: p values may be smaller than any fixed slack
    slack = 1e-9 * max((abs(end) for end in (*first, *second) if isfinite(end)), default=0.0)
    return first[0] <= second[1] + slack and second[0] <= first[1] + slack


def standard_error(low: Span, high: Span, level: float) -> Span:
    """Standard errors that a Wald interval with these limits allows, on the scale of the limits."""
    width = 2 * quantile(level)
    return max(0.0, (high[0] - low[1]) / width), (high[1] - low[0]) / width


def z_span(effect: Span, error: Span, *, relative: float = 0.0, absolute: float = 0.0) -> Span:
    """Effects over standard errors, widened by a relative and an absolute tolerance."""
    least = max(error[0], 1e-300)
    corners = [number / error_limit for number in effect for error_limit in (least, error[1])]
    low, high = min(corners), max(corners)
    return low - relative * abs(low) - absolute, high + relative * abs(high) + absolute


def one_sided(z: Span) -> Span:
    """Span of the one-sided p value, for z counted towards the alternative."""
    return normal_tail(z[1]), normal_tail(z[0])


def two_sided(z: Span) -> Span:
    """Span of the two-sided p value."""
    nearest = 0.0 if z[0] <= 0 <= z[1] else min(abs(z[0]), abs(z[1]))
    return 2 * normal_tail(max(abs(z[0]), abs(z[1]))), 2 * normal_tail(nearest)
