"""The tests that give a printed p value from the counts of an endpoint.

Tolerance: half a unit of the last printed digit. A bound is true or false for each test. "Inconsistent" is a p value
that is not that of the test which print states; else another test, or an adjusted one, may have given it.
One-sided tests have as their alternative that the experimental arm is better.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reappraise.audit import words
from reappraise.audit.candidates import table_of
from reappraise.audit.finding import Finding, Verdict
from reappraise.audit.walk import EstimateFact, estimates
from reappraise.core.printed import Printed
from reappraise.published.endpoint import EndpointRecord
from reappraise.published.trial import Trial
from reappraise.response.classical.hypothesis_tests import PValue, p_values

NAME = "p value and counts"


def check(trial: Trial) -> Iterator[Finding]:
    """Yield a finding for every p value printed with a contrast that the endpoint's counts determine."""
    for fact in estimates(trial):
        if fact.published.p is not None and fact.endpoint is not None and table_of(fact):
            yield _judge(fact, fact.published.p, recomputed_p_values(trial, fact.endpoint))


def recomputed_p_values(trial: Trial, endpoint: EndpointRecord, *, unconditional: bool = True) -> tuple[PValue, ...]:
    """Candidate p values of an endpoint, one-sided towards benefit; empty where a count is not known."""
    table = endpoint.between(trial.experimental.key, trial.control.key)
    return () if table is None else p_values(table, direction=endpoint.better, unconditional=unconditional)


def stated_p_values(found: Sequence[PValue], name: str, sides: int | None) -> list[PValue]:
    """Those candidates that a stated test may mean; both numbers of sides where none is stated."""
    return [p for p in found if p.test == name and sides in {None, p.sides}]


def _judge(fact: EstimateFact, p: Printed, found: Sequence[PValue]) -> Finding:
    fits = [item for item in found if p.covers(item.value)]
    stated = stated_p_values(found, fact.test.name, fact.sides) if fact.test else []
    said = f", stated: {fact.test.name}, {words.sided(fact.sides or 0)}" if fact.test and fact.sides else ""
    yes, no = (" (as printed)", "") if p.relation == "=" else (f" (p {p} is true)", f" (p {p} is false)")
    verdict, message = _verdict(p, fits, stated, fact.sides)
    ways = fact.published.came_about - {"crude"}
    if verdict == "inconsistent" and ways:
        verdict, message = "not reproduced", f"{message} The estimate beside it is {words.listed(sorted(ways))}."
    return Finding(
        check=NAME,
        verdict=verdict,
        endpoint=fact.owner,
        subject=fact.subject,
        printed=f"{words.estimate(fact.published)}{said}",
        recomputed="; ".join(
            f"{item.method} {words.number(item.value)}{yes if item in fits else no}" for item in found
        ),
        message=message,
        source=fact.published.source,
    )


def _verdict(p: Printed, fits: Sequence[PValue], stated: Sequence[PValue], sides: int | None) -> tuple[Verdict, str]:
    holds = "gives the printed p value" if p.relation == "=" else "makes the printed bound true"
    if stated:
        if any(item in fits for item in stated):
            return (
                "consistent",
                f"The stated test {holds}: {words.listed(item.method for item in stated if item in fits)}.",
            )
        others = f"; it is that of: {'; '.join(item.method for item in fits)}" if fits else ", nor does any other"
        return (
            "inconsistent",
            f"The stated test ({stated[0].method}, {words.number(stated[0].value)}) does not give it{others}.",
        )
    fitting = [item for item in fits if sides in {None, item.sides}]
    if fitting:
        return (
            "consistent",
            f"No test is stated that could be recomputed; these would do: {'; '.join(p.method for p in fitting)}.",
        )
    if fits:
        others = "; ".join(item.method for item in fits)
        return "not reproduced", f"With the stated sides no test {holds}; these do: {others}."
    return (
        "not reproduced",
        f"None of the standard tests {holds}: it may be that of an adjusted or stratified analysis.",
    )
