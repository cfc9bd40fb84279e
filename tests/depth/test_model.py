"""The cumulative logit model against densities and posteriors computed another way.

Random tests compare with a tolerance of 5 Monte Carlo standard errors: a false alarm once in 1.7 million comparisons.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from arviz_stats.base import array_stats
from scipy import special, stats

from reappraise.core.prior import LogRatioPrior
from reappraise.depth.evidence import evidence
from reappraise.depth.fit import MODELS, NON_PROPORTIONAL, PROPORTIONAL
from reappraise.depth.model import CumulativeLogit, OrdinalData
from reappraise.depth.table import OrdinalTable
from reappraise.fits.machine_code import compiled
from reappraise.fits.nuts import draw
from reappraise.fits.sampling import Sampling
from reappraise.published.partition import Partition
from reappraise.response.models import LogitNormal
from support.draws import ERRORS, z_score
from support.tables import ordinal as table

FOUR = table((10, 11), (16, 13), (21, 6), (62, 25))
SMALL = table((2, 5), (4, 3), (3, 2), (4, 1))
TWO = table((10, 9), (30, 11))
PRIOR = LogRatioPrior("p", "P", 0.3, 0.8, "")
every = pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)


def rates(one: dict[str, np.ndarray], model: CumulativeLogit) -> np.ndarray:
    """Category rates (category, arm) of one draw as the docstring writes them, by plain loops."""
    cut = special.logit(np.cumsum(one["mean_category"])[:-1])
    found = []
    for code in (-0.5, 0.5):
        gaps = [0.0]
        for place in range(len(cut) - 1):
            ratio = 0.0 if model.proportional else 0.5 * one["departure_unit"] * one["departure_offset"][place]
            gaps.append(gaps[-1] + (cut[place + 1] - cut[place]) * np.exp(code * ratio))
        own = cut.mean() + code * one["effect"] + np.array(gaps) - np.mean(gaps)
        found.append(np.diff(special.expit(own), prepend=0.0, append=1.0))
    return np.array(found).T


@pytest.mark.sampling
@every
@pytest.mark.parametrize("held", [TWO, FOUR], ids=["two", "four"])
def test_density_is_the_one_written_in_plain_arrays(model: CumulativeLogit, held: OrdinalTable) -> None:
    data = model.data(held, PRIOR)
    built = model.build(len(held.categories))
    with built:
        for name, value in data.items():
            built[name].set_value(np.asarray(value).astype(built[name].dtype))
    density = built.compile_logp(jacobian=False, sum=False, mode="FAST_COMPILE")
    draws = model.draw_prior(data, 3, np.random.default_rng(5))
    for index in range(3):
        one = {name: values[index] for name, values in draws.items()}
        point = {}
        for rv in built.free_RVs:
            transform, value = built.rvs_to_transforms[rv], built.rvs_to_values[rv]
            point[value.name] = (
                one[rv.name] if transform is None else transform.forward(one[rv.name], *rv.owner.inputs).eval()
            )
        theirs = sum(float(np.sum(part)) for part in density(point))
        ours = float(model.log_likelihood(one, data).sum()) + sum(
            float(part) for part in model.log_prior(one, data).values()
        )
        if "departure_unit" in one and model.proportional:  # they are sampled there, and enter nothing
            ours += stats.halfnorm.logpdf(one["departure_unit"]) + stats.norm.logpdf(one["departure_offset"]).sum()
        assert theirs == pytest.approx(ours, abs=1e-6)


@every
def test_density_is_that_of_scipy(model: CumulativeLogit) -> None:
    data = model.data(FOUR, PRIOR)
    draws = model.draw_prior(data, 20, np.random.default_rng(6))
    prior = model.log_prior(draws, data)
    likelihood = model.log_likelihood(draws, data)
    completed = model.complete(draws, data)
    counts = np.array(FOUR.counts)
    for index in range(20):
        one = {name: values[index] for name, values in draws.items()}
        expected = rates(one, model)
        assert completed["category_rate"][index] == pytest.approx(expected, rel=1e-6, abs=1e-12)
        for arm in range(2):
            exact = stats.multinomial.logpmf(counts[:, arm], FOUR.totals[arm], expected[:, arm])
            assert likelihood[index, arm] == pytest.approx(exact, rel=1e-6)
        assert prior["mean_category"][index] == pytest.approx(stats.dirichlet.logpdf(one["mean_category"], np.ones(4)))
        assert prior["effect"][index] == pytest.approx(stats.norm.logpdf(one["effect"], 0.3, 0.8))
    assert ("departure_offset" in prior) is not model.proportional


@every
def test_every_draw_is_a_pair_of_distributions_and_the_effect_is_the_mean_log_odds_ratio(
    model: CumulativeLogit,
) -> None:
    wild = replace(model, departure_scale=3.0)
    data = wild.data(FOUR, LogRatioPrior("w", "W", 0.0, 3.0, ""))
    found = wild.complete(wild.draw_prior(data, 2000, np.random.default_rng(7)), data)
    assert (found["category_rate"] >= 0).all()
    assert found["category_rate"].sum(axis=-2) == pytest.approx(np.ones((2000, 2)), abs=1e-9)
    assert (np.diff(found["rate_or_better"], axis=-2) >= 0).all()
    assert found["log_odds_ratio"].mean(axis=-1) == pytest.approx(found["effect"], abs=1e-9)
    assert bool(np.abs(found["departure"]).max() < 1e-9) is model.proportional


@every
def test_exchange_of_arms_and_reversal_of_categories_mirror_the_density(model: CumulativeLogit) -> None:
    draws = model.draw_prior(model.data(FOUR, PRIOR), 50, np.random.default_rng(8))
    other = {**draws, "effect": -draws["effect"], "departure_offset": -draws["departure_offset"]}
    upside = {
        **draws,
        "effect": -draws["effect"],
        "mean_category": draws["mean_category"][:, ::-1],
        "departure_offset": draws["departure_offset"][:, ::-1],
    }
    reversed_counts = replace(FOUR, counts=FOUR.counts[::-1])
    here = total(model, draws, model.data(FOUR, PRIOR))
    assert total(model, other, model.data(FOUR.swapped(), PRIOR.mirrored())) == pytest.approx(here)
    assert total(model, upside, model.data(reversed_counts, PRIOR.mirrored())) == pytest.approx(here)


def total(model: CumulativeLogit, draws: dict[str, np.ndarray], data: OrdinalData) -> np.ndarray:
    return np.asarray(model.log_likelihood(draws, data).sum(axis=-1) + sum(model.log_prior(draws, data).values()))


def test_the_prior_favours_no_category_no_order_and_no_arm() -> None:
    draws = 40_000
    model = NON_PROPORTIONAL
    data = model.data(FOUR, LogRatioPrior("c", "C", 0.0, 2.5, ""))
    found = model.complete(model.draw_prior(data, draws, np.random.default_rng(9)), data)
    rate = found["category_rate"]
    difference = rate[..., 0] - rate[..., 1]
    mirrored = rate - rate[:, ::-1]
    for values in (difference, mirrored.reshape(draws, -1), found["log_odds_ratio"], found["cut_point"][:, 1:2]):
        assert np.abs(values.mean(axis=0)).max() < ERRORS * (values.std(axis=0) / np.sqrt(draws)).max()
    assert draws_of(found["mean_category"]) == pytest.approx(np.full(4, 0.25), abs=ERRORS * 0.194 / np.sqrt(draws))
    for cut, shapes in enumerate(((1, 3), (2, 2), (3, 1))):
        middle = special.expit(found["cut_point"][:, cut])
        assert stats.kstest(middle, stats.beta(*shapes).cdf).pvalue > 1e-6  # false alarm: once in a million


def draws_of(values: np.ndarray) -> np.ndarray:
    return np.asarray(values.mean(axis=0))


# Posteriors


def posterior(held: OrdinalTable, model: CumulativeLogit, prior: LogRatioPrior = PRIOR) -> dict[str, np.ndarray]:
    data = model.data(held, prior)
    found = draw(compiled(PROPORTIONAL, (len(held.categories),)), data, Sampling(draws=1500, tune=500), seed=3)
    return model.complete(found.draws, data)


def integrated() -> tuple[float, dict[str, float]]:
    """Marginal likelihood and posterior means with proportional odds by quadrature, no random number anywhere."""
    nodes, weights = np.polynomial.legendre.leggauss(30)
    a, b, c = (part.ravel() for part in np.meshgrid(*[(nodes + 1) / 2] * 3, indexing="ij"))
    weight = np.prod(np.meshgrid(*[weights / 2] * 3, indexing="ij"), axis=0).ravel()
    # broken sticks fill all distributions over four categories, on which the uniform density is 3!
    categories = np.stack([a, (1 - a) * b, (1 - a) * (1 - b) * c, (1 - a) * (1 - b) * (1 - c)], axis=-1)
    weight = 6 * weight * (1 - a) ** 2 * (1 - b)
    steps, step_weights = np.polynomial.hermite_e.hermegauss(30)
    data = PROPORTIONAL.data(SMALL, PRIOR)
    idle = {"departure_unit": np.ones(len(a)), "departure_offset": np.zeros((len(a), 2))}
    whole, effect_sum, rate_sum = 0.0, 0.0, 0.0
    for step, share in zip(steps, step_weights / step_weights.sum(), strict=True):
        effect = 0.3 + 0.8 * step
        draws = {"mean_category": categories, "effect": np.full(len(a), effect), **idle}
        mass = share * weight * np.exp(PROPORTIONAL.log_likelihood(draws, data).sum(axis=-1))
        whole += float(mass.sum())
        effect_sum += float(mass.sum()) * effect
        rate_sum += float(mass @ PROPORTIONAL.complete(draws, data)["category_rate"][:, 1, 1])
    return whole, {"effect": effect_sum / whole, "rate": rate_sum / whole}


@pytest.mark.sampling
def test_posterior_and_marginal_likelihood_are_those_of_quadrature() -> None:
    whole, means = integrated()
    found = posterior(SMALL, PROPORTIONAL)
    assert abs(z_score(found["effect"], means["effect"])) < ERRORS
    assert abs(z_score(found["category_rate"][..., 1, 1], means["rate"])) < ERRORS
    answer = evidence(PROPORTIONAL, PROPORTIONAL.data(SMALL, PRIOR), found, np.random.default_rng(1))
    assert abs(answer.log - np.log(whole)) < ERRORS * answer.error
    assert answer.error < 0.01


@pytest.mark.sampling
@every
def test_posterior_and_marginal_likelihood_are_those_of_the_prior_weighted_by_the_likelihood(
    model: CumulativeLogit,
) -> None:
    draws = 400_000
    data = model.data(SMALL, PRIOR)
    prior = model.draw_prior(data, draws, np.random.default_rng(2))
    likelihood = np.exp(model.log_likelihood(prior, data).sum(axis=-1))
    found = posterior(SMALL, model)
    answer = evidence(model, data, found, np.random.default_rng(3))
    error = np.hypot(likelihood.std() / likelihood.mean() / np.sqrt(draws), answer.error)
    assert abs(answer.log - np.log(likelihood.mean())) < ERRORS * error
    assert error < 0.02
    completed = model.complete(prior, data)
    for name, place in (("effect", ()), ("departure_sd", ()), ("log_odds_ratio", (0,))):
        if name == "departure_sd" and model.proportional:
            continue
        values, sampled = completed[name][(..., *place)], found[name][(..., *place)]
        mean = float(np.average(values, weights=likelihood))
        own = float(np.sqrt(np.sum((likelihood * (values - mean)) ** 2)) / likelihood.sum())
        theirs = float(array_stats.mcse(sampled, chain_axis=0, draw_axis=1, method="mean"))
        assert abs(float(sampled.mean()) - mean) < ERRORS * np.hypot(own, theirs)


@pytest.mark.sampling
def test_with_two_categories_it_is_the_logit_normal_model_with_its_own_prior_of_the_level() -> None:
    """Same likelihood and prior of the effect; the mean rate is uniform here, and its logit Normal(0, 1.5) there."""
    other = LogitNormal()
    whole = Partition(
        endpoint="depth",
        factor="all",
        levels=("all",),
        level_labels=("All",),
        arms=("old", "new"),
        arm_labels=("Old", "New"),
        events=((10, 9),),
        totals=((40, 20),),
        better="higher",
    )
    data, theirs = PROPORTIONAL.data(TWO, PRIOR), other.data(whole, PRIOR, 1)
    mean, effect = np.meshgrid(np.linspace(0.01, 0.99, 9), np.linspace(-2, 2, 5))
    mean, effect = mean.ravel(), effect.ravel()
    ours = {"mean_category": np.stack([mean, 1 - mean], axis=-1), "effect": effect}
    zero = np.zeros(mean.size)
    same = {
        "average_logit": special.logit(mean),
        "average_effect": effect,
        "level_sd": zero,
        "interaction_sd": zero,
        "level_offset": zero[:, None],
        "effect_offset": zero[:, None],
    }
    assert PROPORTIONAL.log_likelihood(ours, data) == pytest.approx(other.log_likelihood(same, theirs)[:, 0])
    assert PROPORTIONAL.log_prior(ours, data)["effect"] == pytest.approx(
        other.log_prior(same, theirs)["average_effect"]
    )
    # what the other prior of the level does to the effect, by quadrature: less than 0.02 of its posterior sd
    logit, step = np.linspace(-8, 8, 801)[:, None], np.linspace(-4, 4, 401)[None, :]
    likelihood = sum(
        k * special.log_expit(logit + x * step) + (n - k) * special.log_expit(-logit - x * step)
        for k, n, x in ((10, 40, -0.5), (9, 20, 0.5))
    )
    effects = stats.norm.logpdf(step, 0.3, 0.8)
    means, spread = [], 0.0
    for level in (stats.logistic.logpdf(logit), stats.norm.logpdf(logit, 0.0, 1.5)):
        mass = np.exp(likelihood + effects + level)
        means.append(float((mass * step).sum() / mass.sum()))
        spread = float(((mass * step**2).sum() / mass.sum() - means[-1] ** 2) ** 0.5)
    assert 0 < abs(means[0] - means[1]) < 0.02 * spread
