"""Each maker against the exact posterior of its kind, or an integral that shares no code with it; mirrored."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from math import exp, log
from pathlib import Path

import numpy as np
import pytest
from scipy import integrate, stats
from scipy.special import expit, logit

from reappraise.continuous.contrast import mean_contrasts
from reappraise.continuous.exact import posterior as mean_posterior
from reappraise.continuous.published import ContinuousEndpoint
from reappraise.core.errors import AnalysisError, UndeterminedError
from reappraise.core.prior import LogRatioPrior
from reappraise.effect.contrast import printed_contrasts
from reappraise.effect.exact import posterior as contrast_posterior
from reappraise.effect.prior import EffectPrior
from reappraise.effect.published import EffectEndpoint
from reappraise.event_rate.contrast import rate_contrasts
from reappraise.event_rate.exact import posterior as rate_posterior
from reappraise.event_rate.published import EventRateEndpoint
from reappraise.evidence.binary import BINARY, counts_likelihood, partition_likelihood
from reappraise.evidence.counts import MEAN_LOGIT_SD, ArmCounts, BinaryEffect, integrated
from reappraise.evidence.likelihood import EffectLikelihood
from reappraise.evidence.posterior import effect_posterior
from reappraise.evidence.sources import effect_likelihoods, endpoint_likelihoods
from reappraise.published.partition import Partition
from reappraise.response.models import LogitNormal
from reappraise.response.published import ResponseEndpoint
from reappraise.response.rounded import rounded_counts
from reappraise.survival.effect.exact import exact_effect
from reappraise.survival.effect.published import printed_effect
from reappraise.survival.published import SurvivalEndpoint
from reappraise.trial import load_trial
from support.audit_trials import COUNTS, HEAD, RESPONSE
from support.effects import about
from support.tables import partition, whole

DATA = Path(__file__).resolve().parents[1] / "data"
TABLES = {
    "ordinary": whole(events=((57, 44),), totals=((125, 124),), better="lower"),
    "small": whole(events=((3, 7),), totals=((9, 11),)),
    "none in one arm": whole(events=((0, 6),), totals=((20, 22),)),
    "all in one arm": whole(events=((12, 15),), totals=((15, 15),)),
    "none at all": whole(events=((0, 0),), totals=((12, 14),)),
    "large": whole(events=((5200, 4800),), totals=((40_000, 40_100),)),
}
LEVEL = (0.025, 0.5, 0.975)


def rates(quantity: str, effect: float, mean: float) -> tuple[float, float]:
    """Both rates, from an effect and the mean of their logits, found by a search that shares no formula with ours."""
    natural = exp(effect) if quantity != "risk_difference" else effect

    def miss(half: float) -> float:
        first, second = expit(mean - half), expit(mean + half)
        if quantity == "risk_difference":
            return float(second - first - natural)
        if quantity == "risk_ratio":
            return float(log(second) - log(first) - effect)
        return 2 * half - effect

    low, high = -40.0, 40.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if miss(middle) < 0 else (low, middle)
    return float(expit(mean - low)), float(expit(mean + low))


def brute(table: Partition, quantity: BinaryEffect, effect: float) -> float:
    """Likelihood by adaptive quadrature over the mean logit."""
    (k0, k1), (n0, n1) = table.events[0], table.totals[0]

    def integrand(mean: float) -> float:
        first, second = rates(quantity, effect, mean)
        data = stats.binom.pmf(k0, n0, first) * stats.binom.pmf(k1, n1, second)
        return float(data * stats.norm.pdf(mean, 0, MEAN_LOGIT_SD))

    middle = float(logit(np.mean([(k + 0.5) / (n + 1) for k, n in ((k0, n0), (k1, n1))])))
    return integrate.quad(integrand, -14, 14, points=[middle], limit=400, epsabs=0, epsrel=1e-9)[0]


@pytest.mark.parametrize("quantity", BINARY)
@pytest.mark.parametrize("name", ["ordinary", "small", "none in one arm", "all in one arm", "none at all"])
def test_the_level_is_integrated_out_as_quadrature_does(name: str, quantity: BinaryEffect) -> None:
    table = TABLES[name]
    arms = [ArmCounts((k,), n) for k, n in zip(table.events[0], table.totals[0], strict=True)]
    effects = np.array([-0.6, 0.0, 0.8])
    ours = integrated(arms[0], arms[1], quantity)(effects)
    theirs = np.log([brute(table, quantity, float(effect)) for effect in effects])
    # both up to a constant; the quadrature is asked for 1e-9
    assert np.diff(ours) == pytest.approx(np.diff(theirs), abs=1e-7)


@pytest.mark.parametrize("better", ["higher", "lower"])
@pytest.mark.parametrize("name", [name for name in TABLES if name != "none at all"])
def test_a_log_odds_ratio_has_the_posterior_of_the_logit_normal_model(name: str, better: str) -> None:
    """The model's own densities, in plain arrays, summed over a grid of both of its parameters."""
    table, model = replace(TABLES[name], better=better), LogitNormal()  # type: ignore[arg-type]
    prior = LogRatioPrior("p", "P", 0.3, 0.8, "")
    found = effect_posterior(partition_likelihood(table), prior)
    data = model.data(table, prior, 1)
    k, n = (np.array(numbers[0]) for numbers in (table.events, table.totals))
    spread = 1 / np.sqrt(((n + 1) * (k + 0.5) / (n + 1) * (1 - (k + 0.5) / (n + 1))).min())
    centre = float(logit((k + 0.5) / (n + 1)).mean())
    level = centre + min(12 * spread, 14) * np.linspace(-1, 1, 1201)
    effect = np.linspace(found.effect[0], found.effect[-1], 1201)
    draws = {
        "average_logit": np.repeat(level[:, None], effect.size, axis=1),
        "average_effect": np.repeat(effect[None, :], level.size, axis=0),
        "level_sd": np.ones((level.size, effect.size)),
        "interaction_sd": np.ones((level.size, effect.size)),
        "level_offset": np.zeros((level.size, effect.size, 1)),
        "effect_offset": np.zeros((level.size, effect.size, 1)),
    }
    density = model.log_likelihood(draws, data).sum(axis=(-2, -1))
    density = density + sum(model.log_prior(draws, data)[key] for key in ("average_logit", "average_effect"))
    mass = np.exp(density - density.max()).sum(axis=0)
    below = np.cumsum(mass) - mass / 2
    middles = [float(np.interp(place, below / mass.sum(), effect)) for place in LEVEL]
    # a grid of 1,201 places knows quantiles to a thousandth of its width at worst
    assert found.quantiles(np.array(LEVEL)) == pytest.approx(middles, abs=1e-3 * found.sd)


