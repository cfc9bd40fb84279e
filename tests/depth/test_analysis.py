"""Depth of response end to end: fits, their trees and verdicts, proportional odds, binary rates, resumption.

The fits are compared where Monte Carlo errors are known, with a tolerance of 5 of them.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import xarray as xr
from arviz_stats.base import array_stats

import reappraise as ra
from reappraise.analysis import analyse
from reappraise.core.errors import AnalysisError
from reappraise.core.estimate import Estimate
from reappraise.core.prior import effect_priors
from reappraise.depth.analysis import DEPTH
from reappraise.depth.calibrate import DEPTH_CALIBRATIONS
from reappraise.depth.estimands import win_odds
from reappraise.depth.fit import DepthFit, fit_depth
from reappraise.depth.implied import implied_rates
from reappraise.depth.proportionality import proportionality
from reappraise.fits.each import Session, Tally
from reappraise.fits.result import NotAnalysed
from reappraise.fits.store import Store
from reappraise.kind import Kind
from reappraise.kinds import KINDS
from reappraise.published.trial import Trial, TrialEndpoint
from reappraise.response.analysis import ResponseResult
from support.analyses import DEPTH_SETTINGS, DepthRun
from support.small_trial import fit_of
from support.tables import ordinal as table

FOUR = table((10, 11), (16, 13), (21, 6), (62, 25), or_better=("vgpr", "orr", "cbr", ""))


@pytest.fixture(scope="module")
def trial() -> Trial:
    return ra.load_trial("isatuximab-dexamethasone")


@pytest.fixture(scope="module")
def run(depth_run: DepthRun) -> DepthRun:
    return depth_run


@pytest.fixture(scope="module")
def fits(run: DepthRun) -> dict[tuple[str, str], DepthFit]:
    return {(fit.job.model.name, fit.job.prior.name): fit for fit in run.result.fits}


@pytest.mark.sampling
def test_every_ordinal_endpoint_is_fitted_with_every_model_and_prior(run: DepthRun) -> None:
    result = run.result
    assert result.table.counts == ((10, 11), (16, 13), (21, 6), (62, 25))
    assert [fit.job.name for fit in result.fits] == [
        f"depth.all.{model}.{prior}"
        for model in ("proportional-odds", "non-proportional-odds")
        for prior in ("reference", "sceptical", "enthusiastic")
    ]
    assert all(fit.converged for fit in result.fits), [fit.diagnosis.failures for fit in result.fits]
    assert [item.prior for item in result.proportionality] == ["reference", "sceptical", "enthusiastic"]
    assert sorted(fraction for _, fraction in run.told) == pytest.approx(np.arange(6) / 6)  # threads begin in any order


def test_an_assessor_with_one_cut_point_is_refused_in_words(trial: Trial) -> None:
    (refusal,) = DEPTH.refused(trial)
    assert refusal.endpoint == "depth (Investigator)"
    assert "one binary endpoint is printed" in refusal.reason
    assert "orr-investigator" in refusal.reason
    assert not refusal.contradiction


@pytest.mark.sampling
def test_it_resumes_and_gives_the_same_numbers(run: DepthRun, trial: Trial) -> None:
    with Store.open(run.folder) as store:
        session = Session(sampling=DEPTH_SETTINGS, store=store)
        again = DEPTH.analyse(trial["depth"], session)
        assert not store.notes
    assert session.tally == Tally(found=6, computed=0)
    for before, after in zip(run.result.fits, again.fits, strict=True):
        assert after.estimates == before.estimates
        assert after.diagnosis.verdict == before.diagnosis.verdict
    assert again.proportionality == run.result.proportionality
    job = run.result.fits[0].job
    other = replace(job, sampling=replace(DEPTH_SETTINGS, seed=8))
    with pytest.raises(ValueError, match="belongs to other inputs"):
        other.restore(run.result.fits[0].tree)


@pytest.mark.sampling
def test_a_stored_file_says_what_it_is_to_plain_xarray(run: DepthRun) -> None:
    path = run.folder / "posteriors" / "depth.all.non-proportional-odds.sceptical.nc"
    with xr.open_datatree(path) as tree:
        assert tree.attrs["model"] == "non-proportional-odds"
        assert tree.attrs["assessor"] == "Independent Adjudication Committee"
        assert json.loads(tree.attrs["inputs"])["table"]["counts"] == [[10, 11], [16, 13], [21, 6], [62, 25]]
        assert tree["posterior"]["rate_or_better"].dims == ("chain", "draw", "cut", "arm")
        assert list(tree["posterior"]["cut"].values) == ["vgpr", "pr", "minimal-response"]
        groups = {
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
        assert set(tree.children) == groups
        predicted = tree["posterior_predictive"]["counts"]
        assert (predicted.sum("category") == xr.DataArray([109, 55], dims="arm")).all()


@pytest.mark.sampling
def test_rates_add_up_and_contrasts_follow_from_them(fits: dict[tuple[str, str], DepthFit]) -> None:
    for (model, _), fit in fits.items():
        posterior = fit.tree["posterior"].to_dataset()
        rate, better = posterior["category_rate"], posterior["rate_or_better"]
        assert np.allclose(rate.sum("category"), 1, atol=1e-5)
        assert np.allclose(rate.cumsum("category").values[:, :, :-1], better.values, atol=1e-5)
        odds = better / (1 - better)
        ratio = odds.isel(arm=1, drop=True) / odds.isel(arm=0, drop=True)
        assert np.allclose(ratio, posterior["odds_ratio"], rtol=1e-3)
        overall = posterior["common_odds_ratio" if model == "proportional-odds" else "mean_odds_ratio"]
        assert np.allclose(np.log(posterior["odds_ratio"]).mean("cut"), np.log(overall), atol=1e-5)
        assert ("departure" in posterior) is (model == "non-proportional-odds")


@pytest.mark.sampling
def test_estimates_have_items_directions_and_their_verdict(fits: dict[tuple[str, str], DepthFit]) -> None:
    rows = fits["non-proportional-odds", "reference"].estimates
    assert {row.quantity for row in rows} == {
        "category_rate",
        "rate_or_better",
        "risk_difference",
        "odds_ratio",
        "probability_of_benefit",
    }
    ratios = [row for row in rows if row.quantity == "odds_ratio"]
    assert [(row.item, row.at) for row in ratios] == [
        ("vgpr", ""),
        ("pr", ""),
        ("minimal-response", ""),
        ("", "geometric mean over the cut points"),
    ]
    assert {(row.numerator, row.denominator) for row in ratios} == {("isatuximab-dexamethasone", "isatuximab")}
    common = [row for row in fits["proportional-odds", "reference"].estimates if row.quantity == "common_odds_ratio"]
    assert len(common) == 1
    assert 1.7 < (common[0].value or 0) < 2.2  # maximum likelihood: 1.93, under a prior that is nearly flat
    assert common[0].prob_benefit is not None
    fit = fits["proportional-odds", "sceptical"]
    assert "proportional odds" in fit._repr_html_()
    strict = replace(DEPTH_SETTINGS.thresholds, effective_draws=1e9)
    failed = fit_depth(FOUR, sampling=replace(DEPTH_SETTINGS, draws=100, tune=300, thresholds=strict))
    assert not failed.converged
    assert failed.estimates[0].failed
    assert "NOT CONVERGED" in failed._repr_html_()


@pytest.mark.sampling
def test_exchange_of_arms_mirrors_the_answer() -> None:
    prior = effect_priors(2.0)[2]
    here = fit_depth(FOUR, prior=prior, model="non-proportional-odds", sampling=DEPTH_SETTINGS)
    there = fit_depth(
        FOUR.swapped(), prior=prior.mirrored(), model="non-proportional-odds", sampling=DEPTH_SETTINGS, seed=8
    )
    for name in ("effect", "win_odds"):
        turn = np.asarray if name == "effect" else np.log
        a, b = turn(here.tree["posterior"][name].values), -turn(there.tree["posterior"][name].values)
        errors = [float(array_stats.mcse(x, chain_axis=0, draw_axis=1, method="mean")) for x in (a, b)]
        assert abs(float(a.mean() - b.mean())) < 5 * np.hypot(*errors)


def test_win_odds_count_pairs_of_patients() -> None:
    rate = np.array(FOUR.counts) / np.array(FOUR.totals)
    pairs = [
        (np.sign(j - i) + 1) / 2 * rate[i, 1] * rate[j, 0] for i in range(4) for j in range(4)
    ]  # the experimental patient in category i, the control patient in j; a lower place is better
    assert float(win_odds(rate)) == pytest.approx(sum(pairs) / (1 - sum(pairs)))
    assert float(win_odds(rate[:, ::-1])) == pytest.approx(1 / float(win_odds(rate)))


@pytest.mark.sampling
def test_proportional_odds_are_judged_by_both_fits(run: DepthRun, fits: dict[tuple[str, str], DepthFit]) -> None:
    found = run.result.proportionality[0]
    assert found.log_bayes_factor_error < 0.02
    assert 0.8 < found.bayes_factor < 1.6  # 1.16 by 40,000 importance draws; the data have little to say
    assert found.small_prior < found.small < 1
    assert found.test.p_likelihood_ratio == pytest.approx(0.2252, abs=1e-4)
    assert "Bayes factor 1.2 for proportional odds" in found.text
    with pytest.raises(AnalysisError, match="of the same counts and prior"):
        proportionality(fits["proportional-odds", "reference"], fits["non-proportional-odds", "sceptical"])


@pytest.mark.sampling
def test_a_table_that_is_not_proportional_is_told_from_one_that_is() -> None:
    crossed = table((40, 10), (10, 40), (10, 40), (40, 10))
    pair = [
        fit_depth(crossed, model=model, sampling=DEPTH_SETTINGS)
        for model in ("proportional-odds", "non-proportional-odds")
    ]
    found = proportionality(*pair)
    assert found.bayes_factor < 1e-6
    assert 0 < found.small < 1e-3  # a probability is rounded to what the draws carry, so 1e-4 itself may stand here
    assert found.test.p_score < 1e-9
    assert "Bayes factor above 10,000 for non-proportional odds" in found.text


@pytest.mark.sampling
def test_implied_binary_rates_stand_beside_counts_and_binary_models(run: DepthRun) -> None:
    fit = run.result.fits[0]
    rate = Estimate(
        endpoint="orr",
        quantity="rate",
        arm="isatuximab",
        kind="posterior",
        model="independent",
        prior="uniform",
        method="m",
        value=0.24,
        low=0.17,
        high=0.33,
    )
    others = (
        replace(rate, population="a=b"),
        replace(rate, kind="recomputed"),
        replace(rate, endpoint="orr-investigator"),
    )
    rows = implied_rates(fit, (rate, *others))
    assert [(row.category, row.endpoint, row.events, row.total) for row in rows] == [
        ("vgpr", "vgpr", 10, 109),
        ("vgpr", "vgpr", 11, 55),
        ("pr", "orr", 26, 109),
        ("pr", "orr", 24, 55),
        ("minimal-response", "clinical-benefit", 47, 109),
        ("minimal-response", "clinical-benefit", 30, 55),
    ]
    assert rows[2].binary == (rate,)
    assert rows[2].furthest == pytest.approx(abs(0.24 - (rows[2].ordinal.value or 0)))
    assert rows[0].furthest is None
    for row in rows:
        assert row.ordinal.low is not None
        assert row.ordinal.high is not None
        assert row.ordinal.low < row.observed < row.ordinal.high


@pytest.mark.sampling
def test_implied_rates_stand_beside_the_results_of_other_endpoints(run: DepthRun, trial: Trial) -> None:
    own = fit_of(trial["orr"], "independent", "uniform")
    beside = run.result.implied([run.result, ResponseResult(endpoint=trial["orr"], fits=(own,))])
    assert [fit for fit, _ in beside] == list(run.result.fits)
    rates = {item.arm: item for item in own.estimates if item.quantity == "rate"}
    for _, rows in beside:
        assert {row.endpoint: row.binary for row in rows if row.arm == "isatuximab"} == {
            "vgpr": (),
            "orr": (rates["isatuximab"],),
            "clinical-benefit": (),
        }


def test_what_cannot_be_answered_is_refused_before_sampling(trial: Trial) -> None:
    for target, wanted, said in (
        (trial["orr"], {}, "of kind response; expected a depth endpoint"),
        ("depth", {}, "expected an endpoint such as"),
        (FOUR, {"prior": "uniform"}, "'uniform' is on a rate"),
        (FOUR, {"prior": "optimistic"}, "unknown prior 'optimistic'"),
        (FOUR, {"model": "cumulative"}, "expected one of proportional-odds, non-proportional-odds"),
        (table((1, 2), (3, 4)), {"model": "non-proportional-odds"}, "has 2 categories and so one cut point"),
    ):
        with pytest.raises(AnalysisError, match=said):
            fit_depth(target, **wanted)  # type: ignore[arg-type]


class Untouched(Kind[Any]):
    """A kind of endpoint that is left alone."""

    def steps(self, endpoint: TrialEndpoint[Any]) -> int:
        return 1

    def analyse(self, endpoint: TrialEndpoint[Any], session: Session) -> NotAnalysed:
        return NotAnalysed(endpoint=endpoint)


def test_contradicting_print_is_a_refusal_that_names_the_category(trial: Trial) -> None:
    whole = trial["orr"].published
    wrong = whole.model_copy(update={"counts": (whole.counts[0].model_copy(update={"events": 27}), whole.counts[1])})
    endpoints = tuple(wrong if item.key == "orr" else item for item in trial.file.endpoints)
    bad = replace(trial, file=trial.file.model_copy(update={"endpoints": endpoints}))
    found = analyse(
        bad, sampling=DEPTH_SETTINGS, kinds=(*(Untouched(kind.record) for kind in KINDS if kind is not DEPTH), DEPTH)
    )
    assert not found.fits
    (refusal, *notes) = found.refused
    assert refusal.endpoint == "depth"
    assert refusal.contradiction
    assert "'Partial response': no number" in refusal.reason
    assert not any(note.contradiction for note in notes)


@pytest.mark.sampling
def test_one_data_set_of_each_calibration_ranks_every_quantity() -> None:
    for calibration in DEPTH_CALIBRATIONS:
        first = calibration.run(0, wrong=False)
        assert all(0 <= value <= 1 for value in first.values())
        assert ("departure_sd" in first) is (calibration.name == "non-proportional-odds")
        assert calibration.run(0, wrong=True).keys() == first.keys()
