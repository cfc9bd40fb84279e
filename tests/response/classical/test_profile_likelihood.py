"""Limits of the odds ratio by profile likelihood, against a likelihood that is maximised numerically."""

from __future__ import annotations

from math import inf

import numpy as np
import pytest
from scipy.optimize import brentq, minimize_scalar
from scipy.stats import binom, chi2

from reappraise.core.two_by_two import TwoByTwo
from reappraise.response.classical.profile_likelihood import profile_likelihood


def by_search(table: TwoByTwo, level: float) -> tuple[float, float]:
    """Limits at which twice the fall of the profile likelihood is the quantile of chi-square."""

    def profile(log_ratio: float) -> float:
        def loss(intercept: float) -> float:
            rates = 1 / (1 + np.exp(-np.array([intercept + log_ratio, intercept])))
            return -float(binom.logpmf([table.events, table.reference_events], sizes, rates).sum())

        return -minimize_scalar(loss, bounds=(-12, 12), method="bounded", options={"xatol": 1e-11}).fun

    sizes = [table.total, table.reference_total]
    (a, b), (c, d) = table.cells
    centre = np.log(a * d / (b * c))
    fall = profile(centre) - chi2.ppf(level, 1) / 2
    low, high = (brentq(lambda x: profile(x) - fall, *sorted((centre, centre + step))) for step in (-8, 8))
    return float(np.exp(low)), float(np.exp(high))


@pytest.mark.parametrize(
    ("table", "level"),
    [
        (TwoByTwo(206, 3016, 15, 3014), 0.95),
        (TwoByTwo(3, 20, 11, 25), 0.95),
        (TwoByTwo(40, 50, 20, 100), 0.9),
        (TwoByTwo(1, 30, 29, 30), 0.99),
    ],
)
def test_limits_are_those_of_the_profile_likelihood(table: TwoByTwo, level: float) -> None:
    found = profile_likelihood(table, level=level)
    assert (found.low, found.high) == pytest.approx(by_search(table, level), rel=1e-5)  # of a search to 1e-11


def test_exchanged_arms_mirror_it() -> None:
    table = TwoByTwo(3, 20, 11, 25)
    found, mirrored = profile_likelihood(table), profile_likelihood(table.swapped())
    assert (1 / found.high, 1 / found.low) == pytest.approx((mirrored.low, mirrored.high), rel=1e-9)


def test_zero_cells_leave_one_limit() -> None:
    none = profile_likelihood(TwoByTwo(0, 20, 5, 20))
    assert (none.value, none.low) == (0.0, 0.0)
    assert 0.1 < none.high < 1
    every = profile_likelihood(TwoByTwo(20, 20, 5, 20))
    assert (every.value, every.high) == (inf, inf)
    assert 1 < every.low < inf
    nobody = profile_likelihood(TwoByTwo(0, 20, 0, 20))
    assert (nobody.value, nobody.low, nobody.high) == (None, 0.0, inf)
