"""Calibration of the piecewise-exponential model on individual data: times drawn from hazards drawn from the prior."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from reappraise.calibrate import rank as ranking
from reappraise.calibrate.calibration import ROOT_SEED, Ranks, Refused
from reappraise.calibrate.rank import rank
from reappraise.core.prior import LogRatioPrior
from reappraise.fits import model as frame
from reappraise.fits import nuts
from reappraise.fits.machine_code import compiled
from reappraise.fits.sampling import Sampling, derived_seed
from reappraise.survival import hazard
from reappraise.survival.hazard import Grid, HazardPrior
from reappraise.survival.model import VARYING, PiecewiseExponential
from reappraise.survival.pseudo_ipd import simulate as simulator
from reappraise.survival.pseudo_ipd.hazards import hazard_specification, log_hazards
from reappraise.survival.pseudo_ipd.simulate import simulate

PRIOR = HazardPrior(
    effect=LogRatioPrior(
        "calibration", "Calibration", -0.2, 0.5, "Effects of the kind that trials have.", ratio="hazard"
    ),
    median=11.0,
    level_sd=0.5,
)
SETTINGS = Sampling(draws=500, tune=500, chains=2, seed=ROOT_SEED)
THINNED = 5
"""Every so many draws are ranked: nearly independent ones, as ranks need."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SurvivalCalibration:
    """The piecewise-exponential model, calibrated on trials of the size that phase 2 trials have.

    Parameters
    ----------
    totals
        Patients by arm.
    horizon
        Longest follow-up, in months.
    prior, intervals
        Prior on the hazards, and intervals of constant hazard.
    sampling
        Settings of the sampler; the seed is that of the data set.
    """

    name: str = "piecewise-exponential"
    label: str = "Piecewise-exponential hazards"
    mistake: str = "arms exchanged in the data"
    totals: tuple[int, int] = (60, 60)
    horizon: float = 30.0
    prior: HazardPrior = PRIOR
    intervals: int = 6
    sampling: Sampling = SETTINGS

    @property
    def code(self) -> tuple[Path, ...]:
        """The model, the sampler, the prior, the simulator and the rank."""
        modules = (hazard, frame, nuts, ranking, simulator)
        own = inspect.getfile(PiecewiseExponential)
        return (Path(own), *(Path(str(module.__file__)) for module in modules), Path(__file__))

    @property
    def settings(self) -> Mapping[str, object]:
        """Sizes, prior and sampler."""
        return {"seed": ROOT_SEED, "thinned": THINNED, **asdict(self)}

    def prepare(self) -> None:
        """Compile the model."""
        compiled(VARYING, (1, self.intervals))

    def run(self, index: int, *, wrong: bool) -> Ranks | Refused:
        """Draw hazards and times, fit, and rank the hazards and what governs them."""
        names = (self.name, "wrong" if wrong else "right", str(index))
        rng = np.random.default_rng(derived_seed(ROOT_SEED, *names))
        grid = Grid.regular(self.intervals, self.horizon)
        spec = hazard_specification(grid, self.prior)
        latent, time, event, arm = simulate(spec, self.totals, rng)
        if not event.any():
            return Refused("no events")
        taken = 1 - arm if wrong else arm
        parts = [grid.summarise(time[taken == place], event[taken == place]) for place in (0, 1)]
        events, exposure = (np.stack([part[item] for part in parts])[None] for item in (0, 1))
        model = PiecewiseExponential()
        data = model.data(events, exposure, grid, self.prior)
        seed = derived_seed(ROOT_SEED, *names, "sampler")
        draws = nuts.draw(compiled(VARYING, (1, self.intervals)), data, self.sampling, seed).draws
        found = model.complete({name: values[:, ::THINNED] for name, values in draws.items()}, data)
        truth = np.empty((2, self.intervals))
        log_hazards(latent, spec, truth)
        ranks = {
            "effect": rank(found["effect"][..., 0], float(spec.effect[0] + spec.effect[1] * latent[1]), rng),
            "walk_sd": rank(found["walk_sd"], float(spec.scales[0] * abs(latent[2])), rng),
            "departure_sd": rank(found["departure_sd"], float(spec.scales[1] * abs(latent[3])), rng),
        }
        for place, name in enumerate(("control", "experimental")):
            for interval in (0, self.intervals // 2, self.intervals - 1):
                values = found["log_hazard"][..., 0, place, interval]
                ranks[f"log_hazard[{name}, {interval}]"] = rank(values, float(truth[place, interval]), rng)
        return ranks


SURVIVAL_CALIBRATION = SurvivalCalibration()
