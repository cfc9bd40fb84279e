"""Which classical answers a printed contrast can be held against."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from math import inf

from reappraise.audit.walk import EstimateFact
from reappraise.core.interval import Interval
from reappraise.core.two_by_two import TwoByTwo
from reappraise.published.endpoint import Strata
from reappraise.response.classical.contrasts import odds_ratios, risk_differences, risk_ratios
from reappraise.response.classical.profile_likelihood import profile_likelihood
from reappraise.response.classical.stratified import (
    stratified_odds_ratios,
    stratified_risk_differences,
    stratified_risk_ratios,
)
from reappraise.response.needed_to_treat import reciprocal


def table_of(fact: EstimateFact) -> TwoByTwo | None:
    """Counts behind a printed contrast, in its printed direction; None where there are none."""
    return fact.endpoint.two_by_two(fact.published) if fact.endpoint else None


def countable(fact: EstimateFact) -> bool:
    """Whether counts of its endpoint, were they printed, would determine it."""
    return fact.endpoint is not None and fact.endpoint.countable(fact.published)


def contrast_candidates(fact: EstimateFact) -> tuple[Interval, ...]:
    """What each standard method makes of the counts behind a printed contrast; empty where there are none."""
    table = table_of(fact)
    return () if table is None else candidates_of(fact, table)


def candidates_of(fact: EstimateFact, table: TwoByTwo, level: float | None = None) -> tuple[Interval, ...]:
    """What each standard method makes of counts, in the unit of a printed contrast; by default at its level."""
    level = float(fact.published.level) if level is None else level
    match fact.published.quantity:
        case "odds_ratio":
            return (*odds_ratios(table, level=level), profile_likelihood(table, level=level))
        case "risk_ratio":
            return risk_ratios(table, level=level)
        case "risk_difference":
            return tuple(_scaled(item, in_scale(fact)) for item in risk_differences(table, level=level))
        case _:
            return tuple(_needed_to_treat(item) for item in risk_differences(table, level=level))


def strata_of(fact: EstimateFact) -> Iterator[Strata]:
    """Yield the counts by level of each factor known at randomisation, in the printed direction of a contrast."""
    published, endpoint = fact.published, fact.endpoint
    if endpoint is None or not (endpoint.countable(published) and endpoint.concerns(published)):
        return
    for factor in endpoint.factors_counted[1:]:
        found = endpoint.strata(factor, published.numerator or "", published.denominator or "")
        if found is not None and found.baseline:
            yield found


def stratified_candidates(fact: EstimateFact) -> tuple[Interval, ...]:
    """What each stratified method makes of the counts by level; nothing where print says that it is crude."""
    if "crude" in fact.published.came_about:
        return ()
    return tuple(item for strata in strata_of(fact) for item in _over(fact, strata))


def _over(fact: EstimateFact, strata: Strata) -> Iterator[Interval]:
    level = float(fact.published.level)
    match fact.published.quantity:
        case "odds_ratio":
            found = stratified_odds_ratios(strata.tables, level=level)
        case "risk_ratio":
            found = stratified_risk_ratios(strata.tables, level=level)
        case "risk_difference":
            differences = stratified_risk_differences(strata.tables, level=level)
            found = tuple(_scaled(item, in_scale(fact)) for item in differences)
        case _:
            found = tuple(_needed_to_treat(item) for item in stratified_risk_differences(strata.tables, level=level))
    for item in found:
        yield replace(item, method=f"{item.method} over {strata.label}")


def gives_value(candidate: Interval, fact: EstimateFact) -> bool:
    """Whether a candidate's value could have been printed so; a number needed to treat may be rounded up."""
    printed, value = fact.published.value, candidate.value
    if printed is None or value is None:
        return False
    upwards = fact.published.quantity == "number_needed_to_treat" and 0 <= printed - value < 1
    return printed.covers(value) or (upwards and printed.digits == int(printed.digits))


def gives_interval(candidate: Interval, fact: EstimateFact) -> bool:
    """Whether both limits of a candidate could have been printed so."""
    low, high = fact.published.low, fact.published.high
    return low is not None and high is not None and low.covers(candidate.low) and high.covers(candidate.high)


def in_scale(fact: EstimateFact) -> float:
    """Units of a printed difference in 1: percentage points, or none."""
    return 100.0 if fact.published.unit == "percent" else 1.0


def _scaled(item: Interval, scale: float) -> Interval:
    value = None if item.value is None else scale * item.value
    return replace(item, value=value, low=scale * item.low, high=scale * item.high)


def _needed_to_treat(difference: Interval) -> Interval:
    """Reciprocal of a risk difference without its sign, as it is printed; unlimited where the interval holds 0."""
    value = reciprocal(abs(difference.value or 0.0))
    near, far = sorted((abs(difference.low), abs(difference.high)))
    limited = difference.low * difference.high > 0
    low, high = reciprocal(far), (reciprocal(near) if limited else inf)
    return Interval(f"reciprocal of the {difference.method} risk difference", value, low, high)
