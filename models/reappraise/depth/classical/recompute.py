"""Classical answers on ordered categories, as estimates."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Literal

import numpy as np
from scipy import stats

from reappraise.core.estimate import Estimate
from reappraise.core.two_by_two import TwoByTwo
from reappraise.depth.classical.proportional_odds import proportional_odds
from reappraise.depth.table import OrdinalTable
from reappraise.response.classical.contrasts import odds_ratios
from reappraise.response.classical.rates import rate_intervals

WILCOXON = "Wilcoxon-Mann-Whitney, corrected for ties"


def wilcoxon(table: OrdinalTable) -> tuple[float, float]:
    """P values of the Wilcoxon-Mann-Whitney test: one-sided (the experimental arm is better), and two-sided."""
    if sum(any(row) for row in table.counts) < 2:
        return 1.0, 1.0
    grade = -np.arange(len(table.categories))
    control, experimental = (np.repeat(grade, [row[arm] for row in table.counts]).astype(np.float64) for arm in (0, 1))

    def p_value(alternative: Literal["greater", "two-sided"]) -> float:
        found = stats.mannwhitneyu(
            experimental, control, alternative=alternative, method="asymptotic", use_continuity=False
        )
        return float(np.asarray(found.pvalue))

    return p_value("greater"), p_value("two-sided")


def recompute_depth(table: OrdinalTable, *, level: float = 0.95) -> Iterator[Estimate]:
    """Yield the classical estimates of an ordinal endpoint; the first row of a quantity is the default.

    Rates of each category, and of it or better, by arm; odds ratios by cut point and common to all; p values as rows of
    the common odds ratio without value.

    Parameters
    ----------
    table
        Patients by category and arm.
    level
        Coverage of the intervals.
    """
    control, experimental = table.arms
    row = partial(Estimate, endpoint=table.endpoint, kind="recomputed", source=table.source)
    for quantity, keys, counts in (
        ("category_rate", table.categories, table.counts),
        ("rate_or_better", table.cuts, table.or_better_counts),
    ):
        for key, pair in zip(keys, counts, strict=True):
            for arm, number, total in zip(table.arms, pair, table.totals, strict=True):
                found = rate_intervals(number, total, level=level)[0]
                yield row(
                    quantity=quantity,
                    item=key,
                    arm=arm,
                    method=found.method,
                    value=found.value,
                    low=found.low,
                    high=found.high,
                    level=level,
                )
    contrast = partial(row, numerator=experimental, denominator=control)
    for key, (old, new) in zip(table.cuts, table.or_better_counts, strict=True):
        found = odds_ratios(TwoByTwo(new, table.totals[1], old, table.totals[0]), level=level)[0]
        yield contrast(
            quantity="odds_ratio",
            item=key,
            method=found.method,
            value=found.value,
            low=found.low,
            high=found.high,
            level=level,
        )
    for found in proportional_odds(table, level=level):
        yield contrast(
            quantity="common_odds_ratio",
            method=found.method,
            value=found.value,
            low=found.low,
            high=found.high,
            level=level,
        )
    for sides, p_value in zip((1, 2), wilcoxon(table), strict=True):
        yield contrast(
            quantity="common_odds_ratio",
            method=f"{WILCOXON}, {'one' if sides == 1 else 'two'}-sided",
            value=None,
            p_value=p_value,
            sides=sides,
        )
