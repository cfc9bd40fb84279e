"""Where the conclusion breaks: against the closed forms of a normal likelihood, and against its own posteriors."""

from __future__ import annotations

from math import exp, log, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from reappraise.core.errors import AnalysisError
from reappraise.evidence.bayes_factor import bayes_factor, bayes_factors, benefit_needed, prior_probability_needed
from reappraise.evidence.binary import partition_likelihood
from reappraise.evidence.cochrane import SDS, WEIGHTS, cochrane_prior, cochrane_shrinkage
from reappraise.evidence.conflict import prior_predictive_p
from reappraise.evidence.credibility import credibility, tipping_centre, tipping_sd
from reappraise.evidence.own import normal_likelihood
from reappraise.evidence.posterior import effect_posterior
from reappraise.evidence.prior import FlatPrior, MixturePrior
from support.effects import about, difference, hazards
from support.tables import whole

Z = stats.norm.ppf(0.975)


@pytest.mark.parametrize("z", [2.0, 2.5, 4.0, -3.0])
def test_the_limit_of_scepticism_has_its_closed_form(z: float) -> None:
    """(U - L)^2 / (4 sqrt(U L)): Matthews 2018."""
    found = credibility(difference(z, 1.0))
    low, high = sorted((z - Z, z + Z))
    assert found.significant
    assert found.advocacy_limit is None
    limit = np.sign(z) * (high - low) ** 2 / (4 * sqrt(low * high))
    # near z = 1.96 the limit is steep: an error of 1e-7 in a probability of 0.975 is one of 1e-4 in it
    assert found.scepticism_limit == pytest.approx(limit, rel=1e-3)


@pytest.mark.parametrize("z", [0.3, 1.0, 1.8, -1.2])
def test_the_limit_of_advocacy_has_its_closed_form(z: float) -> None:
    """-(U + L) (U - L)^2 / (2 U L): Matthews 2018."""
    found = credibility(difference(z, 1.0))
    low, high = z - Z, z + Z
    assert not found.significant
    assert found.scepticism_limit is None
    assert found.advocacy_limit == pytest.approx(-(high + low) * (high - low) ** 2 / (2 * high * low), rel=1e-3)


def test_intrinsic_credibility_starts_at_a_p_value_of_0_0056() -> None:
    """A finding at 0.05 is intrinsically credible from p = 0.0056 on: Held 2019."""
    z = stats.norm.isf(0.0056 / 2)
    assert credibility(difference(z, 1.0)).intrinsic_p == pytest.approx(0.05, abs=2e-4)


def test_the_sceptical_prior_just_removes_the_finding_of_counts() -> None:
    """The prior that is found leaves the posterior interval of the exact likelihood at no effect."""
    likelihood = partition_likelihood(whole(events=((40, 22),), totals=((100, 102),), better="lower"))
    found = credibility(likelihood)
    assert found.sceptical_sd is not None
    assert effect_posterior(likelihood, about(0.0, found.sceptical_sd)).benefit == pytest.approx(0.975, abs=1e-6)
    assert f"reaches to an odds ratio of {found.scepticism_limit:.3g}; not for one who held less" in found.words
    mirrored = credibility(likelihood.swapped())
    assert mirrored.scepticism_limit == pytest.approx(1 / found.scepticism_limit, rel=1e-4)


def test_the_advocate_just_makes_a_finding() -> None:
    likelihood = hazards(0.85, 0.12)
    found = credibility(likelihood)
    assert found.advocacy_limit is not None
    middle = log(found.advocacy_limit) / 2
    assert effect_posterior(likelihood, about(middle, -middle / Z)).benefit == pytest.approx(0.975, abs=1e-6)
    assert "It would hold one for whoever believed beforehand that the hazard ratio lies from" in found.words
    nearly = credibility(difference(1.9599, 1.0))
    assert nearly.advocacy_limit is None or nearly.advocacy_limit > 1e3


def test_tipping_points_are_where_they_say() -> None:
    likelihood = hazards(0.75, 0.16)
    sd = tipping_sd(likelihood, probability=0.9)
    assert sd is not None
    assert effect_posterior(likelihood, about(0.0, sd)).benefit == pytest.approx(0.9, abs=1e-6)
    assert tipping_sd(likelihood, probability=0.99) is None, "even a flat prior leaves less"
    for asked in (likelihood, normal_likelihood("odds_ratio", 0.3, 0.2, better="higher")):
        centre = tipping_centre(asked, 0.3, probability=0.975)
        prior = about(log(centre), 0.3)
        assert effect_posterior(asked, prior).benefit == pytest.approx(0.975, abs=1e-6)
    for call in (
        lambda: tipping_sd(likelihood, probability=0.4),
        lambda: tipping_centre(likelihood, 0.0),
        lambda: tipping_centre(likelihood, 0.3, probability=1.0),
        lambda: credibility(likelihood, level=95),
    ):
        with pytest.raises(AnalysisError, match="expected a"):
            call()


