r"""Means and standard deviations against the least and the greatest value: of the scale, and of the patients.

Of n values from a to b with the mean m, the standard deviation is at most (Bhatia and Davis)

.. math:: s \le \sqrt{(m - a) (b - m) \, n / (n - 1)}

and so at most half the range, but for n / (n - 1). Where a and b are the extremes as printed, one patient has each: the
mean is at least a + (b - a) / n and at most b - (b - a) / n, and with d = b - a and c = (a + b) / 2 - m

.. math:: n s^2 \ge \frac{d^2}{2} + 2 c^2 + \frac{4 c^2}{n - 2},

with n in place of n - 1, as some divide. Geometric means are held against extremes in logarithms. Tolerance: rounding
of all numbers. What a standard error alone says is "not reproduced" instead: it may be a pooled one.

References
----------
Bhatia R, Davis C. A better bound on the variance. Am Math Mon 2000;107:353-357. doi:10.1080/00029890.2000.12005203
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from math import exp, inf, isfinite, log, sqrt

from reappraise.audit import words
from reappraise.audit.finding import Finding, Verdict
from reappraise.audit.measured import MeasuredFact, measured
from reappraise.audit.rounding import Span, logs, overlap
from reappraise.core.printed import Printed
from reappraise.published.trial import Trial

NAME = "mean and spread within bounds"


def check(trial: Trial) -> Iterator[Finding]:
    """Yield a finding for every mean or median whose scale has bounds, or that is printed with its extremes."""
    for fact in measured(trial):
        if fact.endpoint.lowest is not None or fact.one.extremes is not None:
            yield _judge(fact)


@dataclass(frozen=True, slots=True)
class _Range:
    """Least and greatest value as spans; whether patients are known to have them."""

    low: Span
    high: Span
    attained: bool


def _judge(fact: MeasuredFact) -> Finding:
    one, about = fact.one, fact.about
    beyond = _beyond(fact)
    if beyond:
        return about.finding(NAME, "inconsistent", beyond)
    limits = _range(fact)
    if one.mean is None or limits is None:
        return about.finding(NAME, "consistent", "Every number lies within its bounds.")
    mean = logs(one.mean) if fact.logarithmic else one.mean.bounds
    if not all(map(isfinite, (*mean, *limits.low, *limits.high))):
        return about.finding(NAME, "cannot judge", "A number is only a bound, or 0 to the printed digits.")
    reach = _mean_between(limits, one.total)
    if not overlap(mean, reach):
        message = "The mean lies nearer to an extreme than the patient at the other one allows."
        return about.finding(NAME, "inconsistent", message, f"mean {_said(fact, reach)}")
    allowed = _spread_between(mean, limits, one.total)
    return about.finding(NAME, *_verdict(fact, limits, allowed), f"standard deviation {words.span(*allowed)}")


def _verdict(fact: MeasuredFact, limits: _Range, allowed: Span) -> tuple[Verdict, str]:
    found = _spread(fact.one.sd, fact.one.se, fact.one.total)
    if found is None:
        return "consistent", "The mean lies within its bounds."
    name, spread = found
    if overlap(spread, allowed):
        return "consistent", "Mean and spread lie within their bounds."
    way = "larger" if spread[0] > allowed[1] else "smaller"
    who = "values from the least to the greatest one" if limits.attained else "values on this scale"
    verdict: Verdict = "inconsistent" if name == "standard deviation" else "not reproduced"
    hint = _hint(name, spread, allowed, fact.one.total)
    return verdict, f"The {name} is {way} than {who} with this mean allow{hint}."


def _beyond(fact: MeasuredFact) -> str:
    """Which number lies beyond the scale, in words; empty where none does."""
    one, lowest, highest = fact.one, fact.endpoint.lowest, fact.endpoint.highest
    named = [("mean", one.mean), ("median", one.median), *(("quartile", number) for number in one.quartiles or ())]
    named += [("extreme", number) for number in one.extremes or ()]
    for name, number in named:
        if number is not None and lowest is not None and number.bounds[1] < lowest:
            return f"The {name}, {number}, lies below the least value that there is, {lowest}."
        if number is not None and highest is not None and number.bounds[0] > highest:
            return f"The {name}, {number}, lies above the greatest value that there is, {highest}."
    return ""


def _range(fact: MeasuredFact) -> _Range | None:
    """The extremes, or else the bounds of the scale; None where one of them is not known."""
    read = logs if fact.logarithmic else _plain
    if fact.one.extremes is not None:
        low, high = map(read, fact.one.extremes)
        return _Range(low, high, attained=True)
    if fact.endpoint.lowest is None or fact.endpoint.highest is None:
        return None
    scale = _log if fact.logarithmic else float
    least, most = scale(fact.endpoint.lowest), scale(fact.endpoint.highest)
    return _Range((least, least), (most, most), attained=False) if isfinite(least) and isfinite(most) else None


def _mean_between(limits: _Range, patients: int) -> Span:
    """Means that patients can have."""
    share = 1 / patients if limits.attained and patients > 1 else 0.0
    low = (1 - share) * limits.low[0] + share * limits.high[0]
    return low, (1 - share) * limits.high[1] + share * limits.low[1]


def _spread_between(mean: Span, limits: _Range, patients: int) -> Span:
    """Least and greatest standard deviation of patients with one of these means."""
    low, high = limits.low[0], limits.high[1]
    middle = min(max((low + high) / 2, mean[0], low), mean[1], high)
    most = sqrt(max(middle - low, 0.0) * max(high - middle, 0.0) * patients / max(patients - 1, 1))
    if not limits.attained or patients < 2:
        return 0.0, most
    width = max(limits.high[0] - limits.low[1], 0.0)
    centre = (limits.low[0] + limits.high[0]) / 2, (limits.low[1] + limits.high[1]) / 2
    off = max(centre[0] - mean[1], mean[0] - centre[1], 0.0)
    squares = width**2 / 2 + (2 * off**2 + 4 * off**2 / (patients - 2) if patients > 2 else 0.0)
    return min(sqrt(squares / patients), most), most


def _spread(sd: Printed | None, se: Printed | None, patients: int) -> tuple[str, Span] | None:
    """Standard deviation, or what a standard error makes it, as far as they are numbers."""
    if sd is not None and isfinite(sum(sd.bounds)):
        return "standard deviation", sd.bounds
    if se is not None and isfinite(sum(se.bounds)):
        root = sqrt(patients)
        return "standard error", (se.bounds[0] * root, se.bounds[1] * root)
    return None


def _hint(name: str, spread: Span, allowed: Span, patients: int) -> str:
    """What it would be that is printed as something else; empty where nothing so simple fits."""
    root = sqrt(patients)
    if name == "standard deviation" and overlap((spread[0] * root, spread[1] * root), allowed):
        return "; a standard error printed as standard deviation would show like this" if spread[1] < allowed[0] else ""
    if name == "standard error" and overlap((spread[0] / root, spread[1] / root), allowed):
        return "; a standard deviation printed as standard error would show like this"
    return ""


def _said(fact: MeasuredFact, span: Span) -> str:
    return words.span(*(exp(end) for end in span)) if fact.logarithmic else words.span(*span)


def _plain(printed: Printed) -> Span:
    return printed.bounds


def _log(number: Decimal) -> float:
    return log(number) if number > 0 else -inf
