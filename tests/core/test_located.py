"""Distributions of means and of their differences, against SciPy, quadrature and simulation."""

from __future__ import annotations

from math import inf, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from reappraise.core.located import Located, likelihood

SLEEP = (Located((0.75, 0.75), (0.566, 0.566), 9.0), Located((2.33, 2.33), (0.633, 0.633), 9.0))
sizes = st.floats(0.05, 20.0)
places = st.floats(-30.0, 30.0)
degrees = st.floats(3.0, 500.0)


def test_without_rounding_it_is_students_t() -> None:
    one = Located((3.0, 3.0), (0.5, 0.5), 7.0)
    exact = stats.t(7, 3.0, 0.5)
    for probability in (0.001, 0.025, 0.5, 0.9):
        assert one.quantile(probability) == pytest.approx(exact.ppf(probability), rel=1e-9)
    assert float(one.below(-20.0)) == pytest.approx(exact.cdf(-20.0), rel=1e-9)  # far out its digits are kept
    assert float(one.above(30.0)) == pytest.approx(exact.sf(30.0), rel=1e-9)


def test_rounding_is_carried_as_a_uniform_place() -> None:
    one = Located((4.5, 5.5), (0.2, 0.2), 12.0)
    place = np.linspace(4.5, 5.5, 20_001)
    for value in (4.2, 4.5, 5.0, 5.9):
        assert float(one.below(value)) == pytest.approx(float(stats.t(12, place, 0.2).cdf(value).mean()), abs=1e-5)
    wide = Located((4.5, 5.5), (0.001, 0.002), 12.0)
    assert wide.quantile(0.025) == pytest.approx(4.525, abs=2e-3)


def test_a_difference_is_that_of_behrens_and_fisher() -> None:
    table = likelihood(SLEEP)
    control, experimental = (stats.t(one.degrees, one.centre, one.error) for one in SLEEP)
    for value in (-1.0, 0.0, 1.0, 3.0):
        exact, _ = integrate.quad(lambda at, value=value: control.pdf(at) * experimental.cdf(at + value), -30, 30)
        assert table.below(value) == pytest.approx(exact, abs=1e-5)  # cells are a fiftieth of an sd wide


@pytest.mark.parametrize("prior", [(0.0, 0.3), (0.0, 5.0), (-20.0, 0.5), (12.0, 0.01)])
def test_with_known_spread_it_is_conjugate(prior: tuple[float, float]) -> None:
    mean, sd = prior
    variance = 1 / (1 / sd**2 + 1.0)
    centre = variance * (mean / sd**2 + 10.0)
    for parts in (
        (Located((10.0, 10.0), (1.0, 1.0), inf),),
        (Located((3.0, 3.0), (0.6, 0.6), inf), Located((13.0, 13.0), (0.8, 0.8), inf)),
    ):
        found = likelihood(parts, mean=mean, sd=sd).times(mean, sd)
        # infinite degrees stand for ten million: 30 sd out, in the third case, that shows
        assert found.quantile(0.5) == pytest.approx(centre, abs=4e-3 * sqrt(variance))
        assert (found.quantile(0.975) - centre) / sqrt(variance) == pytest.approx(1.96, abs=8e-3)


def test_three_patients_an_arm_have_tails_without_variance() -> None:
    table = likelihood((Located((0.0, 0.0), (1.0, 1.0), 2.0), Located((1.0, 1.0), (1.0, 1.0), 2.0)))
    rng = np.random.default_rng(1)
    drawn = 1 + rng.standard_t(2, 1_000_000) - rng.standard_t(2, 1_000_000)
    low, high = np.quantile(drawn, [0.025, 0.975])
    # quantiles of a million draws err by 0.02; five times that: false alarms one in a million
    assert table.quantile(0.025) == pytest.approx(low, abs=0.1)
    assert table.quantile(0.975) == pytest.approx(high, abs=0.1)


def test_a_prior_far_narrower_than_the_data_is_heard() -> None:
    """Twenty standard errors away, with an sd of a thousandth of one: the prior, moved by the likelihood's slope."""
    one = Located((10.0, 10.0), (0.5, 0.5), 98.0)
    found = likelihood((one,), mean=0.0, sd=6e-4).times(0.0, 6e-4)
    slope = 99 * (10 / 0.5) / (98 + (10 / 0.5) ** 2) / 0.5  # of the log density of t at 0
    assert found.quantile(0.5) == pytest.approx(6e-4**2 * slope, rel=2e-2)
    assert found.quantile(0.975) - found.quantile(0.5) == pytest.approx(1.96 * 6e-4, rel=1e-3)


@settings(max_examples=30)
@given(places, places, sizes, sizes, degrees, degrees)
def test_exchanged_arms_mirror(a: float, b: float, s: float, t: float, nu: float, mu: float) -> None:
    first, second = Located((a, a + s / 3), (s, 1.1 * s), nu), Located((b, b), (t, t), mu)
    one, other = likelihood((first, second)), likelihood((second, first))
    for probability in (0.025, 0.3, 0.5):
        assert one.quantile(probability) == pytest.approx(-other.quantile(1 - probability), abs=1e-3 * (s + t))


@settings(max_examples=30)
@given(places, sizes, sizes, degrees, st.floats(0.001, 1000.0))
def test_another_unit_changes_nothing_else(a: float, s: float, t: float, nu: float, factor: float) -> None:
    parts = Located((0.0, 0.0), (s, s), nu), Located((a, a), (t, t), nu)
    scaled = tuple(
        Located((factor * one.place[0], factor * one.place[1]), (factor * one.error, factor * one.error), nu)
        for one in parts
    )
    one, other = likelihood(parts), likelihood((scaled[0], scaled[1]))
    assert other.quantile(0.9) == pytest.approx(factor * one.quantile(0.9), abs=1e-6 * factor * (s + t))
