"""The models of adverse events against densities and posteriors computed another way.

Random tests compare with a tolerance of 5 Monte Carlo standard errors: a false alarm once in 1.7 million comparisons.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from arviz_stats.base import array_stats
from scipy import special, stats

from reappraise.fits.sampling import Sampling
from reappraise.safety.fit import SafetyFit, SafetyJob
from reappraise.safety.model import EVENT_MODELS, POINT_MASS, THREE_LEVEL, EventModel
from reappraise.safety.prior import BERRY_BERRY
from reappraise.safety.table import EventTable
from support.analyses import WIDTH
from support.draws import ERRORS, z_score
from support.tables import events as event_table

models = pytest.mark.parametrize("model", EVENT_MODELS, ids=lambda model: model.name)


def table(
    events: tuple[tuple[int, int], ...], systems: tuple[str, ...], totals: tuple[int, int] = (40, 20)
) -> EventTable:
    return event_table(
        terms=tuple(f"term {index}" for index in range(len(events))),
        systems=systems,
        events=events,
        totals=(totals,) * len(events),
    )


SMALL = table(((8, 6), (4, 0), (1, 5), (0, 0)), ("gut", "gut", "skin", "eye"))
ONE = table(((3, 6),), ("gut",))
PAIR = table(((2, 4), (5, 1)), ("gut", "gut"))
HARD = table(
    ((0, 0), (40, 20), (0, 20), (40, 0), (1, 0), (7, 5), (6, 3), (0, 1), (2, 2), (3, 0)),
    ("gut", "gut", "gut", "skin", "skin", "eye", "ear", "ear", "ear", "lung"),
)
"""A row with nobody, one with everybody, one arm all and the other none, and systems with a single term."""


@cache
def run(model: EventModel, counts: EventTable, seed: int = 11, draws: int = 500) -> SafetyFit:
    return SafetyJob(table=counts, model=model, sampling=Sampling(seed=seed, draws=draws), width=WIDTH).run()


def log_odds_ratio(fit: SafetyFit, term: int) -> np.ndarray:
    return np.log(fit.tree["posterior"]["odds_ratio"].values[..., term].astype(float))


# Densities


@pytest.mark.sampling
@models
@pytest.mark.parametrize("width", [(0, 0), WIDTH], ids=["as it is", "padded"])
def test_density_is_the_one_written_in_plain_arrays(model: EventModel, width: tuple[int, int]) -> None:
    data = model.data(SMALL, BERRY_BERRY, terms=width[0], systems=width[1])
    built = model.build(len(data["events"]), len(data["system_level_centring"]))
    with built:
        for name, value in data.items():
            built[name].set_value(np.asarray(value).astype(built[name].dtype))
    density = built.compile_logp(jacobian=False, mode="FAST_COMPILE")
    draws = model.draw_prior(data, 3, np.random.default_rng(5))
    for index in range(3):
        one = {name: values[index] for name, values in draws.items()}
        point = {
            rv.name if built.rvs_to_transforms[rv] is None else built.rvs_to_values[rv].name: (
                one[rv.name]
                if built.rvs_to_transforms[rv] is None
                else built.rvs_to_transforms[rv].forward(one[rv.name], *rv.owner.inputs).eval()
            )
            for rv in built.free_RVs
        }
        ours = float(model.log_likelihood(one, data).sum()) + sum(map(float, model.log_prior(one, data).values()))
        assert float(density(point)) == pytest.approx(ours, abs=1e-6)


@models
def test_the_likelihood_is_binomial_with_no_effect_summed_over(model: EventModel) -> None:
    data = model.data(SMALL, BERRY_BERRY, terms=0)
    draws = model.draw_prior(data, 4, np.random.default_rng(6))
    found, slab = model._placed(draws, data)
    expected = np.zeros((4, 4))
    for effect, weight in ((slab, 1.0), (0 * slab, 0.0)):
        logit = found["level"][..., None] + effect[..., None] * np.array([-0.5, 0.5])
        share = weight
        if model.point_mass:
            null = draws["null_weight"][..., data["system_index"]]
            share = 1 - null if weight else null
        expected = expected + share * stats.binom.pmf(SMALL.events, SMALL.totals, special.expit(logit)).prod(axis=-1)
    assert np.exp(model.log_likelihood(draws, data)) == pytest.approx(expected, rel=1e-9)


@models
def test_the_density_does_not_depend_on_how_it_is_centred(model: EventModel) -> None:
    data = dict(model.data(SMALL, BERRY_BERRY))
    plain = {name: np.zeros_like(value) if name.endswith("_centring") else value for name, value in data.items()}
    rng = np.random.default_rng(7)
    for held in (data, plain):
        found = model.complete(model.draw_prior(held, 40_000, rng), held, rng, posterior=False)
        # mean of the log odds and of the log odds ratio: normal with variance 10 + 1/2 + 1/2; 5 standard errors
        for values, share in ((found["level"], 1.0), (found["effect"], 0.5 if model.point_mass else 1.0)):
            assert abs(values[:, 0].mean()) < 5 * np.sqrt(11 * share / 40_000)
            assert values[:, 0].var() == pytest.approx(11 * share, rel=0.08)
        if model.point_mass:
            assert (found["effect"][:, 0] == 0).mean() == pytest.approx(0.5, abs=5 * 0.5 / 200)


@models
def test_swapping_the_arms_mirrors_the_density(model: EventModel) -> None:
    here, there = (model.data(counts, BERRY_BERRY) for counts in (SMALL, SMALL.swapped()))
    draws = model.draw_prior(here, 5, np.random.default_rng(8))
    mirrored = {
        name: -values if "effect" in name and name.endswith(("_part", "overall_effect")) else values
        for name, values in draws.items()
    }
    assert model.log_likelihood(draws, here) == pytest.approx(model.log_likelihood(mirrored, there), rel=1e-12)
    for name, value in model.log_prior(draws, here).items():
        assert value == pytest.approx(model.log_prior(mirrored, there)[name], rel=1e-12)


# Posteriors


def marginal_prior(grid: np.ndarray) -> np.ndarray:
    """Density of a level or an effect of a single term: normal with variance 10 plus two inverse-gamma (3, 1)."""
    quantiles = stats.invgamma.ppf((np.arange(400) + 0.5) / 400, 3)
    sums = np.add.outer(quantiles, quantiles).ravel()
    binned, edges = np.histogram(sums, bins=400)
    variances = 10 + (edges[:-1] + edges[1:]) / 2
    return (stats.norm.pdf(grid[:, None], 0, np.sqrt(variances)) * binned).sum(axis=1) / binned.sum()


@pytest.mark.sampling
@models
def test_a_single_term_agrees_with_quadrature(model: EventModel) -> None:
    level, effect = np.linspace(-14, 10, 481), np.linspace(-16, 16, 641)
    rate = special.expit(level[:, None, None] + effect[None, :, None] * np.array([-0.5, 0.5]))
    likelihood = stats.binom.pmf(ONE.events[0], ONE.totals[0], rate).prod(axis=-1)
    joint = likelihood * marginal_prior(level)[:, None] * marginal_prior(effect)[None, :]
    joint *= effect[1] - effect[0]
    none = likelihood[:, len(effect) // 2] * marginal_prior(level)
    null = 0.5 * none.sum() / (0.5 * none.sum() + 0.5 * joint.sum()) if model.point_mass else 0.0
    slab = joint.sum(axis=0) / joint.sum()
    fit = run(model, ONE)
    draws = log_odds_ratio(fit, 0)
    assert abs(z_score(draws, (1 - null) * float(slab @ effect))) < ERRORS
    above = float(slab[effect > 0].sum() + slab[len(effect) // 2] / 2)
    assert abs(z_score(draws > 0, (1 - null) * above)) < ERRORS
    difference = (rate[..., 1] - rate[..., 0]) * joint
    truth = (1 - null) * float(difference.sum() / joint.sum())
    assert abs(z_score(fit.tree["posterior"]["risk_difference"].values[..., 0], truth)) < ERRORS
    if model.point_mass:
        assert abs(z_score(fit.tree["posterior"]["probability_of_no_effect"].values[..., 0], null)) < ERRORS
        assert abs(z_score(draws == 0, null)) < ERRORS


@pytest.mark.sampling
@models
def test_two_terms_of_one_system_agree_with_the_formula_by_importance_sampling(model: EventModel) -> None:
    rng, size = np.random.default_rng(3), 1_000_000

    def variance() -> np.ndarray:
        return 1 / rng.gamma(3, size=size)

    # the means are proposed from where the counts are, and weighted back to their prior
    overall, mean_level = rng.normal(0, 1.5, size=size), rng.normal(-2, 1.5, size=size)
    log_weight = stats.norm.logpdf(overall, 0, 10**0.5) - stats.norm.logpdf(overall, 0, 1.5)
    log_weight += stats.norm.logpdf(mean_level, 0, 10**0.5) - stats.norm.logpdf(mean_level, -2, 1.5)
    system_level = mean_level + np.sqrt(variance()) * rng.normal(size=size)
    system_effect = overall + np.sqrt(variance()) * rng.normal(size=size)
    within, spread = variance(), variance()
    null = rng.beta(1 + rng.exponential(size=size), 1 + rng.exponential(size=size))
    effects = []
    for (k, m), (n, o) in zip(PAIR.events, PAIR.totals, strict=True):
        level = system_level + np.sqrt(within) * rng.normal(size=size)
        effect = system_effect + np.sqrt(spread) * rng.normal(size=size)
        if model.point_mass:
            effect = np.where(rng.uniform(size=size) < null, 0.0, effect)
        effects.append(effect)
        for sign, events, total in ((-0.5, k, n), (0.5, m, o)):
            logit = level + sign * effect
            log_weight += events * special.log_expit(logit) + (total - events) * special.log_expit(-logit)
    weight = np.exp(log_weight - log_weight.max())
    weight /= weight.sum()
    fit = run(model, PAIR)
    posterior = fit.tree["posterior"]
    compared = {
        "first": (log_odds_ratio(fit, 0), effects[0]),
        "second": (log_odds_ratio(fit, 1), effects[1]),
        "first above 1": (log_odds_ratio(fit, 0) > 0, effects[0] > 0),
        "overall": (posterior["overall_effect"].values, overall),
        "system": (posterior["system_effect"].values[..., 0], system_effect),
        "within": (np.log(posterior["level_sd"].values), np.log(within) / 2),
        "spread": (np.log(posterior["effect_sd"].values[..., 0]), np.log(spread) / 2),
    }
    if model.point_mass:
        compared["null"] = (posterior["null_weight"].values[..., 0], null)
        compared["no effect"] = (posterior["probability_of_no_effect"].values[..., 0], effects[0] == 0)
    for name, (draws, reference) in compared.items():
        truth = float(weight @ reference)
        theirs = float(np.sqrt(np.sum(weight**2 * (reference - truth) ** 2)))
        assert abs(z_score(draws, truth, theirs)) < ERRORS, name


@pytest.mark.sampling
@models
def test_swapping_the_arms_mirrors_every_result(model: EventModel) -> None:
    forth, back = run(model, SMALL), run(model, SMALL.swapped(), 12)
    for term in range(len(SMALL.terms)):
        ours, theirs = log_odds_ratio(forth, term), -log_odds_ratio(back, term)
        for one, other in ((ours, theirs), (ours > 0, theirs > 0)):
            error = float(array_stats.mcse(other.astype(float), chain_axis=0, draw_axis=1, method="mean"))
            assert abs(z_score(one, float(other.mean()), error)) < ERRORS
        for arm in range(2):
            pair = [
                fit.tree["posterior"]["rate"].values[..., term, place] for fit, place in ((forth, arm), (back, 1 - arm))
            ]
            error = float(array_stats.mcse(pair[1].astype(float), chain_axis=0, draw_axis=1, method="mean"))
            assert abs(z_score(pair[0], float(pair[1].mean()), error)) < ERRORS


@pytest.mark.sampling
@models
def test_extreme_tables_are_sampled_or_the_gate_says_so(model: EventModel) -> None:
    fit = run(model, HARD, draws=Sampling().draws)
    checks = {check.name: check for check in fit.diagnosis.checks}
    for name in ("R-hat", "bulk effective draws", "tail effective draws", "E-BFMI"):
        assert checks[name].passed, fit.diagnosis.failures
    # of 6 seeds, 5 had none and one had 2 of 16,000: rows of nobody against everybody reach far into the tails
    diverged = checks["divergences"].value
    assert diverged <= 0.001 * fit.tree["posterior"]["rate"].shape[0] * fit.tree["posterior"]["rate"].shape[1]
    assert not (diverged and fit.converged)
    for name, variable in fit.tree["posterior"].data_vars.items():
        assert np.isfinite(variable.values).all(), name


@pytest.mark.sampling
def test_terms_borrow_from_their_system_and_systems_from_each_other() -> None:
    alone = log_odds_ratio(run(THREE_LEVEL, ONE), 0)
    many = table(((3, 6), (8, 4), (10, 5), (6, 3), (4, 2), (12, 6)), ("gut",) * 6)
    shared = log_odds_ratio(run(THREE_LEVEL, many), 0)
    assert abs(np.median(shared)) < 0.8 * abs(np.median(alone))  # its neighbours show no effect
    assert shared.std() < alone.std()


@pytest.mark.sampling
def test_a_point_mass_says_how_probable_no_effect_is() -> None:
    even = table(tuple((2 * k, k) for k in range(2, 12)), ("gut",) * 5 + ("skin",) * 5)
    one_out = table(((0, 12), *((2 * k, k) for k in range(3, 12))), ("gut",) * 5 + ("skin",) * 5)
    none = run(POINT_MASS, even).tree["posterior"]["probability_of_no_effect"].mean(("chain", "draw")).values
    some = run(POINT_MASS, one_out).tree["posterior"]["probability_of_no_effect"].mean(("chain", "draw")).values
    assert none.min() > 0.6
    assert some[0] < 0.02
    assert some[1:].min() > 0.4
