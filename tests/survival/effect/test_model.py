"""The likelihood of a rounded log hazard ratio against quadrature, and the exact posterior against both.

Nothing here is random: tolerances are those of floating point, or of a quadrature, and say so.
"""

from __future__ import annotations

from dataclasses import replace
from math import log, sqrt

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
from hypothesis import given
from hypothesis import strategies as some
from scipy import integrate, stats

from reappraise.core.prior import LogRatioPrior, hazard_ratio_priors
from reappraise.survival.effect.exact import conjugate, exact_effect
from reappraise.survival.effect.model import PRINTED_RATIO, _log_within
from reappraise.survival.effect.published import PrintedEffect

REFERENCE, WIDE, SCEPTICAL, ENTHUSIASTIC = hazard_ratio_priors()
every_prior = pytest.mark.parametrize("prior", hazard_ratio_priors(), ids=lambda prior: prior.name)


def printed(low: float, high: float, least: float, largest: float) -> PrintedEffect:
    return PrintedEffect(
        endpoint="death",
        label="Death",
        arms=("c", "e"),
        arm_labels=("C", "E"),
        log_ratio=(low, high),
        standard_error=(least, largest),
        basis="limits",
        events=(92, 74),
        better="higher",
    )


COARSE = printed(log(0.65), log(0.75), log(0.95 / 0.55) / 3.92, log(1.05 / 0.45) / 3.92)
"""0.7 (0.5 to 1.0): the standard error lies between 0.14 and 0.22."""
FINE = printed(log(0.745), log(0.755), 0.1540, 0.1611)
SHARP = printed(-0.2877 - 1e-5, -0.2877 + 1e-5, 0.157, 0.157)
"""Rounding that is negligible."""
WORST = printed(-0.7, 0.0, 0.1, 0.3)
"""Rounding wider than the standard error, which may be threefold."""
every_print = pytest.mark.parametrize("held", [COARSE, FINE, SHARP, WORST], ids=["coarse", "fine", "sharp", "worst"])


def likelihood(held: PrintedEffect, effect: float) -> float:
    """P(estimate within what rounds to the print), by adaptive quadrature over estimate and standard error."""

    def given_error(error: float) -> float:
        return stats.norm.cdf(held.log_ratio[1], effect, error) - stats.norm.cdf(held.log_ratio[0], effect, error)

    least, largest = held.standard_error
    if least == largest:
        return float(given_error(least))
    return float(integrate.quad(given_error, least, largest, epsabs=0, epsrel=1e-10)[0] / (largest - least))


@every_print
def test_the_likelihood_is_the_probability_of_the_print(held: PrintedEffect) -> None:
    """1e-6 is the error of 8 nodes; 4 standard errors out, where no reader looks, 1e-4 of a likelihood of 1e-4."""
    data = PRINTED_RATIO.data(held, REFERENCE)
    for away, tolerance in ((0.0, 1e-6), (0.2, 1e-6), (-0.2, 1e-6), (0.7, 1e-4)):
        found = PRINTED_RATIO.log_likelihood({"effect": np.array(held.centre + away)}, data)
        assert np.exp(found) == pytest.approx(likelihood(held, held.centre + away), rel=tolerance)


@pytest.mark.parametrize("half", [1e-5, 0.04, 0.5, 3.0])
@pytest.mark.parametrize("away", [0.0, 0.5, 3.0, 9.0, 40.0, 300.0])
@pytest.mark.sampling  # PyTensor compiles a graph, if no model
def test_density_and_gradient_are_right_however_far_the_draw_lies(away: float, half: float) -> None:
    """Against an integral with its largest value taken out, and the exact derivative; 1e-8 is left by cancellation.

    PyMC's own normal distribution function has no gradient beyond 8 standard deviations, where `away` is 9 and more.
    """
    nearest = max(away - half, 0.0)

    def scaled(place: float) -> float:
        return float(np.exp((nearest**2 - place**2) / 2))

    # the density decays within a few units, or within 1 / nearest far out
    reach = min(away + half, nearest + 40 / max(nearest, 4))
    total, _ = integrate.quad(scaled, away - half, reach, epsabs=0, epsrel=1e-12, limit=200)
    expected = log(total / sqrt(2 * np.pi)) - nearest**2 / 2
    slope = (scaled(away + half) - scaled(away - half)) / total
    place = pt.dscalar()
    density = _log_within(place, np.float64(half))
    compute = pytensor.function([place], [density, pt.grad(density, place)], mode="FAST_COMPILE")
    found, gradient = compute(away)
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-9)
    assert gradient == pytest.approx(slope, rel=1e-5, abs=1e-5)


@pytest.mark.sampling
@every_print
def test_the_graph_has_the_density_written_in_plain_arrays(held: PrintedEffect) -> None:
    data = PRINTED_RATIO.data(held, ENTHUSIASTIC)
    built = PRINTED_RATIO.build()
    for name, value in data.items():
        built[name].set_value(np.asarray(value, dtype=built[name].dtype))
    compute = built.compile_logp(jacobian=False, mode="FAST_COMPILE")
    for effect in (-3.0, held.centre, 0.0, 0.4, 5.0):
        draws = {"effect": np.array(effect)}
        density = PRINTED_RATIO.log_likelihood(draws, data) + PRINTED_RATIO.log_prior(draws, data)["effect"]
        assert compute({"effect": effect}) == pytest.approx(float(density), rel=1e-9)


