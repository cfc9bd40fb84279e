"""A p value printed with the rate of one arm, against the exact binomial test of its benchmark.

Tolerance: rounding of p, and the normal tests with and without continuity correction, which papers use as well. What
none of them gives may be of another benchmark or population: it is "not reproduced".
"""

from __future__ import annotations

from collections.abc import Iterator
from math import sqrt
from statistics import NormalDist

from reappraise.audit import words
from reappraise.audit.finding import Finding, Verdict
from reappraise.audit.walk import EstimateFact, estimates
from reappraise.published.record import BENCHMARK, Count
from reappraise.published.trial import Trial

NAME = "p value and benchmark"


def check(trial: Trial) -> Iterator[Finding]:
    """Yield a finding for every p value printed with a rate in a trial of one arm."""
    if not trial.single:
        return
    facts = list(estimates(trial))
    for fact in facts:
        if fact.published.p is None or fact.published.quantity != "rate" or fact.endpoint is None:
            continue
        count = next((one for one in fact.endpoint.whole if one.arm == fact.published.arm), None)
        stated = [
            one.published
            for one in facts
            if one.endpoint is fact.endpoint and one.published.arm == BENCHMARK and one.published.quantity == "rate"
        ]
        benchmark = stated[0].value if len(stated) == 1 else None
        if count is None or count.known_events is None or benchmark is None or benchmark.relation != "=":
            yield fact.about.finding(
                NAME, "cannot judge", "The count of the arm, or one benchmark as a number, is missing."
            )
        else:
            share = float(benchmark) / (100 if stated[0].unit == "percent" else 1)
            yield (
                _judge(fact, count, share)
                if 0 < share < 1
                else fact.about.finding(NAME, "cannot judge", "The benchmark is not a rate between 0% and 100%.")
            )


def _judge(fact: EstimateFact, count: Count, benchmark: float) -> Finding:
    p, events = fact.published.p, count.known_events or 0
    found = dict(_p_values(events, count.total, benchmark))
    fits = [name for name, value in found.items() if p is not None and p.covers(value)]
    sides = fact.sides
    accepted = [name for name in fits if sides is None or words.sided(sides) in name]
    verdict: Verdict = "consistent" if accepted else "not reproduced"
    said = f"{events} of {count.total} against {100 * benchmark:g}%"
    message = (
        f"The p value of {said} is that of: {words.listed(accepted)}."
        if accepted
        else f"No usual test of {said} gives this p value"
        + (f"; {words.listed(fits)} would." if fits else ". Another benchmark or population, or a wrong digit?")
    )
    recomputed = "; ".join(f"{name} {words.number(value)}" for name, value in found.items())
    return fact.about.finding(NAME, verdict, message, recomputed)


def _p_values(events: int, total: int, benchmark: float) -> Iterator[tuple[str, float]]:
    """Yield the usual tests of one rate by name; one-sided towards the side on which it lies."""
    from scipy.special import bdtr, bdtrc  # slow to load, and few trials need it
    from scipy.stats import binomtest

    above = events / total >= benchmark
    tail = float(bdtrc(events - 1, total, benchmark)) if above and events else float(bdtr(events, total, benchmark))
    yield "exact binomial test, one-sided", 1.0 if above and not events else tail
    yield "exact binomial test, two-sided", float(binomtest(events, total, benchmark).pvalue)
    yield "exact binomial test, two-sided (twice the smaller tail)", min(1.0, 2 * tail)
    spread = sqrt(benchmark * (1 - benchmark) / total)
    away = abs(events / total - benchmark)
    for name, distance in (("score test", away), ("score test with continuity correction", away - 0.5 / total)):
        small = NormalDist().cdf(-max(distance, 0.0) / spread)
        yield f"{name}, one-sided", small
        yield f"{name}, two-sided", min(1.0, 2 * small)
