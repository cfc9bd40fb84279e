"""Priors as values, and from what clinicians say: closed forms, the published grid, what they are worth, bad ones."""

from __future__ import annotations

from math import exp, log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

from reappraise.core.errors import AnalysisError, UndeterminedError
from reappraise.core.prior import LogRatioPrior, RatePrior
from reappraise.effect.prior import EffectPrior
from reappraise.evidence.opinions import planned_prior, prior_as_trial, prior_beyond, zampieri_prior, zampieri_priors
from reappraise.evidence.own import normal_likelihood
from reappraise.evidence.posterior import entering
from reappraise.evidence.prior import FlatPrior, MixturePrior
from reappraise.evidence.worth import effective_sample_size, unit_of
from support.effects import about, difference, hazards

MIXTURE = MixturePrior("robust", "Robust", (0.7, 0.3), (-0.4, 0.0), (0.2, 1.5), "For a test.")
ODDS = normal_likelihood("odds_ratio", -0.3, 0.2, better="lower")


def test_a_mixture_has_the_density_moments_and_quantiles_of_its_parts() -> None:
    effect = np.linspace(-9, 9, 20_001)
    parts = 0.7 * stats.norm.pdf(effect, -0.4, 0.2) + 0.3 * stats.norm.pdf(effect, 0, 1.5)
    assert MIXTURE.density(effect) == pytest.approx(parts, abs=1e-12)
    assert np.trapezoid(parts * effect, effect) == pytest.approx(MIXTURE.mean, abs=1e-6)
    assert np.trapezoid(parts * effect**2, effect) - MIXTURE.mean**2 == pytest.approx(MIXTURE.sd**2, abs=1e-6)
    for probability in (0.001, 0.2, 0.5, 0.99):
        assert MIXTURE.below(MIXTURE.quantile(probability)) == pytest.approx(probability, abs=1e-12)
    assert MIXTURE.swapped().quantile(0.9) == pytest.approx(-MIXTURE.quantile(0.1), abs=1e-12)
    assert "0.7 Normal(-0.4, 0.2) + 0.3 Normal(0, 1.5)" in MIXTURE.text(ratio=True)


@pytest.mark.parametrize(
    ("weights", "means", "sds", "said"),
    [
        ((1.0,), (0.0,), (0.0,), "expected standard deviations above 0 and finite, got 0; a point is no prior"),
        ((1.0,), (0.0,), (float("inf"),), "no opinion is FlatPrior"),
        ((1.0,), (float("nan"),), (1.0,), "expected finite means"),
        ((0.7, 0.4), (0.0, 0.0), (1.0, 2.0), "that add up to 1, got 0.7, 0.4"),
        ((1.2, -0.2), (0.0, 0.0), (1.0, 2.0), "expected weights between 0 and 1"),
        ((1.0,), (0.0, 1.0), (1.0,), "as many weights as means and standard deviations, got 1, 2 and 1"),
        ((), (), (), "got 0, 0 and 0"),
    ],
)
def test_what_is_no_distribution_is_refused(
    weights: tuple[float, ...], means: tuple[float, ...], sds: tuple[float, ...], said: str
) -> None:
    with pytest.raises(AnalysisError, match=said):
        MixturePrior("bad", "Bad", weights, means, sds, "")


def test_the_planned_effect_has_its_chance_of_the_wrong_side() -> None:
    prior = planned_prior(hazards(), 0.7)
    assert prior.mean == pytest.approx(log(0.7))
    assert 1 - prior.below(0.0) == pytest.approx(0.05, abs=1e-12)
    turned = planned_prior(difference(), -3.0, wrong_side=0.2)
    assert (turned.mean, 1 - turned.below(0.0)) == pytest.approx((-3.0, 0.2), abs=1e-12)
    for said, planned, chance in (
        ("other than none, got 1", 1.0, 0.05),
        ("a ratio above 0", -0.2, 0.05),
        ("between 0 and 0.5", 0.7, 0.5),
        ("between 0 and 0.5", 0.7, 0.0),
    ):
        with pytest.raises(AnalysisError, match=said):
            planned_prior(hazards(), planned, wrong_side=chance)
    with pytest.raises(UndeterminedError, match="no planned effect is stated"):
        planned_prior(hazards())


