"""The tests that give a printed p value from the counts of an endpoint.

Tolerance: half a unit of the last printed digit. A bound is true or false for each test. "Inconsistent" is a p value
that is not that of the test which print states; else another test, or an adjusted one, may have given it. A stratified
test is "not reproduced" instead: strata that patients were randomised by are often corrected in tables.
One-sided tests have as their alternative that the experimental arm is better.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from reappraise.audit import words
from reappraise.audit.candidates import strata_of, table_of
from reappraise.audit.finding import Finding, Verdict
from reappraise.audit.walk import EstimateFact, estimates
from reappraise.core.printed import Printed
from reappraise.published.endpoint import EndpointRecord
from reappraise.published.record import StatedTest
from reappraise.published.trial import Trial
from reappraise.response.classical.hypothesis_tests import PValue, p_values
from reappraise.response.classical.stratified import stratified_p_values

NAME = "p value and counts"
FAMILIES = {"chi_square": {"chi_square", "n_minus_1_chi_square"}}
"""Names of tests that print uses for several."""
FEW = 3
"""Tests that make a bound true, from which on they are counted instead of named."""


def check(trial: Trial) -> Iterator[Finding]:
    """Yield a finding for every p value printed with a contrast that the endpoint's counts determine."""
    for fact in estimates(trial):
        p, endpoint = fact.published.p, fact.endpoint
        if p is None or endpoint is None:
            continue
        crude = recomputed_p_values(trial, endpoint) if table_of(fact) else ()
        stratified = stratified_of(trial, endpoint) if any(strata_of(fact)) else ()
        if crude or stratified:
            yield _judge(fact, p, (*crude, *stratified))


def recomputed_p_values(trial: Trial, endpoint: EndpointRecord, *, unconditional: bool = True) -> tuple[PValue, ...]:
    """Candidate p values of an endpoint, one-sided towards benefit; empty where a count is not known."""
    table = endpoint.between(trial.experimental.key, trial.control.key)
    return () if table is None else p_values(table, direction=endpoint.better, unconditional=unconditional)


def stratified_of(trial: Trial, endpoint: EndpointRecord) -> tuple[PValue, ...]:
    """Candidate p values stratified by each factor, one-sided towards benefit; empty where no factor is counted."""
    stated = endpoint.test.strata if endpoint.test else None
    found: list[PValue] = []
    for factor in endpoint.factors_counted[1:]:
        strata = endpoint.strata(factor, trial.experimental.key, trial.control.key)
        if strata is not None and (strata.baseline or factor == stated):
            said = f" over {strata.label}"
            found += stratified_p_values(strata.tables, direction=endpoint.better, strata=factor, said=said)
    return tuple(found)


def stated_p_values(found: Sequence[PValue], test: StatedTest, sides: int | None) -> list[PValue]:
    """Those candidates that a stated test may mean; both numbers of sides where none is stated.

    A test by strata that are not named may be stratified by more than one factor: nothing is recomputed for it.
    """
    names = FAMILIES.get(test.name, {test.name})
    own = [p for p in found if p.test in names and sides in {None, p.sides}]
    return [p for p in own if not p.strata or p.strata == test.strata]


def _judge(fact: EstimateFact, p: Printed, found: Sequence[PValue]) -> Finding:
    stated = stated_p_values(found, fact.test, fact.sides) if fact.test else []
    said = f", stated: {fact.test.name}, {words.sided(fact.sides or 0)}" if fact.test and fact.sides else ""
    verdict, message = _verdict(p, found, stated, fact.sides)
    if verdict == "inconsistent" and stated and stated[0].strata:
        verdict = "not reproduced"
        message += " The strata as randomised may be others than those tabulated."
    ways = fact.published.came_about - {"crude"}
    if verdict == "inconsistent" and ways:
        verdict, message = "not reproduced", f"{message} The estimate beside it is {words.listed(sorted(ways))}."
    about = replace(fact.about, printed=f"{words.estimate(fact.published)}{said}")
    return about.finding(NAME, verdict, message, "; ".join(_shown(p, found, stated)))


def _shown(p: Printed, found: Sequence[PValue], stated: Sequence[PValue]) -> Iterator[str]:
    """Yield every test with its p value; of a bound the stated ones, or those nearest to it on either side."""
    fits = [item for item in found if p.covers(item.value)]
    shown = found
    if p.relation != "=":
        sides = (fits, [item for item in found if item not in fits])
        shown = stated or [min(side, key=lambda item: abs(item.value - p)) for side in sides if side]
    for item in shown:
        fitting = item in fits
        said = " (as printed)" if fitting and p.relation == "=" else ""
        if p.relation != "=":
            said = f" (p {p} is {'true' if fitting else 'false'})"
        yield f"{item.method} {words.number(item.value)}{said}"


def _named(p: Printed, fits: Sequence[PValue], found: Sequence[PValue]) -> str:
    """The tests that give a p value, by name; of a bound, which most tests make true or false alike, how many."""
    if p.relation == "=" or len(fits) < FEW:
        return "; ".join(item.method for item in fits)
    if len(fits) == len(found):
        return f"all {len(found)} that were tried"
    nearest = min(fits, key=lambda item: abs(item.value - p))
    return f"{len(fits)} of {len(found)} that were tried, such as {nearest.method}"


def _verdict(p: Printed, found: Sequence[PValue], stated: Sequence[PValue], sides: int | None) -> tuple[Verdict, str]:
    fits = [item for item in found if p.covers(item.value)]
    number = p.relation == "="
    holds = "gives the printed p value" if number else "makes the printed bound true"
    if stated:
        if any(item in fits for item in stated):
            return (
                "consistent",
                f"The stated test {holds}: {words.listed(item.method for item in stated if item in fits)}.",
            )
        of = "that of" if number else "true of"
        others = f"; it is {of}: {_named(p, fits, found)}" if fits else ", nor does any other"
        fails = "give it" if number else "make it true"
        return (
            "inconsistent",
            f"The stated test ({stated[0].method}, {words.number(stated[0].value)}) does not {fails}{others}.",
        )
    fitting = [item for item in fits if sides in {None, item.sides}]
    if fitting:
        return (
            "consistent",
            f"No test is stated that could be recomputed; these would do: {_named(p, fitting, found)}.",
        )
    if fits:
        return "not reproduced", f"With the stated sides no test {holds}; these do: {_named(p, fits, found)}."
    return (
        "not reproduced",
        f"None of the standard tests {holds}: it may be that of an adjusted or stratified analysis.",
    )
