"""Sampled posteriors of printed subgroups against exact ones, and what a fit says of itself.

Means and probabilities have a tolerance of 5 Monte Carlo standard errors, a false alarm once in 1.7 million
comparisons. Standard deviations have 8%: of 2,000 effective draws one is uncertain by 1 / sqrt(2 * 2000) = 1.6%, so
that a false alarm comes once in 1.7 million as well.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from math import log
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reappraise.core.errors import AnalysisError, UndeterminedError
from reappraise.core.prior import effect_priors, hazard_ratio_priors
from reappraise.fits.netcdf import read_tree, write_tree
from reappraise.fits.sampling import Sampling
from reappraise.survival.subgroups.exact import ExactSubgroups
from reappraise.survival.subgroups.fit import SubgroupFit, SubgroupJob, fit_survival_subgroups
from reappraise.survival.subgroups.reading import subgroups_of
from reappraise.survival.subgroups.table import SubgroupTable
from reappraise.testing import assert_converged, assert_posterior
from support.draws import draws, z_score
from support.subgroups import ASIA, ASIA_EVENTS

REFERENCE, _, SCEPTICAL, ENTHUSIASTIC = hazard_ratio_priors()
FEW = Sampling(draws=2000, tune=500, seed=3)


def agrees(fit: SubgroupFit) -> None:
    """Mean, sd and P(benefit) of every level and of their average are those of the exact posterior."""
    table = fit.job.table
    assert fit.converged, fit.diagnosis.failures
    exact = ExactSubgroups.of(table, fit.job.entered, errors=2)
    for place, level in [*enumerate(table.keys), (None, "")]:
        whole = place is None
        found = np.log(draws(fit, "overall_hazard_ratio")) if whole else draws(fit, "level_effect", level=level)
        mean, sd = exact.moments(place)
        assert abs(z_score(found, mean)) < 5, level
        assert found.std() == pytest.approx(sd, rel=0.08), level
        assert abs(z_score(found < 0, exact.below(0.0, place))) < 5, level


@pytest.mark.sampling
def test_it_is_the_exact_posterior(fitted: SubgroupFit) -> None:
    agrees(fitted)
    exact = ExactSubgroups.of(fitted.job.table, fitted.job.entered)
    every = (draws(fitted, "level_effect") < 0).all(axis=-1)
    assert abs(z_score(every, exact.all_below(0.0), 1e-3)) < 5


@pytest.mark.sampling
@pytest.mark.parametrize("prior", [SCEPTICAL, ENTHUSIASTIC], ids=lambda prior: prior.name)
def test_so_it_is_where_a_level_is_not_printed(altered: Callable[..., Any], prior: Any, fitted: SubgroupFit) -> None:
    fit = fit_survival_subgroups(altered((ASIA, ASIA_EVENTS)), by="region", prior=prior, sampling=FEW)
    agrees(fit)
    assert fit.job.compiled is fitted.job.compiled
    assert list(fit.tree["observed_data"]["printed"].values) == ["europe", "america", "all"]
    assert "no ratio of Asia is printed: it weighs by its events" in fit.estimates[0].method


@pytest.mark.sampling
def test_another_posterior_is_told_apart(fitted: SubgroupFit) -> None:
    """The comparison can fail: the whole counted as further patients, or one ratio of 0.88 in place of 0.81, would."""
    table = fitted.job.table
    extra = replace(table.levels[0], key="whole", log_ratio=table.whole, standard_error=table.whole_error or (1, 1))
    twice = ExactSubgroups.of(replace(table, levels=(*table.levels, extra)), REFERENCE)
    assert abs(z_score(draws(fitted, "level_effect", level="europe"), twice.moments(0)[0])) > 5
    first = replace(table.levels[0], log_ratio=(log(0.875), log(0.885)))
    wrong = replace(fitted.job, table=replace(table, levels=(first, *table.levels[1:])))
    with pytest.raises(AssertionError):
        agrees(SubgroupFit(wrong, fitted.tree, fitted.diagnosis))


@pytest.mark.sampling
def test_estimates_name_level_average_and_spread(fitted: SubgroupFit) -> None:
    found = {(item.population, item.quantity, item.at): item for item in fitted.estimates}
    america = found["region=america", "hazard_ratio", ""]
    assert (america.numerator, america.denominator, america.endpoint) == ("drug", "placebo", "os")
    assert america.value == pytest.approx(0.57, abs=0.03)  # printed as 0.45
    assert america.prob_benefit == found["region=america", "probability_of_benefit", "hazard ratio in favour"].value
    average = found["all", "hazard_ratio", "average over levels of Region"]
    assert [average.value, average.low, average.high] == pytest.approx([0.70, 0.535, 0.92], abs=0.02)
    every = found["all", "probability_of_benefit", "hazard ratio in favour in every level of Region"].value
    assert every == pytest.approx(0.77, abs=0.03)
    assert every < min(item.prob_benefit for item in fitted.estimates if item.prob_benefit is not None)
    spread = found["all", "ratio_of_hazard_ratios", "largest over smallest level of Region"]
    assert 1 <= spread.low < spread.value < 2.18  # as printed, noise and all
    alike = "hazard ratios within a factor of 1.25 in all levels of Region"
    assert 0.2 < found["all", "probability_of_equivalence", alike].value < 0.4
    between = found["all", "interaction_sd", "levels of Region"]
    assert 0 < between.low < between.value < 0.35
    assert (spread.numerator, between.arm) == ("", "")
    for item in fitted.estimates:
        assert "all patients together are made of them and count once" in item.method
        assert (item.model, item.prior, item.converged) == ("printed-subgroups", "reference", True)


@pytest.mark.sampling
def test_the_file_says_what_was_printed_and_whether_it_adds_up(fitted: SubgroupFit, tmp_path: Path) -> None:
    path = tmp_path / "os.nc"
    write_tree(fitted.tree, path)
    tree = read_tree(path)
    assert fitted.job.restore(tree).estimates == fitted.estimates
    assert_converged(tree)
    assert_posterior(tree, "overall_hazard_ratio", between=(0.5, 1.0), mass=0.95)
    said = tree.attrs
    assert (said["endpoint"], said["factor"], said["timing"]) == ("os", "region", "baseline")
    assert json.loads(said["printed"])["asia"] == "drug / placebo 0.98 (95% interval 0.55 to 1.72)"
    assert said["adds_up"].startswith("levels add up to all patients: hazard ratio 0.71 against 0.697 of the levels")
    assert json.loads(said["events"])["europe"] == [54, 40]
    assert list(tree["posterior"]["level"].values) == ["europe", "america", "asia"]
    assert float(tree["observed_data"]["log_ratio"].sel(printed="all")) == pytest.approx(log(0.71), abs=1e-3)
    assert fitted.job.name == "os.region.printed-subgroups.reference"
    assert "Overall survival by Region" in fitted._repr_html_()
    assert fitted.plot().axes
    with pytest.raises(ValueError, match="other inputs"):
        replace(fitted.job, prior=SCEPTICAL).restore(tree)


@pytest.mark.sampling
def test_repeats_of_the_trial_print_what_the_model_says(fitted: SubgroupFit) -> None:
    """Of 8,000 draws a standard deviation is uncertain by 1%; the whole differs from its levels by its own noise."""
    tree = fitted.tree
    predicted = np.asarray(tree["posterior_predictive"]["log_ratio"], dtype=np.float64)
    effect, error = draws(fitted, "level_effect"), draws(fitted, "standard_error")
    expected = np.hypot(effect.std(axis=(0, 1)), error.mean(axis=(0, 1)))
    assert predicted[..., :3].std(axis=(0, 1)) == pytest.approx(expected, rel=0.06)
    own = predicted[..., 3] - np.sum(draws(fitted, "weight") * predicted[..., :3], axis=-1)
    assert own.std() == pytest.approx(float(tree["constant_data"]["discrepancy"]), rel=0.06)
    before = np.asarray(tree["prior"]["level_effect"], dtype=np.float64)
    assert before.std() == pytest.approx(float(np.hypot(1.0, 0.35)), rel=0.06)  # 2,000 draws: 1.6%


def test_where_the_event_is_good_prior_and_benefit_are_mirrored(table: SubgroupTable) -> None:
    good = SubgroupJob(table=replace(table, better="lower"), prior=ENTHUSIASTIC, sampling=FEW)
    assert good.entered == ENTHUSIASTIC.mirrored()
    assert float(good.data()["effect_mean"]) == -ENTHUSIASTIC.mean


def test_a_digest_depends_on_numbers_and_not_on_words(table: SubgroupTable) -> None:
    job = SubgroupJob(table=table, prior=REFERENCE, sampling=FEW)
    words = replace(table, label="Death", factor_label="Continent", source="Table 2", whole_printed="", notes=("said",))
    assert replace(job, table=words).digest == job.digest
    assert replace(job, trial="another").digest == job.digest
    hidden = replace(table.levels[0], log_ratio=None, basis="events")
    for changed in (
        replace(job, table=table.swapped()),
        replace(job, table=replace(table, better="lower")),
        replace(job, table=replace(table, whole=None, whole_error=None)),
        replace(job, table=replace(table, levels=(hidden, *table.levels[1:]))),
        replace(job, prior=SCEPTICAL),
        replace(job, width=7),
    ):
        assert changed.digest != job.digest


def test_levels_that_do_not_add_up_are_said_with_every_number(table: SubgroupTable) -> None:
    job = SubgroupJob(table=replace(table, whole=(log(1.295), log(1.305))), prior=REFERENCE, sampling=FEW)
    assert "levels do not add up to all patients: hazard ratio 1.3 against 0.697" in job.how
    assert "add up" not in SubgroupJob(table=table, prior=REFERENCE, sampling=FEW).how


def test_what_cannot_be_fitted_is_refused_before_sampling(
    os: Any, table: SubgroupTable, altered: Callable[..., Any]
) -> None:
    with pytest.raises(AnalysisError, match="unknown prior 'flat'; expected one of reference, wide"):
        fit_survival_subgroups(table, prior="flat")
    with pytest.raises(AnalysisError, match="os: expected a prior on the log hazard ratio, got 'reference'"):
        fit_survival_subgroups(table, prior=effect_priors()[0])  # type: ignore[arg-type]
    with pytest.raises(AnalysisError, match="no factor ''; it has sex, age, region"):
        fit_survival_subgroups(os)
    with pytest.raises(AnalysisError, match="expected an endpoint such as"):
        fit_survival_subgroups("os")  # type: ignore[arg-type]
    with pytest.raises(AnalysisError, match="expected a width of 3 levels or more, got 2"):
        SubgroupJob(table=table, prior=REFERENCE, sampling=FEW, width=2)
    later = subgroups_of(altered(('label = "Sex"\n', 'label = "Sex"\ntiming = "post_randomisation"\n')), "sex")
    with pytest.raises(UndeterminedError, match="os, sex: the factor was determined after randomisation"):
        SubgroupJob(table=later, prior=REFERENCE, sampling=FEW)