def test_a_sceptic_leaves_5_percent_beyond() -> None:
    """5% beyond the planned effect, an odds ratio of 0.525: the prior of a reanalysis in `test_posteriors`."""
    planned = (126.5 * 231.5) / (189.5 * 294.5)
    prior = prior_beyond(hazards(), planned)
    assert prior.below(log(planned)) == pytest.approx(0.05, abs=1e-12)
    assert prior.sd == pytest.approx(0.392, abs=5e-4)
    assert prior_beyond(hazards(), 2.0, chance=0.025).sd == pytest.approx(0.3537, abs=1e-4)
    moved = prior_beyond(hazards(), 0.5, centre=0.8, chance=0.1)
    assert (exp(moved.mean), moved.below(log(0.5))) == pytest.approx((0.8, 0.1), abs=1e-12)
    with pytest.raises(AnalysisError, match="away from the centre of the prior"):
        prior_beyond(hazards(), 1.0)
    with pytest.raises(AnalysisError, match="a ratio above 0"):
        prior_beyond(hazards(), 0.0)


def test_a_prior_as_a_trial_is_worth_that_trial() -> None:
    """400 patients at a rate of 1/2 leave a log odds ratio a standard error of 0.2, 100 events a log hazard ratio."""
    assert prior_as_trial(ODDS, 400, 0.8).sd == pytest.approx(0.2)
    found = prior_as_trial(hazards(), 100, 0.8)
    assert (found.sd, exp(found.mean)) == pytest.approx((0.2, 0.8))
    assert effective_sample_size(hazards(), found) == pytest.approx(100)
    sized = difference(error=1.0, patients=50)
    assert prior_as_trial(sized, 200).sd == pytest.approx(0.5)
    with pytest.raises(AnalysisError, match="more than 0 patients or events, got 0"):
        prior_as_trial(ODDS, 0)
    with pytest.raises(UndeterminedError, match="whose number is not known"):
        prior_as_trial(difference(), 100)


ZAMPIERI = {
    ("neutral", "weak"): (0.0, 5.0),
    ("neutral", "moderate"): (0.0, 0.355),
    ("neutral", "strong"): (0.0, 0.205),
    ("optimistic", "moderate"): (log(0.66), 0.400),
    ("pessimistic", "weak"): (-log(0.66), 0.790),
}
"""Means and standard deviations that published reanalyses by the grid used for an expected odds ratio of 0.66; those of
the last two were rounded to 0.005 there."""


@pytest.mark.parametrize(("belief", "strength"), ZAMPIERI)
def test_the_grid_of_beliefs_and_strengths_is_the_published_one(belief: str, strength: str) -> None:
    prior = zampieri_prior(ODDS, belief, strength, expected=0.66)  # type: ignore[arg-type]
    mean, sd = ZAMPIERI[belief, strength]
    assert (prior.mean, prior.sd) == (pytest.approx(mean), pytest.approx(sd, abs=0.003))


def test_the_grid_leaves_its_chances_of_harm_and_follows_the_direction_of_benefit() -> None:
    for better in ("lower", "higher"):
        asked = normal_likelihood("odds_ratio", 0.1, 0.2, better=better)  # type: ignore[arg-type]
        found = {prior.name: prior for prior in zampieri_priors(asked)}
        assert len(found) == 9
        for strength, chance in (("weak", 0.3), ("moderate", 0.15), ("strong", 0.05)):
            hopeful, fearful = found[f"optimistic-{strength}"], found[f"pessimistic-{strength}"]
            below = hopeful.below(0.0)
            assert (below if better == "higher" else 1 - below) == pytest.approx(chance, abs=1e-12)
            assert fearful.mean == -hopeful.mean
            assert fearful.sd == hopeful.sd


