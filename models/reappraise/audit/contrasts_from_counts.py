"""The standard methods that give a printed odds ratio, risk ratio or difference, and its interval, from the counts.

Where a factor known at randomisation is counted by level, the methods stratified by it are tried as well, unless print
says that the estimate is crude. An interval is matched with the value of its own estimator, but for the exact interval
of the conditional odds ratio, which programs print beside the sample odds ratio. Tolerance: half a unit of the last
printed digit; a method must give both limits. What no method gives may be adjusted, and is then right: it is "not
reproduced", and `causes` says what fits; "inconsistent" only where print says that it is crude.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reappraise.audit import words
from reappraise.audit.candidates import (
    contrast_candidates,
    countable,
    gives_interval,
    gives_value,
    stratified_candidates,
)
from reappraise.audit.causes import likely_causes, nearest
from reappraise.audit.finding import Finding, Verdict
from reappraise.audit.walk import EstimateFact, estimates
from reappraise.core.interval import Interval
from reappraise.published.trial import Trial

NAME = "contrast from counts"


def check(trial: Trial) -> Iterator[Finding]:
    """Yield a finding for every printed contrast that counts of its endpoint determine."""
    for fact in estimates(trial):
        if countable(fact) and fact.published.value is not None:
            yield _judge(trial, fact, contrast_candidates(fact), stratified_candidates(fact))


def _judge(trial: Trial, fact: EstimateFact, crude: Sequence[Interval], stratified: Sequence[Interval]) -> Finding:
    found = [*crude, *stratified]
    values = [item for item in found if gives_value(item, fact)]
    intervals = [item for item in found if gives_interval(item, fact)] if fact.has_interval else []
    verdict: Verdict
    if not found:
        verdict = "cannot judge"
        message = "The counts of both arms for this assessor, time or condition are not printed."
    else:
        given = bool(values) and (not fact.has_interval or any(_goes_with(item, values) for item in intervals))
        said_crude = "crude" in fact.published.came_about
        verdict = "consistent" if given else "inconsistent" if said_crude else "not reproduced"
        estimators = ["every method tried"] if len(values) == len(found) else [_estimator(item) for item in values]
        message = _sentence("value", estimators, len(found))
        if fact.has_interval:
            message += " " + _sentence("interval", [item.method for item in intervals], len(found))
        if not given:
            message = " ".join(filter(None, (message, nearest(fact, found), _behind(trial, fact, crude))))
    return fact.about.finding(
        NAME,
        verdict,
        message,
        "; ".join(
            f"{item.method} {words.number(item.value)}{' (as printed)' if item in values else ''}, "
            f"{words.span(item.low, item.high)}{' (as printed)' if item in intervals else ''}"
            for item in found
        ),
    )


def _behind(trial: Trial, fact: EstimateFact, found: Sequence[Interval]) -> str:
    """What may lie behind it, in a sentence."""
    if "crude" in fact.published.came_about:
        return "Print says that it is crude."
    causes = likely_causes(trial, fact, found)
    if not causes:
        return "None of the usual causes fits: adjustment, other patients, another level, a wrong digit."
    return f"What fits: {'; '.join(causes)}."


def _goes_with(interval: Interval, values: Sequence[Interval]) -> bool:
    """Whether the value that an interval is printed around may be one of those found."""
    return interval in values or (_exchanged(interval) and any(_exchanged(item) for item in values))


def _exchanged(item: Interval) -> bool:
    """Whether programs print the value of one of these beside the interval of another."""
    return _estimator(item) in {"sample odds ratio", "conditional odds ratio"}


def _estimator(item: Interval) -> str:
    """The part of a method's name that names the value alone."""
    return item.method.split(", ")[0]


def _sentence(what: str, fits: Sequence[str], tried: int) -> str:
    if not fits:
        return f"None of {tried} standard methods gives the {what}."
    return f"The {what} is that of: {'; '.join(dict.fromkeys(fits))}."
