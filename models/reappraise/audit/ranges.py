"""A printed range that can only be a confidence interval.

The range of observed values has two finite ends, and holds every observed value. The limits of a median's confidence
interval are observed values, and survival below 100% at some time means that someone had the event before it.
No tolerance but rounding.

References
----------
Brookmeyer R, Crowley J. A confidence interval for the median survival time. Biometrics 1982;38:29-41.
doi:10.2307/2530286
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import inf

from reappraise.audit.finding import Finding, Verdict
from reappraise.audit.walk import EstimateFact, estimates
from reappraise.core.units import time_in
from reappraise.published.trial import Trial

NAME = "range"


def check(trial: Trial) -> Iterator[Finding]:
    """Yield a finding for every number printed with a range."""
    facts = list(estimates(trial))
    ranges = [fact for fact in facts if fact.published.spread == "range" and fact.published.low is not None]
    impossible = {id(fact): reason for fact in ranges if (reason := _reason(fact, facts))}
    for fact in ranges:
        verdict: Verdict
        partner = next((other for other in ranges if other is not fact and _same(other, fact)), None)
        if id(fact) in impossible:
            verdict, message = "inconsistent", impossible[id(fact)]
        elif partner is not None and id(partner) in impossible:
            verdict = "cannot judge"
            message = "What the other arm prints in this place is no range; whether this is one is not printed."
        else:
            verdict, message = "consistent", "Both ends are finite, and nothing printed lies outside."
        yield fact.about.finding(NAME, verdict, message)


def _reason(fact: EstimateFact, facts: Sequence[EstimateFact]) -> str:
    """Why it cannot be a range; empty if nothing says so."""
    low, high = fact.published.low, fact.published.high
    if low is None or high is None:
        return ""
    if inf in {low, high}:
        return 'The end of a range is a value that was observed; only a confidence limit can be "not reached".'
    for other in facts:
        found = other.published
        if other.owner != fact.owner or other.label != fact.label or found.arm != fact.published.arm:
            continue
        if found.assessor == fact.published.assessor and found.at == fact.published.at and other.has_interval:
            limits = [limit for limit in (found.low, found.high) if limit is not None and limit < inf]
            outside = [limit for limit in limits if limit.bounds[1] < low.bounds[0] or limit.bounds[0] > high.bounds[1]]
            if found.quantity == "median" and outside:
                return f"The median's confidence interval reaches {outside[0]}, an observed value outside this range."
        if found.quantity == "survival" and found.assessor == fact.published.assessor and not fact.published.at:
            time = time_in(found.at, fact.published.unit)
            certain = 100.0 if found.unit == "percent" else 1.0
            if (
                time is not None
                and found.value is not None
                and found.value.bounds[1] < certain
                and time < low.bounds[0]
            ):
                return (
                    f"At {found.at} survival was {found.value}{'%' if certain > 1 else ''}: events came before {low}."
                )
    return ""


def _same(other: EstimateFact, fact: EstimateFact) -> bool:
    """Whether both are the same number, in different arms."""
    first, second = other.published, fact.published
    return (other.owner, other.label, first.quantity, first.at, first.assessor) == (
        fact.owner,
        fact.label,
        second.quantity,
        second.at,
        second.assessor,
    )