@given(z=st.floats(-4, 4), sd=st.floats(0.1, 30))
def test_bayes_factors_have_their_closed_form(z: float, sd: float) -> None:
    """sqrt(1 / (1 + t^2)) exp(z^2 t^2 / (2 (1 + t^2))), t the prior's standard deviation in standard errors."""
    found = bayes_factor(difference(z, 1.0), about(0.0, sd))
    exact = sqrt(1 / (1 + sd**2)) * exp(z**2 * sd**2 / (2 * (1 + sd**2)))
    assert found == pytest.approx(exact, rel=1e-4)


def test_bayes_factors_over_widths_peak_at_z_squared_minus_1() -> None:
    found = bayes_factors(difference(3.0, 1.0))
    sd, most = found.most
    assert sd == pytest.approx(sqrt(3.0**2 - 1), rel=0.06)  # widths are 12% apart
    assert most == pytest.approx(exp(4) / 3, rel=1e-3)
    assert found.factor[-1] < 1 < most, "a width that holds anything plausible speaks for no effect"
    with pytest.raises(AnalysisError, match="standard deviations above 0"):
        bayes_factors(difference(), [0.0])
    with pytest.raises(AnalysisError, match="under a flat one there is no Bayes factor"):
        bayes_factor(difference(), FlatPrior())


@pytest.mark.parametrize("sd", [0.2, 1.0])
def test_a_bayes_factor_is_the_ratio_of_densities_at_no_effect(sd: float) -> None:
    """Savage and Dickey's: prior density at no effect over posterior density there, for counts."""
    likelihood = partition_likelihood(whole(events=((30, 45),), totals=((90, 92),)))
    prior = about(0.1, sd)
    found = effect_posterior(likelihood, prior)
    there = float(np.interp(0.0, found.effect, found.density))
    assert bayes_factor(likelihood, prior) == pytest.approx(float(prior.density(np.array(0.0))) / there, rel=1e-3)


def test_a_bounded_effect_is_weighed_by_the_prior_inside_its_bounds() -> None:
    likelihood = partition_likelihood(whole(), "risk_difference")
    wide, wider = (bayes_factor(likelihood, about(0.0, sd)) for sd in (20.0, 200.0))
    assert wider == pytest.approx(wide, rel=2e-3), "of a prior far wider than its bounds only the inside counts"


@given(factor=st.floats(1e-3, 1e3), posterior=st.floats(0.01, 0.99))
def test_the_prior_probability_needed_leaves_the_posterior_one(factor: float, posterior: float) -> None:
    needed = prior_probability_needed(factor, posterior)
    odds = factor * needed / (1 - needed)
    assert odds / (1 + odds) == pytest.approx(posterior, rel=1e-9)


def test_the_benefit_needed_leaves_the_posterior_one() -> None:
    """A mixture of the two halves of the prior, with the weight that was found, has the posterior asked for."""
    likelihood, sd = hazards(0.8, 0.15), 0.5
    needed = benefit_needed(likelihood, about(0.0, sd), posterior=0.975)
    effect = np.linspace(-4, 4, 80_000)  # none of them is 0, where the prior jumps
    prior = stats.norm.pdf(effect, 0, sd) * np.where(effect < 0, 2 * needed, 2 * (1 - needed))
    mass = prior * stats.norm.pdf(log(0.8), effect, 0.15)
    assert mass[effect < 0].sum() / mass.sum() == pytest.approx(0.975, abs=1e-5)
    for call in (
        lambda: benefit_needed(likelihood, FlatPrior()),
        lambda: prior_probability_needed(0.0),
        lambda: prior_probability_needed(2.0, 1.0),
    ):
        with pytest.raises(AnalysisError, match="expected a"):
            call()


@given(estimate=st.floats(-3, 3), mean=st.floats(-2, 2), sd=st.floats(0.1, 3))
def test_the_surprise_of_a_normal_prior_is_a_two_sided_p_value(estimate: float, mean: float, sd: float) -> None:
    likelihood = difference(estimate, 1.0)
    exact = 2 * stats.norm.sf(abs(estimate - mean) / np.hypot(sd, 1.0))
    assert prior_predictive_p(likelihood, about(mean, sd)) == pytest.approx(exact, abs=1e-5)
    twice = MixturePrior("twice", "Twice", (0.5, 0.5), (mean, mean), (sd, sd), "")
    assert prior_predictive_p(likelihood, twice) == pytest.approx(exact, abs=1e-4)


