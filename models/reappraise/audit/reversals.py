"""A factor all of whose levels point against the whole: Simpson's paradox. Counts are exact: no tolerance.

Both are right as printed; which of them answers the question depends on why the levels are of other sizes in one arm.
In a randomised trial and a factor known before it, they differ by chance alone.

References
----------
Simpson EH. The interpretation of interaction in contingency tables. J R Stat Soc B 1951;13:238-241.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import copysign

from reappraise.audit import words
from reappraise.audit.finding import About, Finding, Verdict
from reappraise.core.arms import WHOLE
from reappraise.published.partition import Partition
from reappraise.published.trial import Trial
from reappraise.response.published import ResponseEndpoint

NAME = "levels against the whole"


def check(trial: Trial) -> Iterator[Finding]:
    """Yield a finding for every factor that can be analysed, of an endpoint that is a rate in both arms."""
    for endpoint in trial.of(ResponseEndpoint):
        parts = {part.factor: part for part in endpoint.partitions()}
        for factor, part in parts.items():
            if factor != WHOLE and sum(part.comparable) > 1:
                yield _judge(trial, endpoint.published, parts[WHOLE], part)


def _judge(trial: Trial, published: ResponseEndpoint, whole: Partition, part: Partition) -> Finding:
    label = next(factor.label for factor in published.factors if factor.key == part.factor)
    overall = _difference(whole, 0)
    levels = {
        name: _difference(part, place)
        for place, (name, comparable) in enumerate(zip(part.level_labels, part.comparable, strict=True))
        if comparable
    }
    verdict: Verdict
    if overall and all(number and copysign(1, number) != copysign(1, overall) for number in levels.values()):
        verdict = "cannot judge"
        message = (
            "Every level points the other way than all patients together. Both are right as printed; which answers the "
            "question depends on why the levels are of other sizes in one arm."
        )
    else:
        verdict, message = "consistent", "At least one level does not point against all patients together."
    arms = words.arm(trial, part.arms[1]), words.arm(trial, part.arms[0])
    return About(
        endpoint=published.key,
        subject=f"{published.label}: {label}",
        printed="",
        source=part.source,
    ).finding(
        NAME,
        verdict,
        message,
        f"{arms[0]} minus {arms[1]}, all {overall:+.1%}; "
        + "; ".join(f"{name} {number:+.1%}" for name, number in levels.items()),
    )


def _difference(part: Partition, level: int) -> float:
    (control, treated), (of_control, of_treated) = part.events[level], part.totals[level]
    return treated / of_treated - control / of_control
