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
from reappraise.terminal import number
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
    assert number(found).startswith("infinite: no difference (benefit ")
    assert "to infinity to harm" in number(found)
    assert found.reversed().value == inf


def test_a_limit_at_no_difference_is_infinite() -> None:
    good = needed_to_treat(replace(DIFFERENCE, low=2.0**-44), better="higher")
    assert (good.value, good.low, good.high) == pytest.approx((10, 5, inf))
    assert number(good) == "10 (benefit 5 to infinity)"
    assert "no difference" not in good.method
    bad = needed_to_treat(replace(DIFFERENCE, value=-0.1, low=-0.2, high=-(2.0**-44)), better="higher")
    assert (bad.value, bad.low, bad.high) == pytest.approx((-10, inf, -5))
    assert number(bad) == "-10 (infinity to harm 5)"
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
