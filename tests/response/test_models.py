"""The PyMC models against densities and posteriors computed another way.

Random tests compare with a tolerance of 5 Monte Carlo standard errors: a false alarm once in 1.7 million comparisons.
"""

from __future__ import annotations

import numpy as np
import pytest
from arviz_stats.base import array_stats
from scipy import special, stats

from reappraise.core.errors import AnalysisError
from reappraise.core.prior import LogRatioPrior, RatePrior, effect_priors, prior_named
from reappraise.fits.machine_code import known
from reappraise.fits.sampling import Sampling
from reappraise.published.partition import Partition
from reappraise.response.exact import exact_estimates
from reappraise.response.fit import ResponseFit, ResponseJob
from reappraise.response.models import MODELS, BetaBinomial, Independent, LogitNormal, ResponseModel
from support.draws import ERRORS, z_score
from support.tables import partition, whole

WIDTH = 4


WHOLE = whole()


def run(model: ResponseModel, counts: Partition, prior: RatePrior | LogRatioPrior, seed: int = 11) -> ResponseFit:
    job = ResponseJob(table=counts, model=model, prior=prior, sampling=Sampling(seed=seed), width=WIDTH)
    return job.run()


def prior_for(model: ResponseModel) -> RatePrior | LogRatioPrior:
    return RatePrior("p", "P", 1.5, 2.5, "") if model.prior_kind == "rate" else LogRatioPrior("p", "P", 0.3, 0.8, "")


@pytest.mark.sampling
@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
@pytest.mark.parametrize("counts", [WHOLE, partition()], ids=["whole", "levels"])
def test_density_is_the_one_written_in_plain_arrays(model: ResponseModel, counts: Partition) -> None:
    data = model.data(counts, prior_for(model), WIDTH)
    built = model.build(WIDTH)
    with built:
        for name, value in data.items():
            built[name].set_value(np.asarray(value).astype(built[name].dtype))
    density = built.compile_logp(jacobian=False, sum=False)
    draws = model.draw_prior(data, 3, np.random.default_rng(5))
    differences = []
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
        total = sum(float(np.sum(part)) for part in density(point))
        ours = float(model.log_likelihood(one, data).sum()) + sum(
            float(np.sum(part)) for part in model.log_prior(one, data).values()
        )
        differences.append(total - ours - _padding(model, one, data))
    assert differences == pytest.approx([0.0] * 3, abs=1e-6)


def _padding(model: ResponseModel, draw: dict[str, np.ndarray], data: dict[str, np.ndarray]) -> float:
    """Log prior of what only pads: rates and offsets of levels without patients, which log_prior leaves out."""
    if isinstance(model, Independent):
        density = stats.beta.logpdf(draw["rate"], data["alpha"], data["beta"])
        return float(density[data["totals"] == 0].sum())
    if isinstance(model, LogitNormal):
        padded = ~((data["held"] > 0) & (data["sharing"] > 0))
        offsets = np.stack([draw["level_offset"], draw["effect_offset"]])
        return float(stats.norm.logpdf(offsets[:, padded]).sum())
    return 0.0


@pytest.mark.sampling
@pytest.mark.parametrize("prior", ["uniform", "jeffreys", "weakly-informative"])
def test_independent_model_gives_the_exact_posterior(prior: str) -> None:
    chosen = prior_named(prior)
    assert isinstance(chosen, RatePrior)
    fit = run(Independent(), partition(), chosen)
    assert fit.converged
    rate = fit.tree["posterior"]["rate"]
    for level, (events, totals) in enumerate(zip(partition().events, partition().totals, strict=True)):
        for arm in range(2):
            shape = (chosen.alpha + events[arm], chosen.beta + totals[arm] - events[arm])
            draws = rate.isel(level=level, arm=arm).values.astype(float)
            assert abs(z_score(draws, shape[0] / sum(shape))) < ERRORS
            below = draws < stats.beta.ppf(0.1, *shape)
            assert abs(z_score(below.astype(float), 0.1)) < ERRORS
    exact = {(e.population, e.quantity): e for e in exact_estimates(partition(), chosen)}
    benefit = fit.tree["posterior"]["risk_difference"].values > 0
    for level, key in enumerate(("early", "late")):
        truth = exact[f"stage={key}", "probability_of_benefit"].value
        assert truth is not None
        assert abs(z_score(benefit[..., level].astype(float), truth)) < ERRORS


