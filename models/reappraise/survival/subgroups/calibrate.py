"""Calibration of printed subgroups: effects drawn, estimated by level and together, printed, read again, and fitted."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from math import exp
from pathlib import Path
from statistics import NormalDist

import numpy as np

from reappraise.calibrate import rank as ranking
from reappraise.calibrate.calibration import ROOT_SEED, Ranks, Refused
from reappraise.calibrate.rank import rank
from reappraise.core import printed as printing
from reappraise.core.printed import Printed
from reappraise.core.prior import LogRatioPrior
from reappraise.fits import model as frame
from reappraise.fits import nuts
from reappraise.fits.machine_code import compiled
from reappraise.fits.model import Floats
from reappraise.fits.sampling import Sampling, derived_seed
from reappraise.survival.effect import spans
from reappraise.survival.effect.spans import Span, error_of_limits, known, logs
from reappraise.survival.subgroups import classical
from reappraise.survival.subgroups.classical import discrepancy
from reappraise.survival.subgroups.model import LEAST_WIDTH, PRINTED_SUBGROUPS, PrintedSubgroups
from reappraise.survival.subgroups.table import SubgroupLevel, SubgroupTable

PRIOR = LogRatioPrior("calibration", "Calibration", -0.2, 0.4, "Effects of the kind that trials have.", ratio="hazard")
SETTINGS = Sampling(draws=500, tune=500, chains=2, seed=ROOT_SEED)
THINNED = 5
"""Every so many draws are ranked: nearly independent ones, as ranks need."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubgroupCalibration:
    """Printed subgroups, calibrated on factors of two to four levels, of which every other trial leaves the last out.

    Parameters
    ----------
    prior
        Prior on the mean log hazard ratio of the levels.
    levels
        Least and largest number of levels.
    errors
        Least and largest standard error of a level's estimate, which is uniform between them.
    decimals
        Digits after the point that ratios and limits are printed with.
    level
        Coverage of the printed intervals.
    sampling
        Settings of the sampler; the seed is that of the data set.
    """

    name: str = PRINTED_SUBGROUPS.name
    label: str = PRINTED_SUBGROUPS.label
    mistake: str = "ratios of levels printed the other way round"
    prior: LogRatioPrior = PRIOR
    levels: tuple[int, int] = (2, 4)
    errors: tuple[float, float] = (0.15, 0.45)
    decimals: int = 2
    level: float = 0.95
    sampling: Sampling = SETTINGS

    @property
    def code(self) -> tuple[Path, ...]:
        """The model, what reads the print, the sampler and the rank."""
        modules = (spans, classical, printing, frame, nuts, ranking)
        own = inspect.getfile(PrintedSubgroups), inspect.getfile(SubgroupTable)
        return (*map(Path, own), *(Path(str(module.__file__)) for module in modules), Path(__file__))

    @property
    def settings(self) -> Mapping[str, object]:
        """Prior, levels, errors, digits and sampler."""
        return {"seed": ROOT_SEED, "thinned": THINNED, **asdict(self)}

    def prepare(self) -> None:
        """Compile the model."""
        compiled(PRINTED_SUBGROUPS, (LEAST_WIDTH,))

    def run(self, index: int, *, wrong: bool) -> Ranks | Refused:
        """Draw effects and their estimates, print, read and fit them, and rank effects, spread and average."""
        names = (self.name, "wrong" if wrong else "right", str(index))
        rng = np.random.default_rng(derived_seed(ROOT_SEED, *names))
        number = int(rng.integers(self.levels[0], self.levels[1], endpoint=True))
        mean = float(rng.normal(self.prior.mean, self.prior.sd))
        spread = abs(float(rng.normal(0.0, PRINTED_SUBGROUPS.interaction)))
        effect = mean + spread * rng.normal(size=number)
        error = rng.uniform(*self.errors, size=number)
        estimate = effect + error * rng.normal(size=number)
        table = self._read(estimate, error, rng, wrong=wrong)
        if table is None:
            return Refused("a limit of 0 to the printed digits")
        data = PRINTED_SUBGROUPS.data(table, self.prior, LEAST_WIDTH)
        seed = derived_seed(ROOT_SEED, *names, "sampler")
        draws = nuts.draw(compiled(PRINTED_SUBGROUPS, (LEAST_WIDTH,)), data, self.sampling, seed).draws
        levels, weight, _ = PRINTED_SUBGROUPS.complete(draws, data, rng, posterior=True)
        share = error**-2 / np.sum(error**-2)
        ranked = {
            "effect": (draws["effect"], mean),
            "interaction_sd": (draws["interaction_sd"], spread),
            "first_level": (levels[..., 0], effect[0]),
            "last_level": (levels[..., number - 1], effect[-1]),
            "average": (np.sum(weight * levels, axis=-1), float(share @ effect)),
        }
        return {name: rank(drawn[:, ::THINNED], float(truth), rng) for name, (drawn, truth) in ranked.items()}

    def _read(self, estimate: Floats, error: Floats, rng: np.random.Generator, *, wrong: bool) -> SubgroupTable | None:
        """The estimates with their intervals and that of all patients, rounded and read again."""
        share = error**-2 / np.sum(error**-2)
        all_error, all_ratio = float(np.sum(error**-2)) ** -0.5, float(share @ estimate)
        # before it is added, the average stands for the print of the whole, which the discrepancy goes by
        own = discrepancy(all_ratio, all_error)
        whole = self._print(all_ratio + own * float(rng.normal()), all_error)
        printed = [
            self._print(-float(ratio) if wrong else float(ratio), float(each))
            for ratio, each in zip(estimate, error, strict=True)
        ]
        if whole is None or any(one is None for one in printed):
            return None
        hidden = bool(rng.integers(2))
        levels = []
        for place, one in enumerate(printed):
            last = place == len(printed) - 1
            span, spread = one or whole
            alone = (float(error[place]), float(error[place]))
            levels.append(
                SubgroupLevel(
                    key=f"level-{place}",
                    label=f"Level {place}",
                    log_ratio=None if hidden and last else span,
                    standard_error=alone if hidden and last else spread,
                    basis="events" if hidden and last else "limits",
                )
            )
        return SubgroupTable(
            endpoint="simulated",
            label="Simulated",
            factor="factor",
            factor_label="Factor",
            arms=("control", "experimental"),
            arm_labels=("Control", "Experimental"),
            levels=tuple(levels),
            whole=whole[0],
            whole_error=whole[1],
            better="higher",
        )

    def _print(self, ratio: float, error: float) -> tuple[Span, Span] | None:
        wide = NormalDist().inv_cdf((1 + self.level) / 2) * error
        value, low, high = (
            Printed(f"{exp(number):.{self.decimals}f}") for number in (ratio, ratio - wide, ratio + wide)
        )
        span = logs(value)
        if not (known(span) and known(logs(low))):
            return None
        allowed = error_of_limits(span, logs(low), logs(high), self.level)
        return None if allowed is None else (span, allowed)


SUBGROUP_CALIBRATION = SubgroupCalibration()
