"""One interval through the public path: exponential survival, whose posterior is known in closed form.

With prior density 1 / hazard of each arm, which is flat on the log scale, the hazard of an arm with d events in E
weeks is Gamma(d, E), and the ratio of hazards times E1 / E0 is a beta-prime variable of d1 and d0. The prior of the
model is never quite flat: what it does is computed by quadrature, and has its own bound. Posterior numbers are then
compared with the quadrature, with a tolerance of 5 Monte Carlo standard errors: a false alarm once in 1.7 million
comparisons, of which there are 32.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

import reappraise as ra
from reappraise.core.prior import LogRatioPrior
from reappraise.survival.fit import SurvivalFit
from reappraise.survival.hazard import Grid, HazardPrior
from reappraise.survival.model import MODELS
from support.data import SURVIVAL
from support.draws import ERRORS, error

DATA = ra.load_trial(SURVIVAL).patients["remission"]
EVENTS = np.array([DATA.event[0, 0, DATA.arm == arm].sum() for arm in range(2)], dtype=float)
WEEKS = np.array([DATA.time[0, 0, DATA.arm == arm].sum() for arm in range(2)])
VAGUE = HazardPrior(
    effect=LogRatioPrior("vague", "Vague", 0.0, 10.0, "Next to flat.", "hazard"),
    median=20.0,
    level_sd=10.0,
    walk_scale=3.0,
)
TAILS = (0.025, 0.5, 0.975)
PRIOR_SHIFT = 0.02
"""What the prior may move, in posterior standard deviations. The log hazard ratio has a standard error of 0.4 and
lies 1.5 from 0: Normal(0, 10) pulls it by (0.4 / 10)^2 of 1.5, which is 0.006 of 0.4; the level's pulls less."""

type Weighted = tuple[np.ndarray, np.ndarray]


@pytest.fixture(scope="module", params=[model.name for model in MODELS])
def fit(request: pytest.FixtureRequest) -> SurvivalFit:
    return ra.fit_survival(DATA, intervals=1, prior=VAGUE, model=request.param, landmarks=(10.0,), seed=11)


@pytest.fixture(scope="module")
def quadrature() -> dict[str, Weighted]:
    """Values and probabilities of both hazards and of the log hazard ratio, under the prior that was used."""
    reach = 8 / np.sqrt(EVENTS)
    axes = [np.linspace(-span, span, 801) + np.log(d / e) for span, d, e in zip(reach, EVENTS, WEEKS, strict=True)]
    control, experimental = np.meshgrid(*axes, indexing="ij")
    # the walk at the middle of the follow-up has half its variance at the end; its scale is half-normal
    unit, weight = np.polynomial.hermite_e.hermegauss(40)
    middle = np.sqrt(VAGUE.level_sd**2 + 0.5 * (VAGUE.walk_scale * unit) ** 2)
    level = (control + experimental) / 2 - VAGUE.level_mean
    along = np.linspace(level.min(), level.max(), 2001)  # of a density this wide, as good as each level by itself
    prior = np.interp(level, along, stats.norm.pdf(along[:, None], scale=middle) @ weight) * stats.norm.pdf(
        experimental - control, VAGUE.effect.mean, VAGUE.effect.sd
    )
    log_likelihood = sum(
        d * log - e * np.exp(log) for log, d, e in zip((control, experimental), EVENTS, WEEKS, strict=True)
    )
    density = prior * np.exp(log_likelihood - log_likelihood.max())
    density /= density.sum()
    return {
        "control": (np.exp(control).ravel(), density.ravel()),
        "experimental": (np.exp(experimental).ravel(), density.ravel()),
        "ratio": ((experimental - control).ravel(), density.ravel()),
    }


def drawn(fit: SurvivalFit) -> dict[str, np.ndarray]:
    hazard = np.exp(np.asarray(fit.tree["posterior"]["log_hazard"], dtype=np.float64))[..., 0]
    effect = np.asarray(fit.tree["posterior"]["effect"], dtype=np.float64)
    return {"control": hazard[..., 0], "experimental": hazard[..., 1], "ratio": effect}


