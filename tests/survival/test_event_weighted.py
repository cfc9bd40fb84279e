"""The hazard ratio without a time beside Cox's, where hazards cross: averaged over events, and not over time.

Posteriors are here, but for the last test, the exact one of hazards by cell, independent Gamma(d + 1/2, E), drawn from
a fixed seed: nothing is sampled by a chain, and every number is the same in every run.
"""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from scipy import stats

from reappraise.core.arms import Better
from reappraise.core.estimate import QUANTITIES, Estimate
from reappraise.core.prior import hazard_ratio_priors
from reappraise.published.patients import PatientData
from reappraise.survival import estimands as of
from reappraise.survival.answers import Questions, answers, report
from reappraise.survival.classical.cox import HazardRatio, hazard_ratio
from reappraise.survival.counts import person_time
from reappraise.survival.fit import fit_survival
from reappraise.survival.hazard import Grid, HazardPrior
from reappraise.survival.plan import UNPLANNED, Plan
from support.crossing import CONTROL, GRID, RATIO, crossing
from support.prints import problem, simulate

DATA = crossing()
ARMS = ("control", "experimental")


def cells(data: PatientData, grid: Grid = GRID) -> tuple[np.ndarray, np.ndarray]:
    """Events and person-time, dims (arm, interval)."""
    events, exposure = person_time(data, grid)
    return events[0, 0, 0], exposure[0, 0, 0]


def posterior(data: PatientData) -> tuple[np.ndarray, np.ndarray]:
    """Draws of log hazards, dims (chain, draw, arm, interval), and person-time."""
    events, exposure = cells(data)
    gamma = np.random.default_rng(1).gamma(events + 0.5, size=(4, 1000, *events.shape))
    return np.log(gamma / exposure), exposure


def estimates(
    log_hazard: np.ndarray,
    exposure: np.ndarray,
    *,
    proportional: bool = False,
    turned: bool = False,
    better: Better = "higher",
    plan: Plan = UNPLANNED,
) -> dict[tuple[str, str], Estimate]:
    """What is reported of the draws, by quantity and time; perhaps with the arms exchanged."""
    if turned:
        log_hazard, exposure = log_hazard[..., ::-1, :], exposure[::-1]
    asked = Questions(
        grid=GRID,
        unit="months",
        arms=ARMS,
        better=better,
        landmarks=(3.0, 18.0),
        horizons=(24.0,),
        proportional=proportional,
        plan=plan,
    )
    ratio = of.event_weighted_hazard_ratio(log_hazard, exposure)
    effect = (log_hazard[..., 1, :] - log_hazard[..., 0, :]) @ GRID.lengths / GRID.horizon
    found = tuple(answers(log_hazard, asked, hazard_ratio=ratio, effect=effect))
    make = partial(Estimate, endpoint="crossing", kind="posterior", method="posterior median")
    told = report(found, asked, make, population="all", level=0.95)
    return {(item.quantity, item.at): item for item in told if item.numerator}


def cox(data: PatientData) -> HazardRatio:
    return hazard_ratio(data.time[0, 0], data.event[0, 0], data.arm)


def test_where_hazards_cross_the_hazard_ratio_sides_with_cox() -> None:
    """400 patients: Cox says 1.18, the average over time 0.6, of a tail in which next to nobody is followed."""
    found, regression = estimates(*posterior(DATA)), cox(DATA)
    ratio, over_time = found["hazard_ratio", ""], found["time_averaged_hazard_ratio", ""]
    assert regression.log_value > 0.1
    # up to 0.03 is left by the average being one of logarithms, and 0.005 is the Monte Carlo error of a median
    assert np.log(ratio.value) == pytest.approx(regression.log_value, abs=0.035)
    believed = stats.norm.cdf(0, regression.log_value, regression.standard_error)
    assert ratio.prob_benefit == pytest.approx(believed, abs=0.1)
    assert over_time.value < 0.75
    assert over_time.prob_benefit > 0.9
    said = found["probability_of_benefit", "hazard ratio in favour"]
    assert said.value == ratio.prob_benefit < 0.2
    assert ("probability_of_benefit", "hazard ratio averaged over time in favour") not in found


