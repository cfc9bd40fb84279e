"""Sampled posteriors of a printed hazard ratio against exact ones, and what a fit says of itself.

Means and probabilities have a tolerance of 5 Monte Carlo standard errors, a false alarm once in 1.7 million
comparisons. Standard deviations have 6%: of some 3,000 effective draws one is uncertain by 1 / sqrt(2 * 3000) = 1.3%,
so that a false alarm comes once in 250,000.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from math import log
from pathlib import Path
from typing import Any

import arviz as az
import numpy as np
import pytest

from reappraise.core.errors import AnalysisError, UndeterminedError
from reappraise.core.prior import LogRatioPrior, effect_priors, hazard_ratio_priors
from reappraise.fits.each import Session
from reappraise.fits.netcdf import read_tree, write_tree
from reappraise.fits.sampling import Sampling
from reappraise.fits.store import Store
from reappraise.survival.effect.exact import exact_effect
from reappraise.survival.effect.fit import EffectFit, EffectJob, fit_printed_effect
from reappraise.survival.effect.published import PrintedEffect, printed_effect
from reappraise.testing import assert_converged, assert_posterior
from support.draws import draws, same_mean, z_score

type Write = Callable[..., Any]
type One = Callable[..., str]

PRIORS = hazard_ratio_priors()
REFERENCE, WIDE, SCEPTICAL, ENTHUSIASTIC = PRIORS
COARSE = 'value = "0.7", low = "0.5", high = "1.0"'
FEW = Sampling(draws=200, tune=300, seed=3)


def agrees(fit: EffectFit) -> None:
    """Mean, sd, P(benefit) and limits are those of the exact posterior."""
    exact = exact_effect(fit.job.effect, fit.job.entered)
    found, (mean, sd) = draws(fit, "effect"), exact.moments
    assert fit.converged, fit.diagnosis.failures
    assert abs(z_score(found, mean)) < 5
    assert found.std() == pytest.approx(sd, rel=0.06)
    assert abs(z_score(found < 0, exact.below(0.0))) < 5
    for probability in (0.025, 0.975):
        assert abs(z_score(found < exact.quantile(probability), probability)) < 5


@pytest.fixture(scope="module")
def kept() -> dict[str, EffectFit]:
    """Fits that several tests read."""
    return {}


@pytest.fixture
def fitted(andromeda: Any, kept: dict[str, EffectFit]) -> EffectFit:
    if "wide" not in kept:
        kept["wide"] = fit_printed_effect(andromeda, prior="wide", seed=5)
    return kept["wide"]


@pytest.mark.sampling
@pytest.mark.parametrize("prior", PRIORS, ids=lambda prior: prior.name)
def test_it_is_the_exact_posterior(effect: PrintedEffect, prior: LogRatioPrior) -> None:
    agrees(fit_printed_effect(effect, prior=prior, seed=11))


@pytest.mark.sampling
@pytest.mark.parametrize(
    ("numbers", "basis"),
    [
        (COARSE, "limits"),
        ('value = "0.75", low = "0.55", high = "1.02", level = "0.9773"', "limits"),
        ('value = "0.75", p = "0.06", sides = 2', "p value"),
        ('value = "0.75"', "events"),
    ],
)
def test_it_is_the_exact_posterior_whatever_is_printed(write: Write, one: One, numbers: str, basis: str) -> None:
    fit = fit_printed_effect(write(one(numbers)), prior="reference", seed=12)
    assert fit.job.effect.basis == basis
    agrees(fit)


@pytest.mark.sampling
def test_another_posterior_is_told_apart(fitted: EffectFit) -> None:
    """The comparison above can fail: a standard error larger by a tenth, or a ratio of 0.77, would."""
    effect = fitted.job.effect
    wider = tuple(1.1 * end for end in effect.standard_error)
    other = replace(effect, log_ratio=tuple(end + log(0.77 / 0.75) for end in effect.log_ratio))
    for wrong in (replace(effect, standard_error=wider), other):
        with pytest.raises(AssertionError):
            agrees(EffectFit(replace(fitted.job, effect=wrong), fitted.tree, fitted.diagnosis))


@pytest.mark.sampling
def test_andromeda_under_a_wide_prior(fitted: EffectFit) -> None:
    """P(HR < 1) is 0.966 and its Monte Carlo error 0.003; the limits of print are those of the posterior."""
    found = {(item.quantity, item.at): item for item in fitted.estimates}
    ratio = found["hazard_ratio", ""]
    assert (ratio.numerator, ratio.denominator, ratio.endpoint) == ("perfusion", "lactate", "death")
    assert ratio.prob_benefit == pytest.approx(0.966, abs=0.015)
    assert [ratio.value, ratio.low, ratio.high] == pytest.approx([0.75, 0.55, 1.02], abs=0.025)
    assert found["probability_of_benefit", "hazard ratio in favour"].value == ratio.prob_benefit
    exact = exact_effect(fitted.job.effect, WIDE)
    for margin in (0.9, 0.8):
        value = found["probability_above_margin", f"hazard ratio < {margin}"].value
        assert value == pytest.approx(exact.below(log(margin)), abs=0.04)  # 5 errors of a half, and two digits
    assert len(found) == 4


@pytest.mark.sampling
def test_it_says_what_it_rests_on_and_what_it_does_not_know(fitted: EffectFit) -> None:
    for item in fitted.estimates:
        assert "normal likelihood of the printed hazard ratio, standard error from its limits" in item.method
        assert "no time is printed, so nothing is known of survival itself" in item.method
        assert (item.model, item.prior, item.converged) == ("printed-effect", "wide", True)
    said = fitted.tree.attrs
    assert said["printed"] == "hazard ratio perfusion / lactate 0.75 (95% interval 0.55 to 1.02), p = 0.06"
    assert said["direction"] == "contrasts are perfusion over (or minus) lactate, of hazards"
    assert said["prior_distribution"] == WIDE.text
    assert said["events_check"].endswith("as sure as its events make it.")
    assert json.loads(said["events"]) == [92, 74]
    assert fitted.job.made_by == "printed-effect"
    assert fitted.job.title.startswith("Death, Normal likelihood of the printed hazard ratio, prior Wide: log HR")
    assert "Death" in fitted._repr_html_()
    assert fitted.plot().axes


@pytest.mark.sampling
def test_the_tree_holds_what_any_reader_of_posteriors_asks_for(fitted: EffectFit) -> None:
    tree = fitted.tree
    assert {name: values.dims for name, values in tree["posterior"].data_vars.items()} == {
        "effect": ("chain", "draw"),
        "hazard_ratio": ("chain", "draw"),
    }
    assert set(tree.children) == {
        "posterior",
        "posterior_predictive",
        "log_likelihood",
        "log_prior",
        "sample_stats",
        "prior",
        "prior_predictive",
        "observed_data",
        "constant_data",
    }
    assert float(tree["observed_data"]["log_ratio"]) == pytest.approx(log(0.75), abs=1e-4)
    assert_converged(tree)
    assert_posterior(tree, "hazard_ratio", between=(0.5, 1.1), mass=0.95)
    assert float(az.summary(tree, var_names=["effect"], ci_prob=0.95).loc["effect", "mean"]) < -0.2
    effect, density = draws(fitted, "effect"), np.asarray(tree["log_likelihood"]["log_ratio"], dtype=np.float64)
    total = density + np.asarray(tree["log_prior"]["effect"], dtype=np.float64)
    assert (total - tree["sample_stats"]["lp"].values) == pytest.approx(0.0, abs=1e-4)  # single precision
    # what repeats of the trial would estimate: sd of effect and error, of which 8,000 draws leave 1% uncertain
    predicted = draws_of(fitted, "posterior_predictive")
    assert predicted.std() == pytest.approx(float(np.hypot(effect.std(), 0.1575)), rel=0.05)


def draws_of(fit: EffectFit, group: str) -> np.ndarray:
    return np.asarray(fit.tree[group]["log_ratio"], dtype=np.float64)


@pytest.mark.sampling
def test_a_file_gives_the_fit_back_and_no_other(fitted: EffectFit, tmp_path: Path) -> None:
    path = tmp_path / "death.nc"
    write_tree(fitted.tree, path)
    again = fitted.job.restore(read_tree(path))
    assert again.estimates == fitted.estimates
    assert again.converged
    with pytest.raises(ValueError, match="other inputs"):
        replace(fitted.job, prior=SCEPTICAL).restore(fitted.tree)


@pytest.mark.sampling
def test_a_session_finds_in_its_store_what_it_fitted(effect: PrintedEffect, tmp_path: Path) -> None:
    jobs = [EffectJob(effect=effect, prior=prior, sampling=FEW) for prior in (REFERENCE, SCEPTICAL)]
    with Store.open(tmp_path / "results") as store:
        session = Session(sampling=FEW, store=store)
        first, again = (session.each(jobs, lambda job: job.prior.label) for _ in range(2))
    assert (session.tally.computed, session.tally.found) == (2, 2)
    assert [fit.estimates for fit in first] == [fit.estimates for fit in again]
    assert {path.name for path in (tmp_path / "results" / "posteriors").iterdir()} == {
        "death.all.printed-effect.reference.nc",
        "death.all.printed-effect.sceptical.nc",
    }


@pytest.mark.sampling
def test_one_compilation_serves_all(fitted: EffectFit, write: Write, one: One) -> None:
    other = EffectJob(effect=printed_effect(write(one(COARSE))), prior=SCEPTICAL, sampling=FEW)
    assert other.compiled is fitted.job.compiled


@pytest.mark.sampling
@pytest.mark.parametrize("prior", [REFERENCE, ENTHUSIASTIC], ids=lambda prior: prior.name)
def test_exchanging_the_arms_mirrors_the_posterior(effect: PrintedEffect, prior: LogRatioPrior) -> None:
    here = fit_printed_effect(effect, prior=prior, seed=21)
    there = fit_printed_effect(effect.swapped(), prior=prior.mirrored(), seed=22)
    assert same_mean(draws(here, "effect"), -draws(there, "effect"))
    assert same_mean(draws(here, "effect") < 0, draws(there, "effect") > 0)


@pytest.mark.sampling
def test_where_the_event_is_good_benefit_and_prior_are_mirrored(
    write: Write, one: One, fitted: EffectFit, effect: PrintedEffect
) -> None:
    """Discharge, of which a ratio of 1.33 is good, is read with the mirrored prior: P(benefit) is that of death."""
    numbers = 'value = "1.33", low = "0.98", high = "1.82"'
    good = fit_printed_effect(write(one(numbers), better="shorter"), prior="enthusiastic", seed=31)
    assert good.job.entered == ENTHUSIASTIC.mirrored()
    assert good.job.prior == ENTHUSIASTIC
    bad = exact_effect(effect, ENTHUSIASTIC)
    found = {(item.quantity, item.at): item.value for item in good.estimates}
    ratio = good.estimates[0]
    assert ratio.prob_benefit == pytest.approx(bad.below(0.0), abs=0.01)
    assert ratio.value == pytest.approx(1 / np.exp(bad.quantile(0.5)), abs=0.05)
    assert found["probability_above_margin", "hazard ratio > 1.11"] == pytest.approx(bad.below(log(0.9)), abs=0.05)
    turned = EffectFit(
        replace(fitted.job, effect=replace(effect, better="lower")), fitted.tree, fitted.diagnosis
    ).estimates[0]
    assert (turned.prob_benefit or 0) + (fitted.estimates[0].prob_benefit or 0) == pytest.approx(1.0, abs=1e-6)


def test_a_digest_depends_on_numbers_and_not_on_words(effect: PrintedEffect) -> None:
    job = EffectJob(effect=effect, prior=REFERENCE, sampling=FEW)
    words = replace(effect, label="Deaths", printed="", source="Table 2", notes=("a reading",), arm_labels=("L", "P"))
    assert replace(job, effect=words).digest == job.digest
    assert replace(job, trial="another").digest == job.digest
    for changed in (
        replace(job, effect=effect.swapped()),
        replace(job, effect=replace(effect, better="lower")),
        replace(job, effect=replace(effect, standard_error=(0.15, 0.16))),
        replace(job, prior=SCEPTICAL),
        replace(job, sampling=replace(FEW, seed=4)),
    ):
        assert changed.digest != job.digest


def test_how_names_what_a_reader_must_know(write: Write, one: One, effect: PrintedEffect) -> None:
    def how(held: PrintedEffect) -> str:
        return EffectJob(effect=held, prior=REFERENCE, sampling=FEW).how

    assert "though surer than its events allow" in how(replace(effect, events=(23, 18)))
    assert "surer" not in how(effect)
    method = 'value = "0.75", method = "Cox regression, adjusted for SOFA"'
    assert "hazard ratio (adjusted in print), standard error from the events alone" in how(
        printed_effect(write(one(method)))
    )


def test_what_cannot_be_fitted_is_refused_before_sampling(write: Write, effect: PrintedEffect) -> None:
    with pytest.raises(AnalysisError, match="unknown prior 'flat'; expected one of reference, wide"):
        fit_printed_effect(effect, prior="flat")
    with pytest.raises(AnalysisError, match="death: expected a prior on the log hazard ratio, got 'reference'"):
        fit_printed_effect(effect, prior=effect_priors()[0])
    with pytest.raises(AnalysisError, match="or a PrintedEffect; got str"):
        fit_printed_effect("death")  # type: ignore[arg-type]
    with pytest.raises(UndeterminedError, match="death: no hazard ratio"):
        fit_printed_effect(write())
