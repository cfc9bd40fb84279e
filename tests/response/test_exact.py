"""The exact posterior against quadrature of the joint density and against closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from reappraise.core.prior import RATE_PRIORS
from reappraise.published.partition import Partition
from reappraise.response.exact import BetaPair, exact_estimates

shape = st.floats(1, 200)
plain = st.floats(2, 400)


@settings(deadline=None, max_examples=40)
@given(shape, shape, shape, shape, st.floats(-0.9, 0.9))
def test_distribution_of_the_difference(a: float, b: float, c: float, d: float, value: float) -> None:
    def density(u: float) -> float:
        return float(stats.beta.cdf(stats.beta.ppf(u, a, b) + value, c, d))

    points = [float(p) for p in stats.beta.cdf([-value, 1 - value], a, b) if 0 < p < 1]
    truth, error = integrate.quad(density, 0, 1, limit=300, points=points or None)
    assert BetaPair((a, b), (c, d)).risk_difference(value) == pytest.approx(truth, abs=5e-4 + 10 * error)


@given(plain, plain, plain, plain, st.floats(0.1, 10))
def test_arms_with_some_of_both_are_exact_to_five_digits(a: float, b: float, c: float, d: float, value: float) -> None:
    forth, back = BetaPair((a, b), (c, d)), BetaPair((c, d), (a, b))
    assert forth.odds_ratio(value) + back.odds_ratio(1 / value) == pytest.approx(1, abs=2e-5)
    assert forth.risk_difference(0.1) + back.risk_difference(-0.1) == pytest.approx(1, abs=2e-5)


@given(shape, shape, shape, shape, st.floats(0.1, 10))
def test_swapping_the_arms_mirrors_the_contrasts(a: float, b: float, c: float, d: float, value: float) -> None:
    forth, back = BetaPair((a, b), (c, d)), BetaPair((c, d), (a, b))
    assert forth.odds_ratio(value) + back.odds_ratio(1 / value) == pytest.approx(1, abs=1e-3)
    assert forth.risk_ratio(value) + back.risk_ratio(1 / value) == pytest.approx(1, abs=1e-3)
    assert forth.risk_difference(0.1) + back.risk_difference(-0.1) == pytest.approx(1, abs=1e-3)
    assert forth.risk_difference(0) == pytest.approx(forth.odds_ratio(1), abs=1e-9)


def test_probability_of_benefit_in_closed_form() -> None:
    # P(X < Y) for Beta(1, b), Beta(1, d): d is the experimental arm; integral of (1-p)^d b (1-p)^(b-1) = b / (b + d)
    pair = BetaPair((1.0, 3.0), (1.0, 5.0))
    assert 1 - pair.risk_difference(0.0) == pytest.approx(3 / 8, abs=1e-6)


def test_quantiles_invert_the_distribution() -> None:
    pair = BetaPair((27.0, 84.0), (25.0, 32.0))
    for name in ("risk_difference", "risk_ratio", "odds_ratio"):
        for probability in (0.025, 0.5, 0.975):
            assert getattr(pair, name)(pair.quantile(name, probability)) == pytest.approx(probability, abs=1e-8)


def test_lower_rates_can_be_the_benefit() -> None:
    facts = {
        "endpoint": "e",
        "factor": "all",
        "levels": ("all",),
        "level_labels": ("All",),
        "arms": ("a", "b"),
        "arm_labels": ("A", "B"),
        "events": ((5, 2),),
        "totals": ((20, 20),),
        "margin": 0.1,
    }
    found = {}
    for better in ("higher", "lower"):
        counts = Partition(better=better, **facts)  # type: ignore[arg-type]
        found[better] = {e.quantity: e for e in exact_estimates(counts, RATE_PRIORS[0])}
    high, low = (found[better]["probability_of_benefit"].value for better in ("higher", "lower"))
    assert high is not None
    assert low is not None
    assert high + low == pytest.approx(1)
    assert low > 0.5
    assert found["higher"]["odds_ratio"].value == found["lower"]["odds_ratio"].value
    assert found["lower"]["number_needed_to_treat"].value > 0  # type: ignore[operator]
    equivalent = found["lower"]["probability_of_equivalence"].value
    rng = np.random.default_rng(1)
    drawn = np.abs(rng.beta(6, 16, 400_000) - rng.beta(3, 19, 400_000)) < 0.1
    assert equivalent == pytest.approx(
        drawn.mean(), abs=5 * 0.5 / np.sqrt(400_000)
    )  # 5 errors: one alarm in 1.7 million
