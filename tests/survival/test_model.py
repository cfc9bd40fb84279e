"""The hazard model's densities, prior and estimands against the same written another way; nothing is sampled here.

Moments of random draws are compared with a tolerance of 5 standard errors: a false alarm once in 1.7 million
comparisons.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from scipy import stats
from scipy.integrate import quad

from reappraise.core.prior import LogRatioPrior
from reappraise.published.patients import PatientData
from reappraise.survival import estimands as of
from reappraise.survival.counts import common_follow_up, digest_of, person_time
from reappraise.survival.hazard import Grid, HazardPrior
from reappraise.survival.model import PiecewiseExponential

MODEL = PiecewiseExponential()
GRID = Grid((2.0, 5.0, 9.0), 20.0)
PRIOR = HazardPrior(
    effect=LogRatioPrior("p", "P", -0.3, 0.7, "", "hazard"),
    median=10.0,
    level_sd=0.8,
    walk_scale=1.2,
    departure_scale=0.6,
)
LOG_HAZARD = np.log([[0.05, 0.10, 0.02, 0.07], [0.04, 0.05, 0.06, 0.03]])


def numbers(groups: int, *, shared: bool = True) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(3)
    events = rng.integers(0, 9, size=(groups, 2, GRID.intervals)).astype(float)
    exposure = rng.gamma(3.0, 20.0, size=events.shape)
    events[0, 1, -1] = exposure[0, 1, -1] = 0.0  # nobody was left
    return MODEL.data(events, exposure, GRID, PRIOR, shared=shared)


@pytest.mark.sampling
@pytest.mark.parametrize(("groups", "shared"), [(1, True), (3, True), (2, False)])
def test_density_is_the_one_written_in_plain_arrays(groups: int, *, shared: bool) -> None:
    data = numbers(groups, shared=shared)
    built = MODEL.build(groups, GRID.intervals)
    with built:
        for name, value in data.items():
            built[name].set_value(np.asarray(value))
    density = built.compile_logp(jacobian=False, sum=False, mode="FAST_COMPILE")
    draws = MODEL.draw_prior(data, 3, np.random.default_rng(5))
    assert set(draws) == {rv.name for rv in built.free_RVs}
    for index in range(3):
        one = {name: values[index] for name, values in draws.items()}
        point = {
            built.rvs_to_values[rv].name: np.log(one[rv.name]) if built.rvs_to_transforms[rv] else one[rv.name]
            for rv in built.free_RVs
        }
        likelihood = MODEL.log_likelihood(one, data).sum()
        ours = likelihood + sum(float(part) for part in MODEL.log_prior(one, data).values())
        assert sum(float(np.sum(part)) for part in density(point)) == pytest.approx(ours, abs=1e-6)


def test_every_draw_is_treated_alike() -> None:
    data = numbers(3)
    draws = MODEL.draw_prior(data, 4, np.random.default_rng(1))
    whole = {**MODEL.complete(draws, data), **MODEL.log_prior(draws, data)}
    for index in range(4):
        one = {name: values[index] for name, values in draws.items()}
        for name, value in {**MODEL.complete(one, data), **MODEL.log_prior(one, data)}.items():
            assert np.asarray(value) == pytest.approx(whole[name][index])


def test_a_cell_without_person_time_says_nothing() -> None:
    data = numbers(1)
    still = {
        name: np.zeros(values.shape[1:]) for name, values in MODEL.draw_prior(data, 1, np.random.default_rng(1)).items()
    }
    still["level_offset"] += (0.5 - data["level_mean"]) / data["level_sd"]
    still["effect_offset"] -= data["effect_mean"] / data["effect_sd"]
    assert MODEL.complete(still, data)["log_hazard"] == pytest.approx(np.tile(0.5 + GRID.trend, (1, 2, 1)))
    found = MODEL.log_likelihood(still, data)
    assert found[0, 1, -1] == pytest.approx(0.0, abs=1e-6)
    assert np.abs(np.delete(found.ravel(), -1)).min() > 1


def test_the_rotation_leaves_the_prior_as_it_is_documented() -> None:
    data = numbers(1)
    draws = 40_000
    found = MODEL.complete(MODEL.draw_prior(data, draws, np.random.default_rng(7)), data)
    middle = found["log_hazard"].mean(axis=-2)[:, 0] - data["level_mean"] - GRID.trend
    contrast = (found["log_hazard"][..., 1, :] - found["log_hazard"][..., 0, :])[:, 0] + 0.3
    walk, departure = PRIOR.walk_scale * GRID.walk, PRIOR.departure_scale * GRID.centred_walk
    level = found["level"][:, 0] - data["level_mean"]
    for drawn, expected in (
        (middle[:, :, None] * middle[:, None, :], PRIOR.level_sd**2 + walk @ walk.T),
        (contrast[:, :, None] * contrast[:, None, :], PRIOR.effect.sd**2 + departure @ departure.T),
        (level[:, None] * middle, np.full(GRID.intervals, PRIOR.level_sd**2)),
        (level[:, None] * contrast, np.zeros(GRID.intervals)),
    ):
        z = (drawn.mean(axis=0) - expected) / (drawn.std(axis=0) / np.sqrt(draws))
        assert np.abs(z).max() < 5
    rng = np.random.default_rng(8)
    sigma = np.abs(rng.normal(size=draws)) * PRIOR.walk_scale
    plain = PRIOR.level_sd * rng.normal(size=draws) + sigma * (GRID.walk[-1] @ rng.normal(size=(GRID.intervals, draws)))
    assert stats.ks_2samp(middle[:, -1], plain).pvalue > 1e-6  # false alarm: once in a million


def test_unrelated_endpoints_have_independent_effects_and_subgroups_share_theirs() -> None:
    draws = 20_000
    for shared, expected in ((False, 0.0), (True, PRIOR.effect.sd**2)):
        data = numbers(2, shared=shared)
        effect = MODEL.complete(MODEL.draw_prior(data, draws, np.random.default_rng(2)), data)["effect"] + 0.3
        product = effect[:, 0] * effect[:, 1]
        assert abs(product.mean() - expected) < 5 * product.std() / np.sqrt(draws)
        spread = PRIOR.effect.sd**2 + (0.5**2 if shared else 0.0)
        assert abs((effect**2).mean() - spread) < 5 * (effect[:, 0] ** 2).std() / np.sqrt(draws)


def integral(time: float, rate: np.ndarray) -> float:
    ends = [0.0, *(cut for cut in GRID.cuts if cut < time), time]
    return sum(
        quad(lambda t: float(np.exp(-of.cumulative_hazard(rate, GRID, t)[0])), *piece)[0] for piece in pairwise(ends)
    )


@pytest.mark.parametrize("time", [1.0, 2.0, 7.5, 20.0, 45.0])
def test_survival_and_its_area_are_integrals_of_the_hazard(time: float) -> None:
    control = LOG_HAZARD[0]
    area = sum(
        quad(lambda t: float(of.hazard(control, GRID, t)[0]), *piece)[0]
        for piece in pairwise([0.0, *(cut for cut in GRID.cuts if cut < time), time])
    )
    assert of.survival(control, GRID, time)[0] == pytest.approx(np.exp(-area), rel=1e-9)
    assert of.restricted_mean(control, GRID, time)[0] == pytest.approx(integral(time, control), rel=1e-8)


def test_quantiles_invert_survival_and_conditional_survival_is_a_ratio() -> None:
    draws = LOG_HAZARD + np.random.default_rng(0).normal(size=(50, 1, 1))
    for probability in (0.05, 0.5, 0.9):
        times = of.quantile(draws, GRID, probability)
        at = [of.survival(draws[i, a], GRID, times[i, a])[0] for i in range(50) for a in range(2)]
        assert at == pytest.approx([1 - probability] * 100)
    given = of.conditional_survival(draws, GRID, [9.0, 12.0], given=4.0)
    assert given == pytest.approx(of.survival(draws, GRID, [9.0, 12.0]) / of.survival(draws, GRID, 4.0))
    with pytest.raises(ValueError, match="expected times from 4"):
        of.conditional_survival(draws, GRID, 3.0, given=4.0)


def test_event_weighted_hazard_ratio_is_constant_ratio_and_reciprocal_under_exchange() -> None:
    exposure = np.array([[150.0, 120.0, 60.0, 20.0], [140.0, 125.0, 80.0, 1e-9]])
    proportional = np.stack([LOG_HAZARD[0], LOG_HAZARD[0] + np.log(0.7)])
    assert of.event_weighted_hazard_ratio(proportional, exposure) == pytest.approx(0.7)
    there = of.event_weighted_hazard_ratio(LOG_HAZARD, exposure)
    assert there * of.event_weighted_hazard_ratio(LOG_HAZARD[::-1], exposure[::-1]) == pytest.approx(1.0)
    early = np.where([True, False, False, False], exposure, 1e-9)
    assert of.event_weighted_hazard_ratio(LOG_HAZARD, early) == pytest.approx(of.hazard_ratio(LOG_HAZARD, GRID, 1.0)[0])
    share = exposure[1] / exposure.sum(axis=0)
    weight = (exposure * np.exp(LOG_HAZARD)).sum(axis=0) * share * (1 - share)
    assert np.log(there) == pytest.approx(np.average(LOG_HAZARD[1] - LOG_HAZARD[0], weights=weight))


def test_hazard_at_a_cut_is_that_of_the_interval_that_ends_there() -> None:
    found = of.hazard(LOG_HAZARD[0], GRID, [0.0, 2.0, 2.1, 9.0, 100.0])
    assert found == pytest.approx([0.05, 0.05, 0.10, 0.02, 0.07])


def test_person_time_is_counted_by_group_arm_and_interval() -> None:
    data = PatientData.known(
        np.array([1.0, 2.0, 6.0, 20.0]),
        np.array([True, True, False, True]),
        np.array([0, 1, 1, 0]),
        endpoint="os",
        subgroup=("a", "a", "b", "b"),
    )
    events, exposure = person_time(data, GRID, ("a", "b"))
    assert events.shape == exposure.shape == (1, 1, 2, 2, 4)
    assert events[0, 0].tolist() == [[[1, 0, 0, 0], [1, 0, 0, 0]], [[0, 0, 0, 1], [0, 0, 0, 0]]]
    assert exposure[0, 0, 1].tolist() == [[2, 3, 4, 11], [2, 3, 1, 0]]
    assert [part.sum(axis=2).tolist() for part in (events, exposure)] == [
        part[:, :, 0].tolist() for part in person_time(data, GRID)
    ]
    assert common_follow_up(data) == 6.0
    assert digest_of(data) != digest_of(data.swapped())
