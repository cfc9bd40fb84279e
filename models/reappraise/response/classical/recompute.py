"""Classical answers from published counts, as estimates."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from reappraise.core.arms import WHOLE
from reappraise.core.estimate import Estimate
from reappraise.core.two_by_two import TwoByTwo
from reappraise.published.partition import Partition
from reappraise.response.classical.contrasts import odds_ratios, risk_differences, risk_ratios
from reappraise.response.classical.hypothesis_tests import p_values
from reappraise.response.classical.rates import rate_intervals
from reappraise.response.classical.stratified import (
    stratified_odds_ratios,
    stratified_p_values,
    stratified_risk_differences,
    stratified_risk_ratios,
)
from reappraise.response.needed_to_treat import needed_to_treat


def recompute(partition: Partition, *, level: float = 0.95) -> Iterator[Estimate]:
    """Yield the frequentist estimates of every level of a partition; the first row of a quantity is the default.

    Rates of each arm; then, where both arms have patients and the factor was known at randomisation, contrasts of
    the experimental over (or minus) the control arm, and p values of equal rates as rows of the odds ratio without
    value. One-sided p values have as their alternative that the experimental arm is better. Of a factor with several
    levels, the analyses stratified by it follow, which are about all patients.

    Parameters
    ----------
    partition
        Counts by level and arm.
    level
        Coverage of the intervals.
    """
    for item in (*_estimates(partition, level), *_stratified(partition, level)):
        yield item.cautioned(partition.caution)


def _estimates(partition: Partition, level: float) -> Iterator[Estimate]:
    control, experimental = partition.arms
    for key, events, totals, comparable in zip(
        partition.levels, partition.events, partition.totals, partition.comparable, strict=True
    ):
        population = partition.population(key)
        row = partial(
            Estimate, endpoint=partition.endpoint, population=population, kind="recomputed", source=partition.source
        )
        for arm, k, n in zip(partition.arms, events, totals, strict=True):
            for found in rate_intervals(k, n, level=level) if n else ():
                yield row(
                    quantity="rate",
                    arm=arm,
                    method=found.method,
                    value=found.value,
                    low=found.low,
                    high=found.high,
                    level=level,
                )
        if not (comparable and partition.causal):
            continue
        table = TwoByTwo(events[1], totals[1], events[0], totals[0])
        contrast = partial(row, numerator=experimental, denominator=control)
        for quantity, methods in (
            ("risk_difference", risk_differences),
            ("risk_ratio", risk_ratios),
            ("odds_ratio", odds_ratios),
        ):
            for index, found in enumerate(methods(table, level=level)):
                estimate = contrast(
                    quantity=quantity,
                    method=found.method,
                    value=found.value,
                    low=found.low,
                    high=found.high,
                    level=level,
                )
                yield estimate
                if quantity == "risk_difference" and index == 0:
                    yield needed_to_treat(estimate, better=partition.better)
        for p in p_values(table, direction=partition.better):
            said = f"{p.method}: experimental arm better" if p.sides == 1 else p.method
            yield contrast(quantity="odds_ratio", method=said, value=None, p_value=p.value, sides=p.sides)


def _stratified(partition: Partition, level: float) -> Iterator[Estimate]:
    tables = partition.tables
    if len(tables) < 2 or not partition.causal or partition.factor == WHOLE:
        return
    control, experimental = partition.arms
    contrast = partial(
        Estimate,
        endpoint=partition.endpoint,
        kind="recomputed",
        numerator=experimental,
        denominator=control,
        source=partition.source,
    )
    said = f" over {partition.factor}"
    for quantity, methods in (
        ("risk_difference", stratified_risk_differences),
        ("risk_ratio", stratified_risk_ratios),
        ("odds_ratio", stratified_odds_ratios),
    ):
        for found in methods(tables, level=level):
            yield contrast(
                quantity=quantity,
                method=f"{found.method}{said}",
                value=found.value,
                low=found.low,
                high=found.high,
                level=level,
            )
    for p in stratified_p_values(tables, direction=partition.better, said=said):
        name = f"{p.method}: experimental arm better" if p.sides == 1 else p.method
        yield contrast(quantity="odds_ratio", method=name, value=None, p_value=p.value, sides=p.sides)
