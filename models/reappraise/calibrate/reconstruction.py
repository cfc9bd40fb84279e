"""Calibration of the whole path from printed summaries: data drawn, summarised as printed, and reconstructed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from math import exp, isfinite, log
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from reappraise import hazard
from reappraise.calibrate import rank as ranking
from reappraise.calibrate.calibration import Ranks, Refused
from reappraise.calibrate.rank import rank
from reappraise.calibrate.response import ROOT_SEED
from reappraise.endpoints.patients import PatientData
from reappraise.hazard import Grid, HazardPrior, HazardRatioPrior
from reappraise.pseudo_ipd import reconstruct as shell
from reappraise.pseudo_ipd.hazards import HazardSpecification, hazard_specification, log_hazards
from reappraise.pseudo_ipd.recompute import replicate_statistics
from reappraise.pseudo_ipd.reconstruct import Effort, UnreachableError, reconstruct
from reappraise.pseudo_ipd.simulate import simulate
from reappraise.pseudo_ipd.summaries import Summaries
from reappraise.pseudo_ipd.targets import BOTH_ARMS, Statistic, Target, Transform
from reappraise.sampling import derived_seed

type Floats = NDArray[np.float64]

PRINTED: Mapping[Statistic, float] = {
    "quantile": 0.1, "quantile low": 0.1, "quantile high": 0.1,
    "survival": 0.001, "survival low": 0.001, "survival high": 0.001,
    "log hazard ratio": 0.01, "log hazard ratio low": 0.01, "log hazard ratio high": 0.01,
    "log-rank z": 0.01, "follow-up median": 0.1,
}  # fmt: skip
"""What is printed of each simulated trial, and a unit of its last digit; of z, its one-sided p is printed."""
PRIOR = HazardPrior(
    effect=HazardRatioPrior("calibration", "Calibration", -0.2, 0.5, "Effects of the kind that trials have."),
    median=11.0,
    level_sd=0.5,
)
EFFORT = Effort(chains=2, replicates=100, thin=20)
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
    mistake: str = "hazard ratio printed the other way round"
    totals: tuple[int, int] = (60, 40)
    horizon: float = 30.0
    minimum_follow_up: float = 6.0
    prior: HazardPrior = PRIOR
    intervals: int = 6
    effort: Effort = EFFORT

    @property
    def code(self) -> tuple[Path, ...]:
        """The reconstruction, the prior, the simulator and the rank."""
        folder = Path(str(shell.__file__)).parent
        own = (path for path in folder.glob("*.py") if path.stem not in {"published", "inversion", "recompute"})
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
        data = PatientData.known(time, event, arm, endpoint="simulated")
        events = tuple(int(event[arm == place].sum()) for place in (0, 1))
        if min(events) < FEWEST_EVENTS:
            return Refused(f"fewer than {FEWEST_EVENTS} events in an arm")
        targets = tuple(self._printed(data, wrong=wrong))
        summaries = Summaries(
            endpoint="simulated",
            arms=data.arms,
            unit=data.unit,
            totals=self.totals,
            events=(events[0], events[1]),
            targets=targets,
            horizon=self.horizon,
            minimum_follow_up=self.minimum_follow_up,
        )
        seed = derived_seed(ROOT_SEED, *names, "sampler")
        try:
            found = reconstruct(summaries, prior=self.prior, grid=grid, seed=seed, effort=self.effort)
        except UnreachableError:
            return Refused("printed numbers not reached in the search")
        truth = _quantities(latent[None], hazards, grid)
        draws = _quantities(found.latent[:, ::2].reshape(-1, latent.size), hazards, grid)
        return {name: rank(values, float(truth[name][0]), rng) for name, values in draws.items()}

    def _printed(self, data: PatientData, *, wrong: bool) -> Iterator[Target]:
        questions = tuple(_question(statistic, arm) for statistic in PRINTED for arm in _arms(statistic))
        values = replicate_statistics(data, questions)[0, 0]
        flip = -1.0 if wrong else 1.0
        for question, value in zip(questions, values, strict=True):
            statistic, unit = question.statistic, PRINTED[question.statistic]
            if statistic == "log-rank z":
                low, high = _rounded(float(norm.cdf(value)), unit)
                first, second = (float(norm.ppf(np.clip(p, 0.0, 1.0))) for p in (low, high))
                yield _bounded(question, first, second, 1.0)
            elif statistic in BOTH_ARMS:
                low, high = _rounded(exp(flip * value), unit)
                yield _bounded(_turned(question) if wrong else question, log(max(low, 1e-3)), log(high), 0.3)
            elif not isfinite(value):
                yield _bounded(question, value, value, 4.0)
            else:
                scale = 0.08 if statistic.startswith("survival") else 3.0
                yield _bounded(question, *_rounded(value, unit), scale)


def _turned(question: Target) -> Target:
    other: Mapping[Statistic, Statistic] = {
        "log hazard ratio low": "log hazard ratio high",
        "log hazard ratio high": "log hazard ratio low",
    }
    return _question(other.get(question.statistic, question.statistic), question.arm)


def _arms(statistic: Statistic) -> tuple[int, ...]:
    return (0,) if statistic in BOTH_ARMS else (0, 1)


def _question(statistic: Statistic, arm: int) -> Target:
    transform: Transform = "plain" if statistic.startswith("survival") else "log-log"
    at = LANDMARK if statistic.startswith("survival") else 0.5
    return Target(
        statistic=statistic, arm=arm, low=-np.inf, high=np.inf, scale=1.0, at=at, transform=transform, text=statistic
    )


def _bounded(question: Target, low: float, high: float, scale: float) -> Target:
    return Target(
        statistic=question.statistic, arm=question.arm, low=low, high=high, scale=scale, at=question.at,
        transform=question.transform, text=f"{question.statistic} of arm {question.arm}",
    )  # fmt: skip


def _rounded(value: float, unit: float) -> tuple[float, float]:
    """What rounds to the same printed number as the value."""
    printed = round(value / unit) * unit
    return printed - unit / 2, printed + unit / 2


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


RECONSTRUCTION = ReconstructionCalibration()
