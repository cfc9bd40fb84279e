"""The number needed to treat is infinite where there is no difference, and every table says so in words."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from math import inf

import numpy as np
import pytest

from reappraise.core.estimate import Estimate
from reappraise.core.prior import RATE_PRIORS
from reappraise.response.classical.recompute import recompute
from reappraise.response.estimands import contrasts, report
from reappraise.response.exact import exact_estimates
from reappraise.response.needed_to_treat import needed_to_treat
from reappraise.terminal.numbers import number
from support.tables import whole

NUMBER = "number_needed_to_treat"
DIFFERENCE = Estimate(
    endpoint="e", quantity="risk_difference", numerator="new", denominator="old", kind="recomputed", method="given",
    value=0.1, low=-0.1, high=0.2, level=0.95,
)  # fmt: skip
POSTERIOR = partial(Estimate, kind="posterior", model="independent", prior="uniform", method="drawn", converged=True)


def needed(found: object) -> Estimate:
    return next(item for item in found if item.quantity == NUMBER)  # type: ignore[attr-defined]


@pytest.mark.parametrize("better", ["higher", "lower"])
@pytest.mark.parametrize("value", [0.0, -0.0, 2.0**-44, -(2.0**-44), 1e-7])
def test_no_difference_is_infinite_and_said(value: float, better: str) -> None:
    found = needed_to_treat(replace(DIFFERENCE, value=value), better=better)  # type: ignore[arg-type]
    assert found.value == inf
    assert "no difference: infinite" in found.method
    sides = {"higher": "(NNT 5 to \u221e to NNH 10)", "lower": "(NNT 10 to \u221e to NNH 5)"}
    assert number(found) == f"infinite: no difference\n{sides[better]}"
    assert found.reversed().value == inf


def test_a_limit_at_no_difference_is_infinite() -> None:
    good = needed_to_treat(replace(DIFFERENCE, low=2.0**-44), better="higher")
    assert (good.value, good.low, good.high) == pytest.approx((10, 5, inf))
    assert number(good) == "NNT 10\n(5 to \u221e)"
    assert "no difference" not in good.method
    bad = needed_to_treat(replace(DIFFERENCE, value=-0.1, low=-0.2, high=-(2.0**-44)), better="higher")
    assert (bad.value, bad.low, bad.high) == pytest.approx((-10, inf, -5))
    assert number(bad) == "NNH 10\n(5 to \u221e)"
    assert (bad.reversed().low, bad.reversed().high) == pytest.approx((5, inf))


def test_a_difference_that_there_is_stays_a_number() -> None:
    found = needed_to_treat(replace(DIFFERENCE, value=2e-6, low=1.5e-6, high=4e-6), better="higher")
    assert (found.value, found.low, found.high) == pytest.approx((500_000, 250_000, 2e6 / 3))


@pytest.mark.parametrize("better", ["higher", "lower"])
@pytest.mark.parametrize("counts", [(0, 30), (1, 30), (10, 40), (30, 30), (3, 7)])
def test_equal_arms_give_infinity_exactly_and_from_counts(counts: tuple[int, int], better: str) -> None:
    events, total = counts
    table = whole(events=((events, events),), totals=((total, total),), better=better)
    for found in (*(needed(exact_estimates(table, prior)) for prior in RATE_PRIORS), needed(recompute(table))):
        assert found.value == inf
        assert "no difference: infinite" in found.method
        assert all(limit == inf or abs(limit) <= 1e6 for limit in (found.low, found.high))  # type: ignore[arg-type]


def test_equal_arms_give_infinity_from_draws_whose_error_holds_no_difference() -> None:
    """Chains of independent draws; |median| beyond two errors happens by chance once in 22: the seeds are fixed."""
    table = whole(events=((10, 10),), totals=((40, 40),))

    def drawn(seed: int, gain: float) -> Estimate:
        rate = np.random.default_rng(seed).beta(11, 31, (4, 1000, 1, 2)) + np.array([0.0, gain])
        return needed(report({"rate": rate, **contrasts(rate, (True,))}, table, POSTERIOR, level=0.95))

    assert sum(drawn(seed, 0.0).value == inf for seed in range(40)) >= 34
    clear = drawn(1, 0.2)
    assert clear.value == pytest.approx(5, rel=0.1)
    assert "no difference" not in clear.method


@pytest.mark.parametrize(
    ("difference", "higher", "lower"),
    [
        ((0.1, 0.05, 0.2), "NNT 10 (5 to 20)", "NNH 10 (5 to 20)"),
        ((-0.1, -0.2, -0.05), "NNH 10 (5 to 20)", "NNT 10 (5 to 20)"),
        ((0.1, -0.1, 0.2), "NNT 10\n(NNT 5 to \u221e to NNH 10)", "NNH 10\n(NNH 5 to \u221e to NNT 10)"),
        ((-0.05, -0.1, 0.2), "NNH 20\n(NNH 10 to \u221e to NNT 5)", "NNT 20\n(NNT 10 to \u221e to NNH 5)"),
    ],
)
def test_benefit_and_harm_are_named_and_the_limits_stand_on_their_sides(
    difference: tuple[float, float, float], higher: str, lower: str
) -> None:
    """Altman's example is of the third kind: NNTB 10 (NNTB 4 to infinity to NNTH 20) has the same form."""
    value, low, high = difference
    given = replace(DIFFERENCE, value=value, low=low, high=high)
    assert number(needed_to_treat(given, better="higher")) == higher
    assert number(needed_to_treat(given, better="lower")) == lower


def test_the_sampled_number_is_the_reciprocal_of_the_draws_and_agrees_with_the_exact_one() -> None:
    """Its error is that of the difference over its square: 5 of them fail once in 1.7 million, and the seed is fixed.

    It was the reciprocal of a rounded difference: 1 / 0.05 = 20 stood for 1 / 0.047 = 21.3.
    """
    counts = ((26, 24),), ((109, 55),)
    table = whole(events=counts[0], totals=counts[1])
    rng = np.random.default_rng(20)
    shapes = [(1 + k, 1 + n - k) for k, n in zip(counts[0][0], counts[1][0], strict=True)]
    rate = np.stack([rng.beta(*shape, (4, 5000, 1)) for shape in shapes], axis=-1)
    drawn = needed(report({"rate": rate, **contrasts(rate, (True,))}, table, POSTERIOR, level=0.95))
    exact = needed(exact_estimates(table, next(prior for prior in RATE_PRIORS if prior.name == "uniform")))
    difference = (rate[..., 1] - rate[..., 0]).ravel()
    for value, known, tail in zip(
        (drawn.value, drawn.high, drawn.low), (exact.value, exact.high, exact.low), (0.5, 0.025, 0.975), strict=True
    ):
        quantile = float(np.quantile(difference, tail))
        density = float(np.mean(np.abs(difference - quantile) < 0.005)) / 0.01
        error = np.sqrt(tail * (1 - tail) / difference.size) / density / quantile**2
        assert value is not None
        assert known is not None
        assert abs(value - 1 / quantile) <= 2 * error  # no more than its digits take away
        assert abs(value - known) <= 7 * error  # two for the digits, five for chance
