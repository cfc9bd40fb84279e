"""Hazards of an ensemble: the compiled density, weights against quadrature, and the whole against rejection.

Random comparisons have a tolerance of 5 Monte Carlo standard errors of the difference: a false alarm once in 1.7
million comparisons.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from reappraise.core.errors import AnalysisError
from reappraise.core.prior import LogRatioPrior
from reappraise.fits.diagnose import ENSEMBLE
from reappraise.fits.sampling import Sampling
from reappraise.published.patients import PatientData
from reappraise.survival.ensemble import Counted, sample_ensemble
from reappraise.survival.fit import SurvivalFit, fit_survival
from reappraise.survival.hazard import Grid, HazardPrior
from reappraise.survival.model import PROPORTIONAL, VARYING, PiecewiseExponential
from reappraise.survival.pseudo_ipd.given_data import log_likelihood
from reappraise.survival.pseudo_ipd.hazards import hazard_specification, parameters
from reappraise.survival.pseudo_ipd.simulate import simulate
from reappraise.survival.reconstructed import ReconstructedData
from support.draws import ERRORS, draws, error

GRID = Grid((3.0, 8.0, 15.0), 24.0)
TOTALS = (7, 5)
WIDE = HazardPrior(
    effect=LogRatioPrior("open", "Open", 0.1, 1.4, "For tests.", "hazard"), median=10.0, level_sd=1.0, walk_scale=1.0
)
NARROW = replace(WIDE, effect=LogRatioPrior("closed", "Closed", -0.6, 0.5, "For tests.", "hazard"))
SETTINGS = Sampling(chains=2, draws=1500, seed=3, thresholds=ENSEMBLE)


def accepted(prior: HazardPrior, seed: int) -> tuple[np.ndarray, ReconstructedData]:
    """Effects and data given that 4 to 6 and 1 to 3 patients of the arms had the event, by rejection from the prior."""
    spec, rng = hazard_specification(GRID, prior, minimum_follow_up=6.0), np.random.default_rng(seed)
    arm = np.repeat(np.array([0, 1], dtype=np.int8), TOTALS)
    kept = [
        (latent[1], time, event)
        for latent, time, event, _ in (simulate(spec, TOTALS, rng) for _ in range(6_000))
        if 4 <= event[arm == 0].sum() <= 6 and 1 <= event[arm == 1].sum() <= 3
    ]
    number = len(kept) // 2 * 2
    latent, time, event = (np.array(part) for part in zip(*kept[:number], strict=True))
    assert number > 300  # enough for a standard error
    data = ReconstructedData(
        endpoint="os",
        arms=("old", "new"),
        arm=arm,
        time=time.reshape(2, -1, arm.size),
        event=event.reshape(2, -1, arm.size),
        unit="months",
        origin="summaries",
        prior=prior,
        grid=GRID,
    )
    return prior.effect.mean + prior.effect.sd * latent, data


@pytest.fixture(scope="module")
def ensemble() -> ReconstructedData:
    return accepted(WIDE, 5)[1]


def fitted(data: PatientData, prior: HazardPrior, model: PiecewiseExponential = VARYING) -> SurvivalFit:
    return fit_survival(data, prior=prior, model=model, grid=GRID, horizon=12.0, sampling=SETTINGS)


@pytest.mark.sampling
@pytest.mark.parametrize("groups", [1, 2])
def test_the_compiled_density_is_that_of_the_model(groups: int) -> None:
    """That of the model in plain arrays, which is compared with PyMC's: equal but for a constant, at random points."""
    rng = np.random.default_rng(groups)
    events = rng.integers(0, 9, size=(groups, 2, GRID.intervals)).astype(float)
    exposure = rng.gamma(3.0, 20.0, size=events.shape)
    data = VARYING.data(events, exposure, GRID, WIDE, shared=False)
    spec = hazard_specification(GRID, WIDE)
    apart = []
    for _ in range(6):
        latent = rng.normal(size=(groups, parameters(spec)))
        latent[:, 2:4] = latent[0, 2:4]
        steps = latent[:, 4:].reshape(groups, 2, GRID.intervals)
        named = {
            "level_offset": latent[:, 0],
            "walk_unit": np.abs(latent[0, 2]),
            "departure_unit": np.abs(latent[0, 3]),
            "walk_steps": steps[:, 0].T,
            "departure_steps": steps[:, 1].T,
            "effect_offset": latent[0, 1],
        }
        if groups > 1:
            named |= {"group_effect_offset": latent[:, 1], "between_unit": np.array(1.0)}
        plain, work = np.empty(latent.shape[1]), np.empty((2, GRID.intervals))
        ours = log_likelihood(latent, spec, data["pull"], events, data["exposure"], plain, work)
        apart.append(VARYING.log_likelihood(named, data).sum() - ours)
    assert np.array(apart) == pytest.approx(np.full(6, apart[0]), abs=1e-8)


