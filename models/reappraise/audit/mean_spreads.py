"""Standard deviation, standard error and interval of one mean against each other.

They say the same, or one of them is another. Tolerance: rounding alone, and limits by t or normal quantiles. Of an
analysis of variance the standard error is a pooled one, which a standard deviation need not give.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import sqrt

from reappraise.audit import words
from reappraise.audit.finding import Finding, Verdict
from reappraise.audit.impossible import beyond_hint, impossible, middle_hint
from reappraise.audit.measured import MeasuredFact, measured, printed_measured
from reappraise.audit.rounding import Span, logs, overlap, quantile
from reappraise.published.trial import Trial

NAME = "spreads of a mean"
FEWEST = 10
"""Patients from which on a spread that equals a standard error is one: of fewer both may come to the same by chance."""


def check(trial: Trial) -> Iterator[Finding]:
    """Yield a finding for every mean with more than one spread, and for every mean or median that cannot be."""
    for fact in printed_measured(trial):
        if fact.one.impossible:
            yield impossible(fact.about, f"{fact.one.impossible}{_hint(fact)}")
    for fact in measured(trial):
        if sum(part is not None for part in (fact.one.sd, fact.one.se, fact.one.low)) > 1:
            yield _judge(fact)


def _hint(fact: MeasuredFact) -> str:
    """What one digit would mend, for a sentence; empty where none would."""
    one = fact.one
    return beyond_hint(one) if one.beyond else middle_hint(one.mean, one.low, one.high, ratio=fact.logarithmic)


def _judge(fact: MeasuredFact) -> Finding:
    one, n, root = fact.one, fact.one.total, sqrt(fact.one.total)
    errors: dict[str, Span] = {}
    if one.sd is not None:
        errors["sd"] = (one.sd.bounds[0] / root, one.sd.bounds[1] / root)
    if one.se is not None:
        errors["se"] = one.se.bounds
    if one.low is not None and one.high is not None:
        from scipy.special import stdtrit  # slow to load, and few trials need it

        ends = [logs(limit) if fact.logarithmic else limit.bounds for limit in (one.low, one.high)]
        width = ends[1][0] - ends[0][1], ends[1][1] - ends[0][0]
        factors = 2 * float(stdtrit(max(n - 1.0, 1.0), (1 + float(one.level)) / 2)), 2 * quantile(float(one.level))
        errors["interval"] = width[0] / max(factors), width[1] / min(factors)
    said = "; ".join(f"standard error from the {name} {words.span(*span)}" for name, span in errors.items())
    names = list(errors)
    apart = [
        (first, second)
        for place, first in enumerate(names)
        for second in names[place + 1 :]
        if not overlap(errors[first], errors[second])
    ]
    if not apart:
        return fact.about.finding(NAME, "consistent", f"{words.listed(names)} agree.".capitalize(), said)
    verdict: Verdict = "not reproduced"  # of an analysis of variance the standard error is a pooled one
    message = "; ".join(f"{first} and {second} do not belong to one mean of {n} patients" for first, second in apart)
    if (
        one.sd is not None
        and n >= FEWEST
        and all("sd" in pair for pair in apart)
        and all(overlap(one.sd.bounds, span) for name, span in errors.items() if name != "sd")
    ):
        verdict = "inconsistent"
        message += "; what is printed as standard deviation is the standard error"
    else:
        message += "; a pooled standard error need not"
    return fact.about.finding(NAME, verdict, f"{message[:1].upper()}{message[1:]}.", said)