def test_the_grid_refuses_what_it_is_not_for() -> None:
    with pytest.raises(AnalysisError, match="is of ratios, and a mean difference is none"):
        zampieri_prior(difference(), "neutral", "weak")
    with pytest.raises(AnalysisError, match="expected a hazard ratio that favours the experimental arm"):
        zampieri_prior(hazards(), "optimistic", "weak", expected=1.3)
    with pytest.raises(AnalysisError, match="got 'hopeful' and 'weak'"):
        zampieri_prior(hazards(), "hopeful", "weak")  # type: ignore[arg-type]


@given(mean=st.floats(-2, 2), sd=st.floats(0.05, 3))
def test_of_a_normal_prior_every_worth_is_the_same(mean: float, sd: float) -> None:
    prior = about(mean, sd)
    moment = effective_sample_size(ODDS, prior, measure="moment")
    assert moment == pytest.approx(16 / sd**2)
    assert effective_sample_size(ODDS, prior) == pytest.approx(moment)


def test_the_information_of_a_mixture_is_that_of_adaptive_quadrature() -> None:
    """The mean of minus the second derivative, by differences, over the prior: another form of the same integral."""

    def integrand(effect: float) -> float:
        step = 1e-3
        heights = MIXTURE.log_density(np.array([effect - step, effect, effect + step]))
        return float(MIXTURE.density(np.array(effect)) * -(heights[0] - 2 * heights[1] + heights[2]) / step**2)

    theirs = integrate.quad(integrand, -12, 12, points=[-0.4, -1.2, 0.4, 0.0], limit=400)[0]
    # the second difference is off by a few parts in a hundred thousand
    assert effective_sample_size(ODDS, MIXTURE) == pytest.approx(16 * theirs, rel=1e-3)
    assert effective_sample_size(ODDS, MIXTURE, measure="moment") < effective_sample_size(ODDS, MIXTURE)


def test_a_mixture_of_one_part_twice_is_that_part() -> None:
    """So the integral for mixtures meets the closed form."""
    twice = MixturePrior("twice", "Twice", (0.4, 0.6), (0.2, 0.2), (0.3, 0.3), "")
    assert effective_sample_size(ODDS, twice) == pytest.approx(16 / 0.09, rel=1e-6)


def test_what_a_prior_is_worth_has_its_unit() -> None:
    assert [unit_of(one).name for one in (ODDS, hazards(), difference(patients=80))] == [
        "patients",
        "events",
        "patients",
    ]
    assert effective_sample_size(ODDS, FlatPrior()) == 0
    with pytest.raises(AnalysisError, match="'moment' or 'elir'"):
        effective_sample_size(ODDS, MIXTURE, measure="morita")  # type: ignore[arg-type]


def test_priors_of_other_rooms_enter_in_the_direction_of_the_contrast() -> None:
    """Odds of the better outcome, hazards of the worse one: turned round where the contrast counts the other."""
    for better, odds, hazard in (("higher", 0.4, -0.4), ("lower", -0.4, 0.4)):
        asked = normal_likelihood("odds_ratio", 0.1, 0.2, better=better)  # type: ignore[arg-type]
        assert entering(LogRatioPrior("p", "P", 0.4, 1.0, ""), asked).mean == odds  # type: ignore[union-attr]
        asked = normal_likelihood("hazard_ratio", 0.1, 0.2, better=better)  # type: ignore[arg-type]
        assert entering(LogRatioPrior("p", "P", 0.4, 1.0, "", "hazard"), asked).mean == hazard  # type: ignore[union-attr]
    assert entering(EffectPrior("p", "P", 0.4, 1.0, ""), difference()) == MixturePrior.normal("p", "P", 0.4, 1.0, "")
    with pytest.raises(AnalysisError, match=r"prior p is on the odds ratio, .* is of the hazard ratio"):
        entering(LogRatioPrior("p", "P", 0.4, 1.0, ""), hazards())
    with pytest.raises(AnalysisError, match=r"expected a prior on the hazard ratio .* got RatePrior"):
        entering(RatePrior("p", "P", 1.0, 1.0, ""), hazards())  # type: ignore[arg-type]