def test_the_nuisance_prior_is_that_of_the_model() -> None:
    assert LogitNormal().mean_logit_sd == MEAN_LOGIT_SD


@pytest.mark.parametrize("quantity", BINARY)
@pytest.mark.parametrize("name", TABLES)
def test_exchanged_arms_mirror_the_likelihood_of_counts(name: str, quantity: BinaryEffect) -> None:
    ours = partition_likelihood(TABLES[name], quantity)
    turned = partition_likelihood(TABLES[name].swapped(), quantity).swapped()
    effect = np.linspace(ours.effect[40], ours.effect[-41], 301)
    near = ours.at_effect(effect) > -30
    # places differ where the rates do, and so do the cubics between them
    assert turned.at_effect(effect)[near] == pytest.approx(ours.at_effect(effect)[near], abs=2e-5)
    assert (turned.arms, turned.quantity) == (ours.arms, ours.quantity)
    assert turned.benefit == -ours.benefit, "better stays with the event, and the arms change places"


def test_counts_within_rounding_are_a_mixture_of_counts() -> None:
    """12.5% of 240 and 20% of 231: the likelihoods of all counts that print so, added up."""
    candidates = (range(29, 32), range(46, 48))
    arms = [ArmCounts(tuple(found), total) for found, total in zip(candidates, (240, 231), strict=True)]
    effects = np.linspace(-0.4, 1.6, 21)
    mixed = integrated(arms[0], arms[1], "odds_ratio")(effects)
    summed = np.zeros(effects.size)
    for k0, k1 in product(*candidates):
        one = integrated(ArmCounts((k0,), 240), ArmCounts((k1,), 231), "odds_ratio")(effects)
        # ours leave the binomial coefficients out, which differ between the counts
        summed += np.exp(one + _log_choose(240, k0) + _log_choose(231, k1))
    assert np.diff(mixed) == pytest.approx(np.diff(np.log(summed)), abs=1e-6)


def _log_choose(total: int, events: int) -> float:
    """Which the likelihood of one count leaves out."""
    return float(stats.binom.logpmf(events, total, 0.5) - total * log(0.5))


PRIORS = [about(0.0, 0.4), about(-0.5, 0.2), about(0.0, 2.5)]