@pytest.mark.sampling
def test_beta_binomial_model_agrees_with_quadrature() -> None:
    counts, prior, model = partition(), RatePrior("p", "P", 2.0, 3.0, ""), BetaBinomial()
    grid = np.linspace(np.log(0.05), np.log(20000), 240)
    k = np.exp(grid)[:, None]
    nodes, weights = np.polynomial.legendre.leggauss(400)
    m = (nodes + 1) / 2
    weight_k = stats.norm.pdf(grid, np.log(20), 1)
    arms = []
    for arm in range(2):
        like = np.broadcast_to(stats.beta.pdf(m, 2, 3) * weights, (240, 400)).copy()
        for events, totals in zip(counts.events, counts.totals, strict=True):
            like *= stats.betabinom.pmf(events[arm], totals[arm], m * k, (1 - m) * k)
        arms.append(like)
    fit = run(model, counts, prior)
    assert fit.converged
    for level in range(2):
        for arm in range(2):
            own, other = arms[arm], arms[1 - arm].sum(axis=1)
            events, total = counts.events[level][arm], counts.totals[level][arm]
            mean = (m * k + events) / (k + total)
            truth = float((weight_k * other) @ (own * mean).sum(axis=1) / ((weight_k * other) @ own.sum(axis=1)))
            draws = fit.tree["posterior"]["rate"].isel(level=level, arm=arm).values.astype(float)
            assert abs(z_score(draws, truth)) < ERRORS


@pytest.mark.sampling
def test_logit_normal_model_of_a_whole_population_agrees_with_quadrature() -> None:
    prior = LogRatioPrior("p", "P", 0.2, 0.6, "")
    fit = run(LogitNormal(), WHOLE, prior)
    assert fit.converged
    mu, delta = np.meshgrid(np.linspace(-7, 7, 701), np.linspace(-4, 4, 801), indexing="ij")
    log_density = stats.norm.logpdf(mu, 0, 1.5) + stats.norm.logpdf(delta, 0.2, 0.6)
    for sign, events, total in ((-0.5, 10, 40), (0.5, 9, 20)):
        log_density += stats.binom.logpmf(events, total, special.expit(mu + sign * delta))
    density = np.exp(log_density - log_density.max())
    draws = np.log(fit.tree["posterior"]["odds_ratio"].values[..., 0].astype(float))
    assert abs(z_score(draws, float((density * delta).sum() / density.sum()))) < ERRORS
    truth = float(density[delta > 0].sum() + density[delta == 0].sum() / 2) / float(density.sum())
    assert abs(z_score((draws > 0).astype(float), truth)) < ERRORS


@pytest.mark.sampling
def test_logit_normal_model_agrees_with_its_formula_by_importance_sampling() -> None:
    counts, prior = partition(), LogRatioPrior("p", "P", 0.2, 0.6, "")
    rng, size = np.random.default_rng(3), 1_000_000
    sigma, tau = np.abs(rng.normal(size=size)), np.abs(rng.normal(0, 0.5, size=size))
    mu, delta = rng.normal(0, 1.5, size=size), rng.normal(0.2, 0.6, size=size)
    log_weight, effects = np.zeros(size), []
    for events, totals in zip(counts.events, counts.totals, strict=True):
        level = mu + sigma * rng.normal(size=size)
        effect = delta + tau * rng.normal(size=size)
        effects.append(effect)
        for sign, k, n in zip((-0.5, 0.5), events, totals, strict=True):
            log_weight += k * special.log_expit(level + sign * effect) + (n - k) * special.log_expit(
                -level - sign * effect
            )
    weight = np.exp(log_weight - log_weight.max())
    weight /= weight.sum()
    fit = run(LogitNormal(), counts, prior)
    assert fit.converged
    posterior = fit.tree["posterior"]
    compared = {
        "first": (np.log(posterior["odds_ratio"].values[..., 0].astype(float)), effects[0]),
        "second": (np.log(posterior["odds_ratio"].values[..., 1].astype(float)), effects[1]),
        "overall": (posterior["effect"].values.astype(float), delta),
        "mean": (posterior["mean_logit"].values.astype(float), mu),
        "tau": (posterior["interaction_sd"].values.astype(float), tau),
        "sigma": (posterior["level_sd"].values.astype(float), sigma),
    }
    for name, (draws, reference) in compared.items():
        truth = float(weight @ reference)
        theirs = float(np.sqrt(np.sum(weight**2 * (reference - truth) ** 2)))
        ours = float(array_stats.mcse(draws, chain_axis=0, draw_axis=1, method="mean"))
        assert abs(float(draws.mean()) - truth) < ERRORS * np.hypot(ours, theirs), name