def test_the_surprise_of_a_mixture_is_that_of_simulated_estimates() -> None:
    """400,000 estimates: a tolerance of 5 standard errors, 0.004, fails for no reason once in 1.7 million."""
    prior = MixturePrior("two", "Two", (0.7, 0.3), (-2.0, 3.0), (0.5, 1.0), "")
    rng = np.random.default_rng(20)
    part = rng.random(400_000) < 0.7
    drawn = np.where(part, rng.normal(-2, 0.5, part.size), rng.normal(3, 1, part.size)) + rng.normal(0, 1, part.size)

    def predicted(estimate: np.ndarray) -> np.ndarray:
        return 0.7 * stats.norm.pdf(estimate, -2, np.hypot(0.5, 1)) + 0.3 * stats.norm.pdf(estimate, 3, np.hypot(1, 1))

    for estimate in (-2.5, 0.6, 3.0, 7.0):
        share = float((predicted(drawn) <= predicted(np.array(estimate))).mean())
        assert prior_predictive_p(difference(estimate, 1.0), prior) == pytest.approx(share, abs=0.004)
    with pytest.raises(AnalysisError, match="nothing surprises a flat one"):
        prior_predictive_p(difference(), FlatPrior())


# The Cochrane prior


def test_the_usual_trial_has_a_power_of_13_percent() -> None:
    """Median achieved power 0.13: abstract of van Zwet, Schwab, Senn 2021. Power rises with the size of the signal."""
    prior = cochrane_prior(difference(1.0, 1.0))
    assert (prior.weights, prior.sds) == (WEIGHTS, pytest.approx(SDS, rel=1e-4))
    low, high = 0.0, 30.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if prior.below(middle) - prior.below(-middle) < 0.5 else (low, middle)
    power = stats.norm.sf(Z - low) + stats.norm.cdf(-Z - low)
    assert round(power, 2) == 0.13


def test_a_just_significant_estimate_is_1_7_times_too_large() -> None:
    """Factor 1.7 at p = 0.05: abstract of van Zwet, Schwab, Senn 2021."""
    assert round(cochrane_shrinkage(difference(Z, 1.0)).exaggeration, 1) == 1.7


@pytest.mark.parametrize("z", [0.5, 1.0, 1.96, 3.0, -2.5])
def test_what_is_left_is_that_of_the_conjugate_mixture(z: float) -> None:
    """Weights, means and variances of the conditional mixture, as the appendix of the reference has them."""
    found = cochrane_shrinkage(difference(2 * z, 2.0))
    squared = np.array(SDS) ** 2
    weight = np.array(WEIGHTS) * stats.norm.pdf(z, 0, np.sqrt(squared + 1))
    weight, mean, sd = weight / weight.sum(), z * squared / (squared + 1), np.sqrt(squared / (squared + 1))
    assert found.z == pytest.approx(z, rel=1e-4)
    assert found.shrunken == pytest.approx(2 * weight @ mean, abs=1e-4)
    sign = np.sign(z)
    assert found.right_sign == pytest.approx(weight @ stats.norm.cdf(sign * mean / sd), abs=1e-5)
    repeated = weight @ stats.norm.cdf((sign * mean - Z) / np.sqrt(sd**2 + 1))
    assert found.replicates == pytest.approx(repeated, abs=1e-5)


def test_andromeda_shock_among_the_trials_of_cochrane() -> None:
    """The example of van Zwet, Schwab, Senn 2021, by the mixture of its appendix; only the mixture is quoted here."""
    error = log(1.02 / 0.55) / (2 * Z)
    found = cochrane_shrinkage(hazards(0.75, error))
    squared, z = np.array(SDS) ** 2, log(0.75) / error
    weight = np.array(WEIGHTS) * stats.norm.pdf(z, 0, np.sqrt(squared + 1))
    shrunken = exp(error * z * float((weight * squared / (squared + 1)).sum() / weight.sum()))
    assert found.shrunken == pytest.approx(shrunken, rel=1e-4)
    assert found.shrunken > found.estimate
    assert found.low < found.shrunken < found.high


def test_an_estimate_of_no_effect_has_no_sign_to_repeat() -> None:
    with pytest.raises(AnalysisError, match="no sign to be right"):
        cochrane_shrinkage(difference(0.0, 1.0))
    with pytest.raises(AnalysisError, match="level of significance"):
        cochrane_shrinkage(difference(), significance=5)
