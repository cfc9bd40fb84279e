"""No events at all: person-time is information, and the posterior is the prior weighed by it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from reappraise.fits.sampling import Sampling
from reappraise.published.patients import PatientData
from reappraise.survival import estimands as of
from reappraise.survival.fit import SurvivalFit, fit_survival
from support.draws import ERRORS

NUMBER = 60
TIME = np.random.default_rng(1).uniform(6, 24, NUMBER)
DATA = PatientData.known(TIME, np.zeros(NUMBER, bool), np.repeat([0, 1], 30).astype(np.int8), endpoint="os")

pytestmark = pytest.mark.sampling


@pytest.fixture(scope="module")
def fit() -> SurvivalFit:
    return fit_survival(DATA, landmarks=(12.0,), seed=1)


def test_it_goes_on_until_its_gate_is_passed(fit: SurvivalFit) -> None:
    """At the usual effort the limits of time lost, which are far out, are not precise: it goes on by itself."""
    assert fit.converged, fit.diagnosis.failures
    assert fit.tree["posterior"].sizes["draw"] > fit.job.sampling.draws
    briefly = replace(fit.job, sampling=Sampling(draws=300, tune=300, seed=1)).run()
    assert briefly.tree["posterior"].sizes["draw"] == 300  # as was asked for


def test_it_is_the_prior_weighed_by_survival_of_all(fit: SurvivalFit) -> None:
    job = fit.job
    data = job.data()[0][0]
    rng = np.random.default_rng(2)
    before = job.model.complete(job.model.draw_prior(data, 200_000, rng), data)["log_hazard"]
    weight = np.exp(-(np.exp(before) * data["exposure"]).sum(axis=(-1, -2, -3)))
    effective = weight.sum() ** 2 / np.square(weight).sum()
    assert effective > 20_000
    log_hazard = fit.tree["posterior"]["log_hazard"].to_numpy().astype(np.float64)
    for at in (6.0, 12.0, 20.0):
        known, found = (np.log(of.cumulative_hazard(one, job.grid, at)).reshape(-1, 2) for one in (before, log_hazard))
        mean = np.average(known, axis=0, weights=weight)
        sd = np.sqrt(np.average(np.square(known - mean), axis=0, weights=weight))
        # both have more than 4,000 effective draws: 5 standard errors of a difference of means, 4 of a ratio of sds
        assert np.abs(found.mean(axis=0) - mean).max() < ERRORS * sd.max() * np.sqrt(2 / 4000)
        assert found.std(axis=0) == pytest.approx(sd, rel=0.06)

    benefit = np.mean(fit.tree["posterior"]["hazard_ratio"].to_numpy() < 1)
    known = np.average(before[..., 0, 1, 0] < before[..., 0, 0, 0], weights=weight)  # one interval: one ratio
    assert job.grid.intervals == 1
    assert benefit == pytest.approx(known, abs=ERRORS * 0.5 * np.sqrt(2 / 4000))