@pytest.mark.sampling
def test_weights_are_ratios_of_marginal_likelihoods() -> None:
    """With one hazard in each arm, level and effect are all there is, and quadrature tells both likelihoods."""
    grid, flat = Grid((), 24.0), {"walk_scale": 1e-9, "departure_scale": 1e-9}
    wide, narrow = (replace(prior, **flat) for prior in (WIDE, NARROW))
    events = np.array([[[[4.0], [6.0]]], [[[6.0], [2.0]]], [[[3.0], [9.0]]]])
    exposure = np.full(events.shape, 90.0)
    sets = VARYING.datasets(events[None], exposure[None], grid, wide)
    settings = Sampling(chains=2, draws=15_000, seed=4)
    found = sample_ensemble(Counted.of(sets, grid), narrow, wide, settings, 6)
    level, effect = np.meshgrid(np.linspace(-9.0, 2.0, 400), np.linspace(-6.0, 6.0, 400), indexing="ij")

    def marginal(prior: HazardPrior, counted: np.ndarray) -> float:
        logs = np.stack([level - effect / 2, level + effect / 2])
        likelihood = (counted[:, None, None] * logs - 90.0 * np.exp(logs)).sum(axis=0)
        density = stats.norm(prior.level_mean, prior.level_sd).logpdf(level)
        density += stats.norm(prior.effect.mean, prior.effect.sd).logpdf(effect)
        return float(np.exp(likelihood + density).sum())

    exact = np.array([marginal(narrow, one[0, :, 0]) / marginal(wide, one[0, :, 0]) for one in events])
    # 5,000 draws of each data set in each chain, every other of which is an independent one: weights to 0.02 or less
    assert found.weight[0] == pytest.approx(exact / exact.mean(), rel=0.1)
    assert np.ptp(exact) > exact.mean()  # or nothing would be shown
    counts = np.bincount(found.statistics["replicate"][0], minlength=3)
    assert counts == pytest.approx(found.weight[0] * counts.sum() / 3, abs=1.0)
    assert (np.diff(found.statistics["replicate"]) >= 0).all()  # in their order, so that repetition is seen


@pytest.mark.sampling
@pytest.mark.parametrize("model", [VARYING, PROPORTIONAL], ids=lambda model: model.name)
def test_weighted_and_rejected_agree(ensemble: ReconstructedData, model: PiecewiseExponential) -> None:
    """Data drawn under the wide prior, weighted, have the posterior of data drawn under the narrow one."""
    prior = replace(NARROW, departure_scale=0.0) if model.proportional else NARROW
    fit = fitted(ensemble, prior, model)
    assert fit.converged, fit.diagnosis.failures
    expected, _ = accepted(prior, 6)
    found = draws(fit, "effect")
    spread = np.hypot(error(found), expected.std() / np.sqrt(expected.size))
    assert abs(found.mean() - expected.mean()) < ERRORS * spread
    assert "drawn under the open prior and weighted" in fit.estimates[0].method


@pytest.mark.sampling
def test_under_the_prior_of_the_data_nothing_is_weighted(ensemble: ReconstructedData) -> None:
    fit = fitted(ensemble, replace(WIDE, effect=replace(WIDE.effect, name="renamed")))
    assert fit.job.drawn_under is None
    assert "weight" not in fit.tree["constant_data"]
    assert "weighted" not in fit.estimates[0].method
    regular = fit_survival(ensemble, prior=WIDE, sampling=replace(SETTINGS, draws=100))
    assert regular.job.grid == Grid.regular(10, 24.0)


@pytest.mark.sampling
def test_a_prior_that_the_data_were_not_drawn_for_fails_its_gate(ensemble: ReconstructedData) -> None:
    far = replace(WIDE, effect=LogRatioPrior("far", "Far", 5.0, 0.1, "Nobody's.", "hazard"))
    fit = fitted(ensemble, far)
    assert not fit.converged
    assert "reconstruct under this prior itself" in " ".join(fit.diagnosis.advice)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"effect": LogRatioPrior("wider", "Wider", 0.0, 2.0, "", "hazard")},
            "log hazard ratio 2, above 1.4",
        ),
        ({"level_sd": 1.5}, "level_sd 1.5, above 1"),
        ({"departure_scale": 0.7}, "departure_scale 0.7, above 0.5"),
    ],
)
def test_weights_go_from_wide_to_narrow(ensemble: ReconstructedData, change: dict[str, object], said: str) -> None:
    with pytest.raises(AnalysisError, match=f"os: expected a prior no wider than open.*{said}.*Reconstruct under"):
        fitted(ensemble, replace(WIDE, **change))  # type: ignore[arg-type]


def test_exchanged_arms_were_drawn_under_the_mirrored_prior(ensemble: ReconstructedData) -> None:
    other = ensemble.swapped()
    assert isinstance(other, ReconstructedData)
    assert other.prior.effect.mean == -0.1
    assert other.arms == ("new", "old")
    assert other.drawn_under(replace(WIDE, effect=WIDE.effect.mirrored()))
    assert other.swapped().drawn_under(WIDE)
