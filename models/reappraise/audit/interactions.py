r"""A p value of interaction against the hazard ratios of the levels and their limits.

.. math:: Q = \sum_k V_k (b_k - \bar b)^2 \sim \chi^2_{K - 1}, \qquad V_k = 1 / s_k^2

Tolerance, beyond rounding, in the two-sided z of the same p value: 0.3 and a tenth. In 600 simulated trials (120 to 600
patients, two to four levels, equal or unequal prognosis) Wald's and the likelihood ratio test of the interaction in
Cox's regression differed from Cochran's Q by 0.06 to 0.12 in standard deviation, and in one trial of a hundred by 0.17
to 0.38. A bound that only the tolerance makes true is not judged.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import inf

from reappraise.audit import words
from reappraise.audit.finding import About, Finding, Verdict
from reappraise.audit.rounding import Span, overlap
from reappraise.core.errors import AnalysisError, UndeterminedError
from reappraise.core.printed import Printed
from reappraise.published.trial import Trial
from reappraise.survival.published import SurvivalEndpoint
from reappraise.survival.subgroups.classical import heterogeneity, statistic_span
from reappraise.survival.subgroups.reading import subgroups_of
from reappraise.survival.subgroups.table import SubgroupTable

NAME = "interaction of treatment and subgroup"
ABSOLUTE, RELATIVE = 0.3, 0.1
"""Tolerance of z for other tests."""


def check(trial: Trial) -> Iterator[Finding]:
    """Yield a finding for every p value of interaction printed beside a factor."""
    for item in trial.of(SurvivalEndpoint):
        for factor in item.published.factors:
            if factor.p_interaction is None:
                continue
            verdict: Verdict = "cannot judge"
            recomputed = ""
            message = "Hazard ratios with limits are not printed of every level."
            try:
                table = subgroups_of(item, factor.key)
            except UndeterminedError:
                table = None
            except AnalysisError as error:
                table, message = None, f"The levels cannot be held against each other: {error}."
            spans = None if table is None or not all(table.shown) else _spans(table)
            if table is not None and spans is not None:
                found = heterogeneity(table)
                recomputed = "" if found is None else f"{found.words}, by rounding p {words.span(*spans[0])}"
                verdict, message = _judge(factor.p_interaction, *spans)
            test = f" ({factor.interaction_test})" if factor.interaction_test else ""
            sign = "" if factor.p_interaction.relation != "=" else "= "
            yield About(
                endpoint=item.published.key,
                subject=f"{item.published.label}: {factor.label}",
                printed=f"p {sign}{factor.p_interaction}{test}",
                source=factor.source,
            ).finding(NAME, verdict, message, recomputed)


def _spans(table: SubgroupTable) -> tuple[Span, Span] | None:
    """Least and largest p value that the printed digits allow, and those that other tests could give."""
    statistic = statistic_span(table)
    if statistic is None:
        return None
    from scipy.special import chdtrc, ndtr, ndtri  # slow to load, and few trials need it

    degrees = sum(table.shown) - 1
    p = float(chdtrc(degrees, statistic[1])), float(chdtrc(degrees, statistic[0]))
    least, most = (-float(ndtri(number / 2)) for number in reversed(p))
    least, most = max(0.0, least * (1 - RELATIVE) - ABSOLUTE), most * (1 + RELATIVE) + ABSOLUTE
    return p, (2 * float(ndtr(-most)), min(1.0, 2 * float(ndtr(-least))))


def _judge(p: Printed, exact: Span, wide: Span) -> tuple[Verdict, str]:
    low, high = p.bounds
    bounds = max(low, 0.0), min(high, 1.0 if high < inf else inf)
    if not overlap(bounds, wide):
        return "inconsistent", "The printed p value is not that of an interaction between these hazard ratios."
    if p.relation != "=" and not overlap(bounds, exact):
        return "cannot judge", "The bound is true within the tolerance for other tests only."
    return "consistent", "The p value is what the hazard ratios of the levels and their limits make it."
