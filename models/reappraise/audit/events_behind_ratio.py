r"""The interval of a hazard ratio against the number of events.

.. math:: SE(\log HR) \ge \sqrt{1/d_1 + 1/d_0}

For Cox's partial likelihood this is a bound, not an approximation: the information is the sum over events of
q (1 - q), q the weight of one arm among those at risk; at the estimate the q add up to the arm's events, and q (1 - q)
is concave. Equality holds when q stays constant. Tolerances, beyond the rounding of the limits:

* 5% below: a log-rank-based estimate takes its information at no difference, where it may be that much larger.
* up to 10% above: q drifting evenly from 0.2 to 0.8 during follow-up makes the standard error 7% larger.
* up to 25% above, "cannot judge": adjusted or heavily tied analyses may lie there, and print seldom says. Nor is any
  excess judged for hazard ratios beyond 1/4 and 4, where few events in one arm made up to 60% in simulated trials. More
  is "inconsistent", or "not reproduced" where print says that the estimate is adjusted, stratified or sequential.

2 / sqrt(d) is the same only where both arms have equally many events; it is smaller for unequal allocation.

References
----------
Schoenfeld D. The asymptotic properties of nonparametric tests for comparing survival distributions.
Biometrika 1981;68:316-319. doi:10.1093/biomet/68.1.316
"""

from __future__ import annotations

from collections.abc import Iterator
from math import inf, sqrt

from reappraise.audit import words
from reappraise.audit.finding import Finding, Verdict
from reappraise.audit.rounding import Span, logs, standard_error
from reappraise.audit.walk import EstimateFact, estimates
from reappraise.published.trial import Trial

NAME = "events behind a hazard ratio"
BELOW, ABOVE, FAR_ABOVE = 0.95, 1.10, 1.25
"""Standard error over its bound: least that is possible, largest that is usual, largest that has an explanation."""


def check(trial: Trial) -> Iterator[Finding]:
    """Yield a finding for every hazard ratio printed with an interval."""
    for fact in estimates(trial):
        if fact.published.quantity == "hazard_ratio" and fact.has_interval:
            yield _judge(trial, fact)


def _judge(trial: Trial, fact: EstimateFact) -> Finding:
    published = fact.published
    events = fact.endpoint.events_behind(published, fact.population) if fact.endpoint else None
    error = (0.0, inf)
    if published.low is not None and published.high is not None:
        error = standard_error(logs(published.low), logs(published.high), float(published.level))
    verdict: Verdict
    recomputed = f"standard error of the log hazard ratio from the interval {words.span(*error)}"
    if events is None or error[1] == inf:
        verdict = "cannot judge"
        message = (
            "The events of both arms are not known for this hazard ratio."
            if events is None
            else "A limit is infinite, or 0 to the printed digits, so that the standard error is not known."
        )
    else:
        bound = sqrt(sum(1 / number for number in events.values()))
        balanced = 2 / sqrt(sum(events.values()))
        counted = " and ".join(f"{number} ({words.arm(trial, arm)})" for arm, number in events.items())
        recomputed += f"; from {counted} events sqrt(1/d1 + 1/d0) = {words.number(bound)}"
        recomputed += f", and 2 / sqrt(d) = {words.number(balanced)} for equal arms"
        verdict, message = _verdict(error, bound, extreme=not 1 / 4 <= (published.value or 1.0) <= 4)
        ways = sorted(published.came_about - {"crude"})
        if verdict == "inconsistent" and error[0] > bound and ways:
            verdict, message = "not reproduced", f"{message} It is {words.listed(ways)}, as print says."
    return fact.about.finding(NAME, verdict, message, recomputed)


def _verdict(error: Span, bound: float, *, extreme: bool) -> tuple[Verdict, str]:
    if error[1] < BELOW * bound:
        return "inconsistent", "The interval is narrower than this many events allow."
    if error[0] > FAR_ABOVE * bound and not extreme:
        return "inconsistent", "The interval is far wider than this many events make it."
    if error[0] > ABOVE * bound:
        return (
            "cannot judge",
            "The interval is wider than the events alone make it: whether the analysis was adjusted is not printed.",
        )
    return "consistent", "The width of the interval is what this many events make it."
