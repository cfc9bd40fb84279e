"""The posterior given the print: against that of the data, mirrored, judged, stored; what cannot be is named."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from reappraise.core.errors import AnalysisError
from reappraise.fits.sampling import Sampling
from reappraise.fits.store import Store
from reappraise.survival.classical.kaplan_meier import kaplan_meier, survival_at
from reappraise.survival.fit import fit_survival
from reappraise.survival.printed.job import PrintedFit, PrintedJob, fit_printed_survival
from reappraise.survival.printed.model import PRINTED_PROPORTIONAL
from reappraise.survival.printed.proportionality import compare_printed
from reappraise.survival.printed.pseudo import pseudo_patients
from reappraise.survival.printed.published import swapped
from support.prints import PRIOR, trial

pytestmark = pytest.mark.sampling
SAMPLING = Sampling(seed=3)
LANDMARKS = (6.0, 12.0)


@pytest.fixture(scope="module")
def fit() -> PrintedFit:
    printed = trial((150, 150), 4)[1]
    return fit_printed_survival(printed.summaries, prior=PRIOR, landmarks=LANDMARKS, horizon=18.0, sampling=SAMPLING)


def test_it_passes_its_gate_with_the_usual_settings(fit: PrintedFit) -> None:
    assert fit.converged, fit.diagnosis.failures
    assert 0.001 < fit.misfit.joint <= 1


def test_it_is_that_of_the_data_and_never_surer(fit: PrintedFit) -> None:
    data = trial((150, 150), 4)[0]
    known = fit_survival(
        data, prior=PRIOR, grid=fit.job.grid, landmarks=LANDMARKS, horizon=18.0, sampling=Sampling(seed=3)
    )
    for name, places in (("effect", 1), ("hazard_ratio", 1), ("survival_at", 4), ("restricted_mean_difference", 1)):
        ours, theirs = (
            np.asarray(one.tree["posterior"][name], dtype=np.float64).reshape(-1, places) for one in (fit, known)
        )
        # events, ratio, medians and a landmark of 300 patients are printed: half an sd is far more than they leave open
        assert np.abs(ours.mean(0) - theirs.mean(0)).max() < 0.6 * theirs.std(0).max()
        # a ratio of sds of 1,000 effective draws each has a standard error of 3%
        assert (ours.std(0) / theirs.std(0)).min() > 0.9
        # before the first printed time the print leaves more open
        assert (ours.std(0) / theirs.std(0)).max() < 2.2


def test_exchanging_the_arms_mirrors_it(fit: PrintedFit) -> None:
    job = fit.job
    effect = job.prior.effect
    mirrored = replace(job, printed=swapped(job.printed), prior=replace(job.prior, effect=effect.mirrored()))
    other = mirrored.run()
    for read in (lambda tree: tree["effect"], lambda tree: np.log(tree["hazard_ratio"])):
        mine, theirs = (np.asarray(read(one.tree["posterior"]), dtype=np.float64) for one in (fit, other))
        # four Monte Carlo standard errors of a difference, at 800 effective draws: fails once in 16,000 comparisons
        assert abs(mine.mean() + theirs.mean()) < 4 * mine.std() * np.sqrt(2 / 800)
    before = np.log(fit.tree["prior"]["hazard_ratio"].to_numpy().astype(np.float64))
    assert np.isfinite(before).all()
    assert abs(before.mean()) < 4 * before.std() / np.sqrt(before.size)  # before the data no arm is the better


def test_it_is_stored_and_found(fit: PrintedFit, tmp_path) -> None:  # type: ignore[no-untyped-def]  # pytest's
    with Store.open(tmp_path) as store:
        store.write_fit(fit)
        found = store.read_fit(fit.job)
    assert found is not None
    assert found.converged == fit.converged
    assert [one.value for one in found.estimates] == [one.value for one in fit.estimates]


def test_a_ratio_that_cannot_go_with_the_other_numbers_is_named(fit: PrintedFit) -> None:
    summaries = fit.job.printed.summaries
    wrong = tuple(
        replace(target, low=target.low + 1.5, high=target.high + 1.5)
        if target.statistic == "log hazard ratio"
        else target
        for target in summaries.targets
    )
    worst = r"contradict each other.*fits the others worst: (log hazard ratio|\d+ events)"
    with pytest.raises(AnalysisError, match=worst):
        fit_printed_survival(replace(summaries, targets=wrong), prior=PRIOR, sampling=SAMPLING)


def test_proportional_hazards_given_the_print_are_a_posterior_of_their_own(fit: PrintedFit) -> None:
    job = fit.job
    twin: PrintedJob = replace(job, model=PRINTED_PROPORTIONAL, prior=replace(job.prior, departure_scale=0.0))
    proportional = twin.run()
    log_hazard = proportional.tree["posterior"]["log_hazard"].transpose("chain", "draw", "arm", "interval").to_numpy()
    assert np.ptp(log_hazard[..., 1, :] - log_hazard[..., 0, :], axis=-1).max() < 1e-4  # stored in single precision
    evidence = compare_printed(fit, proportional)
    # the truth is proportional, and 300 patients say little about it either way
    assert 0.5 < evidence.bayes_factor < 5


def test_pseudo_patients_follow_their_draws_and_say_what_they_miss(fit: PrintedFit) -> None:
    found = pseudo_patients(fit, replicates=40, seed=2)
    data, summaries = found.data, fit.job.printed.summaries
    assert data.time.shape == (1, 40, sum(summaries.totals))
    for arm, events in enumerate(summaries.events):
        assert (data.event[0][:, data.arm == arm].sum(axis=1) == events).all()
    # a posterior draw lies about a standard error from the print, and patients laid evenly add little
    assert np.median(found.misfit) < 1.0
    assert found.misfit.shape == (40, len(summaries.targets))
    curves = [
        survival_at(kaplan_meier(time[data.arm == 0], event[data.arm == 0]), LANDMARKS[1], scale="log").value
        for time, event in zip(data.time[0], data.event[0], strict=True)
    ]
    drawn = fit.tree["posterior"]["survival_at"].sel(landmark=LANDMARKS[1]).isel(arm=0).to_numpy()
    # the mean of 40 draws has a standard error of 0.16 sd: beyond 4 of them once in 16,000 seeds
    assert abs(np.mean(curves) - drawn.mean()) < 4 * 0.16 * drawn.std()
    assert list(found.frame().columns) == ["replicate", "arm", "time_months", "event"]
    assert "standard errors" in found.text
    with pytest.raises(AnalysisError, match="one for a posterior draw"):
        pseudo_patients(fit, replicates=0)
