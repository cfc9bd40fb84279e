"""Calibration of the road from print: hazards and patients drawn, summarised, rounded, and fitted from the print."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from reappraise.calibrate import rank as ranking
from reappraise.calibrate.calibration import ROOT_SEED, Ranks, Refused
from reappraise.calibrate.rank import rank
from reappraise.core.errors import AnalysisError
from reappraise.fits import model as frame
from reappraise.fits import nuts
from reappraise.fits.diagnose import Thresholds
from reappraise.fits.machine_code import compiled
from reappraise.fits.sampling import Sampling, derived_seed
from reappraise.published.patients import PatientData
from reappraise.survival import estimands as of
from reappraise.survival import hazard
from reappraise.survival.calibrate import PRIOR
from reappraise.survival.hazard import Grid, HazardPrior
from reappraise.survival.printed import job as shell
from reappraise.survival.printed.job import fit_printed_survival
from reappraise.survival.printed.model import PRINTED
from reappraise.survival.printed.problem import Problem
from reappraise.survival.printed.rows import SCALES as LIKELY
from reappraise.survival.printed.shares import SCALES, FollowUp, log_hazards
from reappraise.survival.pseudo_ipd import publish as printer
from reappraise.survival.pseudo_ipd.publish import publish
from reappraise.survival.pseudo_ipd.summaries import Estimators
from reappraise.survival.pseudo_ipd.targets import Transform
from reappraise.survival.road import FEWEST_EVENTS

type Floats = NDArray[np.float64]

SETTINGS = Sampling(
    draws=400,
    tune=400,
    chains=2,
    seed=ROOT_SEED,
    thresholds=Thresholds(r_hat=1.02, effective_draws=200.0, relative_error=0.2, divergences=8),
)
"""Short runs, of which one transition in a hundred may diverge: whether it matters is what the ranks tell."""
THINNED = 4
"""Every so many draws are ranked: nearly independent ones, as ranks need."""
LANDMARK: Final = 12.0
INTERVALS: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedCalibration:
    """The likelihood of printed numbers, calibrated on trials of one size.

    Hazards, losses, the earliest data cutoff and the scale of the medians' limits are drawn from their priors; the
    latest end of follow-up is printed. Printed are medians with limits, one landmark, events, hazard ratio, log-rank p
    and median follow-up, rounded as journals do.

    Parameters
    ----------
    totals
        Patients by arm.
    horizon
        Longest follow-up, in months.
    prior
        Prior on the hazards.
    sampling
        Settings of the sampler; the seed is that of the data set.
    """

    mistake: str = "arms exchanged in the data"
    totals: tuple[int, int]
    horizon: float = 24.0
    prior: HazardPrior = PRIOR
    sampling: Sampling = SETTINGS

    @property
    def name(self) -> str:
        """Key, by the number of patients."""
        return f"printed-survival-{sum(self.totals)}"

    @property
    def label(self) -> str:
        """What is calibrated, in words."""
        return f"Likelihood of printed survival, {sum(self.totals)} patients"

    @property
    def code(self) -> tuple[Path, ...]:
        """Everything from the print to the posterior, the prior, the printer and the rank."""
        folder = Path(str(shell.__file__)).parent
        own = (path for path in folder.glob("*.py") if path.stem not in {"pseudo", "published", "proportionality"})
        modules = (hazard, of, frame, nuts, ranking, printer)
        return (*own, *(Path(str(module.__file__)) for module in modules), Path(__file__))

    @property
    def settings(self) -> Mapping[str, object]:
        """Sizes, prior and sampler."""
        return {"seed": ROOT_SEED, "thinned": THINNED, "name": self.name, **asdict(self), "printed": printer.PRINTED}

    def prepare(self) -> None:
        """Compile the model."""
        compiled(PRINTED, (INTERVALS,))

    @property
    def world(self) -> Problem:
        """A trial of which nothing is printed yet."""
        return Problem(
            rows=(),
            readings=(),
            totals=self.totals,
            follow_up=FollowUp(shortest=None, longest=self.horizon, reach=self.horizon),
            longest=(None, None),
            grid=Grid.early(INTERVALS, self.horizon),
            prior=self.prior,
        )

    def run(self, index: int, *, wrong: bool) -> Ranks | Refused:
        """Draw parameters and patients, print, fit the print, and rank what the hazards imply."""
        names = (self.name, "wrong" if wrong else "right", str(index))
        rng = np.random.default_rng(derived_seed(ROOT_SEED, *names))
        world = self.world
        latent = rng.normal(size=world.parameters)
        latent[SCALES] = np.log(np.expm1(np.abs(latent[SCALES])))  # half-normal, by `softplus`
        data = simulate(world, latent, rng)
        if wrong:
            data = replace(data, arm=(1 - data.arm).astype(np.int8))
        scale: Transform = str(rng.choice(list(LIKELY), p=list(LIKELY.values())))  # type: ignore[assignment]  # its keys
        if min(int(data.event[0, 0][data.arm == arm].sum()) for arm in (0, 1)) < FEWEST_EVENTS:
            return Refused(f"fewer than {FEWEST_EVENTS} events in an arm")
        summaries = publish(
            data,
            landmarks=(LANDMARK,),
            horizon=self.horizon,
            estimators=Estimators(median=scale, landmark="plain"),
        )
        seed = derived_seed(ROOT_SEED, *names, "sampler")
        try:
            fit = fit_printed_survival(
                replace(summaries, stated=("follow-up",)), prior=self.prior, sampling=replace(self.sampling, seed=seed)
            )
        except AnalysisError:
            return Refused("printed numbers that contradict each other")
        posterior = fit.tree["posterior"].to_dataset().astype(np.float64).isel(draw=slice(None, None, THINNED))
        drawn = posterior["log_hazard"].transpose("chain", "draw", "arm", "interval").to_numpy()
        found = _quantities(drawn, fit.job.grid)
        found["log_hazard_ratio"] = np.log(posterior["hazard_ratio"].transpose("chain", "draw").to_numpy())
        own = log_hazards(latent, world.data)[None]
        truth = _quantities(own, world.grid)
        truth["log_hazard_ratio"] = np.log(of.event_weighted_hazard_ratio(own, world.person_time(latent)))
        return {name: rank(values, float(truth[name][0]), rng) for name, values in found.items()}


def simulate(world: Problem, latent: Floats, rng: np.random.Generator) -> PatientData:
    """Patients whose expected outcomes are those of the parameters, evenly spread within cells."""
    seen, cells = world.followed(latent), world.cells
    times, events = [], []
    for arm, number in enumerate(world.totals):
        share = np.concatenate([seen.events[arm], seen.ended[arm], seen.edges[arm, -1:]])
        outcome = rng.choice(share.size, number, p=share / share.sum())
        cell = np.minimum(outcome % cells.width.size, cells.width.size - 1)
        inside = cells.edges[cell] + rng.random(number) * cells.width[cell]
        times.append(np.where(outcome == 2 * cells.width.size, cells.end, inside))
        events.append(outcome < cells.width.size)
    of_patient = np.repeat(np.array([0, 1], dtype=np.int8), world.totals)
    return PatientData.known(np.concatenate(times), np.concatenate(events), of_patient, endpoint="simulated")


def _quantities(log_hazard: Floats, grid: Grid) -> dict[str, Floats]:
    """What is ranked: log cumulative hazards of both arms at four times, and the difference of restricted means."""
    times = grid.horizon * np.array([0.1, 0.25, 0.5, 0.75])
    cumulative = of.cumulative_hazard(log_hazard, grid, times)
    means = of.restricted_mean(log_hazard, grid, times[-1:])
    found = {"restricted_mean_difference": means[..., 1, 0] - means[..., 0, 0]}
    for arm, name in enumerate(("control", "experimental")):
        for place, time in enumerate(times):
            found[f"log_cumulative_hazard[{name}, {time:g}]"] = np.log(cumulative[..., arm, place])
    return found


PRINTED_CALIBRATIONS: Final = tuple(PrintedCalibration(totals=(half, half)) for half in (40, 80, 250))
"""Sizes at which this road is the default, by the arms' 40, 80 and 250 patients."""