@pytest.mark.parametrize("prior", PRIORS, ids=["sceptical", "sure", "wide"])
def test_a_printed_contrast_has_the_posterior_of_its_exact_twin(prior: object) -> None:
    item = load_trial("eolia").of(EffectEndpoint)[0]
    contrast = printed_contrasts(item)[0]
    assert isinstance(prior, type(about(0, 1)))
    twin = contrast_posterior(contrast, EffectPrior("p", "P", prior.mean, prior.sd, ""))
    found = effect_posterior(endpoint_likelihoods(item)[0], prior)
    assert found.quantiles(np.array(LEVEL)) == pytest.approx([twin.quantile(place) for place in LEVEL], abs=1e-6)
    assert found.benefit == pytest.approx(twin.below(0.0), abs=1e-6)


@pytest.mark.parametrize("trial", ["eolia", "andromeda-shock"])
def test_a_printed_hazard_ratio_has_the_posterior_of_its_exact_twin(trial: str) -> None:
    item = load_trial(trial).of(SurvivalEndpoint)[0]
    effect, likelihood = printed_effect(item), endpoint_likelihoods(item)[0]
    assert (likelihood.benefit, likelihood.quantity) == (-1, "hazard_ratio")
    for prior in effect.plan.priors:
        twin, found = exact_effect(effect, prior), effect_posterior(likelihood, prior)
        assert found.quantiles(np.array(LEVEL)) == pytest.approx([twin.quantile(at) for at in LEVEL], abs=1e-6)
        named = effect_posterior(likelihood, next(one for one in likelihood.named if one.name == prior.name))
        assert named.benefit == pytest.approx(found.benefit, abs=1e-12)


def test_a_coarsely_rounded_ratio_keeps_its_rounding() -> None:
    """0.8 (0.6 to 1): the print is as wide as a standard error, and both integrate over it."""
    item = load_trial("eolia").of(EffectEndpoint)[0]
    one = item.published.printed[0]
    text = {"value": "0.8", "low": "0.6", "high": "1.1", "p": None}
    coarse = one.model_copy(
        update={key: None if value is None else type(one.value)(value) for key, value in text.items()}
    )
    item = replace(item, published=item.published.model_copy(update={"printed": (coarse,)}))
    contrast = printed_contrasts(item)[0]
    twin = contrast_posterior(contrast, EffectPrior("p", "P", 0.0, 0.4, ""))
    found = effect_posterior(endpoint_likelihoods(item)[0], about(0.0, 0.4))
    assert found.quantiles(np.array(LEVEL)) == pytest.approx([twin.quantile(place) for place in LEVEL], abs=1e-6)


def test_means_have_the_posterior_of_their_exact_twin() -> None:
    items = load_trial(DATA / "means.toml").of(ContinuousEndpoint)
    pairs = [pair for item in items for pair in zip(mean_contrasts(item), endpoint_likelihoods(item), strict=True)]
    assert len(pairs) > 2
    for contrast, likelihood in pairs:
        for mean, sd in ((0.0, 2 * contrast.error), (contrast.error, 20 * contrast.error)):
            twin = mean_posterior(contrast, EffectPrior("p", "P", mean, sd, ""))
            found = effect_posterior(likelihood, about(mean, sd))
            # the twin takes the logarithm of its cells, 50 in a standard error, as straight between their middles
            error = 4e-4 * contrast.error
            assert found.quantiles(np.array(LEVEL)) == pytest.approx([twin.quantile(at) for at in LEVEL], abs=error)


def test_event_rates_have_the_posterior_of_their_exact_twin() -> None:
    items = load_trial(DATA / "event-rates.toml").of(EventRateEndpoint)
    pairs = [pair for item in items for pair in zip(rate_contrasts(item), endpoint_likelihoods(item), strict=True)]
    assert {contrast.basis for contrast, _ in pairs} >= {"poisson", "arm-rates", "printed-rate-ratio"}
    for contrast, likelihood in pairs:
        for mean, sd in ((0.0, 0.4), (0.2, 2.0)):
            twin = rate_posterior(contrast, EffectPrior("p", "P", mean, sd, ""))
            found = effect_posterior(likelihood, about(mean, sd))
            # the twin's cells are a sixtieth of its standard deviation, and a line between their middles
            assert found.quantiles(np.array(LEVEL)) == pytest.approx([twin.quantile(at) for at in LEVEL], abs=4e-4)


def test_a_trial_yields_a_likelihood_of_every_effect_and_says_why_not() -> None:
    found = effect_likelihoods(load_trial("isatuximab-dexamethasone"))
    assert [one.quantity for one in found if one.endpoint == "orr"] == list(BINARY)
    assert found.of("pfs").quantity == "hazard_ratio"
    assert found.of("orr", "risk_ratio").patients == 164
    assert any(reason.startswith("depth:") for reason in found.left_out)
    with pytest.raises(AnalysisError, match=r"depth .*no one effect.*there are orr"):
        found.of("depth")