@pytest.mark.sampling
@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
@pytest.mark.parametrize("better", ["higher", "lower"])
def test_swapping_the_arms_mirrors_every_result(model: ResponseModel, better: str) -> None:
    counts = partition(better=better)
    prior = effect_priors()[2] if model.prior_kind == "effect" else prior_named("jeffreys")
    mirrored = prior.mirrored() if isinstance(prior, LogRatioPrior) else prior
    forth = run(model, counts, prior).tree["posterior"]
    back = run(model, counts.swapped(), mirrored, seed=12).tree["posterior"]
    for level in range(2):
        ours = np.log(forth["odds_ratio"].values[..., level].astype(float))
        theirs = -np.log(back["odds_ratio"].values[..., level].astype(float))
        errors = [float(array_stats.mcse(x, chain_axis=0, draw_axis=1, method="median")) for x in (ours, theirs)]
        assert abs(np.median(ours) - np.median(theirs)) < ERRORS * np.hypot(*errors)


def test_an_enthusiast_expects_benefit_whichever_rate_is_good() -> None:
    empty = {"events": ((0, 0),), "totals": ((0, 0),), "levels": ("all",), "level_labels": ("All",), "factor": "all"}
    prior = effect_priors()[2]
    for better, sign in (("higher", 1), ("lower", -1)):
        data = LogitNormal().data(partition(better=better, **empty), prior, WIDTH)
        assert np.sign(data["effect_mean"]) == sign


def test_a_whole_population_has_exactly_the_named_prior() -> None:
    model, prior = LogitNormal(), effect_priors()[1]
    data = model.data(WHOLE, prior, WIDTH)
    rng = np.random.default_rng(1)
    drawn = model.complete(model.draw_prior(data, 20000, rng), data, rng, posterior=False)
    rate = drawn["rate"][:, 0]
    log_odds_ratio = special.logit(rate[:, 1]) - special.logit(rate[:, 0])
    assert stats.kstest(log_odds_ratio, stats.norm(prior.mean, prior.sd).cdf).pvalue > 1e-6  # its false-alarm rate


@pytest.mark.sampling
def test_one_compilation_serves_all() -> None:
    before = known()
    for model in MODELS:
        run(model, partition(), prior_for(model))
        run(model, WHOLE, prior_for(model))
    assert known() - before <= len(MODELS)
    after = known()
    run(MODELS[0], WHOLE, prior_for(MODELS[0]))
    assert known() == after


@pytest.mark.sampling
def test_the_same_seed_gives_the_same_draws_and_another_other_ones() -> None:
    one, same, other = (run(LogitNormal(), WHOLE, effect_priors()[0], seed=seed) for seed in (7, 7, 8))
    assert np.array_equal(one.tree["posterior"]["rate"].values, same.tree["posterior"]["rate"].values)
    assert not np.array_equal(one.tree["posterior"]["rate"].values, other.tree["posterior"]["rate"].values)
    assert one.job.digest == same.job.digest != other.job.digest


@pytest.mark.sampling
def test_padding_changes_nothing_but_noise() -> None:
    def wide(width: int) -> np.ndarray:
        job = ResponseJob(
            table=partition(),
            model=BetaBinomial(),
            prior=prior_for(BetaBinomial()),
            sampling=Sampling(seed=3),
            width=width,
        )
        return job.run().tree["posterior"]["rate"].values.astype(float)

    narrow, padded = wide(2), wide(WIDTH)
    for level in range(2):
        for arm in range(2):
            pair = (narrow[..., level, arm], padded[..., level, arm])
            errors = [float(array_stats.mcse(x, chain_axis=0, draw_axis=1, method="mean")) for x in pair]
            assert abs(pair[0].mean() - pair[1].mean()) < ERRORS * np.hypot(*errors)


@pytest.mark.sampling
def test_subgroups_made_after_randomisation_get_no_effects() -> None:
    late = partition(timing="post_randomisation")
    with pytest.raises(AnalysisError, match="after randomisation"):
        run(LogitNormal(), late, effect_priors()[0])
    fit = run(Independent(), late, prior_named("uniform"))
    assert {item.quantity for item in fit.estimates} == {"rate"}
    assert not any(item.causal for item in fit.estimates)
    with pytest.raises(AnalysisError, match="takes a prior on the effect"):
        run(LogitNormal(), WHOLE, prior_named("uniform"))


@pytest.mark.sampling
def test_extreme_counts_stay_finite() -> None:
    extreme = partition(events=((0, 9), (20, 0)), totals=((15, 9), (20, 8)))
    for model in MODELS:
        fit = run(model, extreme, prior_for(model))
        assert all(np.isfinite(one.draws).all() for one in fit.job.judged(fit.tree).values())
