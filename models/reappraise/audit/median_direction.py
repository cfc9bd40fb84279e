"""Medians that point one way while the hazard ratio points the other.

Not an error of arithmetic, but a sign that hazards may not be proportional, and that either number alone misleads.
Tolerance: rounding; medians whose digits overlap, and a hazard ratio whose digits allow 1, point nowhere.
"""

from __future__ import annotations

from collections.abc import Iterator

from reappraise.audit import words
from reappraise.audit.finding import About, Finding, Verdict
from reappraise.audit.rounding import logs
from reappraise.audit.walk import EstimateFact, estimates
from reappraise.core.arms import WHOLE
from reappraise.published.trial import Trial
from reappraise.survival.published import SurvivalEndpoint

NAME = "medians and hazard ratio"


def check(trial: Trial) -> Iterator[Finding]:
    """Yield a finding for every time-to-event endpoint and assessor with a median or a hazard ratio."""
    if trial.single:  # there is nothing to compare
        return
    facts = [fact for fact in estimates(trial) if fact.population == WHOLE]
    for endpoint in (item.published for item in trial.of(SurvivalEndpoint)):
        own = [fact for fact in facts if fact.endpoint is endpoint and fact.published.value is not None]
        for assessor in dict.fromkeys(fact.published.assessor or endpoint.assessor for fact in own):
            same = [fact for fact in own if (fact.published.assessor or endpoint.assessor) == assessor]
            medians = {
                fact.published.arm or "": fact
                for fact in same
                if fact.published.quantity == "median" and not fact.published.at
            }
            ratio = next((fact for fact in same if fact.published.quantity == "hazard_ratio"), None)
            if medians or ratio:
                yield _judge(trial, endpoint, medians, ratio)


def _judge(
    trial: Trial, endpoint: SurvivalEndpoint, medians: dict[str, EstimateFact], ratio: EstimateFact | None
) -> Finding:
    control, experimental = medians.get(trial.control.key), medians.get(trial.experimental.key)
    verdict: Verdict = "cannot judge"
    if ratio is None or control is None or experimental is None:
        missing = [
            name
            for name, fact in (("hazard ratio", ratio), ("median of each arm", control and experimental))
            if not fact
        ]
        message = f"Not printed: {words.listed(missing)}."
    else:
        by_median = _longer(experimental, control)
        by_ratio = _longer_by_ratio(trial, ratio)
        if not by_median or not by_ratio:
            message = "To the printed digits the medians, or the hazards, are the same; more digits are missing."
        elif by_median == by_ratio:
            verdict, message = "consistent", "Medians and hazard ratio point the same way."
        else:
            verdict = "inconsistent"
            longer, lower = (
                (trial.experimental, trial.control) if by_median > 0 else (trial.control, trial.experimental)
            )
            message = (
                f"The median is longer with {longer.short}, the hazard lower with {lower.short}: "
                "the hazards may not be proportional, and neither number alone tells what happened."
            )
    present = [fact for fact in (control, experimental, ratio) if fact]
    return About(
        endpoint=endpoint.key,
        subject=endpoint.label,
        printed="; ".join(f"{_name(trial, fact)} {words.estimate(fact.published)}" for fact in present),
        source="; ".join(dict.fromkeys(fact.published.source for fact in present)) or endpoint.source,
    ).finding(NAME, verdict, message)


def _name(trial: Trial, fact: EstimateFact) -> str:
    published = fact.published
    if published.arm:
        return f"median {words.arm(trial, published.arm)}"
    numerator, denominator = published.numerator or "", published.denominator or ""
    return f"hazard ratio {words.arm(trial, numerator)} over {words.arm(trial, denominator)}"


def _longer(experimental: EstimateFact, control: EstimateFact) -> int:
    """1 if the experimental median is longer, -1 if shorter, 0 if the digits leave it open."""
    first, second = experimental.published.value, control.published.value
    if first is None or second is None or first == second:
        return 0
    if first.bounds[0] > second.bounds[1]:
        return 1
    return -1 if first.bounds[1] < second.bounds[0] else 0


def _longer_by_ratio(trial: Trial, ratio: EstimateFact) -> int:
    """1 if the hazard of the experimental arm is lower, -1 if higher, 0 if the digits leave it open."""
    value = ratio.published.value
    if value is None:
        return 0
    low, high = logs(value)
    sign = 1 if ratio.published.numerator == trial.experimental.key else -1
    return -sign if low > 0 else sign if high < 0 else 0
