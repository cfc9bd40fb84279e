"""Classical answers about adverse events, term by term."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from reappraise.core.estimate import Estimate
from reappraise.core.two_by_two import TwoByTwo
from reappraise.response.classical.contrasts import odds_ratios, risk_differences
from reappraise.response.classical.rates import rate_intervals
from reappraise.safety.flagged import fisher_p
from reappraise.safety.table import EventTable

RATIOS = ("sample odds ratio, Woolf log", "conditional odds ratio, exact")
"""Which of the candidate intervals stand beside the shrunken odds ratios."""


def recompute_terms(table: EventTable, *, level: float = 0.95) -> Iterator[Estimate]:
    """Yield raw rates, risk difference, odds ratio and Fisher's test of every term.

    The odds ratio is the sample's with Woolf's interval, and the conditional one with its exact interval.

    Parameters
    ----------
    table
        The counts.
    level
        Coverage of the intervals.
    """
    for item in _estimates(table, level):
        yield item.cautioned(table.exposure)


def _estimates(table: EventTable, level: float) -> Iterator[Estimate]:
    for index, term in enumerate(table.terms):
        row = partial(
            Estimate, endpoint=table.key, item=term, grade=table.grade, kind="recomputed", source=table.source
        )
        for arm, k, n in zip(table.arms, table.events[index], table.totals[index], strict=True):
            exact = rate_intervals(k, n, level=level)[0]
            yield row(
                quantity="rate",
                arm=arm,
                method=exact.method,
                value=exact.value,
                low=exact.low,
                high=exact.high,
                level=level,
            )
        (control, treated), (of_control, of_treated) = table.events[index], table.totals[index]
        cells = TwoByTwo(treated, of_treated, control, of_control)
        contrast = partial(row, numerator=table.arms[1], denominator=table.arms[0])
        ratios = [found for found in odds_ratios(cells, level=level) if found.method in RATIOS]
        for quantity, found in (
            ("risk_difference", risk_differences(cells, level=level)[0]),
            *(("odds_ratio", ratio) for ratio in ratios),
        ):
            yield contrast(
                quantity=quantity, method=found.method, value=found.value, low=found.low, high=found.high, level=level
            )
        said = "Fisher exact, two-sided (sum of probabilities)"
        yield contrast(quantity="odds_ratio", method=said, value=None, p_value=fisher_p(table, index), sides=2)
