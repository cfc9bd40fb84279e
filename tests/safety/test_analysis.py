"""Fits of adverse events: groups, estimates, flagged terms, files, and the order of the analysis.

Random tests compare with a tolerance of 5 Monte Carlo standard errors: a false alarm once in 1.7 million comparisons.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import arviz as az
import numpy as np
import pytest
import xarray as xr
from scipy import stats

from reappraise.core.errors import AnalysisError
from reappraise.fits.each import Session, Tally
from reappraise.fits.sampling import Sampling
from reappraise.fits.store import Store
from reappraise.response.fit import ResponseJob
from reappraise.safety.analysis import SAFETY
from reappraise.safety.classical import recompute_terms
from reappraise.safety.estimands import contrast_precision
from reappraise.safety.fit import SafetyFit, SafetyJob, fit_adverse_events
from reappraise.safety.flagged import flagged_terms, largest_set
from reappraise.safety.model import POINT_MASS, THREE_LEVEL, EventModel
from reappraise.safety.published import AdverseEventsEndpoint
from reappraise.safety.table import MARGIN, EventTable
from reappraise.trial import load_trial
from support.analyses import SAFETY_SETTINGS, WIDTH, SafetyRun, analyse_small_safety

QUICK = SAFETY_SETTINGS

TABLE = EventTable(
    endpoint="events",
    kind="terms",
    grade="3+",
    arms=("old", "new"),
    arm_labels=("Old", "New"),
    terms=("Nausea", "Vomiting", "Rash", "Insomnia", "Fatigue"),
    systems=("Gut", "Gut", "Skin", "Mind", "Mind"),
    events=((8, 4), (3, 2), (6, 0), (1, 14), (7, 4)),
    totals=((60, 30),) * 4 + ((60, 29),),
    reporting_threshold_percent=5,
    source="Table 2",
)

models = pytest.mark.parametrize("model", [THREE_LEVEL, POINT_MASS], ids=lambda model: model.name)


@cache
def fitted(model: EventModel) -> SafetyFit:
    return SafetyJob(table=TABLE, model=model, sampling=QUICK, width=WIDTH, trial="made-up", trial_digest="0").run()


# The tree


@pytest.mark.sampling
@models
def test_the_tree_has_every_group_and_labelled_dims_without_padding(model: EventModel) -> None:
    tree = fitted(model).tree
    kept = {"chain": 4, "draw": QUICK.draws}
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
    posterior = tree["posterior"].to_dataset()
    assert dict(posterior["rate"].sizes) == {**kept, "term": 5, "arm": 2}
    assert list(posterior["term"].values) == list(TABLE.terms)
    assert list(posterior["system"].values) == ["Gut", "Skin", "Mind"]
    assert posterior["effect_sd"].dims == ("chain", "draw", "system")
    assert ("probability_of_no_effect" in posterior) == model.point_mass
    assert tree["observed_data"]["events"].values.tolist() == [list(pair) for pair in TABLE.events]
    assert tree["constant_data"]["system_index"].values.tolist() == list(TABLE.index)
    assert dict(tree["log_likelihood"]["events"].sizes) == {**kept, "term": 5}
    for group in ("posterior", "prior"):
        rate, ratio = (tree[group][name].values.astype(float) for name in ("rate", "odds_ratio"))
        odds = rate / (1 - rate)
        inner = (rate > 1e-4).all(axis=-1) & (rate < 1 - 1e-4).all(axis=-1)  # single precision elsewhere
        assert ratio[inner] == pytest.approx((odds[..., 1] / odds[..., 0])[inner], rel=5e-3)
        assert tree[group]["risk_difference"].values == pytest.approx(rate[..., 1] - rate[..., 0], abs=1e-6)
    assert az.summary(tree, var_names=["odds_ratio"]).shape[0] == 5


@pytest.mark.sampling
def test_a_tree_says_what_it_is() -> None:
    attributes = fitted(THREE_LEVEL).tree.attrs
    assert attributes["direction"] == "contrasts are new over (or minus) old"
    assert attributes["grade"] == "3+"
    assert "noncentral hypergeometric" in attributes["note"]
    assert "approximately" in attributes["note"]
    assert attributes["prior"] == "berry-berry"
    assert attributes["inputs_digest"] == fitted(THREE_LEVEL).job.digest


@pytest.mark.sampling
@models
def test_predictions_of_the_posterior_are_like_the_counts(model: EventModel) -> None:
    tree = fitted(model).tree
    drawn = tree["posterior_predictive"]["events"].values
    for term, events in enumerate(TABLE.events):
        for arm in range(2):
            assert np.quantile(drawn[..., term, arm], 0.005) <= events[arm] <= np.quantile(drawn[..., term, arm], 0.995)


# Estimates


@pytest.mark.sampling
@models
def test_every_term_is_reported_in_one_direction(model: EventModel) -> None:
    fit = fitted(model)
    found = {(item.item, item.quantity, item.arm): item for item in fit.estimates}
    per_term = 7 + model.point_mass - 1  # two rates, two contrasts, two probabilities, and that of no effect
    assert len(fit.estimates) == len(found) == per_term * 5
    assert {item.endpoint for item in fit.estimates} == {"events-terms"}
    assert {item.grade for item in fit.estimates} == {"3+"}
    assert {(item.numerator, item.denominator) for item in fit.estimates if not item.arm} == {("new", "old")}
    posterior = fit.tree["posterior"].to_dataset().sel(term="Insomnia")
    ratio = found["Insomnia", "odds_ratio", ""]
    assert ratio.value == pytest.approx(float(posterior["odds_ratio"].median()), rel=0.1)  # digits are cut
    assert ratio.low is not None
    assert ratio.high is not None
    assert 1 < ratio.low < ratio.value < ratio.high
    assert found["Insomnia", "probability_of_increase", ""].value == pytest.approx(
        float((posterior["odds_ratio"] > 1).mean()), abs=0.01
    )
    above = found["Insomnia", "probability_of_increase_above_margin", ""]
    assert above.at == "rate higher by more than 5 percentage points, a margin of this program"
    assert above.value == pytest.approx(float((posterior["risk_difference"] > MARGIN).mean()), abs=0.01)
    if model.point_mass:
        none = found["Insomnia", "probability_of_no_effect", ""].value
        assert none is not None
        assert none < 0.05
    assert "Insomnia" in fit._repr_html_()


@pytest.mark.sampling
def test_a_fit_that_failed_says_so_beside_every_number() -> None:
    few = Sampling(seed=5, draws=100, tune=100)
    fit = SafetyJob(table=TABLE, model=THREE_LEVEL, sampling=few, width=WIDTH).run()
    assert not fit.converged
    assert all(item.failed for item in fit.estimates)


@pytest.mark.sampling
def test_raw_answers_stand_beside_the_shrunken_ones() -> None:
    found = {(item.item, item.quantity, item.arm, item.method): item for item in recompute_terms(TABLE)}
    exact = found["Insomnia", "odds_ratio", "", "conditional odds ratio, exact"]
    reference = stats.contingency.odds_ratio([[14, 16], [1, 59]], kind="conditional")
    assert exact.value == pytest.approx(reference.statistic)
    assert exact.low == pytest.approx(reference.confidence_interval().low)
    sample = found["Insomnia", "odds_ratio", "", "sample odds ratio, Woolf log"]
    assert sample.value == pytest.approx(14 * 59 / 16)
    shrunken = next(e for e in fitted(THREE_LEVEL).estimates if (e.item, e.quantity) == ("Insomnia", "odds_ratio"))
    assert shrunken.value is not None
    assert 1 < shrunken.value < sample.value
    test = found["Rash", "odds_ratio", "", "Fisher exact, two-sided (sum of probabilities)"]
    assert test.p_value == pytest.approx(stats.fisher_exact([[0, 30], [6, 54]]).pvalue)
    assert found["Rash", "odds_ratio", "", "sample odds ratio, Woolf log"].value == 0


def test_precision_is_judged_by_the_width_of_effects_and_not_of_the_whole() -> None:
    rng = np.random.default_rng(1)
    effect = np.where(rng.uniform(size=(4, 1000)) < 0.6, 0.0, rng.normal(0.5, 0.4, size=(4, 1000)))
    posterior = xr.Dataset(
        {
            "odds_ratio": (("chain", "draw", "term"), np.exp(effect)[..., None]),
            "risk_difference": (("chain", "draw", "term"), 0.1 * effect[..., None]),
        },
        coords={"term": ["a"]},
    )
    check = contrast_precision(posterior, level=0.95, most=0.1)
    assert 0.01 < check.value < 0.15
    still = contrast_precision(posterior.isel(draw=slice(0, 1)).clip(1, 1), level=0.95, most=0.1)
    assert not still.passed  # nothing moved: nothing can be said


# Flagged terms


@pytest.mark.parametrize("rate", [0.02, 0.1, 0.3])
def test_the_flagged_set_is_the_largest_that_keeps_the_error_rate(rate: float) -> None:
    rng = np.random.default_rng(4)
    for _ in range(20):
        probabilities = np.round(rng.beta(0.5, 0.5, size=9), 2)
        chosen = np.array(largest_set(probabilities.tolist(), rate))
        errors = np.sort(1 - probabilities)
        sizes = [size for size in range(1, 10) if errors[:size].mean() <= rate]
        assert chosen.sum() == max(sizes, default=0)
        if chosen.any() and not chosen.all():
            assert probabilities[chosen].min() >= probabilities[~chosen].max()


@pytest.mark.sampling
def test_flagged_terms_stand_beside_fisher_with_benjamini_and_hochberg() -> None:
    fit = fitted(THREE_LEVEL)
    found = fit.flagged()
    assert [item.term for item in found.flagged_by_fisher] == ["Insomnia"]
    assert found.flagged[0].term == "Insomnia"
    assert all(one.probability >= other.probability for one, other in pairwise(found.terms))
    p = [
        stats.fisher_exact([[b, n - b], [a, m - a]], alternative="greater").pvalue
        for (a, b), (m, n) in zip(TABLE.events, TABLE.totals, strict=True)
    ]
    adjusted = dict(zip(TABLE.terms, stats.false_discovery_control(p), strict=True))
    for item in found.terms:
        assert item.adjusted_p_value == pytest.approx(adjusted[item.term])
    less = fit.flagged(direction="decrease")
    assert {item.term for item in less.flagged_by_fisher}.isdisjoint({"Insomnia"})
    assert less.terms[0].term == "Rash"
    assert "Insomnia" in found._repr_html_()
    with pytest.raises(AnalysisError, match="error rate in 0 to 1"):
        fit.flagged(error_rate=1.5)
    with pytest.raises(AnalysisError, match="increase"):
        flagged_terms([0.5] * 5, TABLE, model="m", error_rate=0.1, direction="up")  # type: ignore[arg-type]


# Jobs, files and the order of the analysis


@pytest.mark.sampling
def test_a_stored_fit_is_read_back_and_another_job_refuses_it(tmp_path: Path) -> None:
    fit = fitted(POINT_MASS)
    with Store.open(tmp_path / "results") as store:
        store.write_fit(fit)
        again = store.read_fit(fit.job)
        assert again is not None
        assert again.diagnosis == fit.diagnosis
        assert again.estimates == fit.estimates
        unnamed = SafetyJob(table=TABLE, model=POINT_MASS, sampling=QUICK, width=WIDTH)
        read = store.read_fit(unnamed)  # whose counts they are, no number depends on
        assert read is not None
        assert read.estimates == fit.estimates
        other = replace(unnamed, sampling=replace(QUICK, seed=6))
        assert store.read_fit(other) is None
        with pytest.raises(ValueError, match="other inputs"):
            other.restore(fit.tree)


@pytest.mark.sampling
def test_the_same_seed_gives_the_same_draws() -> None:
    fit = fitted(THREE_LEVEL)
    same = fit.job.run()
    assert np.array_equal(fit.tree["posterior"]["rate"].values, same.tree["posterior"]["rate"].values)
    other = SafetyJob(table=TABLE.swapped(), model=THREE_LEVEL, sampling=QUICK, width=WIDTH)
    assert other.digest != fit.job.digest


def test_what_cannot_be_answered_is_refused_before_sampling() -> None:
    trial = load_trial("isatuximab-dexamethasone")
    with pytest.raises(AnalysisError, match="unknown model 'two-level'"):
        fit_adverse_events(TABLE, model="two-level")
    with pytest.raises(AnalysisError, match="expected adverse_events"):
        fit_adverse_events(trial["orr"])
    with pytest.raises(AnalysisError, match="got str"):
        fit_adverse_events("teae")  # type: ignore[arg-type]


def test_a_trial_asks_for_both_models_on_every_table(monkeypatch: pytest.MonkeyPatch) -> None:
    trial = load_trial("isatuximab-dexamethasone")
    (endpoint,) = trial.of(AdverseEventsEndpoint)
    assert endpoint.published.key == "teae"
    asked: list[Any] = []
    monkeypatch.setattr(Session, "each", lambda _, jobs, *__, **___: asked.extend(jobs) or ())
    SAFETY.analyse(endpoint, Session(sampling=QUICK))
    jobs = [job for job in asked if isinstance(job, SafetyJob)]
    assert len(jobs) == len({job.name for job in jobs}) == 12
    assert {job.shape for job in jobs} == {(32, 9)}  # so that each model is compiled once
    assert {job.sampling for job in asked} == {QUICK}
    assert "beta-binomial" not in {job.model.name for job in asked}  # a row by itself shares with none


@pytest.mark.sampling
def test_the_analysis_resumes_from_its_store(safety_run: SafetyRun, monkeypatch: pytest.MonkeyPatch) -> None:
    for job in (SafetyJob, ResponseJob):
        monkeypatch.setattr(job, "run", lambda *_: pytest.fail("computed again"))
    with Store.open(safety_run.folder) as store:
        again = analyse_small_safety(store)
    first, second = safety_run.result, again.result
    assert [fit.job.name for fit in first.fits] == [fit.job.name for fit in second.fits]
    assert again.tally == Tally(found=len(first.fits), computed=0)
    assert [fit.estimates for fit in first.fits] == [fit.estimates for fit in second.fits]


@pytest.mark.sampling
def test_tables_come_first_and_rows_by_themselves_after(safety_run: SafetyRun) -> None:
    result, fractions = safety_run.result, sorted(fraction for _, fraction in safety_run.told)
    assert fractions[:3] == pytest.approx([0.0, 0.35, 0.7])
    assert [fit.job.table.kind for fit in result.events] == ["laboratory"] * 2
    assert len(dict.fromkeys(fit.job.table for fit in result.singles)) == 7
    found = list(result.recomputed())
    assert {item.item for item in found if item.item} == {
        term for table in result.tables_fitted for term in table.terms
    }
    assert {item.endpoint for item in found if not item.item} == {fit.job.table.endpoint for fit in result.singles}
