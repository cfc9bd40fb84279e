"""The posterior of one effect: closed forms, published reanalyses, mirror images, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from math import exp, log
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

from reappraise.core.errors import AnalysisError, UndeterminedError
from reappraise.event_rate.contrast import rate_contrasts
from reappraise.event_rate.published import EventRateEndpoint
from reappraise.evidence.binary import counts_likelihood, partition_likelihood
from reappraise.evidence.likelihood import EffectLikelihood
from reappraise.evidence.located import rates_likelihood
from reappraise.evidence.own import normal_likelihood, printed_likelihood
from reappraise.evidence.posterior import effect_posterior
from reappraise.evidence.prior import FlatPrior, MixturePrior
from reappraise.evidence.sensitivity import default_priors, sensitivity
from reappraise.response.published import ResponseEndpoint
from reappraise.trial import load_trial
from support.effects import about, difference, hazards
from support.tables import whole


@given(estimate=st.floats(-1.5, 1.5), error=st.floats(0.05, 1.0), mean=st.floats(-1.5, 1.5), sd=st.floats(0.02, 3.0))
def test_normal_times_normal_is_conjugate(estimate: float, error: float, mean: float, sd: float) -> None:
    likelihood = normal_likelihood("odds_ratio", estimate, error, better="higher")
    found = effect_posterior(likelihood, about(mean, sd))
    variance = 1 / (1 / error**2 + 1 / sd**2)
    exact = stats.norm(variance * (estimate / error**2 + mean / sd**2), variance**0.5)
    places = np.array([0.001, 0.025, 0.5, 0.975, 0.999])
    # the likelihood is a cubic between places of its own, which is right to 1e-6 of its logarithm where there is mass
    assert (found.quantiles(places) - exact.ppf(places)) / exact.std() == pytest.approx(np.zeros(5), abs=2e-5)
    assert found.benefit == pytest.approx(exact.sf(0), abs=1e-5)
    assert found.beyond(1.2) == pytest.approx(exact.sf(log(1.2)), abs=1e-5)
    assert found.harm == pytest.approx(exact.cdf(0), abs=1e-5)
    assert found.inside(0.9, 1.1) == pytest.approx(exact.cdf(log(1.1)) - exact.cdf(log(0.9)), abs=1e-5)
    expected = stats.norm.logpdf(estimate, mean, np.hypot(sd, error)) - stats.norm.logpdf(0, 0, error)
    assert found.log_evidence == pytest.approx(expected, abs=1e-4)


@given(estimate=st.floats(-3, 3), error=st.floats(0.05, 1.0))
def test_a_flat_prior_gives_the_interval_of_the_estimate(estimate: float, error: float) -> None:
    found = effect_posterior(normal_likelihood("mean_difference", estimate, error, better="lower"), FlatPrior())
    low, high = found.interval(0.9)
    assert (low, high) == pytest.approx((estimate - 1.6448536 * error, estimate + 1.6448536 * error), abs=2e-5)
    assert found.median == pytest.approx(estimate, abs=1e-5)
    assert found.benefit == pytest.approx(stats.norm.cdf(0, estimate, error), abs=1e-5)


def test_a_mixture_is_weighed_by_what_each_part_expected() -> None:
    likelihood = hazards(0.75, 0.16)
    prior = MixturePrior("robust", "Robust", (0.8, 0.2), (log(0.9), 0.0), (0.08, 2.0), "")
    found = effect_posterior(likelihood, prior)

    def joint(effect: float) -> float:
        return float(stats.norm.pdf(log(0.75), effect, 0.16) * prior.density(np.array(effect)))

    total = integrate.quad(joint, -12, 12, points=[log(0.75), log(0.9), 0.0], epsabs=1e-13)[0]
    below = integrate.quad(joint, -12, 0, points=[log(0.75), log(0.9)], epsabs=1e-13)[0]
    assert found.benefit == pytest.approx(below / total, abs=1e-6)
    weights = np.array([0.8, 0.2]) * stats.norm.pdf(log(0.75), [log(0.9), 0.0], np.hypot([0.08, 2.0], 0.16))
    assert exp(found.log_evidence) == pytest.approx(weights.sum() / stats.norm.pdf(0, 0, 0.16), rel=1e-5)


def test_andromeda_shock_under_a_sceptical_prior() -> None:
    """HR 0.75, upper limit 1.02, prior sd 0.392: 0.78 (0.59 to 1.04), P(HR < 1) 0.95 as stated, 0.956 by its code.

    Source: the thread "ANDROMEDA-SHOCK (or, how to interpret HR 0.76, 95% CI 0.55-1.02, p=0.06)" on the datamethods
    forum, 2019, whose code takes the standard error from the upper limit alone.
    """
    error = log(1.02 / 0.75) / stats.norm.ppf(0.975)
    found = effect_posterior(hazards(0.75, error), about(0.0, 0.392))
    assert round(found.median, 2) == 0.78
    assert [round(end, 2) for end in found.interval()] == [0.59, 1.04]
    assert round(found.benefit, 3) == 0.956


def test_eolia_under_a_minimally_informative_prior() -> None:
    """P(RR < 1) 0.96: Goligher EC et al., JAMA 2018;320:2251-2259.

    Their model takes one arm as the baseline: rate of the control arm uniform, log risk ratio all but flat. That is
    Beta(58, 69) for the control arm and Beta(44, 81) for the other, whose integral says what the difference to ours,
    which treats the arms alike, comes from.
    """
    rate, weight = np.polynomial.legendre.leggauss(400)
    control = (rate + 1) / 2
    theirs = float((weight / 2) @ (stats.beta.pdf(control, 58, 69) * stats.beta.cdf(control, 44, 81)))
    assert round(theirs, 2) == 0.96
    item = load_trial("eolia").of(ResponseEndpoint)[0]
    for quantity in ("odds_ratio", "risk_ratio", "risk_difference"):
        found = effect_posterior(counts_likelihood(item, quantity), FlatPrior())
        assert found.benefit == pytest.approx(theirs, abs=0.01)


@pytest.mark.parametrize("quantity", ["odds_ratio", "risk_ratio", "risk_difference"])
def test_exchanged_arms_mirror_every_answer(quantity: str) -> None:
    table = whole(events=((57, 44),), totals=((125, 124),), better="lower", planned_odds_ratio=1.8)
    ours = partition_likelihood(table, quantity)  # type: ignore[arg-type]
    turned = partition_likelihood(table.swapped(), quantity)  # type: ignore[arg-type]
    for prior in (FlatPrior(), about(-0.2, 0.3), MixturePrior("m", "M", (0.5, 0.5), (-0.3, 0.1), (0.1, 0.8), "")):
        one, other = effect_posterior(ours, prior), effect_posterior(turned, prior.swapped())
        assert other.benefit == pytest.approx(one.harm, abs=1e-6)
        low, high = one.interval()
        mirrored = (1 / high, 1 / low) if ours.ratio else (-high, -low)
        assert other.interval() == pytest.approx(mirrored, abs=1e-5)
    named = {prior.name: prior for prior in default_priors(turned)}
    for prior in default_priors(ours):
        if isinstance(prior, MixturePrior) and prior.name in {"reference", "sceptical", "cochrane"}:
            assert named[prior.name].sds == pytest.approx(prior.sds, rel=1e-5)  # type: ignore[union-attr]


def test_a_table_holds_every_prior_against_every_threshold() -> None:
    likelihood = hazards()
    found = sensitivity(likelihood, ["flat", "neutral-strong", about(-0.1, 0.2), "1:0.355"], beyond=[0.9, 1.0, 1.25])
    assert [prior.name for prior in found.priors] == ["flat", "neutral-strong", "about", "1:0.355"]
    assert found.beyond.shape == (4, 3)
    assert found.beyond[:, 1] == pytest.approx(found.benefit, abs=1e-12)
    assert np.all(np.diff(found.beyond, axis=1) > 0), "a ratio below 1.25 is more probable than one below 0.9"
    for index, prior in enumerate(found.priors):
        one = effect_posterior(likelihood, prior)
        assert found.median[index] == pytest.approx(one.median)
        assert found.beyond[index, 0] == pytest.approx(one.beyond(0.9))
    estimates = list(found.estimates())
    assert len(estimates) == 4 * (2 + 3)
    assert {(one.numerator, one.denominator) for one in estimates} == {("experimental", "control")}
    assert {one.at for one in estimates if one.quantity == "probability_above_margin"} == {
        f"hazard ratio < {value}" for value in ("0.9", "1", "1.25")
    }
    assert found.of("about").prior.name == "about"
    assert "P(benefit) 0.964" in repr(found.of("flat"))
    assert repr(likelihood) == "<likelihood of a hazard ratio of effect, experimental over control>"
    shown = found._repr_html_()
    assert "hazard ratio &lt; 1.25" in shown
    assert shown.count("<tr>") == 5


def test_a_plan_in_favour_of_the_control_arm_makes_no_optimist() -> None:
    planned = partition_likelihood(whole(planned_odds_ratio=0.5))
    unplanned = partition_likelihood(whole())
    one, other = (sensitivity(asked, ["optimistic-strong"]) for asked in (planned, unplanned))
    assert one.priors[0].means == other.priors[0].means == (pytest.approx(log(1.5)),)  # type: ignore[union-attr]


def test_default_priors_are_none_those_of_the_kind_the_grid_and_the_usual_trial() -> None:
    names = [prior.name for prior in default_priors(partition_likelihood(whole()))]
    assert names[:4] == ["flat", "reference", "sceptical", "enthusiastic"]
    assert names[-1] == "cochrane"
    assert len(names) == 14
    assert [prior.name for prior in default_priors(difference())] == ["flat", "cochrane"]


@pytest.mark.parametrize(
    ("priors", "beyond", "said"),
    [
        (
            ["hopeful"],
            None,
            "unknown prior 'hopeful' of effect; expected one of flat, .*cochrane, or centre:sd",
        ),
        (["0:1"], None, "prior '0:1', its centre: effect: expected a ratio above 0"),
        (["1:0"], None, "expected standard deviations above 0 and finite, got 0"),
        (["flat", "flat"], None, "priors of different names, got flat twice"),
        ([], None, "expected one prior or more, got none"),
        (None, [-0.1], "expected a ratio above 0, such as 0.9 as hazard ratio, got -0.1"),
        (None, [float("nan")], "expected a ratio above 0"),
    ],
)
def test_bad_questions_are_refused(priors: list[str] | None, beyond: list[float] | None, said: str) -> None:
    with pytest.raises(AnalysisError, match=said):
        sensitivity(hazards(), priors, beyond=beyond)


def test_thresholds_of_the_wrong_scale_are_refused() -> None:
    found = effect_posterior(partition_likelihood(whole(), "risk_difference"), FlatPrior())
    with pytest.raises(AnalysisError, match=r"between -1 and 1, such as 0\.02 for two percentage points, got 2"):
        found.beyond(2)
    with pytest.raises(AnalysisError, match="from low to high"):
        found.inside(0.1, -0.1)
    with pytest.raises(AnalysisError, match="expected a level between 0 and 1"):
        found.interval(95)
    with pytest.raises(AnalysisError, match="expected probabilities between 0 and 1"):
        found.quantile(1.0)
    with pytest.raises(AnalysisError, match="expected a level between 0 and 1"):
        sensitivity(hazards(), level=95)
    with pytest.raises(AnalysisError, match="no prior 'x'"):
        sensitivity(hazards(), ["flat"]).of("x")


def test_an_improper_posterior_is_refused() -> None:
    """Without events in one arm the likelihood of a ratio of rates has one tail only."""
    path = Path(__file__).resolve().parents[1] / "data" / "event-rates.toml"
    contrast = next(one for one in rate_contrasts(load_trial(path).of(EventRateEndpoint)[0]) if one.table)
    table = contrast.table
    assert table is not None
    empty = replace(contrast, table=replace(table, arms=(table.arms[0], replace(table.arms[1], events=0))))
    likelihood = rates_likelihood(empty)
    with pytest.raises(UndeterminedError, match="does not fall away on one side"):
        effect_posterior(likelihood, FlatPrior())
    found = effect_posterior(likelihood, about(0.0, 1.0))
    events = table.arms[0].events
    low, high = table.log_times

    def joint(effect: float) -> float:
        shift = effect + (low + high) / 2
        return float(-events * np.log1p(np.exp(shift)) + stats.norm.logpdf(effect))

    effect = np.linspace(-9, 9, 40_001)
    mass = np.exp([joint(one) for one in effect])
    # rounding of the person-times, which is left out here, is a thousandth of a standard deviation
    assert found.benefit == pytest.approx(mass[effect < 0].sum() / mass.sum(), abs=1e-4)
    with pytest.raises(AnalysisError, match=r"about reaches to a rate ratio of .* where the likelihood is not"):
        effect_posterior(likelihood, about(0.0, 60.0))
    assert "cochrane" not in [prior.name for prior in default_priors(likelihood)]


def test_numbers_that_one_types_in_are_read_with_their_digits() -> None:
    found = printed_likelihood("hazard_ratio", "0.75", "0.55", "1.02", better="lower")
    assert exp(found.estimate) == pytest.approx(0.75, abs=1e-3)
    assert found.standard_error == pytest.approx(log(1.02 / 0.55) / (2 * 1.959964), abs=1e-3)
    coarse = printed_likelihood("hazard_ratio", "0.8", "0.6", "1.1", better="lower")
    assert coarse.standard_error > log(1.1 / 0.6) / (2 * 1.959964)
    assert effect_posterior(found, FlatPrior()).interval() == pytest.approx((0.55, 1.02), abs=0.003)


@pytest.mark.parametrize(
    ("quantity", "numbers", "said"),
    [
        ("hazard_ratio", ("0.75", "0.55", "1.40"), "symmetric about the estimate on the logarithmic scale"),
        ("mean_difference", ("2", "1", "6"), "symmetric about the estimate on its own scale"),
        ("hazard_ratio", ("1.2", "0.55", "1.02"), "expected the estimate between its limits"),
        ("hazard_ratio", ("0.75", "-0.55", "1.02"), "expected finite numbers, of a ratio above 0"),
        ("hazard_ratio", ("0.75", "0.75", "0.75"), "limits that differ by more than their rounding"),
        ("hazard_ratio", ("0.75", "about a half", "1.02"), "expected a number, got 'about a half'"),
        ("median", ("0.75", "0.55", "1.02"), "expected a ratio or a difference of two arms, got 'median'"),
    ],
)
def test_limits_that_no_normal_estimate_has_are_refused(
    quantity: str, numbers: tuple[str, str, str], said: str
) -> None:
    with pytest.raises(AnalysisError, match=said):
        printed_likelihood(quantity, *numbers[:3], better="lower")  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("estimate", "error", "better", "said"),
    [
        (0.1, 0.0, "lower", "expected a standard error above 0, got 0"),
        (float("nan"), 1.0, "lower", "expected a finite estimate"),
        (0.1, 1.0, "less", "expected better to be 'higher' or 'lower', got 'less'"),
    ],
)
def test_normal_estimates_that_are_none_are_refused(estimate: float, error: float, better: str, said: str) -> None:
    with pytest.raises(AnalysisError, match=said):
        normal_likelihood("hazard_ratio", estimate, error, better=better)  # type: ignore[arg-type]


def test_nothing_known_leaves_a_prior_as_it_is() -> None:
    effect = np.linspace(-30, 30, 601)
    nothing = EffectLikelihood(
        endpoint="e", arms=("c", "x"), quantity="odds_ratio", benefit=1, effect=effect,
        log_likelihood=np.zeros(601), model="none", words="nothing",
    )  # fmt: skip
    found = effect_posterior(nothing, about(0.3, 0.7))
    assert (found.mean, found.sd) == pytest.approx((0.3, 0.7), abs=1e-6)
    assert found.log_evidence == pytest.approx(0.0, abs=1e-9)
