"""Calibration of the whole path from printed summaries: data drawn, summarised as printed, and reconstructed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reappraise.calibrate import rank as ranking
from reappraise.calibrate.calibration import ROOT_SEED, Ranks, Refused
from reappraise.calibrate.rank import rank
from reappraise.fits.sampling import Effort, derived_seed
from reappraise.published.patients import PatientData
from reappraise.survival import hazard
from reappraise.survival.calibrate import PRIOR
from reappraise.survival.hazard import Grid, HazardPrior
from reappraise.survival.pseudo_ipd import reconstruct as shell
from reappraise.survival.pseudo_ipd.hazards import HazardSpecification, hazard_specification, log_hazards
from reappraise.survival.pseudo_ipd.publish import PRINTED, publish
from reappraise.survival.pseudo_ipd.reconstruct import UnreachableError, reconstruct
from reappraise.survival.pseudo_ipd.simulate import simulate

type Floats = NDArray[np.float64]

EFFORT = Effort(chains=2, replicates=60, thin=15, rounds=4)
LANDMARK = 12.0
FEWEST_EVENTS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconstructionCalibration:
    """The reconstruction, calibrated on trials of the size that phase 2 trials have.

    Parameters
    ----------
    totals
        Patients by arm.
    horizon, minimum_follow_up
        Of the simulated trials, in months.
    prior, intervals
        Prior on the hazards, and intervals of constant hazard.
    effort
        Settings of the reconstruction.
    """

    name: str = "reconstruction"
    label: str = "Reconstruction from printed summaries"
    mistake: str = "arms exchanged in the data"
    totals: tuple[int, int] = (60, 60)
    horizon: float = 30.0
    minimum_follow_up: float = 6.0
    prior: HazardPrior = PRIOR
    intervals: int = 6
    effort: Effort = EFFORT

    @property
    def code(self) -> tuple[Path, ...]:
        """The reconstruction, the prior, the simulator and the rank."""
        folder = Path(str(shell.__file__)).parent
        own = (path for path in folder.glob("*.py") if path.stem not in {"published", "inversion", "curve_targets"})
        return (*own, *(Path(str(module.__file__)) for module in (hazard, ranking)), Path(__file__))

    @property
    def settings(self) -> Mapping[str, object]:
        """Sizes, prior and effort."""
        return {"seed": ROOT_SEED, **asdict(self), "printed": dict(PRINTED)}

    def prepare(self) -> None:
        """Compile the core."""
        self.run(0, wrong=False)

    def run(self, index: int, *, wrong: bool) -> Ranks | Refused:
        """Draw hazards and data, print their summaries, reconstruct, and rank what the hazards imply."""
        names = (self.name, "wrong" if wrong else "right", str(index))
        rng = np.random.default_rng(derived_seed(ROOT_SEED, *names))
        grid = Grid.regular(self.intervals, self.horizon)
        hazards = hazard_specification(grid, self.prior, minimum_follow_up=self.minimum_follow_up)
        latent, time, event, arm = simulate(hazards, self.totals, rng)
        data = PatientData.known(time, event, (1 - arm if wrong else arm).astype(np.int8), endpoint="simulated")
        if min(int(event[arm == place].sum()) for place in (0, 1)) < FEWEST_EVENTS:
            return Refused(f"fewer than {FEWEST_EVENTS} events in an arm")
        summaries = publish(data, landmarks=(LANDMARK,), horizon=self.horizon, minimum_follow_up=self.minimum_follow_up)
        seed = derived_seed(ROOT_SEED, *names, "sampler")
        try:
            found = reconstruct(summaries, prior=self.prior, grid=grid, seed=seed, effort=self.effort)
        except UnreachableError:
            return Refused("printed numbers not reached in the search")
        truth = _quantities(latent[None], hazards, grid)
        draws = _quantities(found.latent[:, ::2].reshape(-1, latent.size), hazards, grid)
        return {name: rank(values, float(truth[name][0]), rng) for name, values in draws.items()}


def _quantities(latent: Floats, hazards: HazardSpecification, grid: Grid) -> dict[str, Floats]:
    """What is ranked: effect, spreads, and log cumulative hazards of both arms at four times."""
    number = latent.shape[0]
    logs = np.empty((number, 2, grid.intervals))
    for place in range(number):
        log_hazards(latent[place], hazards, logs[place])
    found: dict[str, Floats] = {
        "effect": hazards.effect[0] + hazards.effect[1] * latent[:, 1],
        "walk_sd": np.abs(latent[:, 2]),
        "departure_sd": np.abs(latent[:, 3]),
    }
    for time in (grid.horizon / 8, grid.horizon / 4, grid.horizon / 2, 0.8 * grid.horizon):
        spent = np.clip(time - grid.starts, 0.0, grid.lengths)
        for arm, name in enumerate(("control", "experimental")):
            found[f"log_cumulative_hazard[{name}, {time:g}]"] = np.log(np.sum(np.exp(logs[:, arm]) * spent, axis=-1))
    return found


RECONSTRUCTION_CALIBRATION = ReconstructionCalibration()