def test_sizes_of_benefit_are_asked_for_in_the_direction_of_benefit() -> None:
    log_hazard, exposure = posterior(DATA)
    ratio = of.event_weighted_hazard_ratio(log_hazard, exposure)
    means = of.restricted_mean(log_hazard, GRID, 24.0)[..., 0]
    gain = means[..., 1] - means[..., 0]
    late = "difference of restricted mean survival times at 24 months in favour by more than"
    plan = Plan(hazard_ratio=0.7, restricted_mean=2.0)
    wanted = {
        ("higher", UNPLANNED): {
            "hazard ratio < 0.9": ratio < 0.9,
            f"{late} 1.2 months, a margin of this program": gain > 1.2,
        },
        ("higher", plan): {"hazard ratio < 0.7": ratio < 0.7, f"{late} 2 months, the stated margin": gain > 2},
        ("lower", plan): {"hazard ratio > 1.43": ratio > 1 / 0.7, f"{late} 2 months, the stated margin": gain < -2},
    }
    for (better, given), sizes in wanted.items():
        found = estimates(log_hazard, exposure, better=better, plan=given)
        for at, holds in sizes.items():
            value = found["probability_above_margin", at].value
            assert value == pytest.approx(holds.mean(), abs=0.005)  # cut to the digits of its Monte Carlo error
    asked = [at for name, at in estimates(log_hazard, exposure) if name == "probability_above_margin"]
    assert len(asked) == 3  # of the average over time, and of ratios at a time, none


def test_each_says_what_it_is() -> None:
    found = estimates(*posterior(DATA))
    assert "averaged over the events expected within the follow-up" in found["hazard_ratio", ""].method
    assert "averaged over time, 0 to 36 months" in found["time_averaged_hazard_ratio", ""].method
    assert "averaged" not in found["hazard_ratio", "3 months"].method
    assert QUANTITIES["time_averaged_hazard_ratio"].label == "Hazard ratio averaged over time"
    assert QUANTITIES["time_averaged_hazard_ratio"].hastens
    assert "average_hazard_ratio" not in QUANTITIES


def test_exchanging_the_arms_inverts_the_ratio_and_complements_the_probability() -> None:
    here, there = (estimates(*posterior(DATA), turned=turned) for turned in (False, True))
    for name in ("hazard_ratio", "time_averaged_hazard_ratio"):
        one, other = here[name, ""], there[name, ""]
        assert one.value * other.value == pytest.approx(1, rel=0.01)  # both are rounded to the digits that draws bear
        assert one.low * other.high == pytest.approx(1, rel=0.03)
        assert one.prob_benefit + other.prob_benefit == pytest.approx(1, abs=1e-12)


def test_under_proportional_hazards_there_is_one_hazard_ratio() -> None:
    log_hazard, exposure = posterior(DATA)
    log_hazard[..., 1, :] = log_hazard[..., 0, :] + np.random.default_rng(2).normal(0.1, 0.2, size=(4, 1000, 1))
    ratio = of.event_weighted_hazard_ratio(log_hazard, exposure)
    assert ratio == pytest.approx(np.exp(log_hazard[..., 1, 0] - log_hazard[..., 0, 0]), rel=1e-12)
    found = estimates(log_hazard, exposure, proportional=True)
    assert {key for key in found if "hazard_ratio" in key[0]} == {("hazard_ratio", "")}
    both = estimates(log_hazard, exposure)
    for key in (("hazard_ratio", ""), ("time_averaged_hazard_ratio", "")):
        assert (both[key].value, both[key].prob_benefit) == (
            found["hazard_ratio", ""].value,
            found["hazard_ratio", ""].prob_benefit,
        )


@pytest.mark.parametrize("longest", [9.0, 15.0, 36.0])
def test_it_is_what_cox_regression_estimates_of_this_follow_up(longest: float) -> None:
    """200,000 patients from the true hazards, cut off earlier and later: Cox's estimate has a standard error of 0.006.

    What is left, up to 0.03, is that the average is one of logarithms. The ratio itself goes from 1.5 to 1.1, and that
    averaged over time is the same 0.62 for all.
    """
    data = crossing(200_000, seed=3)
    time, event = np.minimum(data.time, longest), data.event & (data.time <= longest)
    seen = PatientData.known(time[0, 0], event[0, 0], data.arm, endpoint="crossing")
    log_hazard = np.log(CONTROL) + np.log(np.stack([np.ones(GRID.intervals), RATIO]))
    exposure = np.maximum(cells(seen)[1], 1e-9)
    found = np.log(of.event_weighted_hazard_ratio(log_hazard, exposure))
    assert found == pytest.approx(cox(seen).log_value, abs=0.03 + 5 * 0.006)
    assert np.log(of.event_weighted_hazard_ratio(log_hazard[::-1], exposure[::-1])) == pytest.approx(-found)


