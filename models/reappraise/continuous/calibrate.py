"""Calibration of means: patients drawn, means and spreads printed coarsely, read again, the posterior exact."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from math import exp, log, sqrt
from pathlib import Path
from typing import Any

import numpy as np

from reappraise.calibrate.calibration import ROOT_SEED, Ranks, Refused
from reappraise.continuous import means
from reappraise.continuous.contrast import MeanContrast
from reappraise.continuous.exact import posterior
from reappraise.continuous.published import Measured
from reappraise.core import located
from reappraise.core import printed as printing
from reappraise.core.printed import Printed
from reappraise.effect.prior import EffectPrior
from reappraise.fits.sampling import derived_seed

PRIOR = EffectPrior("calibration", "Calibration", 3.0, 6.0, "Effects of the kind that trials of blood pressure have.")


@dataclass(frozen=True, slots=True, kw_only=True)
class MeansCalibration:
    """Arms of few to many patients, of unequal size and spread, with what papers print of them in turn.

    Parameters
    ----------
    prior
        Prior on the difference of means.
    totals
        Least and most patients of an arm; logarithms are uniform between them.
    spreads
        Least and largest standard deviation between patients; logarithms are uniform between them.
    decimals
        Digits after the point.
    """

    name: str = "means"
    label: str = "Exact posterior of a difference of means"
    mistake: str = "standard errors printed in place of standard deviations"
    prior: EffectPrior = PRIOR
    totals: tuple[int, int] = (8, 200)
    spreads: tuple[float, float] = (5.0, 30.0)
    decimals: int = 0

    @property
    def code(self) -> tuple[Path, ...]:
        """What reads the print, and the posterior."""
        own = (str(module.__file__) for module in (printing, located, means))
        return (*map(Path, own), Path(inspect.getfile(posterior)), Path(__file__))

    @property
    def settings(self) -> Mapping[str, object]:
        """Prior, sizes, spreads and digits."""
        return {"seed": ROOT_SEED, **asdict(self)}

    def prepare(self) -> None:
        """Nothing is compiled."""

    def run(self, index: int, *, wrong: bool) -> Ranks | Refused:
        """Draw a difference and patients, print and read their means, and rank the difference."""
        rng = np.random.default_rng(derived_seed(ROOT_SEED, self.name, "wrong" if wrong else "right", str(index)))
        truth = float(rng.normal(self.prior.mean, self.prior.sd))
        parts = []
        for arm, mean in (("control", 120.0), ("experimental", 120.0 + truth)):
            total = int(exp(rng.uniform(log(self.totals[0]), log(self.totals[1]))))
            spread = float(exp(rng.uniform(log(self.spreads[0]), log(self.spreads[1]))))
            patients = rng.normal(mean, spread, total)
            found = patients.std(ddof=1) / (sqrt(total) if wrong else 1.0)
            if round(found, self.decimals) == 0:
                return Refused("a spread of 0 to the printed digits")
            number = {"sd": found} if index % 2 or wrong else {"se": found / sqrt(total)}
            if "se" in number and round(number["se"], self.decimals) == 0:
                return Refused("a spread of 0 to the printed digits")
            text: dict[str, Any] = {name: Printed(f"{value:.{self.decimals}f}") for name, value in number.items()}
            record = Measured(
                arm=arm, total=total, mean=Printed(f"{patients.mean():.{self.decimals}f}"), source="simulated", **text
            )
            parts.append(means.arm_mean(record, "simulated", arm).mean)
        held = MeanContrast(
            endpoint="simulated",
            label="Simulated",
            arms=("control", "experimental"),
            arm_labels=("Control", "Experimental"),
            basis="means",
            parts=tuple(parts),
            benefit=1,
            words="simulated",
        )
        return {"difference": posterior(held, self.prior).below(truth)}


MEANS_CALIBRATION = MeansCalibration()
