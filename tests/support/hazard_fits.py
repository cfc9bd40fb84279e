"""Fits of two arms' hazards whose draws are made up: nothing is sampled, and everything is there."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from reappraise.core.arms import WHOLE
from reappraise.core.prior import hazard_ratio_priors
from reappraise.fits.diagnose import Check, Diagnosis
from reappraise.fits.layout import DRAWS
from reappraise.fits.sampling import Sampling
from reappraise.published.patients import PatientData
from reappraise.survival.fit import SurvivalFit, SurvivalJob
from reappraise.survival.hazard import Grid, HazardPrior
from reappraise.survival.tree import with_estimands

PASSED = Diagnosis((Check("R-hat", 1.0, 1.01, "hazard", passed=True),))
FAILED = Diagnosis((Check("R-hat", 1.3, 1.01, "hazard", passed=False, remedy="tune for longer"),))
ARMS = ("placebo", "drug")


def hazard_fit(
    log_hazard: np.ndarray,
    *,
    cuts: tuple[float, ...] = (),
    horizon: float = 24.0,
    endpoint: str = "os",
    walk_sd: np.ndarray | None = None,
    seed: int = 1,
    diagnosis: Diagnosis = PASSED,
    **more: Any,
) -> SurvivalFit:
    """A fit with these draws of log hazards, dims (chain, draw, arm, interval)."""
    data = PatientData.known(
        np.array([5.0, horizon, 6.0, horizon]),
        np.array([True, False, True, False]),
        np.array([0, 0, 1, 1], dtype=np.int8),
        endpoint=endpoint,
        arms=ARMS,
    )
    job = SurvivalJob(
        patients=data,
        grid=Grid(cuts, horizon),
        prior=HazardPrior(effect=hazard_ratio_priors()[0], median=horizon / 2),
        sampling=Sampling(seed=seed),
        landmarks=(horizon / 2,),
        horizons=(horizon,),
        trial="made-up",
        **more,
    )
    contrast = log_hazard[..., 1, :] - log_hazard[..., 0, :]
    found = {
        "log_hazard": log_hazard[:, :, None],
        "effect": (contrast @ (job.grid.lengths / horizon))[..., None],
        "walk_sd": np.ones(log_hazard.shape[:2]) if walk_sd is None else walk_sd,
    }
    posterior = job.labels.layout.dataset(
        with_estimands(found, job.labels, np.tile(job.grid.lengths, (2, 1))), lead=DRAWS
    )
    assert WHOLE in job.groups
    return SurvivalFit(job=job, tree=xr.DataTree.from_dict({"posterior": posterior}), diagnosis=diagnosis)


def normal_draws(
    mean: tuple[float, float], sd: float = 0.15, *, seed: int = 2, size: tuple[int, int] = (4, 1000)
) -> np.ndarray:
    """Independent normal log hazards of both arms, one interval; dims (chain, draw, arm, interval)."""
    rng = np.random.default_rng(seed)
    return (np.array(mean) + sd * rng.normal(size=(*size, 2)))[..., None]