@every_print
@every_prior
def test_the_exact_posterior_is_prior_times_likelihood(held: PrintedEffect, prior: LogRatioPrior) -> None:
    """Summed on a grid of the model's own densities, which spans 12 posterior sds: 1e-6 is left by its 8 nodes."""
    exact = exact_effect(held, prior)
    mean, sd = exact.moments
    grid = mean + sd * np.linspace(-12, 12, 4001)
    data, draws = PRINTED_RATIO.data(held, prior), {"effect": grid}
    density = np.exp(PRINTED_RATIO.log_likelihood(draws, data) + PRINTED_RATIO.log_prior(draws, data)["effect"])
    weight = density / density.sum()
    assert weight @ grid == pytest.approx(mean, abs=2e-6)
    assert sqrt(weight @ (grid - mean) ** 2) == pytest.approx(sd, rel=1e-5)
    step = grid[1] - grid[0]
    assert exact.density(grid) == pytest.approx(weight / step, rel=1e-3, abs=1e-5 / sd)
    assert exact.below(grid[2000] + step / 2) == pytest.approx(weight[:2001].sum(), abs=1e-5)


@every_prior
def test_without_rounding_it_is_the_conjugate_one(prior: LogRatioPrior) -> None:
    mean, sd = conjugate(SHARP.centre, 0.157, prior)
    assert exact_effect(SHARP, prior).moments == pytest.approx((mean, sd), abs=1e-9)
    for probability in (0.025, 0.5, 0.975):
        place = exact_effect(SHARP, prior).quantile(probability)
        assert place == pytest.approx(stats.norm.ppf(probability, mean, sd), abs=1e-8)


def test_andromeda_under_a_wide_prior_has_benefit_with_97_percent(effect: PrintedEffect) -> None:
    """Without any prior P(HR < 1) is 1 less half the two-sided p of .06: 0.97."""
    exact = exact_effect(effect, WIDE)
    assert exact.below(0.0) == pytest.approx(0.97, abs=0.005)
    assert np.exp([exact.quantile(share) for share in (0.5, 0.025, 0.975)]) == pytest.approx(
        [0.75, 0.55, 1.02], abs=0.006
    )
    flat = replace(WIDE, sd=100.0)
    assert exact_effect(effect, flat).below(0.0) == pytest.approx(stats.norm.cdf(log(1 / 0.75) / 0.1575), abs=2e-3)


def test_priors_pull_towards_what_they_hold(effect: PrintedEffect) -> None:
    below = [exact_effect(effect, prior).below(0.0) for prior in (SCEPTICAL, REFERENCE, ENTHUSIASTIC)]
    assert below == sorted(below)
    assert below[2] - below[0] > 0.02


def test_coarse_print_says_less() -> None:
    """The same estimate and interval with one decimal, and with a width of rounding and error that are none."""
    middle = sum(COARSE.standard_error) / 2
    sharp = replace(COARSE, log_ratio=(COARSE.centre - 1e-6, COARSE.centre + 1e-6), standard_error=(middle, middle))
    assert exact_effect(COARSE, WIDE).moments[1] > 1.02 * exact_effect(sharp, WIDE).moments[1]


@given(
    some.floats(-1.5, 1.5),
    some.floats(1e-3, 0.5),
    some.floats(0.05, 0.6),
    some.floats(1.0, 2.0),
    some.sampled_from(hazard_ratio_priors()),
)
def test_exchanging_the_arms_mirrors_exactly(
    low: float, width: float, least: float, fold: float, prior: LogRatioPrior
) -> None:
    held = printed(low, low + width, least, least * fold)
    here, there = exact_effect(held, prior), exact_effect(held.swapped(), prior.mirrored())
    assert there.moments == pytest.approx((-here.moments[0], here.moments[1]), rel=1e-12, abs=1e-12)
    assert there.below(0.1) == pytest.approx(1 - here.below(-0.1), abs=1e-12)
    assert held.swapped().swapped() == held
    data, mirrored = PRINTED_RATIO.data(held, prior), PRINTED_RATIO.data(held.swapped(), prior.mirrored())
    for effect in (-1.0, 0.0, 0.3):
        own = PRINTED_RATIO.log_likelihood({"effect": np.array(effect)}, data)
        other = PRINTED_RATIO.log_likelihood({"effect": np.array(-effect)}, mirrored)
        assert own == pytest.approx(float(other), rel=1e-12)


def test_before_the_data_print_is_expected_to_spread_as_the_model_says(effect: PrintedEffect) -> None:
    """sd sqrt(tau^2 + s^2); of 200,000 draws it is uncertain by 0.16%, so 5 errors are 0.8%: once in 1.7 million."""
    rng = np.random.default_rng(4)
    for prior, ratio in ((REFERENCE, 7.27), (WIDE, 135.0), (SCEPTICAL, 2.14)):
        data = PRINTED_RATIO.data(effect, prior)
        draws = PRINTED_RATIO.draw_prior(data, 200_000, rng)
        expected = sqrt(prior.sd**2 + sum(effect.standard_error) ** 2 / 4)
        assert PRINTED_RATIO.predict(draws["effect"], data, rng).std() == pytest.approx(expected, rel=0.008)
        assert np.exp(1.96 * expected) == pytest.approx(ratio, rel=0.01)