def below(weighted: Weighted, value: float) -> float:
    """Probability up to a value."""
    values, probability = weighted
    return float(probability[values <= value].sum())


@pytest.mark.sampling
def test_one_interval_was_fitted(fit: SurvivalFit) -> None:
    assert fit.job.grid == Grid((), DATA.horizon)
    assert fit.converged, fit.diagnosis.failures
    assert np.asarray(fit.tree["posterior"]["log_hazard"]).shape[2:] == (2, 1)


def test_the_prior_moves_the_closed_form_by_next_to_nothing(quadrature: dict[str, Weighted]) -> None:
    exact = {
        "control": stats.gamma(EVENTS[0], scale=1 / WEEKS[0]),
        "experimental": stats.gamma(EVENTS[1], scale=1 / WEEKS[1]),
    }
    for name, distribution in exact.items():
        values, probability = quadrature[name]
        mean = float(values @ probability)
        sd = float(np.sqrt((values - mean) ** 2 @ probability))
        assert mean == pytest.approx(distribution.mean(), abs=PRIOR_SHIFT * distribution.std())
        assert sd == pytest.approx(distribution.std(), rel=PRIOR_SHIFT)
    ratio = stats.betaprime(EVENTS[1], EVENTS[0], scale=WEEKS[0] / WEEKS[1])
    for tail in TAILS:
        # a probability moves by at most 0.4 times the shift, plus the width of a cell, 0.02 sd, of the grid
        assert below(quadrature["ratio"], float(np.log(ratio.ppf(tail)))) == pytest.approx(tail, abs=0.8 * PRIOR_SHIFT)


@pytest.mark.sampling
@pytest.mark.parametrize("name", ["control", "experimental", "ratio"])
def test_the_posterior_is_the_exponential_one(fit: SurvivalFit, quadrature: dict[str, Weighted], name: str) -> None:
    draws = drawn(fit)[name]
    values, probability = quadrature[name]
    mean = float(values @ probability)
    assert abs(draws.mean() - mean) < ERRORS * error(draws, "mean")
    assert abs(draws.std() - np.sqrt((values - mean) ** 2 @ probability)) < ERRORS * error(draws, "sd")
    for tail in TAILS:
        limit = float(np.quantile(draws, tail))
        holds = (draws <= limit).astype(float)
        assert abs(below(quadrature[name], limit) - tail) < ERRORS * error(holds, "mean") + 1e-3  # a cell of the grid


@pytest.mark.sampling
def test_what_follows_from_the_hazards_is_exponential_too(fit: SurvivalFit) -> None:
    posterior = fit.tree["posterior"].to_dataset()
    hazards = np.exp(posterior["log_hazard"].astype(np.float64)).isel(interval=0)
    # stored in single precision
    np.testing.assert_allclose(posterior["median"], np.log(2) / hazards, rtol=1e-4)
    np.testing.assert_allclose(posterior["survival_at"].sel(landmark=10.0), np.exp(-10 * hazards), rtol=1e-4)
    ratio = (hazards.isel(arm=1) / hazards.isel(arm=0)).values
    for name in ("hazard_ratio", "time_averaged_hazard_ratio"):
        np.testing.assert_allclose(posterior[name], ratio, rtol=1e-4)


@pytest.mark.sampling
def test_with_one_interval_nothing_is_learnt_of_departures(fit: SurvivalFit) -> None:
    """One interval has one hazard ratio: the departure is 0 whatever its scale, which keeps its prior."""
    posterior = fit.tree["posterior"].to_dataset()
    at = posterior["hazard_ratio_at"].transpose("chain", "draw", "time").values
    np.testing.assert_allclose(at, np.broadcast_to(posterior["hazard_ratio"].values[..., None], at.shape), rtol=1e-4)
    spread = np.asarray(posterior["departure_sd"], dtype=np.float64)
    if fit.job.model.proportional:
        assert not spread.any()
        return
    prior = stats.halfnorm(scale=VAGUE.departure_scale)
    assert abs(spread.mean() - prior.mean()) < ERRORS * error(spread, "mean")
    assert abs(spread.std() - prior.std()) < ERRORS * error(spread, "sd")
