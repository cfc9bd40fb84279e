"""A difference against the middle of its interval, where a Wald or t interval has it.

Tolerance: the rounding of value and limits, nothing else: twice the value and the sum of the limits must share a value.
Intervals of risk differences made from scores (Newcombe, Miettinen and Nurminen) and by bootstrap are not symmetric;
where the counts show one, asymmetry is right. Numbers needed to treat are reciprocals, and never symmetric.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import isfinite

from reappraise.audit import words
from reappraise.audit.candidates import contrast_candidates, gives_interval, stratified_candidates
from reappraise.audit.finding import Finding, Verdict
from reappraise.audit.mending import mending, symmetric
from reappraise.audit.walk import EstimateFact, estimates
from reappraise.core.printed import Printed
from reappraise.published.trial import Trial

NAME = "symmetry of a difference interval"


def check(trial: Trial) -> Iterator[Finding]:
    """Yield a finding for every difference printed with an interval."""
    for fact in estimates(trial):
        published = fact.published
        value, low, high = published.value, published.low, published.high
        if fact.form != "difference" or published.quantity == "number_needed_to_treat" or not fact.has_interval:
            continue
        if value is not None and low is not None and high is not None:
            yield _judge(fact, value, low, high)


def _judge(fact: EstimateFact, value: Printed, low: Printed, high: Printed) -> Finding:
    verdict: Verdict
    recomputed = f"middle of the limits {words.number((low + high) / 2)}"
    if not all(isfinite(end) for number in (value, low, high) for end in number.bounds):
        verdict, recomputed = "cannot judge", ""
        message = "A number is only a bound, or infinite: symmetry needs a value and two limits."
    elif symmetric(value, low, high, ratio=False):
        verdict, message = "consistent", "The estimate is the middle of its limits, within rounding."
    else:
        candidates = (*contrast_candidates(fact), *stratified_candidates(fact))
        given = [item.method for item in candidates if gives_interval(item, fact)]
        recomputed += f"; lower limit {words.number(value - low)} below, upper limit {words.number(high - value)} above"
        if given:
            verdict = "consistent"
            message = f"Not symmetric, and need not be: the interval is that of: {'; '.join(given)}."
        else:
            verdict = "not reproduced"
            message = (
                "The interval is not symmetric: no Wald interval around this estimate. Score, bootstrap and "
                f"transformed ones need not be; a wrong digit would show like this "
                f"too{mending(value, low, high, ratio=False)}."
            )
    return fact.about.finding(NAME, verdict, message, recomputed)