def test_every_shipped_likelihood_states_its_arms_direction_and_origin() -> None:
    for key in ("eolia", "andromeda-shock", "recovery-dexamethasone"):
        trial = load_trial(key)
        for one in effect_likelihoods(trial):
            assert one.arms == (trial.control.key, trial.experimental.key)
            assert all((one.source, one.words, one.label, one.patients))
            assert one.log_likelihood.max() == 0


def test_one_arm_has_no_effect_of_one_treatment_over_another() -> None:
    with pytest.raises(AnalysisError, match="one arm"):
        effect_likelihoods(load_trial(DATA / "one-arm.toml"))


def test_several_arms_have_the_likelihoods_of_each_contrast() -> None:
    trial = load_trial(DATA / "three-arms.toml")
    found = effect_likelihoods(trial)
    assert len({one.arms for one in found}) == len(trial.pairs) > 1


def test_levels_of_a_factor_are_not_weighed_one_by_one() -> None:
    table = partition()
    with pytest.raises(AnalysisError, match="expected counts of one population, got the 2 levels of stage"):
        partition_likelihood(table)
    with pytest.raises(AnalysisError, match="expected one of odds_ratio, risk_ratio, risk_difference"):
        partition_likelihood(whole(), "hazard_ratio")  # type: ignore[arg-type]


def test_a_likelihood_of_ones_own_is_checked() -> None:
    effect = np.linspace(-1, 1, 40)
    facts = {
        "endpoint": "e",
        "arms": ("c", "x"),
        "quantity": "odds_ratio",
        "benefit": 1,
        "model": "mine",
        "words": "mine",
    }
    height = -np.square(effect / 0.2) / 2

    def make(**changes: object) -> EffectLikelihood:
        return EffectLikelihood(**({"effect": effect, "log_likelihood": height} | facts | changes))  # type: ignore[arg-type]

    assert make(log_likelihood=height + 7).standard_error == pytest.approx(0.2, rel=1e-3)
    for changes, said in (
        ({"quantity": "median"}, "expected a ratio or a difference of two arms, got 'median'"),
        ({"effect": effect[::-1]}, "expected effects that ascend"),
        ({"effect": effect[:5], "log_likelihood": height[:5]}, "at 16 effects or more"),
        ({"log_likelihood": np.where(effect > 0, np.nan, height)}, "finite log likelihood"),
    ):
        with pytest.raises(AnalysisError, match=said):
            make(**changes)
    with pytest.raises(UndeterminedError, match="say nothing of the odds ratio"):
        _ = make(log_likelihood=np.zeros(40)).narrowest
    with pytest.raises(UndeterminedError, match="does not fall on one side"):
        _ = make(log_likelihood=np.minimum(effect, 0) * 50).standard_error


def test_the_endpoint_of_the_binary_trial_is_read_whole() -> None:
    item = load_trial("eolia").of(ResponseEndpoint)[0]
    assert counts_likelihood(item).words.startswith("counts: Control 57 of 125; ECMO 44 of 124")
    assert counts_likelihood(item, "risk_difference").thresholds == (-0.02,)
    unstated = counts_likelihood(load_trial("andromeda-shock").of(ResponseEndpoint)[0], "risk_difference")
    assert unstated.thresholds == (), "nobody said which difference matters"


def test_counts_that_only_round_to_the_print_are_weighed(tmp_path: Path) -> None:
    counts = COUNTS.format(0, 0)
    for percent, total, old in (("26", 472, "100"), ("44", 478, "50")):
        counts = counts.replace(f"events = 0\ntotal = {old}", f'percent = "{percent}"\ntotal = {total}')
    path = tmp_path / "small.toml"
    path.write_text(HEAD.replace("c = 100, e = 50", "c = 472, e = 478") + RESPONSE + counts, encoding="utf-8")
    item = load_trial(path).of(ResponseEndpoint)[0]
    found = counts_likelihood(item)
    assert "every count that rounds to the print" in found.words
    rounded = rounded_counts(item)
    assert rounded is not None
    middle = rounded.partition(*(events[len(events) // 2] for events in rounded.events))
    assert found.estimate == pytest.approx(partition_likelihood(middle).estimate, abs=0.5 * found.standard_error)
    assert found.standard_error >= partition_likelihood(middle).standard_error