def test_times_at_which_one_arm_is_not_followed_weigh_nothing() -> None:
    log_hazard, exposure = posterior(DATA)
    alone, wild = exposure.copy(), log_hazard.copy()
    alone[0, -2:] = 1e-9
    wild[..., 1, -2:] += 3.0
    before, after = (of.event_weighted_hazard_ratio(hazards, alone) for hazards in (log_hazard, wild))
    assert after == pytest.approx(before, rel=1e-6)
    assert not np.allclose(of.event_weighted_hazard_ratio(wild, exposure), before, rtol=0.05)


def test_neither_unit_nor_size_nor_an_interval_cut_in_two_matters() -> None:
    log_hazard, exposure = posterior(DATA)
    ratio = of.event_weighted_hazard_ratio(log_hazard, exposure)
    days = of.event_weighted_hazard_ratio(log_hazard - np.log(30.4), 30.4 * exposure)
    assert days == pytest.approx(ratio)
    assert of.event_weighted_hazard_ratio(log_hazard, 1e-6 * exposure) == pytest.approx(ratio)
    halves = (np.repeat(values, 2, axis=-1) for values in (log_hazard, exposure / 2))
    assert of.event_weighted_hazard_ratio(*halves) == pytest.approx(ratio)
    rare = log_hazard - 200.0  # next to nothing happens: weights are those of a share, not of a number
    assert of.event_weighted_hazard_ratio(rare, exposure) == pytest.approx(ratio)


def test_person_time_that_a_print_leads_to_expect_is_that_of_its_patients() -> None:
    """Of 2 x 100,000 patients simulated within cells of the print's own grid; 5 standard errors of a mean are 1%.

    In an interval in which few are still followed they are more, and 1 month in 100 patients is allowed beside.
    """
    asked = problem(rows=(), totals=(100_000, 100_000), longest=False)
    latent = np.random.default_rng(4).normal(size=asked.parameters)
    latent[2:4] = -1.0
    time, _, arm = simulate(asked, latent, np.random.default_rng(5))
    expected = asked.person_time(latent)
    assert expected.shape == (2, asked.grid.intervals)
    for place in (0, 1):
        own = time[arm == place]
        real = asked.grid.summarise(own, np.ones(own.size, dtype=bool))[1]
        assert expected[place] == pytest.approx(real, rel=0.01, abs=0.01 * own.size)
    assert asked.person_time(np.stack([latent, latent]))[1] == pytest.approx(expected)


@pytest.mark.sampling
def test_the_posterior_of_chains_sides_with_cox_too_and_its_prior_with_nobody() -> None:
    """What prior and average of logarithms leave between posterior and Cox's estimate is at most 0.03 each, half of
    Cox's standard error of 0.11. Probabilities, .08 and .81, have Monte Carlo errors of .01 and lie 5 from the
    bounds. The prior's mean is 0, and 5 standard errors are a false alarm once in 1.7 million times.
    """
    turning = HazardPrior(effect=hazard_ratio_priors()[0], median=18.0, departure_scale=2.0)
    fit = fit_survival(DATA, grid=GRID, prior=turning, seed=12)
    regression = cox(DATA)
    found = {item.quantity: item for item in fit.estimates if item.numerator and not item.at}
    assert np.log(found["hazard_ratio"].value) == pytest.approx(regression.log_value, abs=0.06)
    assert found["hazard_ratio"].prob_benefit < 0.15
    assert found["time_averaged_hazard_ratio"].prob_benefit > 0.7
    before = np.log(fit.tree["prior"]["hazard_ratio"].values.astype(np.float64))
    assert abs(before.mean()) < 5 * before.std() / np.sqrt(before.size)
