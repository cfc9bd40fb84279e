"""A ratio against the geometric middle of its interval, where a Wald interval on the log scale has it.

Tolerance: the rounding of value and limits, nothing else: 2 log(value) and log(low) + log(high) must share a value.
Exact, score and profile-likelihood intervals are not symmetric; where the counts show one, asymmetry is right.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import exp, inf, isfinite, sqrt

from reappraise.audit import words
from reappraise.audit.candidates import contrast_candidates, gives_interval
from reappraise.audit.finding import Finding, Verdict
from reappraise.audit.mending import mending, symmetric
from reappraise.audit.rounding import logs
from reappraise.audit.walk import EstimateFact, estimates
from reappraise.core.printed import Printed
from reappraise.published.trial import Trial

NAME = "symmetry of a ratio interval"
RATIOS = ("geometric_mean_ratio",)
"""Quantities of one arm that are ratios."""


def check(trial: Trial) -> Iterator[Finding]:
    """Yield a finding for every ratio printed with an interval."""
    for fact in estimates(trial):
        published = fact.published
        ratio = fact.form == "ratio" or published.quantity in RATIOS
        if ratio and fact.has_interval and published.value and published.low is not None and published.high is not None:
            yield _judge(fact, published.value, published.low, published.high)


def _judge(fact: EstimateFact, value: Printed, low: Printed, high: Printed) -> Finding:
    lower, upper, middle = logs(low), logs(high), logs(value)
    verdict: Verdict
    recomputed = f"geometric middle of the limits {words.number(sqrt(low * high) if isfinite(high) else inf)}"
    if not all(isfinite(number) for number in (*lower, *upper, *middle)):
        verdict = "cannot judge"
        message = "A limit is infinite, or 0 to the printed digits: symmetry needs two finite limits above 0."
    elif symmetric(value, low, high, ratio=True):
        verdict, message = "consistent", "The estimate is the geometric middle of its limits, within rounding."
    else:
        exact = [item.method for item in contrast_candidates(fact) if gives_interval(item, fact)]
        below, above = exp(middle[0] - lower[0]), exp(upper[0] - middle[0])
        recomputed += f"; lower limit {words.number(below)}-fold below, upper limit {words.number(above)}-fold above"
        if exact:
            verdict = "consistent"
            message = f"Not symmetric on the log scale, and need not be: the interval is that of: {'; '.join(exact)}."
        else:
            verdict = "not reproduced"
            message = (
                "The interval is not symmetric on the log scale: no Wald interval around this estimate. Likelihood, "
                "bootstrap and standardised ones need not be; a wrong digit would show like this "
                f"too{mending(value, low, high, ratio=True)}."
            )
    return fact.about.finding(NAME, verdict, message, recomputed)
