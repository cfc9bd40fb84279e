"""Candidate p values of a two-by-two table: what a printed p value may have been computed by."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import log, sqrt
from typing import Literal

from reappraise.core.two_by_two import TwoByTwo
from reappraise.response.classical.rates import normal_tail

type Direction = Literal["higher", "lower"]
type Test = Literal[
    "fisher_exact",
    "fisher_mid_p",
    "chi_square",
    "n_minus_1_chi_square",
    "cochran_mantel_haenszel",
    "wald",
    "boschloo",
    "barnard",
]

LARGEST_UNCONDITIONAL = 100_000
"""Product of the arm sizes up to which unconditional tests are computed: beyond it they take more than a second."""

N_MINUS_1 = "N - 1 chi-square (E. Pearson; Mantel-Haenszel of one table)"
"""Its name, with the other that programs print it under."""


@dataclass(frozen=True, slots=True)
class PValue:
    """The p value of one named test.

    Parameters
    ----------
    method
        Name of the test, and of the way in which it was made one- or two-sided.
    sides
        1 or 2.
    value
        The p value.
    test
        Which test it is, whatever its words: a stated test is recomputed by those of its name.
    strata
        Key of the factor whose levels it was stratified by; empty for a test of one table.
    """

    method: str
    sides: Literal[1, 2]
    value: float
    test: Test
    strata: str = ""


def p_values(table: TwoByTwo, *, direction: Direction, unconditional: bool = True) -> tuple[PValue, ...]:
    """P values of equal rates in both arms, by each standard test; Fisher's one-sided first.

    The unconditional tests (Barnard with pooled variance, Boschloo) are left out for arms whose sizes multiply to
    more than `LARGEST_UNCONDITIONAL`. The N - 1 chi-square is Pearson's times (N - 1) / N, as E. Pearson had it; the
    test of Cochran, Mantel and Haenszel is the same where there is one stratum. Where nobody or everybody had the
    event, every p value is 1.

    Parameters
    ----------
    table
        The two arms.
    direction
        The alternative of the one-sided tests: the rate of the first arm is "higher" or "lower" than that of the
        reference arm. With the experimental arm first, give the direction of benefit.
    unconditional
        Whether to compute the unconditional tests, which take nearly all of the time.

    References
    ----------
    Fay MP. Confidence intervals that match Fisher's exact or Blaker's exact tests. Biostatistics 2010;11:373-374.
    doi:10.1093/biostatistics/kxp050
    Campbell I. Chi-squared and Fisher-Irwin tests of two-by-two tables with small sample recommendations. Stat Med
    2007;26:3661-3675. doi:10.1002/sim.2832
    Boschloo RD. Raised conditional level of significance for the 2 x 2-table when testing the equality of two
    probabilities. Stat Neerl 1970;24:1-9. doi:10.1111/j.1467-9574.1970.tb00104.x

    Examples
    --------
    >>> [round(p.value, 4) for p in p_values(TwoByTwo(3, 4, 1, 4), direction="higher")[:2]]
    [0.2429, 0.4857]
    """
    found = [*_conditional(table, direction), *_asymptotic(table, direction)]
    if unconditional and table.total * table.reference_total <= LARGEST_UNCONDITIONAL:
        found += _unconditional(table, direction)
    return tuple(replace(p, value=1.0) if table.uninformative else p for p in found)


def _conditional(table: TwoByTwo, direction: Direction) -> Iterator[PValue]:
    from scipy.stats import fisher_exact, hypergeom

    greater = fisher_exact(table.cells, alternative="greater").pvalue
    less = fisher_exact(table.cells, alternative="less").pvalue
    one = float(greater if direction == "higher" else less)
    patients, events = table.total + table.reference_total, table.events + table.reference_events
    observed = float(hypergeom.pmf(table.events, patients, events, table.total))
    smaller = float(min(greater, less))
    yield PValue("Fisher exact, one-sided", 1, one, "fisher_exact")
    yield PValue(
        "Fisher exact, two-sided (sum of probabilities)", 2, float(fisher_exact(table.cells).pvalue), "fisher_exact"
    )
    yield PValue("Fisher exact, two-sided (twice the smaller tail)", 2, min(1.0, 2 * smaller), "fisher_exact")
    yield PValue("Fisher mid-P, one-sided", 1, one - observed / 2, "fisher_mid_p")
    yield PValue(
        "Fisher mid-P, two-sided (twice the smaller tail)", 2, min(1.0, 2 * smaller - observed), "fisher_mid_p"
    )
    two = max(0.0, float(fisher_exact(table.cells).pvalue) - observed / 2)
    yield PValue("Fisher mid-P, two-sided (sum of probabilities)", 2, two, "fisher_mid_p")


def _asymptotic(table: TwoByTwo, direction: Direction) -> Iterator[PValue]:
    difference = table.rate - table.reference_rate
    sign = 1.0 if direction == "higher" else -1.0
    pooled = (table.events + table.reference_events) / (table.total + table.reference_total)
    error = sqrt(pooled * (1 - pooled) * (1 / table.total + 1 / table.reference_total)) or 1.0
    correction = (1 / table.total + 1 / table.reference_total) / 2
    yates = max(0.0, abs(difference) - correction) * (1 if difference > 0 else -1)
    statistics: list[tuple[Test, str, float]] = [
        ("chi_square", "Pearson chi-square", difference / error),
        ("chi_square", "Yates-corrected chi-square", yates / error),
        ("n_minus_1_chi_square", N_MINUS_1, difference / error * sqrt(1 - 1 / (table.total + table.reference_total))),
    ]
    (a, b), (c, d) = table.cells
    if not table.has_zero_cell:
        z = log(a * d / (b * c)) / sqrt(1 / a + 1 / b + 1 / c + 1 / d)
        statistics.append(("wald", "Wald test of the log odds ratio (logistic regression)", z))
    for test, name, z in statistics:
        yield PValue(f"{name}, two-sided", 2, 2 * normal_tail(abs(z)), test)
        yield PValue(f"{name}, one-sided", 1, normal_tail(sign * z), test)


def _unconditional(table: TwoByTwo, direction: Direction) -> Iterator[PValue]:
    from scipy.stats import barnard_exact, boschloo_exact

    if table.uninformative:
        greater = less = barnard = barnard_two = 1.0
    else:
        columns = tuple(zip(*table.cells, strict=True))
        greater = float(boschloo_exact(columns, alternative="greater").pvalue)
        less = float(boschloo_exact(columns, alternative="less").pvalue)
        side: Literal["greater", "less"] = "greater" if direction == "higher" else "less"
        barnard = float(barnard_exact(columns, alternative=side).pvalue)
        barnard_two = float(barnard_exact(columns).pvalue)
    yield PValue("Boschloo exact, one-sided", 1, greater if direction == "higher" else less, "boschloo")
    yield PValue("Boschloo exact, two-sided (twice the smaller)", 2, min(1.0, 2 * min(greater, less)), "boschloo")
    yield PValue("Barnard exact, one-sided", 1, min(1.0, barnard), "barnard")
    yield PValue("Barnard exact, two-sided", 2, min(1.0, barnard_two), "barnard")
